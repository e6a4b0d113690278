import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows


@pytest.fixture(autouse=True)
def empty_graph(database: Database) -> Iterator[None]:
    empty(database)
    yield


def write(folder: Path, **files: list[str]) -> str:
    for suffix, lines in files.items():
        (folder / f"toy.{suffix}").write_text("".join(f"{line}\n" for line in lines))
    return str(folder)


ITEM = ["item_id:token\tmovie_title:token_seq\tclass:token_seq", "1\tToy Story\tAnimation Comedy", "9\tUnseen\tDrama"]
LINK = ["item_id:token\tentity_id:token", "1\thttp://dbpedia.org/resource/Toy_Story", "9\tm.9"]
FACTS = [
    "head_id:token\trelation_id:token\ttail_id:token",
    "http://dbpedia.org/resource/Toy_Story\thttp://dbpedia.org/ontology/director\thttp://dbpedia.org/resource/John_Lasseter",
    "http://dbpedia.org/resource/Toy_Story\tdirector\tm.2",
    "http://dbpedia.org/resource/Toy_Story\tfilm.film.sequel\tm.3",
]


def test_all_four_files_with_times(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    inter = ["user_id:token\titem_id:token\trating:float\ttimestamp:float"]
    inter += [f"7\t{item}\t{item}\t{881250949 + 60 * place}" for place, item in enumerate([3, 1, 2])]
    folder = write(tmp_path, inter=inter, item=ITEM, link=LINK, kg=FACTS)
    command_line("load", "recbole", folder)
    found = rows(
        database,
        "MATCH (:User {user_id: '7'})-[r:INTERACTED]->(i) RETURN i.item_id, r.rating, r.timestamp, r.split "
        "ORDER BY r.timestamp",
    )
    assert found == [
        ("3", 3.0, 881250949000, "train"),
        ("1", 1.0, 881251009000, "validation"),
        ("2", 2.0, 881251069000, "test"),
    ]
    assert rows(database, "MATCH (s:Session) RETURN s.session_id, s.length") == [("7@881250949000", 3)]
    assert rows(database, "MATCH (i:Item {item_id: '1'}) RETURN i.title") == [("Toy Story",)]
    categories = rows(database, "MATCH (:Item {item_id: '1'})-[:IN_CATEGORY]->(c) RETURN c.name ORDER BY c.name")
    assert categories == [("Animation",), ("Comedy",)]
    assert rows(database, "MATCH (i:Item)-[s:SAME_AS]->(e) RETURN i.item_id, e.uri, s.score") == [
        ("1", "http://dbpedia.org/resource/Toy_Story", 1.0)
    ]
    facts = rows(database, "MATCH (:Entity)-[r]->(e:Entity) RETURN e.uri, type(r), r.predicate")
    assert sorted(facts) == [
        ("http://dbpedia.org/resource/John_Lasseter", "DIRECTOR", None),
        ("m.2", "DIRECTOR", None),
        ("m.3", "RELATED_TO", "film.film.sequel"),
    ]
    labels = dict(rows(database, "MATCH (e:Entity) RETURN e.uri, e.label"))
    assert labels == {
        "http://dbpedia.org/resource/Toy_Story": "Toy Story",
        "http://dbpedia.org/resource/John_Lasseter": "John Lasseter",
        "m.2": "m.2",
        "m.3": "m.3",
    }
    once = dump(database)
    command_line("load", "recbole", folder)
    assert dump(database) == once


def test_without_times_the_order_of_the_file_counts_and_is_said(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    folder = write(tmp_path, inter=["user_id:token\titem_id:token", "7\t3", "7\t1", "8\t1", "7\t2", "7\t3"])
    result = command_line("load", "recbole", folder)
    assert "no timestamps: the order of the file" in " ".join(result.stdout.split())
    assert re.search(r"without a time, in the order of the file *│ 100.00% │", result.stdout)
    assert rows(database, "MATCH ()-[r:INTERACTED]->() WHERE r.tie IS NOT NULL RETURN r") == []
    found = rows(
        database,
        "MATCH (:User {user_id: '7'})-[r:INTERACTED]->(i) RETURN i.item_id, r.timestamp, r.split ORDER BY r.position",
    )
    assert found == [("3", None, "train"), ("1", None, "train"), ("2", None, "validation"), ("3", None, "test")]
    assert rows(database, "MATCH (s:Session) RETURN s") == []
    once = dump(database)
    command_line("load", "recbole", folder)
    assert dump(database) == once


def test_k_core_of_a_recbole_set(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    pairs = ["1\t1", "1\t2", "2\t1", "2\t2", "3\t1"]
    folder = write(tmp_path, inter=["user_id:token\titem_id:token", *pairs])
    command_line("load", "recbole", folder, "--k-core", "2")
    assert rows(database, "MATCH (u:User) RETURN u.user_id ORDER BY u.user_id") == [("1",), ("2",)]


def test_a_broken_file_leaves_nothing_half_written(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    result = command_line("load", "recbole", str(tmp_path), check=False)
    assert "exactly one .inter file" in str(result.exception)
    folder = write(tmp_path, inter=["user_id:token\titem_id:token", "7\t3", "7"])
    result = command_line("load", "recbole", folder, check=False)
    assert result.exit_code != 0
    assert isinstance(result.exception, KgrecError)
    assert "toy.inter, line 3: 1 fields where the header has 2" in str(result.exception)
    assert rows(database, "MATCH (n:!Lock) RETURN n") == []


def test_broken_lines_of_all_four_files_are_skipped(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_LOAD_MAX_SKIPPED", "0.5")
    inter = ["user_id:token\titem_id:token", "7\t3", "7\t1\tx", "7\t1"]
    link = [*LINK, "3\thttp://dbpedia.org/resource/Kiss Me"]
    folder = write(tmp_path, inter=inter, item=[*ITEM, "3"], link=link, kg=[*FACTS, "m.1\tgenre\thttp://a/>"])
    output = command_line("load", "recbole", folder, "--on-error", "skip").stdout
    for kind in ("inter", "item", "link", "kg"):
        assert re.search(rf"broken lines of toy.{kind} *│ *1 │", output)
        assert len((tmp_path / f"toy.{kind}.skipped.jsonl").read_text().splitlines()) == 1
    assert rows(database, "MATCH (:User)-[r:INTERACTED]->(i) RETURN i.item_id ORDER BY r.position") == [("3",), ("1",)]
    uris = [uri for (uri,) in rows(database, "MATCH (e:Entity) RETURN e.uri")]
    assert len(uris) == 4 and not [uri for uri in uris if " " in uri or ">" in uri]
    assert "no timestamps" in command_line("load", "recbole", folder, "--on-error", "skip").stdout
