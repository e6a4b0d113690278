"""Everything that the program prints, with hostile text in it: as it stands, whole, and harmless."""

import ast
import contextlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gnn import commands as personas_command
from gnn.clusters import Stability
from gnn.identity import Numbers
from gnn.train import Persona, TrainedPersonas
from gnn.worth import Worth
from kgloader.report import Report, progress_bar
from kgrec import commands, graph_command
from kgrec.errors import KgrecError
from kgrec.explore import commands as explore_command
from kgrec.explore.browser import Browser
from kgrec.graph.check import Finding
from kgrec.graph.stats import Degrees, Nodes, Share, Stats
from kgrec.personas import commands as personas_group
from kgrec.personas.cards import CounterExample, PersonaCard, Trait, TypicalItem
from kgrec.personas.comparison import Comparison
from kgrec.records import write_document, write_records
from kgrec.results import Results
from kgrec.settings import Neo4jSettings
from kgrec.spreadsheets import cell
from kgrec.terminal import LONGEST_CELL, DataTable, guard_streams, note, progress, say, show, silence, waiting, write
from kgrec.text import shown, visible
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from recommender import evaluate_command, recommend_command, train_command
from recommender.measured import Measured
from recommender.recommend import Recommendation
from recommender.train import TrainedModel
from recommender.verdict import METRIC_NAMES, Difference, Figure
from tests.unit.hostile import FRAGMENTS, NAMES, TEXTS, harm

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True, scope="module")
def wide() -> Iterator[None]:
    """A terminal in which nothing wraps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "20000")
        yield


def printed(act: Callable[[], object]) -> str:
    """What is said on both streams."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        act()
    return told.getvalue()


def check(told: str, *texts: str) -> None:
    """Nothing does harm, and the texts are there; titles are folded to the width of their table."""
    assert harm(told) == set()
    for text in texts:
        assert "".join(visible(text).split()) in "".join(told.split())


@given(TEXTS, TEXTS, TEXTS)
def test_tables(text: str, title: str, column: str) -> None:
    table = DataTable(column, "n", title=title)
    table.add_row(text, 3)
    table.add_row(None)
    check(printed(lambda: show(table)), text, title, column)


@given(TEXTS)
def test_sentences_texts_and_progress(text: str) -> None:
    told = printed(lambda: say(f"It is {text}.", text))
    check(told, text)
    assert told.count("\n") == 2
    check(printed(lambda: write(f"a\n{text}\n")))

    def long() -> None:
        with progress(text, 2) as advance, waiting(text):
            advance(2, text)
        with progress_bar(text, "rows", 1) as count:
            count(1)

    check(printed(long), shown(text))


@given(NAMES, NAMES, TEXTS, TEXTS, TEXTS)
def test_recommend(user: str, item: str, title: str, persona: str, reason: str) -> None:
    found = Results([Recommendation(user, 1, item, title, 1.5, 1, persona, reason)])
    check(printed(lambda: recommend_command._show_lists(found)), user, item, title, persona, reason)
    columns = [one.name for one in fields(Recommendation)]
    as_json = printed(lambda: write_records("json", columns, found.records()))
    check(as_json)
    assert json.loads(as_json) == json.loads(json.dumps(found.records()))  # exact
    as_csv = printed(lambda: write_records("csv", columns, found.records()))
    check(as_csv)
    assert as_csv.count("\n") == 2
    assert all(str(cell(text)).replace('"', '""') in as_csv for text in (user, item, title, persona, reason))


@given(TEXTS, TEXTS, TEXTS)
def test_evaluate(system: str, slice_name: str, split: str) -> None:
    found = Results(
        Figure(system, name, metric, 0.5, 0.4, 0.6, None, None, users, 1)
        for name, users in ((f"of {slice_name}", 9), (f"no {slice_name}", 0))
        for metric in METRIC_NAMES
    )
    differences = [
        Difference(system, f"not {system}", "all", "HR@10", 0.1, 0.0, 0.2, 0.1, 0.2, None, None, None, None, 9, 1)
    ]
    about = {"split": split, "data": {"targets": 9, "tied targets": 0.1, "repeated targets": 0.0}}
    measured = Measured.__new__(Measured)
    object.__setattr__(measured, "about", about)
    told = printed(lambda: evaluate_command._show_figures(found))
    check(told, *([system, slice_name] if "persona" not in slice_name else []))
    check(printed(lambda: evaluate_command._show_differences(differences)), system)
    check(printed(lambda: evaluate_command._show_about(measured)), split)
    columns = [one.name for one in fields(Figure)]
    check(printed(lambda: write_records("json", columns, found.records())))
    check(printed(lambda: write_records("csv", columns, found.records())))


@given(TEXTS, TEXTS)
def test_train(name: str, path: str) -> None:
    worth = Results([Worth(name, 0.1, 0.2, None, None, 0.3, 4.0, 0.5, 0.4)])
    history = History([1.0], [-1.0], 0)
    personas = Results([Persona(f"id {name}", 1, name, 9, name, [name])])
    stable = Results[Stability](), Stability(2, 0.9, 0.1), None, Numbers([1], [0.0], 0, 1)
    trained = TrainedPersonas({Fit.FINAL: name}, 9, {path: 1.0}, [f"not {path}"], history, worth, personas, *stable)
    check(printed(lambda: personas_command._report(trained)), name, path)
    model = TrainedModel(name, 3, 2, 0.1, 0.2, f"sources {name}", f"stage {name}")
    check(printed(lambda: train_command._report(Path(f"runs/{path}".replace("\0", "")), [model])), name)


@given(TEXTS, TEXTS)
def test_load(name: str, note: str) -> None:
    report = Report(notes=[f"Note: {note}"], shares={f"share {name}": 0.5})
    for counts in (report.read, report.nodes, report.relationships, report.skipped, report.removed, report.marked):
        counts[f"rows of {name}"] += 1_000
    check(printed(lambda: report.tell("kgrec load amazon", {f"size {name}": 3})), name, note)


@given(TEXTS, st.lists(TEXTS, min_size=2, max_size=2))
def test_explore(title: str, row: list[str]) -> None:
    check(printed(lambda: explore_command._answer(title, ["a", "b"], [row])), title, *row)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_personas(name: str, summary: str, label: str, title: str) -> None:
    one = PersonaCard(
        f"id {name}", 1, name, 9, summary, f"model {name}", None, None, [Trait(label, "Author", 0.2, 3.0)],
        [TypicalItem(f"i {title}", title, 0.3, 2.0)], CounterExample("i", f"not {title}", 0.1, 0.2, name),
    )  # fmt: skip
    other = replace(one, number=2, name=f"not {name}", worded_by=None, typical=[], counter_example=None)
    check(printed(lambda: personas_group._show_list([one, other])), name, title)
    check(printed(lambda: personas_group._show_card(one)), name, summary, label, title)
    check(printed(lambda: personas_group._show_both(one, other, Comparison(0.1, 2, []))), name, label, title)
    document = [asdict(one), asdict(other)]
    as_json = printed(lambda: write_records("json", personas_group.CARD, document))
    check(as_json)
    assert json.loads(as_json) == json.loads(json.dumps(document))
    flat = [personas_group._flat(card) for card in (one, other)]
    check(printed(lambda: write_records("csv", personas_group.CARD, flat)), str(cell(title)).replace('"', '""'))
    evidence = list(personas_group._evidence(one))
    check(printed(lambda: write_records("csv", personas_group.EVIDENCE, evidence)))
    beside = personas_group._side_by_side(one, other)
    check(printed(lambda: write_records("csv", personas_group.SIDE_BY_SIDE, beside)))


@given(TEXTS, TEXTS, TEXTS)
def test_graph(label: str, type_: str, what: str) -> None:
    """Labels and types that others gave, and what breaks an invariant."""
    share = Share(label, f"with {what}", 1, 2)
    stats = Stats([Nodes(label, 9, 1)], {type_: 3}, [Degrees(label, what, 1, 1.5, 2, 3)], [share], [share])
    check(printed(lambda: graph_command._show_stats(stats)), label, type_, what)
    findings = [Finding("iris", "It holds.", "Load again.", 3, [what, f"not {what}"])]
    check(printed(lambda: show(graph_command._held(findings), graph_command._named(findings))), what)
    document = {"stats": asdict(stats), "findings": [asdict(finding) for finding in findings]}
    as_json = printed(lambda: write_document(document))
    check(as_json)
    assert json.loads(as_json) == json.loads(json.dumps(document))


def test_every_table_of_the_product_is_shown_by_the_tests_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """They reach each call of ``DataTable`` that stands in the packages."""
    reached: set[tuple[Path, int]] = set()
    make = DataTable.__init__

    def noted(table: DataTable, *columns: str, **others: Any) -> None:
        caller = sys._getframe(1)
        reached.add((Path(caller.f_code.co_filename), caller.f_lineno))
        make(table, *columns, **others)

    monkeypatch.setattr(DataTable, "__init__", noted)
    for test in (test_recommend, test_evaluate, test_train, test_load, test_explore, test_personas, test_graph):
        act = test.hypothesis.inner_test  # type: ignore[attr-defined]
        kinds = inspect.signature(act).parameters.values()
        act(*(["a", "b"] if kind.annotation == list[str] else "a" for kind in kinds))
    printed(TABLES["explore"])  # of kgrec's own words alone
    calls = [
        (path, node)
        for package in ("kgrec", "kgloader", "gnn", "recommender")
        for path in (ROOT / package).rglob("*.py")
        if path != ROOT / "kgrec" / "terminal.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "DataTable"
    ]
    assert len(calls) >= 15
    for path, call in calls:
        lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
        assert any((path, line) in reached for line in lines), f"{path}, line {call.lineno}"


def test_a_narrow_terminal_cuts_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    table = DataTable("Item", "Title", title="T" * 50)
    identifier, title = "0123456789ABCDEFGHIJKLMNOP" * 2, "abcdefghijklmnopqrstuvwxyz" * 2
    table.add_row(identifier, title)
    lines = [line.split("│") for line in printed(lambda: show(table)).splitlines() if line.startswith("│")]
    assert ["".join(line[column].strip() for line in lines) for column in (1, 2)] == [identifier, title]


def test_a_long_cell_ends() -> None:
    table = DataTable("a")
    table.add_row("x" * 60_000)
    assert printed(lambda: show(table)).count("x") == LONGEST_CELL - 1


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Run the command line with a command that ends in an error."""

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(commands.kgrec, "main", fail)
    told = io.StringIO()
    with contextlib.redirect_stderr(told), pytest.raises(SystemExit) as ended:
        commands.main()
    return int(str(ended.value.code)), told.getvalue()


@pytest.mark.parametrize("text", FRAGMENTS)
def test_messages(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    status, told = failing(KgrecError(f"No item {text}: load it."), monkeypatch)
    assert (status, told) == (1, f"Error: No item {visible(text)}: load it.\n")
    status, told = failing(OSError(2, f"No such {text}", f"/tmp/{text}"), monkeypatch)
    assert (status, told) == (1, f"Error: No such {visible(text)} (/tmp/{visible(text)}).\n")


@pytest.mark.parametrize("arguments", [(), ("explore", "--{}"), ("recommend", "-k"), ("evaluate", "--format")])
@pytest.mark.parametrize("text", ["\x1b[2J[/]", "a\nError: b", "\u202e"])
def test_messages_of_click(
    arguments: tuple[str, ...], text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kgrec", *(one.replace("{}", text) for one in arguments), text])
    with pytest.raises(SystemExit) as ended:
        commands.main()
    told = capsys.readouterr().err
    assert ended.value.code == 2 and harm(told) == set()
    usage, hint, empty, message = told.splitlines()
    assert usage.startswith("Usage: kgrec") and hint.startswith("Try 'kgrec") and not empty
    assert message.startswith("Error: ") and (visible(text) in message or visible(text) in repr(text))


def test_what_may_be_chosen_is_told_on_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kgrec", "load", "split"])
    with pytest.raises(SystemExit):
        commands.main()
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Error: Missing option '--by'. Choose from: leave-one-out, time"
    )


SAID = """
import logging, warnings
import kgrec.commands as commands
from kgrec.records import write_records
from kgrec.terminal import DataTable, progress, say, show
def fail(**_):
    text = chr(0x3A9) + chr(0xDC9B) + chr(27) + "[2J"
    table = DataTable(text, title=text)
    table.add_row(text)
    show(table)
    say(text)
    with progress(text, 1) as advance:
        advance(1, text)
    write_records("json", ["a"], [{"a": text}])
    write_records("csv", ["a"], [{"a": text}])
    warnings.warn(text)
    logging.getLogger("some.library").warning(text)
    raise ValueError(text)
commands.kgrec.main = fail
commands.main()
"""


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "utf-8"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=str,
)
def test_any_encoding_takes_all_and_so_do_warnings_logs_and_tracebacks(environment: dict[str, str]) -> None:
    own = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LC_", "LANG"))}
    ended = subprocess.run(
        [sys.executable, "-c", SAID], env=own | {"PYTHONPATH": str(ROOT)} | environment, capture_output=True
    )
    encoding = environment.get("PYTHONIOENCODING", "ascii")
    out, err = ended.stdout.decode(encoding), ended.stderr.decode(encoding)
    assert ended.returncode == 1 and harm(out + err) == set()
    omega = "Ω" if encoding == "utf-8" else r"\u03a9"
    assert out.count(omega + r"\udc9b\x1b[2J") == 5  # title, column, cell, sentence, csv
    assert err.count(omega + r"\udc9b\x1b[2J") == 5  # progress twice: what goes on, and its word
    assert "Traceback" in err and "UserWarning" in err and "UnicodeEncodeError" not in err
    assert json.loads(out[out.index("[\n") : out.index("]\n") + 1]) == [{"a": "Ω\udc9b\x1b[2J"}]


@pytest.mark.parametrize(
    ("module", "lines", "rule"),
    [
        ("gnn/broken.py", "from rich.table import Table\nTable()", "TID251"),
        ("kgrec/server/broken.py", "import rich.console\nrich.console.Console()", "TID251"),
        ("kgloader/broken.py", "import click\nclick.echo('a')", "TID251"),
        ("recommender/broken.py", "from click import secho\nsecho('a')", "TID251"),
        ("kgrec/broken.py", "import sys\nsys.stderr.write('a')", "TID251"),
        ("recommender/broken.py", "import csv, io\ncsv.writer(io.StringIO())", "TID251"),
        ("gnn/broken.py", "print('a')", "T201"),
    ],
)
def test_nothing_is_printed_past_it(module: str, lines: str, rule: str) -> None:
    command = ["ruff", "check", "--output-format", "concise", "--stdin-filename", str(ROOT / module), "-"]
    found = subprocess.run(command, cwd=ROOT, input=lines, capture_output=True, text=True)
    assert found.returncode == 1 and f" {rule} " in found.stdout


def test_pandas_writes_no_csv() -> None:
    """The linter cannot see that a value is a frame."""
    for package in ("kgrec", "kgloader", "gnn", "recommender"):
        for path in (ROOT / package).rglob("*.py"):
            assert ".to_csv(" not in path.read_text(encoding="utf-8"), path


def test_a_closed_output_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    guard_streams()
    for format in ("json", "csv"):
        write_records(format, ["title"], [{"title": "Emma"}])


def test_in_a_terminal_of_no_width_something_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    table = DataTable("Title")
    table.add_row("Emma")
    show(table)
    assert "Emma" in capsys.readouterr().out


@pytest.mark.parametrize("width", [20, 40, 72, 200])
def test_a_table_is_as_wide_as_the_terminal_and_parts_no_usual_word(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where its columns are too many, it stands on its side."""
    monkeypatch.setenv("COLUMNS", str(width))
    table = DataTable("Vectors", *(f"Figure {number}" for number in range(6)))
    table.add_row("truncated SVD of the interactions", *["0.1234"] * 6)
    table.add_row("x" * 300)
    show(table)
    lines = capsys.readouterr().out.splitlines()
    assert all(cell_len(line) <= width for line in lines) and "".join(lines).count("x") == 300
    assert [line.count("0.1234") for line in lines if "0.1234" in line] == ([6] if width > 40 else [1] * 6)
    assert width < 40 or any("interactions" in line for line in lines)


LONG = "The Wandering Stranger of Halstead: A Novel in Three Parts"


def a_report() -> None:
    report = Report(notes=["Note: the last line has no end."], shares={"ties, broken by a seeded hash": 0.12345})
    for counts in (report.read, report.nodes, report.relationships, report.skipped, report.removed, report.marked):
        counts["rows of Books_5_core_of_2018.json.gz"] += 12_345_678
    report.tell("kgrec load amazon", {"INTERACTED": 12_345_678})


def an_evaluation() -> None:
    systems = ("item-kNN with recency", "base SASRec with text, fused", "persona-late, reranked by base")
    evaluate_command._show_figures(
        Results(
            Figure(system, "all users", metric, 0.1234, 0.12, 0.13, None, None, 12_345, 1)
            for system in systems
            for metric in METRIC_NAMES
        )
    )
    evaluate_command._show_differences(
        [
            Difference(systems[2], system, "all users", "HR@100", 0.0123, 0.01, 0.02, 0.0004, 0.0008, None, None, None,
                       None, 9, 1)
            for system in systems[:2]
        ]
    )  # fmt: skip


def trained_personas() -> None:
    rates = 0.1234, 0.2345, 0.3456, 0.4567
    worth = Results([Worth(name, *rates, 0.345, 12.3, 0.5, 0.4) for name in ("HDGI, learned", "truncated SVD")])
    personas = Results([Persona("0ac93b52411d/11", 11, "Jorric Orgrove · Fantasy", 12_345, None, ["Fantasy"])])
    paths = {"INTERACTED SAME_AS SUBJECT": 0.123, "INTERACTED BY": 0.877}
    history = History([0.5], [-0.5], 0)
    runs, missing = {Fit.FINAL: "0ac93b52411d"}, ["INTERACTED HAS_FEATURE"]
    stable = Results([Stability(24, 0.9, 0.1)]), Stability(24, 0.9, 0.1), None, Numbers([1], [0.0], 0, 1)
    personas_command._report(TrainedPersonas(runs, 12_345, paths, missing, history, worth, personas, *stable))


def the_state_of_a_graph() -> None:
    share = Share("items", "with an entity of DBpedia and its facts", 1_234_567, 9_876_543)
    degrees = Degrees("Category", "items of it, below it too", 123, 4567.89, 98_765, 1_234_567)
    nodes, relationships = [Nodes("EvaluationPersona", 12_345_678, 12)], {"CHARACTERISED_BY": 12_345_678}
    graph_command._show_stats(Stats(nodes, relationships, [degrees], [share], [share]))
    show(graph_command._named([Finding("split-co-occurrence", "It holds.", "Run `kgrec train personas`.", 3, [LONG])]))


def a_persona(number: int) -> PersonaCard:
    name = f"Extraterrestrial encyclopedias · {LONG} · Jorric Orgrove {number}"
    traits = [Trait(f"{LONG} {one} of {number}", "DomainFeature", 0.1234, 1234.56) for one in range(5)]
    typical = [TypicalItem(f"B00{one}", f"{LONG}, volume {one}", 0.1234, 123.45) for one in range(3)]
    counter = CounterExample("B009", LONG, 0.0123, 0.01, name)
    return PersonaCard(f"r/{number}", number, name, 1_234_567, LONG, "a model", 0.1, 0.2, traits, typical, counter)


TABLES: dict[str, Callable[[], object]] = {
    "personas list": lambda: personas_group._show_list([a_persona(11), a_persona(112)]),
    "personas show": lambda: personas_group._show_card(a_persona(112)),
    "personas compare": lambda: personas_group._show_both(
        a_persona(11), a_persona(112), Comparison(0.12, 1_234_567, [])
    ),
    "load": a_report,
    "evaluate": an_evaluation,
    "train personas": trained_personas,
    "train sasrec": lambda: train_command._report(
        Path("runs/default"), [TrainedModel("persona-late", 123, 101, 5.4321, 0.1234, "co-occurrence", "learned")]
    ),
    "recommend": lambda: recommend_command._show_lists(
        Results([Recommendation("A2SUAM1J3GNN3B", 10, "0007350813", LONG, 12.34, 1, "Fantasy", f"Shares {LONG}")])
    ),
    "graph": the_state_of_a_graph,
    "explore": lambda: explore_command._list(Browser(Neo4jSettings(uri="bolt://graph.example")), "table"),
    "explore long-tail-of-persona": lambda: explore_command._answer(
        "Rare items",
        ["persona", "item_id", "title", "users", "affinity"],
        [["Jorric Orgrove · Fantasy", "0007350813", LONG, 12, 0.123]],
    ),
    "explore data-quality": lambda: explore_command._answer(
        "What is missing",
        ["what", "total", "without_title", "without_embedding", "without_category", "without_maker", "without_entity"],
        [["items", 9_876_543, *[123_456] * 5]],
    ),
}


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("name", TABLES)
def test_every_table_fits_with_all_columns_and_whole_words(
    name: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20000")
    wide = printed(TABLES[name]).splitlines()
    monkeypatch.setenv("COLUMNS", str(width))
    told = printed(TABLES[name])
    cells = [line for line in told.splitlines() if line[:1] in "│┃┏┡├└┌"]
    assert cells and all(cell_len(line) <= width for line in cells)
    usual = {word for line in wide if line[:1] in "│┃" for word in line.split() if word.isalnum() and len(word) <= 12}
    assert usual and usual <= set(told.split())


def test_a_bar_whose_end_nobody_knows_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    def move() -> None:
        with progress("recording", None) as advance:
            advance(0, "")
            advance(7, "5 events")

    told = printed(move)
    assert "5 events" in told and "left" not in told


def test_quiet_leaves_out_notes_and_progress_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    def told() -> tuple[str, str]:
        with progress("linking", 2) as advance, waiting("waiting"):
            advance(2, "told")
        note("a note")
        say("an error", err=True)
        say("a result")
        found = capsys.readouterr()
        return found.out, found.err

    try:
        silence(True)
        assert told() == ("a result\n", "an error\n")
    finally:
        silence(False)
    out, err = told()
    assert out == "a result\n" and all(word in err for word in ("linking", "told", "a note", "an error"))


@pytest.mark.parametrize("words", [("--quiet", "explore"), ("explore", "--quiet"), ("explore",)])
def test_quiet_is_taken_before_and_behind_the_command_and_holds_for_one_call(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kgrec", "--uri", "bolt://graph.example", *words, "--format", "json"])
    monkeypatch.setattr(explore_command, "_list", lambda *_: note("a note"))
    with pytest.raises(SystemExit) as ended:
        commands.main()
    silence(False)
    assert ended.value.code == 0 and capsys.readouterr().err == ("" if "--quiet" in words else "a note\n")


def test_progress_tells_how_long_it_takes_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the pace since it was first told where it is: what an earlier call did took no time."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)

    def long() -> None:
        nonlocal now
        with progress("training", 100) as advance:
            advance(40, "")
            now += 60.0
            advance(50, "epoch 50")
            now += 10.0

    assert "0:04:50 left" in printed(long)


def test_the_time_left_stays_on_the_line_of_a_long_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")

    def long() -> None:
        with progress("Putting the personas into the index", 90_000) as advance:
            advance(0, "")
            advance(81_724, "81,724 users")

    (line,) = {line for line in re.split(r"\x1b\[2K|\n", printed(long)) if "left" in line}
    plain = re.sub(r"\x1b\[[\d;]*m", "", line).rstrip()
    assert re.fullmatch(r".*index [━╸╺]+ 81,724 users 0:00:\d\d, 0:00:\d\d left", plain) and len(plain) <= 80
