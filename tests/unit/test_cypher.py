"""The statements as a whole: commented, parameterised, and projecting nothing but what may be learned from."""

import re
from pathlib import Path

import pytest

from kgrec.graph import statements
from kgrec.housekeeping import HOUSEKEEPING

ROOT = Path(__file__).parents[2] / "cypher"
PACKAGES = ("kgrec", "kgloader", "gnn", "recommender")
LOOKING = ("check/", "stats/")  # at all runs, to count and to compare them
ALL = sorted(str(path.relative_to(ROOT).with_suffix("")) for path in ROOT.rglob("*.cypher"))


@pytest.mark.parametrize("name", ALL)
def test_every_statement_says_what_it_is_for(name: str) -> None:
    assert statements.statement(name).startswith("// ") and len(statements.summary(name).split()) > 3


@pytest.mark.parametrize("name", [name for name in ALL if name.startswith(LOOKING)])
def test_who_looks_at_the_whole_graph_changes_nothing(name: str) -> None:
    text = "\n".join(line for line in statements.statement(name).splitlines() if not line.startswith("//"))
    assert not re.search(r"\b(CREATE|MERGE|SET|REMOVE|DELETE|DROP|FOREACH|LOAD)\b", text)
    if name.startswith("check/"):
        assert len(statements.remedy(name).split()) > 3 and text.rstrip().endswith("what")


def test_python_holds_no_cypher_of_more_than_a_line() -> None:
    for folder in PACKAGES:
        for path in (ROOT.parent / folder).rglob("*.py"):
            found = [line for line in path.read_text().splitlines() if "MATCH (" in line or "MERGE (" in line]
            assert not found, path


def users_of(name: str) -> set[Path]:
    """Which modules name a statement."""
    modules = [path for folder in PACKAGES for path in (ROOT.parent / folder).rglob("*.py")]
    return {path for path in modules if f'"{name}"' in path.read_text()}


def test_no_projection_takes_interactions_but_those_for_training() -> None:
    """Of the five that are there, one has no relationships, one keeps the splits apart by type, two take those that
    they are told (all tested on a real graph), and the k-core counts all interactions to say who stays in the graph:
    nothing is learned from it."""
    projections = {
        name: statements.statement(name) for name in ALL if "gds.graph.project(" in statements.statement(name)
    }
    others = {"load/core_projection", "load/similar_projection", "project/personas"}
    of_splits = {"co_occurrence/projection", "project/user_blocks"}
    assert set(projections) == others | of_splits
    assert users_of("load/core_projection") == {ROOT.parent / "kgloader" / "writers" / "kcore.py"}
    assert projections["load/core_projection"].count("]->") == 1
    assert "]->" not in projections["load/similar_projection"]
    personas = projections["project/personas"]
    assert personas.count(":INTERACTED]") == 1 and "WHERE interaction.split IN $splits" in personas
    assert "'INTERACTED:' + split AS kind" in personas
    for name in of_splits:
        assert projections[name].count(":INTERACTED]") == 1
        assert "WHERE interaction.split IN $splits" in projections[name]


def test_co_occurrence_is_read_by_its_run() -> None:
    """Those of other fits, and of a run that is being written or removed, are in the graph beside it."""
    naming = [name for name in ALL if "CO_OCCURS_WITH" in statements.statement(name)]
    reading = [name for name in naming if not name.startswith(LOOKING)]
    assert "project/personas" in reading and "explore/why-item" in reading
    for name in set(reading) - {"co_occurrence/size", "co_occurrence/forget", "co_occurrence/write"}:
        text = statements.statement(name)
        assert text.count(":CO_OCCURS_WITH {run: ") == text.count(":CO_OCCURS_WITH")


def test_profiles_of_all_interactions_feed_no_model() -> None:
    """They are written, checked and shown, and read by nothing else."""
    named = {name for name in ALL if ":INTERESTED_IN" in statements.statement(name)}
    naming = {name for name in named if not name.startswith(LOOKING)}
    shown = {"explore/user-profile", "explore/user-profile-picture"}
    written = {f"personas/interests{what}" for what in ("", "_current", "_forget", "_size", "_switch")}
    assert naming == shown | written


@pytest.mark.parametrize("name", ["user-profile", "user-profile-picture", "why-item", "why-item-picture"])
def test_queries_for_browser_leave_out_what_wikipedia_keeps_house_by(name: str) -> None:
    """Each holds the expression itself, letter by letter: Browser has no parameter of it."""
    (written,) = re.findall(
        r"NOT coalesce\(.*\) =~ \((.*?)\n *\)\n", statements.statement(f"explore/{name}"), re.DOTALL
    )
    parts = re.findall(r"^ *'(.*)'(?: \+)?$", written, re.MULTILINE)
    assert "".join(parts).replace("\\\\", "\\") == f"(?is).*(?:{HOUSEKEEPING}).*"


def test_inputs_of_a_query_for_browser_become_parameters() -> None:
    assert statements.parameters("explore/two-users") == ["first", "second"]
    assert "WITH $first AS first, $second AS second\n" in statements.statement("explore/two-users")
    assert "WITH null AS first, null AS second\n" in statements.file_of("explore/two-users.cypher").read_text()
    assert statements.parameters("explore/personas") == []
