"""Who chose what, each user and item once, as the text that the digest of a run of CO_OCCURS_WITH is made of."""

from collections.abc import Sequence

import numpy as np

from kgrec.graph.database import Row


class Chosen:
    """What some users chose.

    Args:
        row: ``user_ids``, together where they are the same, ``item_ids`` and ``splits`` of interactions. ``[n]`` each
    """

    def __init__(self, row: Row):
        self.user_ids = list(dict.fromkeys(row["user_ids"]))
        item_ids = sorted(set(row["item_ids"]))
        self._items = np.array([repr(item_id) for item_id in item_ids], dtype=object)
        self._heads = np.array(
            [f"]\n{user_id!r} [" for user_id in self.user_ids], dtype=object
        )  # after the line before
        self._splits = np.array(row["splits"])
        users, items = (
            np.fromiter(map({name: place for place, name in enumerate(names)}.__getitem__, row[column]), dtype=np.int64)
            for names, column in ((self.user_ids, "user_ids"), (item_ids, "item_ids"))
        )
        self._pairs = users * len(item_ids) + items

    def lines(self, splits: Sequence[str]) -> tuple[str, int]:
        """Return a line for each user who chose anything in these splits, as Python writes it, and how many choices.

        Such as ``'U1' ['B1', 'B2']``: users in their order, items sorted.
        """
        pairs = np.unique(self._pairs[np.isin(self._splits, splits)])
        if not len(pairs):
            return "", 0
        users, items = np.divmod(pairs, len(self._items))
        words = (", " + self._items)[items]
        first = np.flatnonzero(np.diff(users, prepend=-1))
        words[first] = self._heads[users[first]] + self._items[items[first]]
        return "".join(words.tolist()).removeprefix("]\n") + "]\n", len(pairs)
