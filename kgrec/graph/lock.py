"""One writer of the graph at a time, and readers that notice it.

Who writes holds a lock, a ``(:Lock)`` node with its name, its process and its heartbeat. A second writer is refused at
once; one that disturbs nobody waits a moment for another such. The lock of a process that was killed is taken over: at
once on the same machine, where the process is seen to be gone, and after a minute without a heartbeat on another. A
holder that was suspended for so long that it lost its lock stops before its next write, and at its next heartbeat at
the latest.

Who learns from the graph for long holds another lock meanwhile: nobody loads then, but feedback is taken.

Readers hold nothing. They look who writes before they read, and after it whether somebody came between.
"""

import functools
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.holder import LEARNER, PATIENCE, WRITER, Holder, busy, damaged, held, look
from kgrec.owner import running_command, this_process, user_and_host

BEAT = 10.0  # seconds between two heartbeats
WAIT = 5.0  # seconds for which who disturbs nobody waits for another such
AGAIN = 0.1  # seconds between two looks while it waits

P = ParamSpec("P")
Found = TypeVar("Found")


class Lock:
    """A lock that this process holds, by a heartbeat in a thread of its own.

    Attributes:
        owner: what the node calls this holder.
        lost: whether somebody else has the lock by now.
    """

    def __init__(self, database: Database, name: str, owner: str):
        self.database, self.name, self.owner, self.lost = database, name, owner, False
        self._ended = threading.Event()
        self._beating = threading.RLock()
        self._beaten = _clock()
        self._from_main = threading.current_thread() is threading.main_thread()
        self._thread = threading.Thread(target=self._beat_until_ended, name="kgrec-heartbeat", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Refuse to go on where the lock is lost; who was silent for long asks the server first.

        Raises:
            KgrecError: somebody else has it, or the server does not answer.
        """
        if not self.lost and _clock() - self._beaten > 2 * BEAT:
            self._beat()
        if self.lost:
            raise self.error()

    def error(self) -> KgrecError:
        """Say who has the lock now."""
        holder = look(self.database, self.name)
        whom = holder.words if holder else "somebody else"
        return KgrecError(
            f"It stood still for so long that the graph was given to {whom}: run it again when that has ended."
        )

    def end(self) -> None:
        """Stop the heartbeat and give the lock back; a server that is gone is not waited for."""
        self._ended.set()
        self._thread.join(BEAT)
        held.discard(self.owner)
        if self.database.answers:
            with suppress(KgrecError):
                self.database.at_leader("lock/release", kind=self.name, owner=self.owner)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let the heart stand still in the block, in which the server is stopped and started; the lock stays held."""
        with self._beating:
            yield

    def _beat(self) -> None:
        with self._beating:
            self.lost = not self.database.at_leader("lock/beat", kind=self.name, owner=self.owner)
            self._beaten = _clock()

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(BEAT):
            with suppress(KgrecError):  # the server may be busy or away: the command itself will say so
                self._beat()
            if self.lost and not self._ended.is_set():
                if self._from_main and callable(signal.getsignal(signal.SIGINT)):
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                return


@contextmanager
def writing(database: Database, disturbs: bool = True, wait: float = WAIT) -> Iterator[None]:
    """Hold the writer's lock in the block. Of blocks within one another on the same connection, the outermost counts.

    Args:
        database: the graph.
        disturbs: whether readers would see half of what is written in the block; what becomes visible by one small
            transaction, as personas do, disturbs nobody who reads one fit.
        wait: seconds for which who disturbs nobody waits for another such.

    Raises:
        KgrecError: somebody else writes, learns from what is to be disturbed, or the lock was lost in the block.
    """
    if database.writer is not None:
        yield
        return
    if database.learner is not None:
        database.learner.check()
    if disturbs:
        _refuse_while_learned(database)
    database.writer = _take(database, WRITER, disturbs, 0 if disturbs else wait)
    try:
        with _noticed(database.writer):
            if disturbs:  # learning begins under the writer's lock, so nobody has begun to since
                _refuse_while_learned(database)
            yield
    finally:
        writer, database.writer = database.writer, None
        writer.end()


@contextmanager
def learning(database: Database) -> Iterator[None]:
    """Keep others from loading and from learning in the block; who disturbs nobody may write.

    Raises:
        KgrecError: somebody else writes or learns, or the lock was lost in the block.
    """
    learner = None
    try:
        with writing(database, disturbs=False):
            learner = database.learner = _take(database, LEARNER, disturbs=False)
        with _noticed(learner):
            yield
    finally:
        if learner is not None:  # else the writer's lock is all that there was to give back
            database.learner = None
            learner.end()


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
    before = look(database)
    if before is not None and before.at_work and (alone or before.disturbs):
        raise busy(before)
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
    holder = look(database)
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


def _take(database: Database, name: str, disturbs: bool, wait: float = 0) -> Lock:
    database.at_leader("schema/lock_key")
    me, (user, host), owner = this_process(), user_and_host(), uuid.uuid4().hex
    about = {"command": running_command(), "user": user, "host": host, "process": me.process, "started": me.started}
    asked: dict[str, Any] = {"kind": name, "owner": owner, "machine": me.machine, "about": about, "disturbs": disturbs}
    gone: str | None = None
    seen: list[Holder | None] = []
    until = _clock() + wait
    held.add(owner)
    try:
        while not database.at_leader("lock/take", gone=gone, patience=PATIENCE, **asked)[0]["taken"]:
            holder = look(database, name)
            if holder is not None and holder.at_work:
                if holder.disturbs or _clock() >= until:
                    raise busy(holder)
                time.sleep(AGAIN)
                continue
            if holder in seen:  # asking again would change nothing
                raise damaged()
            seen.append(holder)
            gone = holder.owner if holder else None
        return Lock(database, name, owner)
    except BaseException:
        held.discard(owner)
        raise


def _refuse_while_learned(database: Database) -> None:
    learner = look(database, LEARNER)
    if learner is not None and learner.at_work and database.learner is None:
        raise busy(learner)


@contextmanager
def _noticed(lock: Lock) -> Iterator[None]:
    """Say that a lock was lost, where the heartbeat stopped the block for it."""
    try:
        yield
    except KeyboardInterrupt:
        if lock.lost:
            raise lock.error() from None
        raise


def _came_between(database: Database, before: Holder | None, alone: bool) -> KgrecError | None:
    after = look(database)
    counts = [0 if one is None else one.writes if alone else one.disturbances for one in (before, after)]
    if counts[0] == counts[1]:
        return None
    who = f", by {after.words}" if after else ""
    return KgrecError(f"The graph was written while it was read{who}: run the same command again when that has ended.")


def _clock() -> float:
    """Seconds of a clock that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
