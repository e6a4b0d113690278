"""One writer of the graph at a time, and readers that notice it.

Who writes holds a lock, a ``(:Lock)`` node with its name, its process and its heartbeat. A second writer is refused at
once. The lock of a process that was killed is taken over: at once on the same machine, where the process is seen to be
gone, and after `PATIENCE` seconds without a heartbeat on another. A holder that was suspended for so long that it lost
its lock stops before its next write, and at its next heartbeat at the latest.

Readers hold nothing. They look who writes before they read, and after it whether somebody came between.
"""

import functools
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.statements import statement
from kgrec.owner import Owner, running_command, this_process, user_and_host

BEAT = 10.0  # seconds between two heartbeats
PATIENCE = 60.0  # seconds without one, after which a holder on another machine is taken for dead

P = ParamSpec("P")
Found = TypeVar("Found")

_held: set[str] = set()  # what this process holds: an owner of this process that is not here gave up without a word


class Writer:
    """Who holds the lock, by a heartbeat in a thread of its own.

    Attributes:
        lost: whether somebody else has the lock by now.
    """

    def __init__(self, database: Database, owner: str):
        self.database, self.owner, self.lost = database, owner, False
        self._ended = threading.Event()
        self._beating = threading.RLock()
        self._beaten = _clock()
        self._from_main = threading.current_thread() is threading.main_thread()
        self._thread = threading.Thread(target=self._beat_until_ended, name="kgrec-heartbeat", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Refuse to go on where the lock is lost; who was silent for long asks the server first.

        Raises:
            KgrecError: somebody else writes, or the server does not answer.
        """
        if not self.lost and _clock() - self._beaten > 2 * BEAT:
            self._beat()
        if self.lost:
            raise self.error()

    def error(self) -> KgrecError:
        """Say who has the lock now."""
        holder = _look(self.database)
        whom = holder.words if holder else "somebody else"
        return KgrecError(
            f"It stood still for so long that the graph was given to {whom}: run it again when that has ended."
        )

    def end(self) -> None:
        """Stop the heartbeat and give the lock back; a server that is gone is not waited for."""
        self._ended.set()
        self._thread.join(BEAT)
        _held.discard(self.owner)
        if self.database.answers:
            with suppress(KgrecError):
                self.database.at_leader("lock/release", owner=self.owner)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the heart stand still in the block, in which the server is stopped and started; the lock stays held."""
        with self._beating:
            yield

    def _beat(self) -> None:
        with self._beating:
            self.lost = not self.database.at_leader("lock/beat", owner=self.owner)
            self._beaten = _clock()

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(BEAT):
            with suppress(KgrecError):  # the server may be busy or away: the command itself will say so
                self._beat()
            if self.lost and not self._ended.is_set():
                if self._from_main and callable(signal.getsignal(signal.SIGINT)):
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return


@dataclass(frozen=True, config=ConfigDict(strict=True))
class _Holder:
    """What the lock says; ``owner`` is ``None`` where nobody holds it now."""

    owner: str | None
    command: str
    user: str
    host: str
    machine: str
    process: int
    started: int
    since: datetime
    disturbs: bool
    writes: int
    disturbances: int
    silent: bool

    @property
    def words(self) -> str:
        who = f"process {self.process} of {self.user} on {self.host}"
        return f"`{self.command}` ({who}, since {self.since:%Y-%m-%d %H:%M:%S %Z})"

    @property
    def gone(self) -> bool:
        """Whether its process is known to have ended, or is this one and has given up."""
        process = Owner(self.machine, self.process, self.started)
        return process.gone or (process == this_process() and self.owner not in _held)

    @property
    def at_work(self) -> bool:
        return self.owner is not None and not self.gone and not (self.elsewhere and self.silent)

    @property
    def elsewhere(self) -> bool:
        return self.machine != this_process().machine


@contextmanager
def writing(database: Database, disturbs: bool = True) -> Iterator[None]:
    """Hold the writer's lock in the block. Of blocks within one another on the same connection, the outermost counts.

    Args:
        database: the graph.
        disturbs: whether readers would see half of what is written in the block; what becomes visible by one small
            transaction, as personas do, disturbs nobody who reads one fit.

    Raises:
        KgrecError: somebody else writes, or the lock was lost in the block.
    """
    if database.writer is not None:
        yield
        return
    writer = database.writer = _take(database, disturbs)
    try:
        yield
    except KeyboardInterrupt:
        if writer.lost:
            raise writer.error() from None
        raise
    finally:
        database.writer = None
        writer.end()


@contextmanager
def reading(database: Database, alone: bool = False) -> Iterator[None]:
    """Refuse what is read in the block if somebody wrote meanwhile; who writes is not disturbed by it.

    Args:
        database: the graph.
        alone: whether also by who disturbs nobody that reads one fit: what is read is of several.

    Raises:
        KgrecError: somebody writes, or came between.
    """
    if database.writer is not None:  # what it reads, nobody else writes
        yield
        return
    before = _look(database)
    if before is not None and before.at_work and (alone or before.disturbs):
        raise _busy(before)
    try:
        yield
    except Exception as error:
        came_between = None
        if database.answers:
            with suppress(KgrecError):  # the server may be what failed
                came_between = _came_between(database, before, alone)
        if came_between is not None:
            raise came_between from error
        raise
    came_between = _came_between(database, before, alone)
    if came_between is not None:
        raise came_between


def unheld(database: Database) -> int | None:
    """Return how often the writer's lock was taken so far, where nobody holds it now; ``None`` where somebody does.

    Two equal answers say that nobody who holds the lock when writing wrote in between.
    """
    holder = _look(database)
    if holder is None:
        return 0
    return holder.writes if holder.owner is None else None


def undisturbed(
    read: Callable[Concatenate[Database, P], Found],
) -> Callable[Concatenate[Database, P], Found]:
    """Let a function that reads the graph do it within `reading`."""

    @functools.wraps(read)
    def wrapped(database: Database, /, *args: P.args, **kwargs: P.kwargs) -> Found:
        with reading(database):
            return read(database, *args, **kwargs)

    return wrapped


def _take(database: Database, disturbs: bool) -> Writer:
    database.at_leader("schema/lock_key")
    me, (user, host), owner = this_process(), user_and_host(), uuid.uuid4().hex
    about = {"command": running_command(), "user": user, "host": host, "process": me.process, "started": me.started}
    asked: dict[str, Any] = {"owner": owner, "machine": me.machine, "about": about, "disturbs": disturbs}
    gone: str | None = None
    seen: list[_Holder | None] = []
    _held.add(owner)
    try:
        while not database.at_leader("lock/take", gone=gone, patience=PATIENCE, **asked)[0]["taken"]:
            holder = _look(database)
            if holder is not None and holder.at_work:
                raise _busy(holder)
            if holder in seen:  # asking again would change nothing
                raise _damaged()
            seen.append(holder)
            gone = holder.owner if holder else None
        return Writer(database, owner)
    except BaseException:
        _held.discard(owner)
        raise


def _look(database: Database) -> _Holder | None:
    rows = database.at_leader("lock/look", patience=PATIENCE)
    if not rows:
        return None
    try:
        rows[0]["since"] = rows[0]["since"].to_native().astimezone()
        return _Holder(**rows[0])
    except (AttributeError, ValueError, OverflowError) as error:
        raise _damaged() from error


def _came_between(database: Database, before: _Holder | None, alone: bool) -> KgrecError | None:
    after = _look(database)
    counts = [0 if one is None else one.writes if alone else one.disturbances for one in (before, after)]
    if counts[0] == counts[1]:
        return None
    who = f", by {after.words}" if after else ""
    return KgrecError(f"The graph was written while it was read{who}: run the same command again when that has ended.")


def _busy(holder: _Holder) -> KgrecError:
    told = f"The graph is being written by {holder.words}: run the same command again when that has ended."
    known_gone = f" If it is known to have ended without a word, remove its lock in Neo4j: {_removal()}."
    return KgrecError(told + known_gone if holder.elsewhere else told)


def _damaged() -> KgrecError:
    return KgrecError(
        f"The writer's lock in the graph is not as kgrec writes it: if nobody writes, remove it in Neo4j: {_removal()}."
    )


def _removal() -> str:
    return f"`{statement('lock/remove').splitlines()[-1]}`"


def _clock() -> float:
    """Seconds of a clock that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
