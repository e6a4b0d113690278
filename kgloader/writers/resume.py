"""How far the load of a file came: a (:LoadProgress) node written in the transaction of each batch.

An interrupted load goes on behind the last committed batch, if the lines up to there are still the same: what comes
behind them may have been mended. The node goes when the load is complete, so a repeat goes through MERGE again and
finds everything in place.
"""

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from kgrec.graph.database import Database, Row

# Lines that describe items were passed over where the item was missing: with more items they have to be read again.
DESCRIBES_ITEMS = ("metadata", ".item", ".link")


@dataclass(frozen=True, slots=True)
class FileLoad:
    """The load of a file: ``load_id`` stands for it, ``source`` names it for people."""

    load_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How many lines of a file are in the graph, and the checksum of their content."""

    rows: int = 0
    checksum: int | None = None


def file_load(database: Database, path: Path, kind: str) -> FileLoad:
    """Name the load of a file, and of the present items where it describes items."""
    return file_load_of(path, kind, database.read("load/size")[0]["Item"] if kind in DESCRIBES_ITEMS else 0)


def file_load_of(path: Path, kind: str, items: int) -> FileLoad:
    """Name the load of a file into a graph of so many items."""
    source = _source(path, kind)
    return FileLoad(
        hashlib.sha256(f"{source}\0{items if kind in DESCRIBES_ITEMS else ''}".encode()).hexdigest(), source
    )


def progress_of(database: Database, load: FileLoad) -> Progress:
    """Return what is in the graph: nothing unless this load was interrupted.

    Progress of the same file with other items is forgotten.
    """
    database.write("load/progress_forget", source=load.source, keep=load.load_id)
    found = database.read("load/progress_rows", load_id=load.load_id)
    return Progress(**found[0]) if found else Progress()


def progress_write(load: FileLoad, progress: Progress) -> tuple[str, Row]:
    """Return the statement that belongs into the transaction of the batch after which the progress is this."""
    return "load/progress", asdict(load) | asdict(progress)


def forget(database: Database, path: Path, kind: str) -> None:
    """Note that the load is complete."""
    database.write("load/progress_forget", source=_source(path, kind), keep="")


def _source(path: Path, kind: str) -> str:
    # A path may hold bytes that are no UTF-8, which the graph does not take.
    return f"{kind} {os.fsencode(path.resolve()).decode(errors='backslashreplace')}"
