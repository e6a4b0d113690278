"""The graph as the service asks it: for a bounded time, and from memory while it is away."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from neo4j.exceptions import DriverError, Neo4jError

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.holder import look
from recommender.service.memory import ALL_USERS, CURRENT, MEMBERSHIPS, NEAREST, OF_ALL, PERSONAS, TITLES, Memory

BEAT = 1.0  # seconds between two looks whether it answers
OF_RUN = (CURRENT, PERSONAS, NEAREST, MEMBERSHIPS, *OF_ALL)  # what is said of one run

Found = TypeVar("Found")

_degraded: ContextVar[bool] = ContextVar("degraded", default=False)


class AwayError(KgrecError):
    """The graph does not answer, and what was asked is not in memory."""


class Graph(Database):
    """A connection whose reads take no longer than ``patience``, and are answered from memory while it is away.

    It is loaded from as any other; `remember` begins what is said above. The personas that the graph is given by a
    later training are not those of the models in memory: until these are loaded anew, what is said of personas comes
    from memory too.
    """

    def __init__(self, *where: Any, **how: Any):
        self.memory: Memory | None = None
        self._away, self._closed = threading.Event(), threading.Event()
        self._has_others = False  # personas than those of the models in memory
        self._n_items = 0
        self._looking: threading.Thread | None = None
        super().__init__(*where, **how)

    @property
    def away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return self._away.is_set()

    def remember(self, memory: Memory) -> None:
        """From now on answer from memory what the graph does not."""
        self.memory = memory
        self._looking = threading.Thread(target=self._look, args=(memory,), name="kgrec-graph", daemon=True)
        self._looking.start()

    def n_items(self) -> int:
        """Return how many items it has; how many it had, while it is away or somebody loads into it."""
        with suppress(KgrecError):
            found: int = Database.read(self, "serve/n_items")[0]["n_items"]
            if found != self._n_items:
                holder = look(self)
                loads = holder is not None and holder.at_work and holder.disturbs
                self._n_items = self._n_items if loads else found
        return self._n_items

    def close(self) -> None:
        """End the connection; who still waits for it is answered from memory."""
        self._closed.set()
        self._away.set()
        if self._looking is not None:
            self._looking.join(self.patience)
        with suppress(Exception):  # the driver is in the midst of what nobody waits for any more
            self.driver.close()

    def read(self, name: str, **parameters: Any) -> list[Row]:
        """Run a reading statement, or say from memory what it said last.

        Raises:
            AwayError: neither is possible.
        """
        if self.memory is None:
            return super().read(name, **parameters)
        if not self.away:
            try:
                rows = self._in_time(name, parameters)
            except _NoAnswerError:
                self._away.set()
            else:
                if name == CURRENT:
                    self._note(rows, self.memory)
                if name == TITLES:  # an item that was removed since is recommended until the next load
                    found = {row["item_id"] for row in rows}
                    gone = [item_id for item_id in parameters["item_ids"] if item_id not in found]
                    rows += self.memory.recall(TITLES, {"item_ids": gone}) or []
                if name not in OF_RUN or not self._has_others:
                    self.memory.keep(name, parameters, rows)
                    return rows
        _degraded.set(True)
        remembered = self.memory.recall(name, parameters)
        if remembered is None:
            raise AwayError("The graph does not answer, and this is not in memory: try again later.")
        return remembered

    def stream(self, name: str, fetch_size: int = 1_000, **parameters: Any) -> Iterator[Row]:
        """Do as any other; all users are those of the last load, of whom a map draws some."""
        if self.memory is not None and name == ALL_USERS:
            return iter(self.memory.recall(name, parameters) or [])
        return super().stream(name, fetch_size, **parameters)

    def _note(self, current: list[Row], memory: Memory) -> None:
        self._has_others = not current or current[0]["run_id"] != memory.current["run_id"]

    def _in_time(self, name: str, parameters: dict[str, Any]) -> list[Row]:
        """Read in a thread of its own: a server that has lost its network says nothing for minutes."""
        answer: Future[list[Row]] = Future()

        def ask() -> None:
            try:
                answer.set_result(Database.read(self, name, **parameters))
            except BaseException as error:
                answer.set_exception(error)

        threading.Thread(target=ask, name="kgrec-statement", daemon=True).start()
        try:
            return answer.result(self.patience)
        except TimeoutError as error:
            raise _NoAnswerError from error
        except KgrecError as error:
            if isinstance(error.__cause__, DriverError | Neo4jError):
                raise _NoAnswerError from error
            raise

    def _look(self, memory: Memory) -> None:
        """Look now and then whether it answers, and whose personas it has."""
        while not self._closed.wait(BEAT):
            try:
                self._note(Database.read(self, CURRENT), memory)
            except KgrecError:
                self._away.set()
            else:
                self._away.clear()


class _NoAnswerError(Exception):
    """It did not answer."""


def noting_degraded(job: Callable[[], Found]) -> tuple[Found, bool]:
    """Do a job, and tell whether something of it came from memory."""
    before = _degraded.set(False)
    try:
        return job(), _degraded.get()
    finally:
        _degraded.reset(before)
