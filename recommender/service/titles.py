"""Titles of all items in memory: by id, and searched by words."""

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgrec.graph.database import Database
from recommender.snapshot import Snapshot


class Titles:
    """Titles of the items of a snapshot.

    Args:
        item_ids: ``[n_items]``
        number: of each item id, from 1.
        titles: ``[n_items]``
        chosen: how often each was chosen. ``[n_items]``
    """

    def __init__(self, item_ids: list[str], number: Mapping[str, int], titles: pa.StringArray, chosen: np.ndarray):
        self.item_ids, self.number, self.titles, self.chosen = item_ids, number, titles, chosen

    @classmethod
    def read(cls, database: Database, snapshot: Snapshot) -> "Titles":
        """Read them; an item that the graph has lost has its id as title."""
        found = {row["item_id"]: row["title"] for row in database.stream("project/items")}
        titles = pa.array([found.get(item_id, item_id) for item_id in snapshot.item_ids], pa.string())
        return cls(snapshot.item_ids, snapshot.number, titles, snapshot.frequency[1:])

    def of(self, item_id: str) -> str:
        """Return the title of an item, its id where it is not known."""
        place = self.number.get(item_id)
        return item_id if place is None else str(self.titles[place - 1])

    def search(self, text: str, n: int) -> list[tuple[str, str, int]]:
        """Find the items whose title has every word, whatever its case: id, title, and how often it was chosen.

        Returns:
            At most ``n``, the most chosen first.
        """
        places = having_words(self.titles, text.split())
        best = places[np.argsort(-self.chosen[places], kind="stable")[:n]].tolist()
        return [(self.item_ids[place], str(self.titles[place]), int(self.chosen[place])) for place in best]


def having_words(texts: pa.StringArray, words: Iterable[str]) -> np.ndarray:
    """Return the places of the texts that have every word, whatever its case: ``[n]``."""
    has = np.ones(len(texts), dtype=bool)
    for word in words:
        has &= pc.match_substring(texts, word, ignore_case=True).to_numpy(zero_copy_only=False)
    return np.flatnonzero(has)
