"""Who did what before each target: read from a saved data set with numpy alone, so that every environment can."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

TRAIN, VALIDATION, TEST = range(3)


@dataclass(frozen=True, eq=False)
class Split:
    """Interactions of all users, oldest first, as ``recommender.dataset.Dataset.save`` writes them.

    Attributes:
        offsets: user ``u`` stands at ``offsets[u]`` to ``offsets[u + 1]``. ``[n_users + 1]``
        items: item numbers, from 1. ``[n_interactions]``
        splits: ``TRAIN``, ``VALIDATION`` or ``TEST``. ``[n_interactions]``
        n_items: how many items can be recommended, whether anybody had them or not.
    """

    offsets: np.ndarray
    items: np.ndarray
    splits: np.ndarray
    n_items: int

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``arrays.npz`` of a saved data set.

        Raises:
            FileNotFoundError: there is none.
        """
        with np.load(folder / "arrays.npz") as arrays:
            # The table of text embeddings has a row for the padding and one for each item.
            return cls(arrays["offsets"], arrays["items"], arrays["splits"], len(arrays["texts"]) - 1)

    def histories(self, before: int) -> list[np.ndarray]:
        """Return what each user had in the splits before one, oldest first: ``n_users`` arrays of item numbers."""
        known = self.splits < before
        borders = np.concatenate(([0], np.cumsum(known)))[self.offsets]
        return np.split(self.items[known], borders[1:-1])

    def targets(self, split: int) -> np.ndarray:
        """Return each user's first item of a split, 0 where there is none: ``[n_users]``."""
        users = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        wanted = np.flatnonzero(self.splits == split)
        asked, first = np.unique(users[wanted], return_index=True)
        targets = np.zeros(len(self.offsets) - 1, dtype=np.int64)
        targets[asked] = self.items[wanted[first]]
        return targets
