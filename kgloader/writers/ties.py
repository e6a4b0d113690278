"""Interactions of the same user at the same time: a seeded hash puts them in order, and their share is told.

Any order that comes with the data is biased: files are often sorted by item, so that an item's place in them would
decide whether it is a target. A hash knows nothing of the item, and the same load gives the same order.
"""

from hashlib import blake2b

from kgloader.report import Report
from kgrec.graph.database import Database

TIES = "ties, broken by a seeded hash"
WITHOUT_TIME = "without a time, in the order of the file"


def tie_break(seed: int, user_id: str, item_id: str, timestamp: int) -> int:
    """Return a number of 63 bits, which fits Neo4j's integers: those of one user and time are ordered by it."""
    key = f"{seed}\0{timestamp}\0{user_id}\0{item_id}".encode()
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big") >> 1


def tell_ties(database: Database, report: Report) -> None:
    """Report which share of the graph's interactions is tied with another of its user, and which has no time."""
    counts = database.read("load/ties")[0]
    if counts["interactions"]:
        report.shares[TIES] = counts["tied"] / counts["interactions"]
        report.shares[WITHOUT_TIME] = counts["untimed"] / counts["interactions"]
