"""How far the server is with a call of GDS: a spinner at first, and a bar with the time left once GDS tells a share."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from neo4j import READ_ACCESS

from kgrec.graph.statements import statement
from kgrec.terminal import progress, shows_progress, waiting

if TYPE_CHECKING:
    from kgrec.graph.database import Database

AGAIN = 1.0  # seconds between two looks: a call that takes less has a spinner alone
WHOLE = 10_000  # hundredths of a per cent


@dataclass(frozen=True)
class _Look:
    """What GDS does for a job, by its own name for it, and how much is done, of `WHOLE`."""

    task: str
    done: int


_NOTHING = _Look("", 0)  # GDS does nothing for the job: not yet, not any more, or it does not tell how far it is
_Looks = SimpleQueue[_Look | None]  # ends with None


@contextmanager
def watched(database: "Database", what: str) -> Iterator[str]:
    """Show on standard error how far GDS is while the block runs; what cannot be found out is not shown.

    The block's own errors pass through, and nothing else is raised. Where no progress is shown, nothing is asked.

    Args:
        database: whose server is asked, each second, on a connection of its own.
        what: goes on, such as ``"Finding similar items"``.

    Yields:
        the name that the calls of the block give their job, as ``jobId``; one call after the other may have it.
    """
    job_id = f"kgrec-{uuid.uuid4().hex}"
    if not shows_progress():
        yield job_id
        return
    looks, ended = _Looks(), threading.Event()
    # Who shows does not ask: the bar ends with the block, also where the server does not answer any more.
    showing = threading.Thread(target=_show, args=(what, looks), name="kgrec-progress", daemon=True)
    asking = threading.Thread(target=_ask, args=(database, job_id, looks, ended), name="kgrec-job", daemon=True)
    try:
        showing.start()
        asking.start()
        yield job_id
        looks.put(_NOTHING)
    finally:
        ended.set()
        looks.put(None)
        for thread in (showing, asking):
            if thread.ident is not None:
                thread.join(AGAIN)


def _ask(database: "Database", job_id: str, looks: _Looks, ended: threading.Event) -> None:
    while not ended.wait(AGAIN):
        with suppress(Exception):  # the call itself says what is wrong with the server
            looks.put(_look(database, job_id))


def _look(database: "Database", job_id: str) -> _Look:
    # Not by `Database.read`, which tries again for half a minute, tells of it, and notes that the server is away.
    with database.driver.session(database=database.name, default_access_mode=READ_ACCESS) as session:
        for task, percent in session.run(statement("memory/job"), job_id=job_id).values():
            if percent is not None:
                return _Look(task, min(WHOLE, round(percent * WHOLE / 100)))
    return _NOTHING


def _show(what: str, looks: _Looks) -> None:
    look: _Look | None = _NOTHING
    with suppress(Exception):  # a terminal that is gone does not stop the call
        while look is not None:
            look = _spin(what, looks) if look is _NOTHING else _move(what, look, looks)


def _spin(what: str, looks: _Looks) -> _Look | None:
    with waiting(what):
        while (look := looks.get()) is _NOTHING:
            pass
    return look


def _move(what: str, look: _Look, looks: _Looks) -> _Look | None:
    """Move a bar for one task, and return the look that is of another."""
    task, now = look.task, look
    with progress(what, WHOLE) as advance:
        while True:
            advance(now.done, task)
            found = looks.get()
            if found is None:
                return None
            if found.task != task:
                advance(WHOLE, task)
                return found
            now = found
