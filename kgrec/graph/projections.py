"""Projections in the memory of the server: whose they are, which are left over, and whether the next one has room."""

import re
import uuid
from typing import TYPE_CHECKING, Any

from neo4j.exceptions import Neo4jError

from kgrec.errors import KgrecError
from kgrec.owner import tagged, this_process

if TYPE_CHECKING:
    from kgrec.graph.database import Database

MEBIBYTE = 1 << 20
SERVER_HEAP = 128 * MEBIBYTE  # what Neo4j and GDS hold themselves, at rest
LOCKED = re.compile(r"-(writer|learner)([0-9a-f]{12})-")
# In Neo4j's words, Java's and those of GDS.
OUT_OF_MEMORY = re.compile(r"OutOfMemory|MemoryLimit|Java heap space|exceeds (available|current free) memory")


def name_of_mine(database: "Database") -> str:
    """Make a new name that tells the process that projects, and the lock that it holds, if any."""
    lock = database.writer or database.learner
    held = f"-{lock.name}{lock.owner[:12]}" if lock else ""
    return f"kgrec-{this_process().tag}{held}-{uuid.uuid4().hex[:12]}"


def sweep(database: "Database") -> None:
    """Drop the projections of dead owners: those whose process is gone, and those made under a lock that is ours now.

    The server keeps them in memory for as long as it runs.
    """
    found = [row["name"] for row in database.read("memory/projections")]
    gone = [name for name in found if _is_gone(database, name)]
    if gone:
        database.read("memory/drop", names=gone)


def _is_gone(database: "Database", name: str) -> bool:
    owner, lock = tagged(name), LOCKED.search(name)
    if owner is None:
        return False
    if owner.gone:
        return True
    mine = {"writer": database.writer, "learner": database.learner}[lock[1]] if lock else None
    return lock is not None and mine is not None and lock[2] != mine.owner[:12]


def require_heap(database: "Database", name: str, parameters: dict[str, Any]) -> None:
    """Refuse a projection that cannot fit into the heap of the server, by GDS's own estimate.

    Raises:
        KgrecError: it needs more; the sentence says how much.
    """
    needed = int(database.read(f"{name}_memory", **parameters)[0]["bytes"]) + SERVER_HEAP
    heap = int(database.read("memory/heap")[0]["bytes"])
    if needed > heap:
        raise KgrecError(
            f"The graph needs a heap of {_size(needed)} for this, by GDS's estimate, and Neo4j at {database.uri} has "
            f"{_size(heap)}: {_remedy(_size(needed))}."
        )


def memory_error(error: Neo4jError, uri: str) -> KgrecError | None:
    """Say that the server ran out of memory, if that is what happened."""
    said = f"{error.code} {error.message}"
    if not OUT_OF_MEMORY.search(said):
        return None
    return KgrecError(f"Neo4j at {uri} ran out of memory, and what was finished is kept: {_remedy('SIZE')}.")


def _remedy(size: str) -> str:
    return (
        f"start it with more, by `kgrec db stop` and `kgrec db start --heap {size}`, or another Neo4j with "
        f"server.memory.heap.max_size={size}"
    )


def _size(size: int) -> str:
    """Bytes as Java's option takes them, rounded up: ``700m``, ``3g``."""
    mebibytes = -(-size // MEBIBYTE)
    return f"{mebibytes}m" if mebibytes < 1024 else f"{-(-mebibytes // 1024)}g"
