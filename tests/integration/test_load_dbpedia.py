"""`kgrec load dbpedia` against a real SPARQL endpoint on loopback, from dumps and from link files."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import Response

from kgloader.dbpedia import answers, sparql
from kgloader.dbpedia import facts as facts_module
from kgloader.dbpedia.links import write_links
from kgloader.dbpedia.predicates import FACT_TYPES
from kgloader.report import Report
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows
from tests.integration.sparql_endpoint import DBPEDIA, Endpoint, served
from tests.misbehaving import solutions
from tests.unit.test_lines import zipped

RESOURCE = "http://dbpedia.org/resource/"
ITEMS = [
    ("B1", "Hollow Bell: A Novel (Paperback)", "Ann Orrin"),
    ("B2", "Winter Tide", "Cor Holt"),  # the novel, not the album of that name
    ("B3", 'The "Blue" Door\\', "Ann Orrin"),
    ("B4", "Iron Stair", "Another Author"),  # the page is of a book by somebody else
    ("B5", "The Bell That Was Hollow", None),  # known under a redirect only
    ("B6", '"@en } ?s ?p ?o #', None),  # would break a query that does not escape it
    ("B7", None, None),
]
LINKS = [
    ("B1", "Hollow_Bell", 0.9992),  # a paperback is a book
    ("B2", "Winter_Tide_(novel)", 0.9858),
    ("B3", "Blue_Door", 0.9783),
    ("B5", "Hollow_Bell", 0.9652),  # nobody named an author
]
FACTS = [
    ("Blue_Door", "AUTHOR", "Ann Orrin"),
    ("Hollow_Bell", "AUTHOR", "Ann Orrin"),
    ("Hollow_Bell", "GENRE", "Mystery fiction"),
    ("Hollow_Bell", "SUBJECT", "Salt mines"),  # without a label on the endpoint: read off the IRI
    ("Winter_Tide_(novel)", "AUTHOR", "Cor Holt"),
    ("Winter_Tide_(novel)", "COUNTRY", "Iceland"),
    ("Winter_Tide_(novel)", "SUBJECT", "Salt mines"),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with served(DBPEDIA) as running:
        yield running


@pytest.fixture(autouse=True)
def items(
    database: Database, endpoint: Endpoint, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven items, an empty cache, and an endpoint that is asked without pauses."""
    empty(database)
    ensure_schema(database)
    database.driver.execute_query(
        "UNWIND $rows AS row CREATE (item:Item {item_id: row[0]}) SET item.title = row[1] "
        "FOREACH (name IN CASE WHEN row[2] IS NULL THEN [] ELSE [row[2]] END | "
        "MERGE (author:Author {name: name}) MERGE (item)-[:BY]->(author))",
        rows=ITEMS,
    )
    endpoint.queries.clear()
    endpoint.faults.clear()
    monkeypatch.setitem(command_line.environment, "KGREC_CACHE", str(tmp_path / "cache"))
    settings(command_line, tmp_path, monkeypatch, "batch_size = 2\nmin_interval_seconds = 0")
    monkeypatch.setattr(sparql, "LONGEST_WAIT", 0.01)


def settings(command_line: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "kgrec.toml").write_text(f"[dbpedia]\n{text}\n")
    monkeypatch.setitem(command_line.environment, "KGREC_SETTINGS", str(folder / "kgrec.toml"))


def links(database: Database) -> list[tuple[str, str, float]]:
    found = rows(database, "MATCH (i:Item)-[s:SAME_AS]->(e:Entity) RETURN i.item_id, e.uri, s.score ORDER BY i.item_id")
    return [(item, uri.removeprefix(RESOURCE), score) for item, uri, score in found]


def facts(database: Database) -> list[tuple[str, str, str]]:
    found = rows(database, "MATCH (e:Entity)-[r]->(o:Entity) RETURN e.uri, type(r), o.label")
    return sorted((uri.removeprefix(RESOURCE), type_, label) for uri, type_, label in found)


def refused(command_line: CommandLine, *arguments: str) -> str:
    result = command_line("load", "dbpedia", *arguments, check=False)
    assert result.exit_code == 1 and isinstance(result.exception, KgrecError), result.output
    return str(result.exception)


def test_items_are_linked_and_facts_fetched(database: Database, command_line: CommandLine, endpoint: Endpoint) -> None:
    output = command_line("load", "dbpedia", "--endpoint", endpoint.url).output
    assert links(database) == LINKS and facts(database) == FACTS
    assert {type_ for _, type_, _ in facts(database)} <= set(FACT_TYPES.values())
    label = rows(database, "MATCH (e:Entity {uri: $uri}) RETURN e.label", uri=f"{RESOURCE}Hollow_Bell")
    assert label == [("Hollow Bell",)]  # the English one of two
    assert "SAME_AS" in output and "items without a sure enough entity" in output
    # Whether it searches texts; batches of two: three of six titled items; then facts and labels for two batches of
    # three entities.
    assert len(endpoint.queries) == 1 + 3 + 2 * 2 and all("VALUES" in query for query in endpoint.queries[1:])
    assert endpoint.agents == {sparql.USER_AGENT}


def test_a_repeated_load_asks_nothing_and_changes_nothing(
    database: Database, command_line: CommandLine, endpoint: Endpoint
) -> None:
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    once = dump(database)
    rows(database, "MATCH ()-[s:SAME_AS]->() DELETE s")
    endpoint.queries.clear()
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert dump(database) == once and not endpoint.queries


def test_a_dump_gives_the_graph_of_the_endpoint(
    database: Database, command_line: CommandLine, endpoint: Endpoint, tmp_path: Path
) -> None:
    """rdflib answers as the endpoint, oxigraph reads the dump: two engines, one graph."""
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    served_graph = dump(database)
    rows(database, "MATCH (e:Entity) DETACH DELETE e")
    halves = sorted(endpoint.graph.serialize(format="nt").splitlines(keepends=True))
    (tmp_path / "facts.nt.gz").write_bytes(gzip.compress("".join(halves[::2]).encode()))
    (tmp_path / "labels.ttl.bz2").write_bytes(bz2.compress("".join(halves[1::2]).encode()))
    dumps = [str(tmp_path / name) for name in ("facts.nt.gz", "labels.ttl.bz2")]
    endpoint.queries.clear()
    command_line("load", "dbpedia", "--dump", dumps[0], "--dump", dumps[1])
    assert dump(database) == served_graph and not endpoint.queries


def test_passing_faults_are_asked_again(database: Database, command_line: CommandLine, endpoint: Endpoint) -> None:
    endpoint.faults += [Response(status_code=503), Response(status_code=429, headers={"Retry-After": "0"})]
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert links(database) == LINKS and facts(database) == FACTS
    assert endpoint.queries[0] == endpoint.queries[1] == endpoint.queries[2]


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (Response(status_code=503), "HTTP status 503"),
        (Response(status_code=429, headers={"Retry-After": "3600"}), "asks to be left alone until "),
    ],
)
def test_an_interrupted_load_goes_on_where_it_stopped(
    database: Database,
    command_line: CommandLine,
    endpoint: Endpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Response,
    sentence: str,
) -> None:
    settings(command_line, tmp_path, monkeypatch, "batch_size = 2\nmin_interval_seconds = 0\nretries = 0")
    real = facts_module._write_facts

    def cut(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        endpoint.faults.append(fault)

    with monkeypatch.context() as patch:
        patch.setattr(facts_module, "_write_facts", cut)
        said = refused(command_line, "--endpoint", endpoint.url)
    assert endpoint.url in said and sentence in said and sparql.KEPT in said
    assert facts(database) == [one for one in FACTS if one[0] in ("Blue_Door", "Hollow_Bell")]  # the first batch of two
    endpoint.queries.clear()
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert links(database) == LINKS and facts(database) == FACTS
    assert len(endpoint.queries) == 1 + 2  # the two items left without an entity, then the second batch of entities


def test_an_answer_as_long_as_the_limit_is_asked_for_in_halves(
    database: Database, command_line: CommandLine, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(command_line, tmp_path, monkeypatch, "batch_size = 50\nmin_interval_seconds = 0")
    monkeypatch.setattr(answers, "ROW_LIMIT", 8)
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert links(database) == LINKS and facts(database) == FACTS


def test_requests_keep_their_distance(
    command_line: CommandLine, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of the test's own: before each request but the first, the client sleeps the whole interval."""
    slept: list[float] = []
    monkeypatch.setattr("kgloader.dbpedia.sparql.time.sleep", slept.append)
    monkeypatch.setattr("kgloader.dbpedia.sparql.time.monotonic", lambda: 1_000.0)
    settings(command_line, tmp_path, monkeypatch, "batch_size = 2\nmin_interval_seconds = 0.25")
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert slept == [0.0] + [0.25] * (len(endpoint.queries) - 1)


def test_a_broken_cached_answer_is_asked_for_again(
    database: Database, command_line: CommandLine, endpoint: Endpoint, tmp_path: Path
) -> None:
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    rows(database, "MATCH (e:Entity) DETACH DELETE e")
    for answer in (tmp_path / "cache" / "sparql").iterdir():
        answer.write_text(answer.read_text()[:-3])
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert links(database) == LINKS and facts(database) == FACTS


def answer(*rows: dict[str, object], **options: Any) -> Response:
    return Response(solutions(*rows), **options)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (Response("<html>", media_type="text/html"), "does not answer as one: its answer is not SPARQL JSON"),
        (answer({"label": "Hollow Bell"}), "does not answer as one: its answer has no ?entity"),
        (Response(status_code=400), "refused a query as malformed"),
        (Response(status_code=404), "HTTP status 404"),
    ],
)
def test_an_endpoint_that_answers_wrongly_is_named(
    database: Database, command_line: CommandLine, endpoint: Endpoint, wrong: Response, sentence: str
) -> None:
    before = dump(database)
    endpoint.faults += [None] + [wrong] * 99  # the first is asked whether it searches texts
    said = refused(command_line, "--endpoint", endpoint.url)
    assert endpoint.url in said and sentence in said
    assert dump(database) == before and len(endpoint.faults) >= 90  # it is not asked for ever
    endpoint.faults.clear()
    command_line("load", "dbpedia", "--endpoint", endpoint.url)  # and it is asked again: no such answer is kept
    assert links(database) == LINKS and facts(database) == FACTS


@pytest.mark.parametrize("marked", [{"status_code": 206}, {"headers": {"X-SQL-State": "S1TAT"}}], ids=["206", "header"])
def test_a_partial_answer_is_asked_for_in_halves_and_never_kept(
    database: Database, command_line: CommandLine, endpoint: Endpoint, marked: dict[str, Any]
) -> None:
    """Virtuoso's, of a query that its time limit cut off; where not even one title is answered whole, that is said."""
    part: dict[str, object] = {"label": "x", "entity": RESOURCE}
    before = dump(database)
    endpoint.faults += [answer(part, **marked) for _ in range(9)]
    assert "in part only: ask again later" in refused(command_line, "--endpoint", endpoint.url)
    assert dump(database) == before
    endpoint.faults[:] = [answer(part, **marked), None, answer(part, **marked)]
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert links(database) == LINKS and facts(database) == FACTS and not endpoint.faults


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"status_code": 206}, "answered in part only"),
        ({"status_code": 400}, "refused by the endpoint"),
        ({"status_code": 500}, "that the endpoint fails at"),
    ],
)
def test_a_title_that_is_never_answered_holds_no_other_up(
    database: Database, command_line: CommandLine, endpoint: Endpoint, fault: dict[str, Any], why: str
) -> None:
    """It is asked for by a dozen labels, its entity by one more, and all of that on each load."""
    part: dict[str, object] = {"label": "x", "entity": RESOURCE}
    endpoint.refused["Hollow"] = answer(part, **fault)
    for _ in range(2):
        output = command_line("load", "dbpedia", "--endpoint", endpoint.url).output
        assert links(database) == LINKS[1:3] and facts(database) == [one for one in FACTS if one[0] != "Hollow_Bell"]
        assert f"names or entities {why}" in output
    endpoint.refused.clear()
    output = command_line("load", "dbpedia", "--endpoint", endpoint.url).output
    assert links(database) == LINKS and facts(database) == FACTS and why not in output


def test_what_is_no_iri_is_left_out_and_counted(
    database: Database, command_line: CommandLine, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of candidates and of objects, from the endpoint and from the cache."""
    settings(command_line, tmp_path, monkeypatch, "batch_size = 50\nmin_interval_seconds = 0")
    good: dict[str, object] = {"entity": f"{RESOURCE}Hollow_Bell", "predicate": "http://purl.org/dc/terms/subject"}
    long = RESOURCE + "x" * 9_000  # more than Neo4j's index takes
    entities = [f"{RESOURCE}Hollow Bell", "Hollow_Bell", long, good["entity"]]
    objects = [
        long,
        f"{RESOURCE}Salt mines>",
        "Salt mines",
        "",
        f"{RESOURCE}Salt \ud800",
        f"{RESOURCE}Category:Salt_mines",
    ]
    endpoint.faults += [
        None,  # is asked whether it searches texts
        answer(*({"label": "Hollow Bell", "work": "http://dbpedia.org/ontology/Work", "entity": e} for e in entities)),
        answer(*(good | {"object": o} for o in objects)),
    ]
    for _ in range(2):
        output = command_line("load", "dbpedia", "--endpoint", endpoint.url).output
        cells = [[cell.strip() for cell in line.split("│")] for line in output.splitlines() if "│" in line]
        counts = {what: count for _, _, what, count, _ in cells}
        assert counts["candidates that are no IRI"] == "3" and counts["facts whose object is no IRI"] == "5"
        assert facts(database) == [("Hollow_Bell", "SUBJECT", "Salt mines")]
        rows(database, "MATCH (e:Entity) DETACH DELETE e")
    assert len(endpoint.queries) == 4


def test_a_dead_endpoint_is_one_sentence(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(command_line, tmp_path, monkeypatch, "retries = 1\nmin_interval_seconds = 0")
    before = dump(database)
    sentence = refused(command_line, "--endpoint", "http://127.0.0.1:1/sparql")
    assert "http://127.0.0.1:1/sparql cannot be reached" in sentence and "refused" in sentence
    assert refused(command_line, "--endpoint", "dbpedia.org/sparql").endswith("it must begin with http:// or https://.")
    assert dump(database) == before


def test_link_file_instead_of_linking(
    database: Database, command_line: CommandLine, endpoint: Endpoint, tmp_path: Path
) -> None:
    (tmp_path / "links.csv").write_text(f"item_id,entity\nB4,{RESOURCE}Iron_Stair\nunknown,{RESOURCE}Hollow_Bell\n")
    output = command_line(
        "load", "dbpedia", "--links", str(tmp_path / "links.csv"), "--endpoint", endpoint.url
    ).output  # fmt: skip
    assert links(database) == [("B4", "Iron_Stair", 1.0)]
    assert facts(database) == [("Iron_Stair", "AUTHOR", "Nobody Known")]
    assert "links of items without interactions" in output
    (tmp_path / "links.tsv").write_text(f"entity\titem_id\tscore\n{RESOURCE}Blue_Door\tB3\t0.5\n")
    command_line("load", "dbpedia", "--links", str(tmp_path / "links.tsv"), "--endpoint", endpoint.url)
    assert links(database) == [("B3", "Blue_Door", 0.5), ("B4", "Iron_Stair", 1.0)]


@pytest.mark.parametrize(
    ("batches", "kept"),
    [
        ([[("A", 0.8)], [("A", 0.7)]], ("A", 0.8)),
        ([[("A", 0.8)], [("A", 0.9)]], ("A", 0.9)),
        ([[("A", 0.8)], [("B", 0.9)]], ("B", 0.9)),
        ([[("A", 0.8)], [("B", 0.8)]], ("A", 0.8)),
        ([[("A", 0.8)], [("B", 0.7)]], ("A", 0.8)),
        ([[("B", 0.9)], [("A", 0.8)], [("C", 0.85)]], ("B", 0.9)),
        ([[("A", 0.8), ("B", 0.9)]], ("B", 0.9)),
        ([[("B", 0.9), ("A", 0.8)]], ("B", 0.9)),
        ([[("B", 0.8), ("A", 0.8)]], ("B", 0.8)),
        ([[("A", 0.7), ("A", 0.9), ("A", 0.8)]], ("A", 0.9)),
        ([[("A", 0.0)]], ("A", 0.0)),
        ([[("A", 0.8)], [("B", 0.9), ("A", 0.95)]], ("A", 0.95)),
        ([[]], None),
    ],
)
def test_an_item_keeps_its_surest_link(
    database: Database, batches: list[list[tuple[str, float]]], kept: tuple[str, float] | None
) -> None:
    """Written for two items at once, so that the one does not stand for the other."""
    report = Report()
    for batch in batches:
        given = [(item, *link) for item in ("B1", "B2") for link in batch]
        written = [{"item_id": item, "uri": RESOURCE + name, "score": score} for item, name, score in given]
        write_links(database, written, report)
    assert links(database) == ([(item, *kept) for item in ("B1", "B2")] if kept else [])
    assert report.relationships["SAME_AS"] - report.removed["SAME_AS of less sure links"] == len(links(database))
    labels = rows(database, "MATCH (e:Entity) RETURN e.label")
    assert {label for (label,) in labels} <= {"A", "B", "C"}


def test_links_made_by_hand_may_be_several_and_none_is_surer(database: Database) -> None:
    by_hand = [{"item_id": "B1", "uri": uri, "label": uri} for uri in ("m.1", "m.2")]
    write_links(database, [{"item_id": "B1", "uri": f"{RESOURCE}A", "score": 0.9}], Report())
    database.write("load/links", rows=by_hand)
    write_links(database, [{"item_id": "B1", "uri": f"{RESOURCE}B", "score": 1.0}], Report())
    assert sorted(links(database)) == [("B1", "m.1", 1.0), ("B1", "m.2", 1.0)]


def test_a_fetched_label_takes_the_place_of_a_guess_and_no_guess_its_place(
    database: Database, command_line: CommandLine, endpoint: Endpoint, tmp_path: Path
) -> None:
    def label() -> str:
        [(found,)] = rows(database, "MATCH (e:Entity {uri: $uri}) RETURN e.label", uri=f"{RESOURCE}Mystery")
        return str(found)

    database.write("load/recbole_entities", rows=[{"uri": f"{RESOURCE}Mystery", "label": "Mystery"}])
    assert label() == "Mystery"
    command_line("load", "dbpedia", "--endpoint", endpoint.url)
    assert label() == "Mystery fiction"
    database.write("load/recbole_entities", rows=[{"uri": f"{RESOURCE}Mystery", "label": "Mystery"}])
    ontology = "http://dbpedia.org/ontology/literaryGenre"
    triple = f"\ufeff<{RESOURCE}Hollow_Bell> <{ontology}> <{RESOURCE}Mystery> .\n"  # an editor's mark is no part of it
    (tmp_path / "facts.nt").write_text(triple, encoding="utf-8")
    command_line("load", "dbpedia", "--dump", str(tmp_path / "facts.nt"))  # it has no label for it
    assert label() == "Mystery fiction"


def test_an_entity_whose_id_is_no_iri_is_passed_over(
    database: Database, command_line: CommandLine, endpoint: Endpoint
) -> None:
    database.write("load/links", rows=[{"item_id": "B7", "uri": "http://dbpedia.org/A B>", "label": "A B"}])
    output = command_line("load", "dbpedia", "--endpoint", endpoint.url).output
    assert facts(database) == FACTS and "entities whose id is no IRI" in output
    assert "No IRI, and passed over: 'http://dbpedia.org/A B>'. `kgrec graph check`" in output


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("item,entity\nB1,x\n", "no column 'item_id'"),
        ("item_id,uri\nB1,x\n", "no column 'entity'"),
        (f"item_id,entity\nB1,{RESOURCE}A\nB2,Hollow Bell\n", "line 3: 'Hollow Bell' is not an IRI"),
        (f"item_id,entity\nB1,{RESOURCE}A>\n", "line 2: "),
        (f"item_id,entity\nB1,{RESOURCE}{'x' * 9_000}\n", "is not an IRI that kgrec keeps: it has 9,028 bytes"),
        (f"item_id,entity,score\nB1,{RESOURCE}A,1.5\n", "line 2: the score 1.5 is not between 0 and 1"),
        (f"item_id,entity,score\nB1,{RESOURCE}A,high\n", "line 2: "),
        (f"item_id,entity,score\nB1,{RESOURCE}A,nan\n", "line 2: "),
        (f"item_id,entity\n,{RESOURCE}A\n", "line 2: 'item_id' is blank"),
        ("", "is empty"),
        (f"item_id,entity\nB1,{RESOURCE}A,1\nB2,{RESOURCE}B,1\n", "line 2: 3 fields where the header has 2"),
        (f"item_id,entity\nB1,{RESOURCE}A\nB2\n", "line 3: 1 fields where the header has 2"),
        (zipped(b"item_id,entity\n"), "is packed by zip"),
        (gzip.compress(b"item_id,entity\n" + b"B1,http://a\n" * 999)[:-9], "cut off or damaged"),
        (b"item_id,entity\nB1,http://caf\xe9\n", "line 2: not UTF-8 text"),
    ],
)
def test_wrong_link_file_is_said_and_nothing_written(
    database: Database,
    command_line: CommandLine,
    endpoint: Endpoint,
    tmp_path: Path,
    content: str | bytes,
    sentence: str,
) -> None:
    path = tmp_path / "links.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = dump(database)
    said = refused(command_line, "--links", str(path), "--endpoint", endpoint.url)
    assert str(path) in said and sentence in said
    assert dump(database) == before and not endpoint.queries


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.nt", b"<http://a> <http://b> <http://c> .\nno triple\n", "a.nt, line 2: "),
        ("a.ttl", b"@prefix a: <http://a> .\na:b a:c\n", "a.ttl, line "),
        ("a.rdf", b"<rdf/>", "give .nt or .ttl"),
        ("a.nt.gz", gzip.compress(b"<http://a> <http://b> <http://c> .\n" * 999)[:-20], "cannot be read"),
        ("a.nt.gz", b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 9, "a.nt.gz cannot be read: Error -3"),
        (
            "a.nt.gz",
            gzip.compress(b"\n" * 3_000_000),
            "a.nt.gz cannot be read: it holds more than 1 MiB of blank lines",
        ),
        ("a.nt", b"<http://a> <http://b> <" + b"x" * 20_000_000, "a.nt cannot be read: Reached the buffer"),
        ("a.nt.bz2", b"BZh9 no bzip2", "cannot be read"),
        ("a.nt", lzma.compress(b"<http://a> <http://b> <http://c> ."), "is packed by xz"),
        ("a.nt", b'<http://a> <http://b> "\xff" .\n', "a.nt"),
    ],
)
def test_wrong_dump_is_said_and_nothing_written(
    database: Database, command_line: CommandLine, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    before = dump(database)
    assert sentence in refused(command_line, "--dump", str(tmp_path / name))
    assert dump(database) == before


def test_a_graph_without_items_is_said(database: Database, command_line: CommandLine, endpoint: Endpoint) -> None:
    empty(database)
    assert "load interactions first" in refused(command_line, "--endpoint", endpoint.url)


def test_endpoint_and_dump_exclude_each_other(command_line: CommandLine, endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text("")
    arguments = ("--endpoint", endpoint.url, "--dump", str(tmp_path / "a.nt"))
    assert command_line("load", "dbpedia", *arguments, check=False).exit_code == 2
