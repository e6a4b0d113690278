"""`kgrec load dbpedia` on titles labelled by hand, the review of unsure links, second hops and literals."""

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from benchmarks.labelled_titles import Labelled, entity_triples, labelled_titles, resource
from kgloader.dbpedia.review import COLUMNS
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows
from tests.integration.searching_endpoint import searched

DEPARTMENTS = {"book": "Books", "film": "Movies & TV", "music": "CDs & Vinyl", "game": "Video Games"}
DBO, OTHERS = "http://dbpedia.org/ontology/", "http://example.org/ns"
DOMAINS = Path(__file__).parents[2] / "examples" / "domains"
INTEGER = ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")
# Facts and literals beside the labelled ones.
EXTRA: list[tuple[str, str, ox.Literal | ox.NamedNode]] = [
    ("Dune_(novel)", "numberOfPages", ox.Literal("412", datatype=INTEGER)),
    ("Dune_(novel)", "publicationDate", ox.Literal("1965-08-01")),
    ("Dune_(1984_film)", "runtime", ox.Literal("8220.0")),
    ("Dune_Messiah", "numberOfPages", ox.Literal("many")),
    ("Dune_Messiah", "numberOfPages", ox.Literal("99999999999")),
    ("Dune_Messiah", "literaryGenre", ox.Literal("no entity")),
    *(("Frank_Herbert", "influencedBy", ox.NamedNode(resource(f"Thinker {number}"))) for number in range(9)),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[tuple[str, list[str]]]:
    extra = [
        ox.Triple(ox.NamedNode(f"http://dbpedia.org/resource/{name}"), ox.NamedNode(DBO + predicate), value)
        for name, predicate, value in EXTRA
    ]
    with searched([*entity_triples(), *extra]) as running:
        yield running


@pytest.fixture(autouse=True)
def items(
    database: Database,
    endpoint: tuple[str, list[str]],
    command_line: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    empty(database)
    ensure_schema(database)
    endpoint[1].clear()
    monkeypatch.setitem(command_line.environment, "KGREC_CACHE", str(tmp_path / "cache"))
    settings(command_line, tmp_path, monkeypatch)


def settings(command_line: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = "") -> None:
    (folder / "kgrec.toml").write_text(f"[dbpedia]\nmin_interval_seconds = 0\n{text}\n")
    monkeypatch.setitem(command_line.environment, "KGREC_SETTINGS", str(folder / "kgrec.toml"))


def sold(database: Database, titles: list[Labelled]) -> None:
    """Put titles into the graph as items of a shop."""
    database.driver.execute_query(
        "UNWIND $rows AS row CREATE (item:Item {item_id: row[0], title: row[1]}) "
        "MERGE (category:Category {name: row[2]}) MERGE (item)-[:IN_CATEGORY]->(category) "
        "FOREACH (name IN row[3] | MERGE (author:Author {name: name}) MERGE (item)-[:BY]->(author))",
        rows=[
            [one.work.item_id, one.work.title, DEPARTMENTS[str(one.work.kind)], list(one.work.creators)]
            for one in titles
        ],
    )


def of(*wanted: str) -> list[Labelled]:
    return [one for one in labelled_titles() if one.work.title in wanted]


def links(database: Database) -> dict[str, str]:
    return dict(rows(database, "MATCH (item:Item)-[:SAME_AS]->(entity:Entity) RETURN item.item_id, entity.uri"))


def reviewed(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def decide(path: Path, decisions: dict[tuple[str, str], str]) -> None:
    """Write decisions on (item id, entity) into a file, as a person would."""
    written = reviewed(path)
    for row in written:
        row["decision"] = decisions.get((row["item_id"], row["candidate"]), row["decision"])
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(written)


def test_labelled_titles_end_as_the_guide_says(
    database: Database, command_line: CommandLine, endpoint: tuple[str, list[str]]
) -> None:
    titles = labelled_titles()[::3]  # all of them are in the unit test
    sold(database, titles)
    command_line("load", "dbpedia", "--endpoint", endpoint[0])
    made = links(database)
    entities = {one.work.item_id: one.entity for one in titles}
    right = sum(entities[item_id] == uri for item_id, uri in made.items())
    assert right / len(made) >= 0.97
    assert right / sum(entity is not None for entity in entities.values()) >= 0.9
    kinds = {one.work.item_id: one.work.kind for one in titles}
    films = {item_id for item_id, uri in made.items() if uri.endswith("film)")}
    assert films and all(kinds[item_id] == "film" for item_id in films)
    # A probe, then for four batches of titles, by label and by words; two queries for each batch of entities.
    batches = -(-len(titles) // 50)
    assert len(endpoint[1]) <= 1 + 2 * batches + 2 * batches


def test_an_endpoint_that_cannot_search_is_asked_for_labels_only(database: Database, command_line: CommandLine) -> None:
    sold(database, of("Foucault's Pendulum", "Crosscurrent: Star Wars Legends"))
    with searched(entity_triples(), searches=False) as (address, queries):
        command_line("load", "dbpedia", "--endpoint", address)
    assert list(links(database).values()) == [resource("Foucault's Pendulum")]
    assert sum("bif:contains" in query for query in queries) == 1


def test_full_text_may_be_switched_off(
    database: Database,
    command_line: CommandLine,
    endpoint: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings(command_line, tmp_path, monkeypatch, "full_text = false")
    sold(database, of("Crosscurrent: Star Wars Legends"))
    command_line("load", "dbpedia", "--endpoint", endpoint[0])
    assert not links(database) and not any("bif:contains" in query for query in endpoint[1])


def test_unsure_links_are_written_and_decisions_hold(
    database: Database, command_line: CommandLine, endpoint: tuple[str, list[str]], tmp_path: Path
) -> None:
    path, arguments = tmp_path / "unsure.csv", ("load", "dbpedia", "--endpoint", endpoint[0], "--review")
    doubted = [one for one in of("Emma", "Fire") if not one.entity]
    sold(database, [*doubted, *of("Mort: A Discworld Novel")])
    command_line(*arguments, str(path))
    unsure = reviewed(path)
    assert list(links(database).values()) == [resource("Mort")]
    emma = next(one.work.item_id for one in of("Emma") if one.work.kind == "book")
    fire = next(one.work.item_id for one in of("Fire") if not one.work.creators)
    [novel] = [row for row in unsure if row["item_id"] == emma and row["label"] == "Emma (novel)"]
    assert (novel["title"], novel["kind"], novel["linked"], novel["decision"]) == ("Emma", "book", "no", "")
    assert 0.05 <= float(novel["score"]) < 0.7 and "same name +" in novel["evidence"]
    cashore, rodgers = resource("Fire (Cashore novel)"), resource("Fire (Rodgers novel)")
    assert {row["candidate"] for row in unsure if row["item_id"] == fire} == {cashore, rodgers}

    decide(path, {(emma, novel["candidate"]): "yes", (fire, cashore): "no"})
    command_line(*arguments, str(path))
    # With one of two namesakes out, the other is sure enough.
    assert links(database)[emma] == novel["candidate"] and links(database)[fire] == rodgers
    assert rows(database, "MATCH (:Item {item_id: $id})-[s:SAME_AS]->() RETURN s.score", id=emma) == [(1.0,)]

    once, file = dump(database), path.read_bytes()
    command_line(*arguments, str(path))
    assert dump(database) == once and path.read_bytes() == file

    # Another IRI, against what was linked; and a refusal of what was decided before.
    written = reviewed(path)
    written.append(dict.fromkeys(COLUMNS, "") | {"item_id": fire, "candidate": rodgers, "decision": "http://e/fire"})
    for row in written:
        if row["item_id"] == emma and row["decision"]:
            row["decision"] = "no"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        writer.writerows(written)
    command_line(*arguments, str(path))
    assert links(database)[fire] == "http://e/fire" and links(database).get(emma) != novel["candidate"]
    (tmp_path / "links.csv").write_text(f"item_id,entity,score\n{fire},{rodgers},1.0\n")
    command_line("load", "dbpedia", "--endpoint", endpoint[0], "--links", str(tmp_path / "links.csv"))
    assert links(database)[fire] == "http://e/fire"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("item_id,candidate\nT001,http://e/a\n", "no column 'decision'"),
        ("item_id,candidate,decision\nT001,http://e/a,perhaps\n", "line 2: the decision 'perhaps' is none of yes"),
        ("item_id,candidate,decision\nT001,http://e/a b,yes\n", "line 2: the candidate 'http://e/a b' is not an IRI"),
        ("item_id,candidate,decision\nT001,http://e/a,http://e/>\n", "line 2: the decision"),
        ("item_id,candidate,decision\nT001,http://e/a\n", "line 2: it does not have the 3 cells"),
        ("item_id,candidate,decision\nT001,http://e/a,yes,no\n", "line 2: it does not have the 3 cells"),
        ("item_id,candidate,decision\nT001,http://e/a,yes\nT001,http://e/b,yes\n", "line 3: the item 'T001' has"),
        ("item_id,candidate,decision\nnone,http://e/a,yes\n", "line 2: the graph has no item 'none'"),
        ('item_id,candidate,decision\n"T001\n', "cannot be read"),
    ],
)
def test_a_wrong_decision_is_refused_and_nothing_written(
    database: Database,
    command_line: CommandLine,
    endpoint: tuple[str, list[str]],
    tmp_path: Path,
    content: str,
    sentence: str,
) -> None:
    sold(database, [one for one in labelled_titles() if one.work.item_id == "T001"])
    path = tmp_path / "unsure.csv"
    path.write_text(content)
    before = dump(database)
    result = command_line("load", "dbpedia", "--endpoint", endpoint[0], "--review", str(path), check=False)
    assert isinstance(result.exception, KgrecError) and sentence in str(result.exception)
    assert str(path) in str(result.exception)
    assert dump(database) == before and path.read_text() == content and not endpoint[1]


def test_literals_become_properties_and_second_hops_facts(
    database: Database,
    command_line: CommandLine,
    endpoint: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings(command_line, tmp_path, monkeypatch, 'second_hops = ["author > influencedBy"]\nhub_facts = 4')
    sold(database, [one for one in of("Dune", "Dune (1984)", "Dune Messiah") if one.entity])
    output = command_line("load", "dbpedia", "--endpoint", endpoint[0]).output
    told = rows(
        database,
        "MATCH (:Item)-[:SAME_AS]->(e:Entity) RETURN DISTINCT e.uri, e.year, e.pages, e.runtime ORDER BY e.uri",
    )
    assert told == [
        (resource("Dune (1984 film)"), 1984, None, 137),
        (resource("Dune (novel)"), 1965, 412, None),
        (resource("Dune Messiah"), 1969, None, None),
    ]
    hops = rows(database, "MATCH (:Item)-[:SAME_AS]->()-[:AUTHOR]->()-[:INFLUENCED_BY]->(e) RETURN DISTINCT e.label")
    assert sorted(hops) == [(f"Thinker {number}",) for number in range(4)]
    assert "facts of hubs" in output
    once = dump(database)
    command_line("load", "dbpedia", "--endpoint", endpoint[0])
    assert dump(database) == once


def test_a_second_hop_is_of_the_predicates_that_a_domain_names(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a name of DBpedia's ontology and by an IRI; another domain has a predicate of the same name."""
    for path in DOMAINS.glob("groceries*"):
        shutil.copy(path, tmp_path)
    file, old = tmp_path / "groceries.toml", 'predicates = { ingredient = "INGREDIENT" }'
    named = f'ingredient = "INGREDIENT", family = "FAMILY", "{OTHERS}#family" = "TRIBE", "{OTHERS}#rule" = "RULE"'
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, f"predicates = {{ {named} }}"))
    command_line("load", "domain", str(file))
    facts = tmp_path / "facts.nt"
    written = [
        ("Skyr", f"{DBO}ingredient", "Milk"), ("Milk", f"{DBO}family", "Dairy"), ("Milk", f"{OTHERS}#rule", "Law"),
        ("Milk", f"{OTHERS}#family", "Left out"), ("Milk", f"{DBO}region", "Left out"),
    ]  # fmt: skip
    facts.write_text("".join(f"<{resource(a)}> <{predicate}> <{resource(b)}> .\n" for a, predicate, b in written))
    links = tmp_path / "links.csv"
    links.write_text(f"item_id,entity\ngrocery:1001,{resource('Skyr')}\n")
    asked = f'"ingredient > {DBO}family", "ingredient > rule"'
    for hops in (f"second_hops = [{asked}]", f'second_hops = [{asked}, "ingredient > family"]'):
        settings(command_line, tmp_path, monkeypatch, hops)
        result = command_line("load", "dbpedia", "--links", str(links), "--dump", str(facts), check=False)
        assert (result.exit_code == 0) is ("> family" not in hops), result.output
    assert f"'family' may be {DBO}family or {OTHERS}#family: write which" in str(result.exception)
    found = rows(database, "MATCH (:Entity)-[r]->(e:Entity) RETURN type(r), e.uri ORDER BY e.uri")
    assert found == [("FAMILY", resource("Dairy")), ("RULE", resource("Law")), ("INGREDIENT", resource("Milk"))]
    checked = json.loads(command_line("graph", "check", "--format", "json", check=False).stdout)
    assert [one["broken"] for one in checked if one["name"] == "facts"] == [0]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('second_hops = ["author"]', "write two predicates"),
        ('second_hops = ["author >"]', "write two predicates"),
        ('second_hops = ["author > spouse"]', "'spouse' is none of"),
        ('second_hops = ["spouse > author"]', "'spouse' is none of"),
        ('literals = ["isbn"]', "dbpedia.literals"),
        ("hub_facts = 0", "dbpedia.hub_facts"),
    ],
)
def test_what_is_in_no_allow_list_is_refused(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, sentence: str
) -> None:
    settings(command_line, tmp_path, monkeypatch, line)
    result = command_line("load", "dbpedia", check=False)
    assert isinstance(result.exception, KgrecError) and sentence in str(result.exception)
