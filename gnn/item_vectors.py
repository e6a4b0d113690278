"""Vectors of the items in the space of the personas, into Neo4j: of every fit, apart from the items."""

from more_itertools import chunked

from gnn.trainer import UserVectors
from kgrec.graph.database import Database

ITEMS = 5_000  # written or removed in one transaction


def write_items(database: Database, learned: UserVectors, run_id: str) -> None:
    """Write the vectors in batches, under a run that no reader sees yet."""
    for batch in chunked(range(len(learned.item_ids)), ITEMS):
        rows = [{"item_id": learned.item_ids[item], "vector": learned.items[item].tolist()} for item in batch]
        database.write("personas/items", rows=rows, run_id=run_id)


def forget_items(database: Database) -> None:
    """Remove the vectors of all runs that no reader sees."""
    database.run("personas/items_forget", batch=ITEMS)
