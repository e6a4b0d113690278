"""SIMILAR_TO in batches: a load that is stopped anywhere leaves one whole run to read, and the next ends the same."""

import numpy as np
import pytest

from kgloader.report import Report
from kgloader.texts import similarity
from kgloader.texts.similarity import tie_similar_items
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from tests.conftest import empty
from tests.integration.graph_dump import dump, rows
from tests.integration.stopped import stop, watch

ITEMS = 8
STEPS = ["load/similar_forget", *["load/similar"] * 4, "load/similar_current", "load/similar_forget"]
# Some of the relationships of other runs, as a removal that is stopped leaves the rest.
TEAR = "MATCH (current:CurrentRun), ()-[s:SIMILAR_TO]->() WHERE s.run <> current.run_id WITH s LIMIT 3 DELETE s"

Ties = set[tuple[str, str]]


@pytest.fixture(autouse=True)
def items(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight items, each tied to two, written in four batches."""
    empty(database)
    ensure_schema(database)
    monkeypatch.setattr(similarity, "NEIGHBOURS", 2)
    monkeypatch.setattr(similarity, "MIN_COSINE", -1.0)
    monkeypatch.setattr(similarity, "ROWS_PER_BATCH", 4)


def embed(database: Database, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(ITEMS, 4)).tolist()
    rows(
        database,
        "UNWIND range(0, size($vectors) - 1) AS n MERGE (item:Item {item_id: 'B' + n}) "
        "SET item.title = 'Item ' + n, item.embedding = $vectors[n], item.embedding_of = $seed + '/' + n",
        vectors=vectors,
        seed=str(seed),
    )


def all_ties(database: Database) -> list[tuple[str, str]]:
    return rows(database, "MATCH (i:Item)-[:SIMILAR_TO]->(o:Item) RETURN i.item_id, o.item_id ORDER BY 1, 2")


def explored(database: Database) -> Ties:
    """What `kgrec explore similar-items` shows."""
    names = [f"B{n}" for n in range(ITEMS)]
    return {
        (item_id, row["item_id"])
        for item_id in names
        for row in database.read("explore/similar-items", item_id=item_id)
    }


def projected(database: Database) -> Ties:
    """What HDGI's projection holds."""
    with database.projection("project/personas", types=["SIMILAR_TO"], splits=["train"], co_occurrence=[]) as (
        gds,
        graph,
    ):
        frame = gds.graph.relationships.stream(graph)
    pairs = frame[["sourceNodeId", "targetNodeId"]].to_numpy().tolist()
    found = "UNWIND $pairs AS pair RETURN gds.util.asNode(pair[0]).item_id, gds.util.asNode(pair[1]).item_id"
    return set(rows(database, found, pairs=pairs))


def visible(database: Database) -> Ties:
    assert explored(database) == projected(database)
    return explored(database)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that change something, in order."""
    return watch(monkeypatch)


def test_the_transactions_of_a_run(database: Database, steps: list[str]) -> None:
    embed(database, 1)
    report = Report()
    tie_similar_items(database, report)
    assert steps == STEPS
    assert report.relationships["SIMILAR_TO"] == len(all_ties(database)) == 2 * ITEMS
    assert visible(database) == set(all_ties(database))
    once = dump(database)
    steps.clear()
    tie_similar_items(database, again := Report())
    assert dump(database) == once and steps == ["load/similar_forget"]
    assert again.relationships.total() == again.removed.total() == 0


@pytest.mark.parametrize("torn", [False, True], ids=["between", "within"])
@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_load_that_is_stopped_anywhere(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: int, torn: bool
) -> None:
    """Before each transaction; and as if a removal, which is batches in itself, had come half its way."""
    embed(database, 2)
    tie_similar_items(database, Report())
    expected, new = dump(database), visible(database)
    empty(database)
    embed(database, 1)
    tie_similar_items(database, Report())
    old = visible(database)
    assert old != new and len(old) == len(new) == 2 * ITEMS
    embed(database, 2)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop(step, patch)
        tie_similar_items(database, Report())
    if torn:
        rows(database, TEAR)
    assert visible(database) == (new if step > STEPS.index("load/similar_current") else old)

    tie_similar_items(database, Report())
    assert visible(database) == new and len(all_ties(database)) == len(new)
    assert dump(database) == expected


def test_texts_that_come_back_while_their_run_is_being_removed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed(database, 1)
    tie_similar_items(database, Report())
    old = visible(database)
    embed(database, 2)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop(len(STEPS) - 1, patch)
        tie_similar_items(database, Report())
    rows(database, TEAR)
    embed(database, 1)
    tie_similar_items(database, Report())
    assert visible(database) == old and len(all_ties(database)) == len(old)


def test_ties_of_a_graph_without_runs_are_replaced(database: Database) -> None:
    embed(database, 1)
    rows(database, "MATCH (a:Item {item_id: 'B0'}), (b:Item {item_id: 'B1'}) CREATE (a)-[:SIMILAR_TO]->(b)")
    assert explored(database) == set()
    tie_similar_items(database, Report())
    assert visible(database) == set(all_ties(database)) and len(all_ties(database)) == 2 * ITEMS
