"""Vectors of the items in the space of the personas, into Neo4j: of every fit, apart from the items."""

from collections.abc import Iterator

from gnn.trainer import UserVectors
from kgrec.graph.database import Database, Row
from kgrec.graph.in_flight import write_batches
from kgrec.graph.transaction_size import NODE, rows_at_once, vector_bytes
from kgrec.graph.vectors import vector_parameters
from kgrec.terminal import progress

ITEMS = 5_000  # written or removed in one transaction, fewer where the server allows less


def write_items(database: Database, learned: UserVectors, run_id: str) -> None:
    """Write the vectors in batches, under a run that no reader sees yet; a bar shows how far it is."""
    items = len(learned.item_ids)
    if not items:
        return
    at_once = rows_at_once(database, vector_bytes(learned.items.shape[1]), ITEMS)
    places = (slice(start, start + at_once) for start in range(0, items, at_once))
    batches: Iterator[Row] = (
        {
            "item_ids": learned.item_ids[batch],
            "vectors": vector_parameters(database, learned.items[batch].numpy()),
            "run_id": run_id,
        }
        for batch in places
    )
    with progress(f"writing vectors of items, {learned.fit} fit", items) as advance:
        for number, _ in enumerate(write_batches(database, "personas/items", batches), start=1):
            done = min(items, number * at_once)
            advance(done, f"{done:,} items")


def forget_items(database: Database) -> None:
    """Remove the vectors of all runs that no reader sees."""
    database.run("personas/items_forget", batch=rows_at_once(database, NODE, ITEMS))
