"""Two transactions of one statement at a time, on a real server."""

from collections.abc import Iterator

import pytest

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.in_flight import TRANSACTIONS, read_batches, write_batches
from kgrec.graph.schema import ensure_schema


def written(database: Database, run_id: str) -> list[str]:
    return sorted(row["item_id"] for row in database.stream("project/item_personas", run_id=run_id))


def test_every_batch_is_written_and_told_of_in_its_order(database: Database) -> None:
    ensure_schema(database)
    item_ids = [[f"{number}-{place}" for place in range(number)] for number in range(1, 8)]
    batches = [{"item_ids": own, "vectors": [[1.0, 2.0]] * len(own), "run_id": "all"} for own in item_ids]
    summaries = list(write_batches(database, "personas/items", batches))
    assert [summary.counters.nodes_created for summary in summaries] == list(range(1, 8))
    assert written(database, "all") == sorted(item_id for own in item_ids for item_id in own)


def test_after_one_that_fails_nothing_more_is_begun(database: Database) -> None:
    asked = []

    def batches() -> Iterator[Row]:
        for number in range(10):
            asked.append(number)
            vector = ["no number"] if number == 2 else [1.0]
            yield {"item_ids": [f"item-{number}"], "vectors": [vector], "run_id": "broken"}

    with pytest.raises(KgrecError, match="refused a statement"):
        list(write_batches(database, "personas/items", batches()))
    assert max(asked) <= 2 + TRANSACTIONS
    assert {"item-0", "item-1"} <= set(written(database, "broken")) <= {"item-0", "item-1", "item-3", "item-4"}


def test_what_is_read_comes_in_the_order_of_the_batches(database: Database) -> None:
    ensure_schema(database)
    batches = [
        {"item_ids": [f"item-{number}"], "vectors": [[float(number)]], "run_id": str(number)} for number in range(9)
    ]
    list(write_batches(database, "personas/items", batches))
    asked = [{"run_id": str(number)} for number in (3, 8, 11, 1, 5)]
    read = list(read_batches(database, "project/item_personas", asked))
    assert [[row["item_id"] for row in rows] for rows in read] == [["item-3"], ["item-8"], [], ["item-1"], ["item-5"]]
    with pytest.raises(KgrecError, match="refused a statement"):
        list(read_batches(database, "project/item_personas", [{}]))
