"""How far the load of a file came: a (:LoadProgress) node written in the transaction of each batch.

An interrupted load goes on behind the last committed batch. The node goes when the load is complete, so a repeat
goes through MERGE again and finds everything in place.
"""

import hashlib
from pathlib import Path

from kgloader.database import Database, Row


def committed_lines(database: Database, path: Path, kind: str) -> int:
    """Return how many lines of this very file are in the graph; 0 unless its load was interrupted.

    Progress on an earlier version of the file (another size or time of change) is forgotten.
    """
    progress = _progress(path, kind)
    database.write("load/progress_forget", source=progress["source"], keep=progress["load_id"])
    found = database.read("load/progress_rows", load_id=progress["load_id"])
    return int(found[0]["rows"]) if found else 0


def progress_write(path: Path, kind: str, rows: int) -> tuple[str, Row]:
    """Return the statement that belongs into the transaction of the batch ending at line ``rows``."""
    return "load/progress", {**_progress(path, kind), "rows": rows}


def forget(database: Database, path: Path, kind: str) -> None:
    """Note that the load is complete."""
    database.write("load/progress_forget", source=_progress(path, kind)["source"], keep="")


def _progress(path: Path, kind: str) -> dict[str, str]:
    absolute = path.resolve()
    state = absolute.stat()
    key = f"{absolute}\0{state.st_size}\0{state.st_mtime_ns}\0{kind}"
    return {"load_id": hashlib.sha256(key.encode()).hexdigest(), "source": f"{kind} {absolute}"}
