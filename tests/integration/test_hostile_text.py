"""A graph whose every text is hostile, loaded from files: the commands that show it end well, and show it harmless."""

import csv
import gzip
import io
import json
import re
from pathlib import Path

import pytest

from kgrec.explore.queries import queries
from kgrec.graph.database import Database
from kgrec.graph.statements import parameters
from kgrec.spreadsheets import text_of
from kgrec.text import visible
from tests.conftest import CommandLine
from tests.integration.test_personas import rows
from tests.unit.hostile import harm

SETTINGS = """
[dbpedia]
min_interval_seconds = 0
[sasrec]
dim = 16
epochs = 2
n_candidates = 12
[hdgi]
epochs = 2
dim = 8
structure_dim = 8
personas = 2
"""
# The real encoder is not waited for: nothing of its words is from data.
EMBEDDINGS = """
MATCH (i:Item)
WITH i, toInteger(right(i.item_id, 2)) AS number
SET i.embedding = [k IN range(1, 8) | toFloat(number * k % 7)]
"""
HARM = "\x1b[2J\x1b]8;;http://x\x07[/]\x9b31m\u202e[with CD]\u2028\x7f"
WHO, WHAT = f"=u[red]{HARM}\r\n\t", f'@i[/b], "{HARM}\t'  # of items no line break, which links may not hold
TITLE, BRAND, CATEGORY, LABEL = (f"{kind} [/] <b onclick=x>|`{HARM}" for kind in ("=Emma", "+Brand", "-Kind", "Label"))
DAY = 86_400


def user(name: object) -> str:
    return f"{WHO}{name}"


def item(name: object) -> str:
    return f"{WHAT}{name}"


def lines(records: list[dict[str, object]]) -> bytes:
    return gzip.compress("\n".join(map(json.dumps, records)).encode())


def literal(text: str) -> str:
    return json.dumps(text)  # its escapes are those of N-Triples


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews, metadata, links and facts, in a folder with such a name."""
    folder = tmp_path_factory.mktemp("hostile") / f"[bold]{HARM}".replace("/", "|")
    folder.mkdir()
    given = rows()
    reviews: list[dict[str, object]] = [
        {"reviewerID": user(one["user"]), "asin": item(one["item"]), "overall": 5.0, "unixReviewTime": DAY * place}
        for place, one in enumerate(given, start=1)
    ]
    items = sorted({str(one["item"]) for one in given})
    metadata: list[dict[str, object]] = [
        {
            "asin": item(one),
            "title": f"{TITLE} {one}",
            "brand": f"{BRAND} {int(one[1:]) % 5}",
            "category": ["Books", f"{CATEGORY} {int(one[1:]) % 2}"],
        }
        for one in items
    ]
    (folder / "reviews.json.gz").write_bytes(lines(reviews))
    (folder / "metadata.json.gz").write_bytes(lines(metadata))
    resource, ontology = "http://dbpedia.org/resource/", "http://dbpedia.org/ontology/"
    with (folder / "links.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("item_id", "entity"), *((item(one), f"{resource}{one}") for one in items)])
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    facts = [f"<{resource}{one}> <{ontology}author> <{resource}A{int(one[1:]) % 2}> ." for one in items]
    facts += [f"<{resource}{one}> {label} {literal(f'{LABEL} {one}')}@en ." for one in [*items, "A0", "A1"]]
    (folder / "facts.nt").write_text("\n".join(facts), encoding="ascii")
    (folder / "kgrec.toml").write_text(SETTINGS)
    return folder


class Said:
    """Runs commands, all of which have to end as they should and say nothing that does harm."""

    def __init__(self, command_line: CommandLine):
        self.command_line = command_line

    def __call__(self, *arguments: str, shows: tuple[str, ...] = (), status: int = 0) -> str:
        result = self.command_line(*arguments, check=status == 0)
        assert result.exit_code == status, arguments
        assert harm(result.output) == set(), arguments
        told = "".join(result.output.split())
        for text in shows:
            assert "".join(visible(text).split()) in told, arguments
        return result.stdout


@pytest.fixture(scope="module")
def say(database: Database, command_line: CommandLine, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """The graph is loaded and everything trained, by commands whose words are looked at."""
    say = Said(command_line)
    command_line.environment |= {"KGREC_SETTINGS": str(folder / "kgrec.toml"), "COLUMNS": "2000"}
    reviews, metadata = (str(folder / f"{name}.json.gz") for name in ("reviews", "metadata"))
    say("load", "amazon", "--reviews", reviews, "--metadata", metadata, shows=("reviews.json.gz",))
    links, dump = str(folder / "links.csv"), str(folder / "facts.nt")
    say("load", "dbpedia", "--links", links, "--dump", dump)
    database.driver.execute_query(EMBEDDINGS)
    run = str(folder / "run")
    say("train", "personas", "--run", run)
    say("train", "sasrec", "--run", run, shows=(f"Trained into {run}",))
    return say


def test_the_graph_holds_what_the_files_said(database: Database, say: Said) -> None:
    """Or the tests below would look at harmless text."""
    found = database.driver.execute_query(
        "MATCH (u:User {user_id: $user}), (i:Item {item_id: $item})-[:BY]->(b), (e:Entity) "
        "RETURN i.title AS title, b.name AS brand, collect(e.label) AS labels",
        user=user("u00"),
        item=item("i00"),
    ).records[0]
    assert all("\x1b[2J" in text and "[/]" in text for text in (found["title"], found["brand"], *found["labels"]))
    assert len(found["labels"]) >= 40


@pytest.mark.parametrize("asked", ["user", "session"])
def test_lists(say: Said, folder: Path, asked: str) -> None:
    gone = "\x1b[2J [/] gone"
    items = ",".join('"' + one.replace('"', '""') + '"' for one in (item("i00"), gone, item("i02")))
    given = ["--user", user("u00")] if asked == "user" else ["--session", items]
    arguments = ["recommend", *given, "-k", "3", "--run", str(folder / "run")]
    records = json.loads(say(*arguments, "--format", "json"))
    if asked == "session":
        assert records["passed_over"] == [gone]
        records = [one | {"persona": records["persona"]} for one in records["items"]]
    assert len(records) == 3 and all("\x1b[2J" in one["title"] and "\x1b[2J" in one["persona"] for one in records)
    texts = [str(one[name]) for one in records for name in ("item_id", "title", "reason", "persona")]
    say(*arguments, shows=(*texts, "For " + (user("u00") if asked == "user" else "an anonymous session")))
    table = list(csv.DictReader(io.StringIO(say(*arguments, "--format", "csv"))))
    assert [text_of(one["title"]) for one in table] == [visible(one["title"]) for one in records]
    assert all(not value.startswith(tuple("=+-@")) for one in table for name, value in one.items() if name != "score")


def test_explanations_and_stated_likes(say: Said, folder: Path) -> None:
    picture, run = folder / "[red]\x1b[2J.html", str(folder / "run")
    asked = "recommend", "--user", user("u01"), "-k", "2", "--explain", "--run", run
    records = json.loads(say(*asked, "--format", "json"))
    titles = tuple(one["title"] for one in records)
    assert len(records) == 2 and all("\x1b[2J" in title for title in titles)
    say(*asked, "--picture", str(picture), shows=(*titles, user("u01"), f"The paths are in {picture}."))
    assert "<b onclick" not in picture.read_text(encoding="utf-8")
    gone = "=\x1b[2J [/] gone"
    say("recommend", "--likes", gone, "--run", run, status=1)


def test_personas(say: Said, folder: Path) -> None:
    cards = json.loads(say("personas", "list", "--format", "json"))
    texts = [one["name"] for one in cards]
    assert len(cards) == 2 and all("\x1b[2J" in text for text in texts)
    say("personas", "list", shows=tuple(texts))
    say("personas", "list", "--format", "csv", shows=tuple(texts))
    for card in cards:
        number, typical = str(card["number"]), [one["title"] for one in card["typical"]]
        assert typical and all("\x1b[2J" in text for text in typical)
        say("personas", "show", number, shows=(card["name"], *typical))
        say("personas", "show", "--format", "csv", "--", card["name"], shows=tuple(typical))
        [shown] = json.loads(say("personas", "show", number, "--format", "json"))
        assert shown == card
    both = "personas", "compare", *(str(card["number"]) for card in cards)
    titles = tuple(one["title"] for card in cards for one in card["typical"])
    say(*both, shows=(*texts, *titles))
    say(*both, "--format", "csv", shows=titles)
    [beside] = json.loads(say(*both, "--format", "json"))
    assert beside["first"] == cards[0] and beside["second"] == cards[1]
    say("personas", "map", "--file", str(folder / "map.html"), shows=(str(folder / "map.html"),))
    say("personas", "map", "--format", "csv", shows=tuple(texts))


def test_the_graph_and_what_is_wrong_with_it(say: Said, database: Database) -> None:
    """With a label and a type that somebody else gave, and items whose vectors were made by hand."""
    label, type_ = f"Theirs {HARM}", f"THEIRS {HARM}"
    theirs = f"CREATE (:`{label}`)-[:`{type_}`]->(:`{label}`)"
    database.driver.execute_query(theirs)
    try:
        told = json.loads(say("graph", "stats", "--format", "json"))
        assert label in {one["label"] for one in told["nodes"]} and type_ in told["relationships"]
        say("graph", "stats", shows=(label, type_))
    finally:
        database.driver.execute_query(f"MATCH (n:`{label}`) DETACH DELETE n")
    findings = json.loads(say("graph", "check", "--format", "json", status=1))
    [examples] = [one["examples"] for one in findings if one["name"] == "vectors-embeddings"]
    assert len(examples) == 5 and all(WHAT in example for example in examples)
    say("graph", "check", status=1, shows=tuple(examples))


@pytest.mark.parametrize("name", queries())
def test_ready_queries(say: Said, name: str) -> None:
    given = {"user_id": user("u00"), "item_id": item("i00"), "other_id": user("u01")}
    known = [f"{key}={given[key]}" for key in parameters(f"explore/{name}") if key in given]
    say("explore", name, *(word for pair in known for word in ("-p", pair)))


def test_evaluation_and_its_report(say: Said, folder: Path, tmp_path: Path) -> None:
    report, run = tmp_path / "[red]\x1b[2J", str(folder / "run")
    say("evaluate", "--run", run, "--report", str(report), shows=(f"Wrote {report / 'report.html'}.",))
    for format in ("json", "csv"):
        say("evaluate", "--run", run, "--format", format)
    for path in report.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert harm(text) == set() and "<b " not in text, path
    page = (report / "report.html").read_text(encoding="utf-8")
    assert not {"b", "onclick"} & {*re.findall(r"<([a-z]+)", page), *re.findall(r"<[^>]*\s(on\w+)=", page)}
    assert r"[/] |`\x1b[2J" in page  # a slice is that of a persona, whose name is of brands without their tags


def test_feedback(say: Said, folder: Path) -> None:
    """At last, as it changes the graph."""
    arguments = "feedback", "--run", str(folder / "run"), "--file"
    events = [
        {"user_id": user("u02"), "kind": "like", "item_id": item("i03")},
        {"user_id": user("new"), "kind": "interaction", "item_id": item("i04")},
    ]
    for name, told, status in (("[b]\x1b[2J", events, 0), ("\x1b[2J", [events[0] | {"item_id": "\x1b[2J [/]"}], 1)):
        file = folder / f"{name}.jsonl"
        file.write_text("\n".join(map(json.dumps, told)))
        say(*arguments, str(file), status=status)
