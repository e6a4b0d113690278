"""Blocks of users with what they chose, streamed from a projection in the server, ahead of who works on them.

No more than three blocks are held: the one at work, the next, and one that is being read. Users are dealt to the blocks
by their node ids, which have nothing to do with what they chose: a block is a part of the users by chance.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import pandas as pd
import scipy.sparse as sp

from gnn.projection import ProjectionStream, projected
from gnn.relationships import Relationships
from kgrec.graph.database import Database
from kgrec.training.fits import Fit

NOTHING = Relationships.of(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))

Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class UserBlock:
    """Some of the users.

    Attributes:
        users: their rows among all users. ``[n]``
        chosen: 1 where a user chose an item. ``[n, n_items]``
    """

    users: np.ndarray
    chosen: sp.csr_array


class UserBlocks(Protocol):
    """All users, in blocks."""

    @property
    def n_blocks(self) -> int:
        """How many there are; none of them is without users."""
        ...

    @property
    def n_users(self) -> int:
        """How many users are in all of them."""
        ...

    def read(self, number: int) -> UserBlock:
        """Read one; what is read again is the same."""
        ...


class ProjectedBlocks:
    """Blocks that are read from a projection.

    Args:
        stream: of the projection; each block's interactions are a relationship type named by its number.
        user_nodes: of all users, in their order, a negative number for a user without interactions. ``[n_users]``
        item_nodes: the nodes that are an item of the blocks, rising. ``[n_items]``
        n_blocks: how many were projected.
    """

    def __init__(self, stream: ProjectionStream, user_nodes: np.ndarray, item_nodes: np.ndarray, n_blocks: int):
        self.stream, self.user_nodes, self.items = stream, user_nodes, pd.Index(item_nodes)
        self.n_users, dealt = len(user_nodes), user_nodes % n_blocks
        self.order = np.argsort(dealt, kind="stable")
        self.numbers, starts = np.unique(dealt[self.order], return_index=True)
        self.ends = np.append(starts, len(dealt))

    @property
    def n_blocks(self) -> int:
        """How many blocks have users."""
        return len(self.numbers)

    def read(self, number: int) -> UserBlock:
        """Stream the interactions of a block's users, a row a user."""
        users = self.order[self.ends[number] : self.ends[number + 1]]
        nodes, shape = self.user_nodes[users], (len(users), len(self.items))
        # Of users who all chose nothing the projection has no type.
        found = self.stream.of_type(str(self.numbers[number])) if (nodes >= 0).any() else NOTHING
        sources, targets = found.pairs
        rows, columns = pd.Index(nodes).get_indexer(sources), self.items.get_indexer(targets)
        known = (rows >= 0) & (columns >= 0)  # others were loaded a moment ago
        ones = np.ones(int(known.sum()), dtype=np.float32)
        chosen = sp.csr_array((ones, (rows[known], columns[known])), shape=shape)
        chosen.sort_indices()
        return UserBlock(users, chosen)


@contextmanager
def projected_blocks(
    database: Database, fit: Fit, user_nodes: np.ndarray, item_nodes: np.ndarray, n_blocks: int
) -> Iterator[ProjectedBlocks]:
    """Project the interactions of a fit, users in so many blocks, and drop the projection at the end.

    Args:
        database: the graph.
        fit: whose splits are taken.
        user_nodes: of all users, in their order, a negative number for a user without interactions. ``[n_users]``
        item_nodes: of the items that they chose, rising. ``[n_items]``
        n_blocks: how many.

    Raises:
        KgrecError: as `Database.projection`.
    """
    asked = {"splits": list(fit.splits), "blocks": n_blocks}
    with projected(database, f"Projecting blocks, {fit} fit", "project/user_blocks", **asked) as graph:
        yield ProjectedBlocks(ProjectionStream(database, graph), user_nodes, item_nodes, n_blocks)


def ahead(make: Callable[[int], Made], numbers: Iterable[int]) -> Generator[Made, None, None]:
    """Make one after the other in a thread of its own, one ahead of who takes them.

    Whatever goes wrong in the thread is raised where the next would be taken; the thread ends with the iterator.
    """
    made: queue.Queue[tuple[Made | None, BaseException | None]] = queue.Queue(maxsize=1)
    stopped = threading.Event()

    def hand_on(one: Made | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            with suppress(queue.Full):
                made.put((one, error), timeout=0.1)
                return

    def work() -> None:
        try:
            for number in wanted:
                if stopped.is_set():
                    return
                hand_on(make(number), None)
        except BaseException as error:
            hand_on(None, error)

    wanted = list(numbers)
    thread = threading.Thread(target=work, name="user blocks", daemon=True)
    thread.start()
    try:
        for _ in wanted:
            one, error = made.get()
            if error is not None:
                raise error
            assert one is not None
            yield one
    finally:
        stopped.set()
        thread.join()
