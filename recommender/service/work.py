"""The queue: so many requests are computed at once, so many wait, and the next one is refused."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Found = TypeVar("Found")


class FullError(Exception):
    """The queue has no place left."""


class Work:
    """Does jobs in threads.

    Args:
        at_once: how many jobs.
        queue: how many wait.

    Attributes:
        under_way: jobs that are done or wait. One that nobody waits for any more counts until it has ended.
    """

    def __init__(self, at_once: int, queue: int):
        self.under_way = 0
        self._most = at_once + queue
        self._pool = ThreadPoolExecutor(at_once, "kgrec-work")
        self._lock = threading.Lock()

    async def do(self, job: Callable[[], Found]) -> Found:
        """Do a job when its turn comes. Who is cancelled gives up a place in the queue.

        Raises:
            FullError: too many wait.
        """
        with self._lock:
            if self.under_way >= self._most:
                raise FullError
            self.under_way += 1
        future = self._pool.submit(job)
        future.add_done_callback(self._done)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, _: "Future[Found]") -> None:
        with self._lock:
            self.under_way -= 1
