"""What Neo4j Browser writes on a node without a style of its own: it looks for name, title and label first."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from kgrec.graph.database import Database
from synthetic.__main__ import main as write_shop
from tests.conftest import CommandLine
from tests.integration.graph_dump import rows

RECBOLE = {
    "inter": ["user_id:token\titem_id:token\ttimestamp:float", "U1\tB1\t881250949", "U1\tB2\t881250950"],
    "item": ["item_id:token\ttitle:token_seq", "B1\tHollow Bell"],
    "link": ["item_id:token\tentity_id:token", "B1\tres:Hollow_Bell"],
    "kg": ["head_id:token\trelation_id:token\ttail_id:token", "res:Hollow_Bell\tsubject\tcat:Salt_mines"],
}


@pytest.fixture(scope="module", autouse=True)
def shops(database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A made-up shop with everything that is loaded, and a RecBole set beside it."""
    folder = tmp_path_factory.mktemp("shop")
    assert CliRunner().invoke(write_shop, ["--out", str(folder), "--users", "50", "--items", "100"]).exit_code == 0
    reviews, metadata = str(folder / "reviews.json.gz"), str(folder / "metadata.json.gz")
    command_line("load", "amazon", "--reviews", reviews, "--metadata", metadata)
    command_line("load", "dbpedia", "--dump", str(folder / "dbpedia.nt"))
    command_line("load", "recbole", recbole(folder / "recbole"))
    command_line("load", "embeddings")


def recbole(folder: Path) -> str:
    folder.mkdir()
    for suffix, lines in RECBOLE.items():
        (folder / f"toy.{suffix}").write_text("".join(f"{line}\n" for line in lines))
    return str(folder)


def test_every_node_has_a_name(database: Database) -> None:
    labels = {label for (label,) in rows(database, "MATCH (n) UNWIND labels(n) AS label RETURN DISTINCT label")}
    assert {"User", "Item", "Author", "Category", "Entity", "Session", "CurrentRun"} <= labels
    found = rows(database, "MATCH (n) RETURN labels(n), coalesce(n.name, n.title, n.label, '') AS caption")
    assert [label for label, caption in found if not caption.strip()] == []


def test_the_names_of_a_user_an_item_a_session_and_entities(database: Database) -> None:
    assert rows(database, "MATCH (u:User {user_id: 'U1'}) RETURN u.name") == [("U1",)]
    names = rows(database, "MATCH (i:Item) WHERE i.item_id IN ['B1', 'B2'] RETURN i.name ORDER BY i.item_id")
    assert names == [("Hollow Bell",), ("B2",)]
    sessions = rows(database, "MATCH (:User {user_id: 'U1'})-[:HAS_SESSION]->(s) RETURN s.name")
    assert sessions == [("1997-12-04, 2 items",)]
    entities = rows(database, "MATCH (e:Entity) WHERE NOT e.uri CONTAINS '://' RETURN e.label ORDER BY e.label")
    assert entities == [("Hollow Bell",), ("Salt mines",)]


def test_an_item_is_called_by_its_newest_title(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text('{"asin": "B2", "title": "Winter Tide"}\n{"asin": "B1", "brand": "Acme"}\n')
    command_line("load", "amazon", "--metadata", str(tmp_path / "meta.json"))
    names = rows(database, "MATCH (i:Item) WHERE i.item_id IN ['B1', 'B2'] RETURN i.name ORDER BY i.item_id")
    assert names == [("Hollow Bell",), ("Winter Tide",)]
