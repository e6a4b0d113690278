"""How far the server is with one long call: a spinner at first, then a bar.

Of what GDS computes the bar has the time left, once GDS tells a share. What the call makes or removes is counted, where
Neo4j keeps count of it; the time left is shown where it is known how many there will be.
"""

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
AT_LAST = 2.0  # seconds that are waited for the last look, of a server that may not answer
WHOLE = 10_000  # hundredths of a per cent


@dataclass(frozen=True)
class Tally:
    """What Neo4j keeps count of, and a call makes or removes.

    Attributes:
        name: of the statement that gives the count.
        unit: what is counted, in the plural.
        at_last: the count when the call is done; ``None`` where that is not known.
    """

    name: str
    unit: str
    at_last: int | None = None


@dataclass(frozen=True)
class _Look:
    """What goes on, by GDS's name or as the unit that is counted; how much is done, and of how much, if known."""

    task: str
    done: int
    total: int | None
    told: str


# GDS does nothing for the job, or does not tell how far it is, and no count has changed.
_NOTHING = _Look("", 0, None, "")
_Looks = SimpleQueue[_Look | None]  # ends with None


@contextmanager
def watched(database: "Database", what: str, tally: Tally | None = None) -> Iterator[str]:
    """Show on standard error how far the server is while the block runs; what cannot be found out is not shown.

    The block's own errors pass through, and nothing else is raised. Where no progress is shown, nothing is asked.

    Args:
        database: whose server is asked, each second, on a connection of its own.
        what: goes on, such as ``"Finding similar items"``.
        tally: what is counted while GDS computes nothing for the block.

    Yields:
        the name that calls of GDS in the block give their job, as ``jobId``; one call after the other may have it.
    """
    job_id = f"kgrec-{uuid.uuid4().hex}"
    if not shows_progress():
        yield job_id
        return
    looks, ended = _Looks(), threading.Event()
    # Who shows does not ask: the bar ends with the block, also where the server does not answer any more.
    showing = threading.Thread(target=_show, args=(what, looks), name="kgrec-progress", daemon=True)
    asking = threading.Thread(target=_ask, args=(database, job_id, tally, looks, ended), name="kgrec-job", daemon=True)
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
                thread.join(AT_LAST)


def _ask(database: "Database", job_id: str, tally: Tally | None, looks: _Looks, ended: threading.Event) -> None:
    first: int | None = None  # before the block has changed anything
    if tally is not None:
        with suppress(Exception):
            first = _count(database, tally)
    while not ended.wait(AGAIN):
        with suppress(Exception):  # the call itself says what is wrong with the server
            look = _look(database, job_id)
            if look is _NOTHING and tally is not None and first is not None:
                look = _since(first, _count(database, tally), tally)
            looks.put(look)


def _look(database: "Database", job_id: str) -> _Look:
    # Not by `Database.read`, which tries again for half a minute, tells of it, and notes that the server is away.
    with database.driver.session(database=database.name, default_access_mode=READ_ACCESS) as session:
        for task, percent in session.run(statement("memory/job"), job_id=job_id).values():
            if percent is not None:
                return _Look(task, min(WHOLE, round(percent * WHOLE / 100)), WHOLE, task)
    return _NOTHING


def _count(database: "Database", tally: Tally) -> int:
    with database.driver.session(database=database.name, default_access_mode=READ_ACCESS) as session:
        return int(session.run(statement(tally.name)).single(strict=True).value())


def _since(first: int, now: int, tally: Tally) -> _Look:
    """What was made or removed."""
    if now == first:
        return _NOTHING
    total = None if tally.at_last is None else abs(tally.at_last - first)
    return _Look(tally.unit, abs(now - first), total, f"{abs(now - first):,} {tally.unit}")


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
    with progress(what, look.total, stays=look.total is not None) as advance:
        while True:
            advance(now.done, now.told)
            found = looks.get()
            if found is None:
                return None
            if found.task != task:
                if look.total is not None:
                    advance(look.total, now.told)
                return found
            now = found
