"""What stated interests mean, on a real graph: taken in any case, never guessed, by the search of stated likes."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from kgrec.errors import Ambiguous, Unknown
from kgrec.feedback import record as recording
from kgrec.feedback.events import Event
from kgrec.feedback.interests import Understood
from kgrec.feedback.record import record, record_file
from kgrec.graph.database import Database
from kgrec.graph.names import CANDIDATES, search
from kgrec.graph.schema import ensure_schema
from kgrec.graph.statements import statement
from tests.conftest import CommandLine
from tests.integration.graph_dump import dump, rows

DBR = "http://dbpedia.org/resource/"
GRAPH = """
CREATE (:Item {item_id: 'i1', title: 'The Salt Road'}), (:Item {item_id: 'i2', title: 'Salt mines and other jobs'}),
       (:Author {name: 'Ana Saltz'}), (:Author {name: 'Twice'}), (:Brand {name: 'Twice'}), (:Author {name: '!!!'}),
       (:Category {name: 'Salt mines'}), (:Category {name: 'Poetry'}), (:Category {name: 'POETRY'}),
       (:Category {name: 'Fantasy'}), (:Entity {uri: $dbr + 'Fantasy', label: 'Fantasy'}),
       (:Entity {uri: $dbr + 'Salt_mine', label: 'Salt mine'}), (:Entity {uri: $dbr + 'C++', label: 'C++'}),
       (:Feature:Publisher {key: 'Publisher Sea & Sons', name: 'Sea & Sons'})
WITH 1 AS done
UNWIND range(1, $more) AS n
CREATE (:Category {name: 'Fantasy ' + n}), (:Entity {uri: $dbr + n, label: n + ' other'})
WITH n WHERE n <= $labels
CREATE (:Entity {uri: $dbr + 'Fantasy_' + n, label: n + ' Fantasy'})
"""
MEANT = "MATCH (:User {user_id: 'u'})-[:STATED_INTEREST]->(f) RETURN labels(f), coalesce(f.uri, f.key, f.name)"


@pytest.fixture(scope="module")
def graph(database: Database) -> Database:
    ensure_schema(database)
    database.driver.execute_query(GRAPH, dbr=DBR, labels=2 * CANDIDATES, more=6 * CANDIDATES)
    return database


@pytest.fixture(autouse=True)
def nobody(graph: Database) -> Iterator[None]:
    """Without the user of the last test."""
    yield
    graph.driver.execute_query("MATCH (u:User) DETACH DELETE u")


def told(graph: Database, interest: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What the user is interested in then, and what that was said to be."""
    found = record(graph, [Event("u", "interest", interest=interest)])
    written = [(next(label for label in labels if label != "Feature"), key) for labels, key in rows(graph, MEANT)]
    return written, [(one.kind, one.name) for one in found.understood if one.interest == interest]


@pytest.mark.parametrize(
    ("said", "kind", "key"),
    [
        ("Salt mines", "Category", "Salt mines"),
        ("Category Salt mines", "Category", "Salt mines"),
        ("!!!", "Author", "!!!"),
        ("Salt mine", "Entity", DBR + "Salt_mine"),
        ("dbr:Salt_mine", "Entity", DBR + "Salt_mine"),
        ("dbr:Salt mine", "Entity", DBR + "Salt_mine"),
        (DBR + "C++", "Entity", DBR + "C++"),
        ("C++", "Entity", DBR + "C++"),
        ("Fantasy", "Category", "Fantasy"),  # before the label of an entity
        ("POETRY", "Category", "POETRY"),
        ("Sea & Sons", "Publisher", "Publisher Sea & Sons"),
        ("Publisher Sea & Sons", "Publisher", "Publisher Sea & Sons"),
    ],
)
def test_what_is_called_so_is_meant(graph: Database, said: str, kind: str, key: str) -> None:
    assert told(graph, said) == ([(kind, key)], [])


@pytest.mark.parametrize(
    ("said", "kind", "key", "name"),
    [
        ("salt MINES", "Category", "Salt mines", "Salt mines"),
        (" Salt  mines ", "Category", "Salt mines", "Salt mines"),
        ("category salt mines", "Category", "Salt mines", "Salt mines"),
        ("ana saltz", "Author", "Ana Saltz", "Ana Saltz"),
        ("salt mine", "Entity", DBR + "Salt_mine", "Salt mine"),
        ("c++", "Entity", DBR + "C++", "C++"),
        ("fantasy", "Category", "Fantasy", "Fantasy"),  # though the word says more in labels: most names have it
        ("author twice", "Author", "Twice", "Twice"),
        ("sea & sons", "Publisher", "Publisher Sea & Sons", "Sea & Sons"),
        ("PUBLISHER SEA & SONS", "Publisher", "Publisher Sea & Sons", "Sea & Sons"),
    ],
)
def test_any_case_is_taken_and_said(graph: Database, said: str, kind: str, key: str, name: str) -> None:
    assert told(graph, said) == ([(kind, key)], [(kind, name)])


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        ("Twice", Ambiguous, "'Twice' may be 'Author Twice', 'Brand Twice': give one of them."),
        ("twice", Ambiguous, "'twice' may be 'Author Twice', 'Brand Twice': give one of them."),
        ("poetry", Ambiguous, "'poetry' may be 'Category POETRY', 'Category Poetry': give one of them."),
        (
            "salt",
            Unknown,
            f"the graph has no entity, category or maker 'salt'; nearest: '{DBR}Salt_mine', 'Category Salt mines': "
            "give one of them.",
        ),
        ("sea", Unknown, "category or maker 'sea'; nearest: 'Publisher Sea & Sons': give one of them."),
        ("299", Unknown, f"category or maker '299'; nearest: '{DBR}299', 'Category Fantasy 299': give one of them."),
        ("the salt road", Unknown, "; that is the title of 'Item i1': give the item as a like."),
        ("Salt road", Unknown, "category or maker 'Salt road': give an IRI, dbr:Name, or the exact name."),
        ("salt*", Unknown, f"'salt*'; nearest: '{DBR}Salt_mine', 'Category Salt mines'"),
        ('a" OR "salt', Unknown, "give an IRI"),
        ("name:Saltz", Unknown, "give an IRI"),
        ('+-&|!(){}[]^"~*?:/\\', Unknown, "give an IRI"),
        ("a " * 499, Unknown, "give an IRI"),
        ("\u6f22" * 999, Unknown, "give an IRI"),
    ],
)
def test_what_is_not_called_so_is_refused_with_what_is(
    graph: Database, said: str, kind: type[Exception], words: str
) -> None:
    before = dump(graph)
    with pytest.raises(kind) as refused:
        record(graph, [Event("u", "interest", interest="Poetry"), Event("u", "interest", interest=said)])
    assert str(refused.value).startswith("Event 2: ") and words in str(refused.value)
    assert dump(graph) == before


def test_the_command_says_what_it_understood(graph: Database, command_line: CommandLine) -> None:
    words = ("feedback", "--user", "u", "--interest", "salt MINES", "--interest", "Fantasy", "--interest", "ana saltz")
    assert command_line(*words).stdout.splitlines()[1:3] == [
        "'salt MINES' is the category 'Salt mines'.",
        "'ana saltz' is the author 'Ana Saltz'.",
    ]
    understood = [
        {"interest": "salt MINES", "kind": "Category", "name": "Salt mines"},
        {"interest": "ana saltz", "kind": "Author", "name": "Ana Saltz"},
    ]
    (told,) = json.loads(command_line(*words, "--format", "json").stdout)
    assert told["understood"] == understood and (told["events"], told["new"]) == (3, 0)
    csv = command_line(*words, "--format", "csv").stdout
    assert "'salt MINES' is the category 'Salt mines'. 'ana saltz' is the author 'Ana Saltz'." in csv


def test_of_a_file_what_was_understood_is_told_once_and_not_without_end(
    graph: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "EVENTS", 2)
    said = ["salt MINES", "ana saltz", "salt MINES", "FANTASY", "Fantasy 7", "sea & sons"]
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(json.dumps({"user_id": "u", "kind": "interest", "interest": one}) for one in said))
    found = record_file(graph, path)
    assert [one.interest for one in found.understood] == ["salt MINES", "ana saltz", "FANTASY", "sea & sons"]
    assert asdict(found.understood[0]) == {"interest": "salt MINES", "kind": "Category", "name": "Salt mines"}
    monkeypatch.setattr(recording, "TOLD", 3)
    assert record_file(graph, path).understood == [
        Understood("salt MINES", "Category", "Salt mines"),
        Understood("ana saltz", "Author", "Ana Saltz"),
        Understood("FANTASY", "Category", "Fantasy"),
    ]


def test_a_search_goes_through_no_nodes_but_those_that_it_finds(graph: Database) -> None:
    """Entities and features are many: no statement of the search scans a label."""
    search(graph, ["Salt mines"])  # which makes the indexes
    for name, parameters in (
        ("feedback/meant", {"words": ["Salt mines", "Category Salt mines"]}),
        ("project/features_named", {"queries": ['"Salt"'], "n": 1}),
        ("project/items_titled", {"queries": ['"Salt"'], "n": 1}),
    ):
        plan = graph.driver.execute_query(f"EXPLAIN {statement(name)}", parameters).summary.plan
        assert plan and not [one for one in operators(plan) if "LabelScan" in one or "AllNodes" in one]


def operators(plan: dict[str, object]) -> list[str]:
    below = [one for child in plan.get("children", []) for one in operators(child)]  # type: ignore[attr-defined]
    return [str(plan["operatorType"]), *below]
