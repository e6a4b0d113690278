"""How large a transaction may be: a part of what the server's own settings allow, as far as it tells them."""

import re
from typing import TYPE_CHECKING

from kgrec.errors import KgrecError

if TYPE_CHECKING:
    from kgrec.graph.database import Database

NODE = RELATIONSHIP = 1_024  # bytes that the server needs for a node or a relationship with some properties, written
NUMBER = 32  # bytes for each number of a vector beside it: as it came, and as it is stored
SHARE = 1 / 4  # of the limit that a transaction takes at most: others run beside it
UNKNOWN = 256 << 20  # limit of a server that tells none, as Aura
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
SIZE = re.compile(rf"([\d.]+)({'|'.join(UNITS)})")


def rows_at_once(database: "Database", row: int, most: int, share: float = SHARE) -> int:
    """Say how many rows one transaction may write, or hold.

    Args:
        database: whose server sets the limit.
        row: bytes that the server needs for a row.
        most: rows beyond which larger transactions bring nothing.
        share: of the limit that it may take.

    Returns:
        At least 1.
    """
    return max(1, min(most, int(transaction_limit(database) * share) // row))


def vector_bytes(dim: int) -> int:
    """Bytes for a node with a vector of so many numbers."""
    return NODE + NUMBER * dim


def transaction_limit(database: "Database") -> int:
    """Return the smallest of the server's limits for the memory of transactions, in bytes.

    Neo4j's default is seven tenths of the heap for all transactions together. Where the user may not read the settings,
    or all limits are off, it is `UNKNOWN`.
    """
    try:
        values = [row["value"] for row in database.read("memory/transaction")]
    except KgrecError:  # not allowed, as on Aura: if the server is gone, the next statement says so
        return UNKNOWN
    limits = [size for value in values if (size := _bytes(value))]  # 0 is no limit
    return min(limits, default=UNKNOWN)


def _bytes(value: str | None) -> int:
    """Size as Neo4j writes it: ``716.80MiB``."""
    found = SIZE.fullmatch(value or "")
    return int(float(found[1]) * UNITS[found[2]]) if found else 0
