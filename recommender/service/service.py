"""What the endpoints have in common: the models of now, the queue, and whether something came from memory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from kgrec.graph.database import Database
from recommender.service.current import Current
from recommender.service.graph import noting_degraded
from recommender.service.loaded import Loaded
from recommender.service.metrics import Metrics
from recommender.service.work import Work

Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Service:
    """A running service.

    Attributes:
        current: what is served.
        work: its queue.
        writing: the queue of what is written, one after the other.
        metrics: what it tells of itself.
    """

    current: Current
    work: Work
    writing: Work
    metrics: Metrics

    async def answer(self, job: Callable[[Loaded], Found]) -> tuple[Found, bool]:
        """Do a job by the models of now, in the queue, and tell whether something of it came from memory.

        Raises:
            FullError: the queue has no place left.
        """
        loaded = self.current.loaded
        found, degraded = await self.work.do(lambda: noting_degraded(lambda: job(loaded)))
        if degraded:
            self.metrics.degraded.inc()
        return found, degraded

    async def write(self, job: Callable[[Database, Path], Found]) -> Found:
        """Do a job that writes, by a connection to the graph alone and with the run folder; one job at a time.

        Raises:
            FullError: the queue has no place left.
        """
        loaded = self.current.loaded
        return await self.writing.do(lambda: job(loaded.writer, loaded.run))


def _of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_of)]
