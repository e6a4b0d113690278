"""Three domains by their shipped files in one graph: loaded, linked, learned from and recommended from."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kgloader.dbpedia.predicates import FACT_TYPES
from kgloader.domains import commands as domain_commands
from kgrec.errors import KgrecError
from kgrec.graph.check import check_graph
from kgrec.graph.database import Database
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows
from tests.integration.sparql_endpoint import served

EXAMPLES = Path(__file__).parents[2] / "examples" / "domains"
NAMES = ("books", "movies", "groceries")
RESOURCE = "http://dbpedia.org/resource/"
# Namesakes of three kinds, a country that all three have in common, and predicates that kgrec does not ask for itself.
PAGES = """
@prefix dbr: <http://dbpedia.org/resource/> .
@prefix dbo: <http://dbpedia.org/ontology/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
dbr:Hollow_Bell a dbo:Book ; rdfs:label "Hollow Bell"@en ; dbo:author dbr:Ann_Orrin ; dbo:country dbr:Iceland .
dbr:Ann_Orrin rdfs:label "Ann Orrin"@en .
<http://dbpedia.org/resource/The_Last_Ferry> a dbo:Film ; rdfs:label "The Last Ferry"@en ; dbo:country dbr:Iceland ;
  dbo:cinematography dbr:Per_Lund .
dbr:Per_Lund rdfs:label "Per Lund"@en .
dbr:Skyr a dbo:Food ; rdfs:label "Skyr"@en ; dbo:ingredient dbr:Milk ; dbo:country dbr:Iceland ; dbo:related dbr:Quark .
dbr:Feta a dbo:Cheese ; rdfs:label "Feta"@en ; dbo:ingredient dbr:Milk .
dbr:Milk rdfs:label "Milk"@en . dbr:Iceland rdfs:label "Iceland"@en .
"""
SETTINGS = """
[dbpedia]
min_interval_seconds = 0
[sasrec]
dim = 16
epochs = 3
n_candidates = 12
[hdgi]
epochs = 3
dim = 8
structure_dim = 8
personas = 2
"""


@pytest.fixture(scope="module")
def loaded(database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """The graph of the three shipped files."""
    folder = tmp_path_factory.mktemp("domains")
    (folder / "kgrec.toml").write_text(SETTINGS)
    command_line.environment |= {"KGREC_SETTINGS": str(folder / "kgrec.toml"), "KGREC_CACHE": str(folder / "cache")}
    load(command_line)
    return dump(database)


@pytest.fixture(scope="module")
def run(
    database: Database, command_line: CommandLine, loaded: object, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """The way from there to trained models, and what the training of the personas said."""
    folder = tmp_path_factory.mktemp("run")
    with served(PAGES) as endpoint:
        command_line("load", "dbpedia", "--endpoint", endpoint.url)
    database.driver.execute_query(
        "MATCH (item:Item) SET item.embedding = [x IN range(1, 8) | sin(x * size(item.title))], item.embedding_of = '1'"
    )
    said = command_line("train", "personas", "--run", str(folder)).output
    command_line("train", "sasrec", "--run", str(folder))
    yield folder, said


def load(command_line: CommandLine, *names: str) -> None:
    for name in names or NAMES:
        command_line("load", "domain", str(EXAMPLES / f"{name}.toml"))


def load_stopped(command_line: CommandLine) -> str:
    return command_line("load", "domain", str(EXAMPLES / "groceries.toml"), check=False).output


def copy(folder: Path, domain: str, **changes: tuple[str, str]) -> Path:
    """Copy a shipped domain with other text in its file."""
    for path in EXAMPLES.glob(f"{domain}*"):
        shutil.copy(path, folder)
    file = folder / f"{domain}.toml"
    text = file.read_text()
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)
    return file


def refused(command_line: CommandLine, file: Path) -> str:
    result = command_line("load", "domain", str(file), check=False)
    assert result.exit_code == 1 and isinstance(result.exception, KgrecError), result.output
    return str(result.exception)


def test_three_domains_share_one_graph(database: Database, loaded: object) -> None:
    found = rows(database, "MATCH (i:Item) RETURN i.domain, count(*) ORDER BY i.domain")
    assert found == [("Books", 10), ("Groceries", 12), ("Movies & TV", 8)]
    in_all = "MATCH (u:User) WHERE COUNT { MATCH (u)-->(i:Item) RETURN DISTINCT i.domain } = 3 RETURN count(u)"
    assert rows(database, "MATCH (u:User) RETURN count(u)") == [(24,)] and rows(database, in_all)[0][0] > 5
    texts = {row["item_id"]: row for row in database.read("load/item_texts", most_facts=0)}
    assert texts["grocery:1001"]["makers"] == ["Norddal"]
    assert texts["grocery:1001"]["categories"] == ["Yoghurt", "high protein", "vegetarian"]
    item = "MATCH (i:Item {item_id: 'grocery:1001'}) RETURN i.title, i.price, i.description"
    assert rows(database, item) == [("Skyr", 2.49, "Strained and mild, from one dairy.")]
    assert rows(
        database,
        "MATCH (:Item {item_id: 'grocery:1001'})-[r]->(n) WHERE type(r) <> 'HAS_FEATURE' "
        "RETURN type(r), labels(n), n.name ORDER BY type(r), n.name",
    ) == [
        ("BY", ["Brand"], "Norddal"),
        ("IN_AISLE", ["Feature", "Aisle"], "Yoghurt"),
        ("SUITS", ["Feature", "Diet"], "high protein"),
        ("SUITS", ["Feature", "Diet"], "vegetarian"),
    ]
    departments = rows(database, "MATCH (a:Aisle)-[:PART_OF]->(d:Department) RETURN a.name, d.name ORDER BY a.name")
    assert ("Bread", "Bakery") in departments and len(departments) == 7
    # A category of books and of films is one.
    shared = "MATCH (c:Category {name: 'Mystery'})<-[:IN_CATEGORY]-(i) RETURN DISTINCT i.domain AS d ORDER BY d"
    assert rows(database, shared) == [("Books",), ("Movies & TV",)]
    first = "MATCH (:User {user_id: 'AMIRA07'})-[r]->(:Item {item_id: 'grocery:1005'}) RETURN r.timestamp, r.split"
    assert rows(database, first) == [(1673286120000, "train")]  # 2023-01-09T17:42:00 of no zone: UTC


def test_repeated_or_killed_and_repeated_the_graph_is_the_same(
    database: Database, command_line: CommandLine, loaded: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(command_line)
    assert dump(database) == loaded
    monkeypatch.setattr(domain_commands, "INTERACTIONS_PER_BATCH", 20)
    monkeypatch.setattr(domain_commands, "ITEMS_PER_BATCH", 5)
    real, left = Database.write_together, -1

    def cut(self: Database, statements: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return real(self, statements)

    monkeypatch.setattr(Database, "write_together", cut)
    empty(database)
    load(command_line, "books", "movies")
    for last in (2, 3, 3):  # among the interactions, at the splits, among the items
        left = last
        assert "Aborted!" in load_stopped(command_line)
    # What another description said of lines that are in the graph already is not taken for what this one says.
    other = copy(tmp_path, "groceries", title=('title = "name"', 'title = "about"'))
    command_line("load", "domain", str(other), "--data", str(EXAMPLES))
    assert rows(database, "MATCH (i:Item {domain: 'Groceries'}) WHERE i.title <> i.description RETURN i.title") == []
    load(command_line, "groceries")
    assert dump(database) == loaded


def test_items_of_one_id_stay_apart(
    database: Database, command_line: CommandLine, loaded: object, tmp_path: Path
) -> None:
    other = copy(tmp_path, "groceries", name=('"Groceries"', '"Corner shop"'))
    said = refused(command_line, other)
    assert "'grocery:1001' of the domain 'Corner shop' is in the graph already, from the domain 'Groceries'" in said
    assert "prefix" in said and dump(database) == loaded


def test_ids_of_interactions_and_columns_are_looked_at_before_anything_is_written(
    database: Database, command_line: CommandLine, loaded: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain_commands, "INTERACTIONS_PER_BATCH", 20)
    other = copy(tmp_path, "groceries", name=('"Groceries"', '"Corner shop"'), prefix=('"grocery:"', '"corner:"'))
    other.write_text(other.read_text().replace('title = "name"', 'title = "heading"'))
    said = refused(command_line, other)
    assert "groceries_products.csv, line 1: the header has no column 'heading'" in said and dump(database) == loaded
    books = copy(tmp_path, "books", name=('"Books"', '"Shelf"'), user=('user_id = "user_id"', 'user_id = "reader"'))
    books.write_text('prefix = "shelf:"\n' + books.read_text())
    assert "line 1: 'reader' is missing" in refused(command_line, books) and dump(database) == loaded
    other = copy(tmp_path, "groceries", name=('"Groceries"', '"Corner shop"'), prefix=('"grocery:"', '""'))
    [(book,)] = rows(database, "MATCH (i:Item {domain: 'Books'}) RETURN min(i.item_id)")
    with (tmp_path / "groceries_baskets.csv").open("a") as file:  # no item of the shop's own has this id
        file.write(f"3;2023-01-09T17:42:00;AMIRA07;{book};2\n")
    assert f"'{book}' of the domain 'Corner shop' is in the graph already" in refused(command_line, other)
    assert dump(database) == loaded


def test_one_predicate_has_one_name(
    database: Database, command_line: CommandLine, loaded: object, tmp_path: Path
) -> None:
    other = copy(
        tmp_path,
        "movies",
        name=('"Movies & TV"', '"Cookery films"'),
        path=(', "INTERACTED > SAME_AS > CINEMATOGRAPHY"', ""),
        predicate=('cinematography = "CINEMATOGRAPHY"', 'ingredient = "MADE_OF"'),
    )
    assert "ingredient is INGREDIENT in the domain 'Groceries', and MADE_OF" in refused(command_line, other)
    assert dump(database) == loaded


def test_without_times_a_split_by_time_is_refused_and_empty_columns_are_told(
    database: Database, command_line: CommandLine, loaded: object, tmp_path: Path
) -> None:
    untimed = copy(tmp_path, "groceries", time=(', timestamp = "bought_at"', ""))
    split = {"by": "time", "validation_from": 1, "test_from": 2}
    database.driver.execute_query("CREATE (s:Split {name: 'current'}) SET s += $split", split=split)
    assert "names no column of timestamps, and the graph is split by time" in refused(command_line, untimed)
    database.driver.execute_query("MATCH (s:Split) DELETE s")
    books = copy(tmp_path, "books", title=('title = "title"', 'title = "heading"'))
    said = command_line("load", "domain", str(books)).output
    assert "books_metadata.jsonl: no row has anything in heading." in said
    load(command_line, "books")
    assert dump(database) == loaded


def test_broken_rows_can_be_skipped(
    database: Database, command_line: CommandLine, loaded: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_LOAD_MAX_SKIPPED", "0.2")
    broken = copy(tmp_path, "groceries")
    for name in ("baskets", "products"):
        with (tmp_path / f"groceries_{name}.csv").open("a") as file:
            file.write("one,field,too,many,by,far,for,any,table\n")
    assert "fields where the header has" in refused(command_line, broken) and dump(database) == loaded
    said = command_line(
        "load", "domain", str(broken), "--on-error", "skip", "--skipped", str(tmp_path / "aside")
    ).output
    assert said.count("broken lines of groceries_") == 2 and dump(database) == loaded
    assert len(list((tmp_path / "aside").glob("*.skipped.jsonl"))) == 2


def test_a_domain_says_what_dbpedia_is_asked_for(database: Database, run: object) -> None:
    links = "MATCH (i:Item)-[s:SAME_AS]->(e) RETURN i.title, e.uri, s.score ORDER BY i.title"
    assert {(title, uri.removeprefix(RESOURCE)) for title, uri, _ in rows(database, links)} == {
        ("Feta", "Feta"), ("Hollow Bell", "Hollow_Bell"), ("Skyr", "Skyr"), ("The Last Ferry", "The_Last_Ferry"),
    }  # fmt: skip
    facts = rows(database, "MATCH (a:Entity)-[r]->(b:Entity) RETURN a.label, type(r), b.label")
    assert {("Skyr", "INGREDIENT", "Milk"), ("The Last Ferry", "CINEMATOGRAPHY", "Per Lund")} <= set(facts)
    assert not [fact for fact in facts if fact[2] == "Quark"]
    iceland = "MATCH (:Entity {label: 'Iceland'})<--()<-[:SAME_AS]-(i:Item) RETURN i.domain AS d ORDER BY d"
    assert rows(database, iceland) == [("Books",), ("Groceries",), ("Movies & TV",)]


def test_personas_span_the_domains_and_tell_their_kinds(
    database: Database, command_line: CommandLine, run: tuple[Path, str]
) -> None:
    walked = json.loads((run[0] / "final" / "personas.json").read_text())["meta_path_weights"]
    assert {
        "INTERACTED > BY", "INTERACTED > IN_AISLE", "INTERACTED > IN_AISLE > PART_OF", "INTERACTED > SUITS",
        "INTERACTED > FROM_STUDIO", "INTERACTED > SAME_AS > INGREDIENT",
    } <= set(walked)  # fmt: skip
    traits = rows(database, "MATCH (:Persona)-[:CHARACTERISED_BY]->(f) RETURN labels(f)")
    kinds = {label for (labels,) in traits for label in labels}
    assert {"Category", "Studio"} & kinds and {"Aisle", "Department", "Diet", "Brand"} & kinds
    shown = "".join(
        command_line("explore", name, "--format", "json").stdout for name in ("persona-traits", "user-profile")
    )
    assert "Feature" not in shown and any(kind in shown for kind in ("Aisle", "Diet", "Studio"))
    # What a domain adds breaks nothing. The embeddings are of this test; another may have left their index.
    broken = {finding.name for finding in check_graph(database, FACT_TYPES.values()) if finding.broken}
    assert broken - {"schema"} == {"vectors-embeddings"}
    interests = "MATCH (:User)-[:INTERESTED_IN]->(f) UNWIND labels(f) AS l RETURN DISTINCT l"
    assert {"Aisle", "Diet", "Brand", "Studio", "Author", "Entity"} <= {label for (label,) in rows(database, interests)}


def test_lists_hold_several_domains_with_reasons_of_each(command_line: CommandLine, run: tuple[Path, str]) -> None:
    users = [part for n in (4, 7, 10, 13) for part in ("--user", f"AMIRA{n:02}")]
    found = json.loads(command_line("recommend", *users, "--run", str(run[0]), "-k", "20", "--format", "json").stdout)
    assert len({one["item_id"].partition(":")[0] == "grocery" for one in found}) == 2
    reasons = {feature for one in found for feature in one["reason"].split(", ")}
    assert reasons & {"Yoghurt", "Cheese", "Pickles", "Bread", "Sauces", "Sweets", "vegetarian", "gluten free"}
    assert reasons & {"Lantern Pictures", "Bright Field", "Hill & Daughter"}


def test_a_list_can_be_of_one_domain(command_line: CommandLine, run: tuple[Path, str]) -> None:
    asked = ("recommend", "--session", "1400000078", "--run", str(run[0]), "-k", "20")
    found = json.loads(command_line(*asked, "--domain", "Groceries", "--format", "json").stdout)
    assert sorted(one["item_id"] for one in found["items"]) == [f"grocery:{number}" for number in range(1001, 1013)]
    refusal = command_line(*asked, "--domain", "Books & more", check=False)
    assert "'Books', 'Groceries', 'Movies & TV'" in str(refusal.exception)
