"""How far the load of a file came: a (:LoadProgress) node written in the transaction of each batch.

An interrupted load goes on behind the last committed batch. The node goes when the load is complete, so a repeat
goes through MERGE again and finds everything in place.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from kgrec.graph.database import Database, Row

# Lines that describe items were passed over where the item was missing: with more items they have to be read again.
DESCRIBES_ITEMS = ("metadata", ".item", ".link")


@dataclass(frozen=True, slots=True)
class FileLoad:
    """The load of one state of a file: ``load_id`` changes with the file, ``source`` names it for people."""

    load_id: str
    source: str


def file_load(database: Database, path: Path, kind: str) -> FileLoad:
    """Name the load of a file in its present state, and of the present items where it describes items."""
    state = path.resolve().stat()
    items = database.read("load/size")[0]["Item"] if kind in DESCRIBES_ITEMS else ""
    key = f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}\0{kind}\0{items}"
    return FileLoad(hashlib.sha256(key.encode()).hexdigest(), _source(path, kind))


def committed_lines(database: Database, load: FileLoad) -> int:
    """Return how many lines are in the graph: 0 unless this very load was interrupted.

    Progress on another state of the file is forgotten.
    """
    database.write("load/progress_forget", source=load.source, keep=load.load_id)
    found = database.read("load/progress_rows", load_id=load.load_id)
    return int(found[0]["rows"]) if found else 0


def progress_write(load: FileLoad, rows: int) -> tuple[str, Row]:
    """Return the statement that belongs into the transaction of the batch ending at line ``rows``."""
    return "load/progress", {"load_id": load.load_id, "source": load.source, "rows": rows}


def forget(database: Database, path: Path, kind: str) -> None:
    """Note that the load is complete."""
    database.write("load/progress_forget", source=_source(path, kind), keep="")


def _source(path: Path, kind: str) -> str:
    return f"{kind} {path.resolve()}"
