"""Interactions as writes: in columns, and a user and an item of a batch named once, by which they are looked up once.

A column is a list of numbers: a list for each interaction costs the driver, the server and Python's garbage collection
more than what it holds.

What the graph cannot have yet is created without asking for it. That is so where it had no interactions when the load
began and this one's key has not come since: a first load. All others, also of a first load that was interrupted and
goes on, are merged. The graph is the same either way.
"""

from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

import numpy as np

from kgloader.readers.records import Interaction
from kgloader.report import Report
from kgloader.settings import LoadSettings
from kgloader.writers.interactions import Write
from kgloader.writers.seen import Seen
from kgloader.writers.ties import tie_break
from kgrec.graph.database import Database

DEFAULT_SEED = LoadSettings().seed


class InteractionWrites:
    """Turns the batches of one load, in their order, into writes of users, items and their interactions.

    Who calls it writes what it returned before anything else writes interactions.

    Args:
        seed: of the hash which orders the interactions of a user that have the same time.
        domain: of the items that are made; none for a load without a domain.
    """

    def __init__(self, seed: int = DEFAULT_SEED, domain: str | None = None):
        self._seed = seed
        self._domain = domain
        self._began = False
        self._seen: Seen | None = None  # of a first load: the keys so far

    def __call__(self, database: Database, batch: list[Interaction], report: Report) -> list[Write]:
        """Return the writes of a batch; those that create come before those that merge, which may be the same again."""
        if not self._began:
            self._began = True
            database.write("load/fence")  # the last batch of a load that was just killed is waited for
            self._seen = None if database.read("load/has_interactions")[0]["found"] else Seen()
        user_ids, item_ids, ratings, times, positions = zip(*batch, strict=True)
        ties = [
            None if time is None else tie_break(self._seed, user_id, item_id, time)
            for user_id, item_id, time in zip(user_ids, item_ids, times, strict=True)
        ]
        columns = (user_ids, item_ids, ratings, times, positions, ties)
        timed = np.array([tie is not None for tie in ties])
        new = np.zeros(len(batch), dtype=bool)
        if self._seen is not None:
            new = ~timed  # each is a line of its own
            new[timed] = self._seen.new(np.array([tie for tie in ties if tie is not None], dtype=np.int64))
        created = self._by_user("load/interactions_new", columns, new)
        return [
            Write("load/fence", [len(batch)] if created.rows else []),
            created,
            self._by_user("load/interactions", columns, timed & ~new),
            self._by_user("load/interactions_in_file_order", columns, ~timed & ~new),
        ]

    def _by_user(self, statement: str, columns: Iterable[Sequence[Any]], chosen: np.ndarray) -> Write:
        """Write the chosen ones; users and items are named by their place in a list: names are long and come often."""
        truth = chosen.tolist()
        user_ids, item_ids, ratings, times, positions, ties = (list(compress(column, truth)) for column in columns)
        users, items = _places(user_ids), _places(item_ids)
        visits = {
            "user": [users[user_id] for user_id in user_ids],
            "item": [items[item_id] for item_id in item_ids],
            "timestamp": times,
            "rating": ratings,
            "position": positions,
            "tie": ties,
        }
        beside = {"items": list(items), "domain": self._domain} | visits
        return Write(statement, list(users), relationship="INTERACTED", beside=beside)


def _places(ids: Iterable[str]) -> dict[str, int]:
    return {one: place for place, one in enumerate(dict.fromkeys(ids))}
