"""Batches of one statement, two transactions at a time: the server commits one while it takes in the other."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from neo4j import ResultSummary

from kgrec.interrupts import held_back

if TYPE_CHECKING:
    from kgrec.graph.database import Database, Row

TRANSACTIONS = 2


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
    under_way: deque[Future[ResultSummary]] = deque()
    with ThreadPoolExecutor(TRANSACTIONS, "kgrec-write") as writers:
        for batch in batches:
            if len(under_way) == TRANSACTIONS:
                yield _settled(under_way.popleft())
            under_way.append(writers.submit(database.write, name, **batch))
        while under_way:
            yield _settled(under_way.popleft())


def _settled(writing: Future[ResultSummary]) -> ResultSummary:
    with held_back():
        return writing.result()
