"""Batches of one statement, two transactions at a time: the server has work while one is sent, or taken in here."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from neo4j import ResultSummary

from kgrec.interrupts import held_back

if TYPE_CHECKING:
    from kgrec.graph.database import Database, Row

TRANSACTIONS = 2

Done = TypeVar("Done")


def write_batches(database: "Database", name: str, batches: "Iterable[Row]") -> Iterator[ResultSummary]:
    """Run a writing statement on each of the batches, which need not be written in their order.

    When one fails, or Ctrl-C comes, what is under way is waited for, and nothing more is begun.

    Args:
        database: where to write.
        name: of the statement, of which no two batches may touch the same node: the server would end one of them, and
            it would be tried again a second later.
        batches: parameters of a transaction each; they are made while others are written.

    Yields:
        What the server did for each, in their order.
    """
    return _in_flight(lambda batch: database.write(name, **batch), batches)


def read_batches(database: "Database", name: str, batches: "Iterable[Row]") -> "Iterator[list[Row]]":
    """Run a reading statement on each of the batches.

    When one fails, or Ctrl-C comes, what is under way is waited for, and nothing more is begun.

    Args:
        database: what to read.
        name: of the statement.
        batches: parameters of a transaction each.

    Yields:
        The rows of each, in their order; two at most are read ahead of who takes them.
    """
    return _in_flight(lambda batch: database.read(name, **batch), batches)


def _in_flight(work: "Callable[[Row], Done]", batches: "Iterable[Row]") -> Iterator[Done]:
    under_way: deque[Future[Done]] = deque()
    with ThreadPoolExecutor(TRANSACTIONS, "kgrec-in-flight") as workers:
        for batch in batches:
            if len(under_way) == TRANSACTIONS:
                yield _settled(under_way.popleft())
            under_way.append(workers.submit(work, batch))
        while under_way:
            yield _settled(under_way.popleft())


def _settled(done: Future[Done]) -> Done:
    with held_back():
        return done.result()
