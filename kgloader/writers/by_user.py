"""Interactions as writes: grouped by user, so that a user and an item are looked up once a batch.

What the graph cannot have yet is created without asking for it. That is so where it had no interactions when the load
began and this one's key has not come since: a first load. All others, also of a first load that was interrupted and
goes on, are merged. The graph is the same either way.
"""

from collections.abc import Iterable

import numpy as np

from kgloader.readers.records import Interaction
from kgloader.report import Report
from kgloader.settings import LoadSettings
from kgloader.writers.interactions import Write
from kgloader.writers.seen import Seen
from kgloader.writers.ties import tie_break
from kgrec.graph.database import Database

DEFAULT_SEED = LoadSettings().seed

Visit = tuple[Interaction, int | None]  # with the tie-break of one that has a time


class InteractionWrites:
    """Turns the batches of one load, in their order, into writes of users, items and their interactions.

    Who calls it writes what it returned before anything else writes interactions.

    Args:
        seed: of the hash which orders the interactions of a user that have the same time.
    """

    def __init__(self, seed: int = DEFAULT_SEED):
        self._seed = seed
        self._began = False
        self._seen: Seen | None = None  # of a first load: the keys so far

    def __call__(self, database: Database, batch: list[Interaction], report: Report) -> list[Write]:
        """Return the writes of a batch; those that create come before those that merge, which may be the same again."""
        if not self._began:
            self._began = True
            database.write("load/fence")  # the last batch of a load that was just killed is waited for
            self._seen = None if database.read("load/has_interactions")[0]["found"] else Seen()
        timed = [
            (one, tie_break(self._seed, one.user_id, one.item_id, one.timestamp))
            for one in batch
            if one.timestamp is not None
        ]
        untimed: list[Visit] = [(one, None) for one in batch if one.timestamp is None]
        items = list({one.item_id: None for one in batch})
        if self._seen is None:
            new: list[Visit] = []
            other: list[Visit] = list(timed)
        else:
            free = self._seen.new(np.array([tie for _, tie in timed], dtype=np.int64)).tolist()
            new = [visit for visit, is_new in zip(timed, free, strict=True) if is_new] + untimed  # a line each
            other = [visit for visit, is_new in zip(timed, free, strict=True) if not is_new]
            untimed = []
        return [
            Write("load/fence", [len(new)] if new else []),
            Write("load/items", items, node="Item"),
            _by_user("load/interactions_new", new),
            _by_user("load/interactions", other),
            _by_user("load/interactions_in_file_order", untimed),
        ]


def _by_user(statement: str, visits: Iterable[Visit]) -> Write:
    """Group by user, and name items by their place in a list: names are long and come often."""
    places: dict[str, int] = {}
    users: dict[str, list[list[float | int | None]]] = {}
    for one, tie in visits:
        place = places.setdefault(one.item_id, len(places))
        users.setdefault(one.user_id, []).append([place, one.timestamp, one.rating, one.position, tie])
    rows = [[user_id, given] for user_id, given in users.items()]
    return Write(statement, rows, "User", "INTERACTED", {"items": list(places)})
