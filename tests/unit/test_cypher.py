"""The statements as a whole: commented, parameterised, and projecting nothing but what may be learned from."""

from pathlib import Path

import pytest

import cypher

ROOT = Path(cypher.__file__).parent
ALL = sorted(str(path.relative_to(ROOT).with_suffix("")) for path in ROOT.rglob("*.cypher"))


@pytest.mark.parametrize("name", ALL)
def test_every_statement_says_what_it_is_for(name: str) -> None:
    assert cypher.statement(name).startswith("// ") and len(cypher.summary(name).split()) > 3


def test_python_holds_no_cypher_of_more_than_a_line() -> None:
    for folder in ("kgloader", "gnn", "recommender"):
        for path in (ROOT.parent / folder).glob("*.py"):
            found = [line for line in path.read_text().splitlines() if "MATCH (" in line or "MERGE (" in line]
            assert not found, path


def test_no_projection_takes_interactions_but_those_for_training() -> None:
    """Of the two that are there, one has no relationships and one asks for the split (tested on a real graph)."""
    projections = {name: cypher.statement(name) for name in ALL if "gds.graph.project(" in cypher.statement(name)}
    assert set(projections) == {"load/similar_projection", "project/personas"}
    assert "]->" not in projections["load/similar_projection"]
    personas = projections["project/personas"]
    assert personas.count(":INTERACTED]") == 1 and "WHERE interaction.split = 'train'" in personas


def test_inputs_of_a_query_for_browser_become_parameters() -> None:
    assert cypher.parameters("explore/two-users") == ["first", "second"]
    assert "WITH $first AS first, $second AS second\n" in cypher.statement("explore/two-users")
    assert "WITH null AS first, null AS second\n" in cypher.file_of("explore/two-users.cypher").read_text()
    assert cypher.parameters("explore/personas") == []
