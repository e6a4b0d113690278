"""Who did what in which order, in flat arrays: what each fit knows of it, and what it is asked for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.training.fits import Fit

PADDING = 0  # never an item: items are numbered from 1
SPLITS = ("train", "validation", "test", "feedback")  # of the last no fit knows anything, and none is asked for it
TRAIN, VALIDATION, TEST, FEEDBACK = range(len(SPLITS))
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Known:
    """What a fit learns from, which is also the history that each user is asked with: oldest first.

    Attributes:
        offsets: the items of user ``u`` stand at ``offsets[u]`` to ``offsets[u + 1]``. ``[n_users + 1]``
        items: item numbers. ``[n_known]``
    """

    offsets: np.ndarray
    items: np.ndarray

    @cached_property
    def histories(self) -> list[list[int]]:
        """Items of each user, oldest first."""
        return [items.tolist() for items in np.split(self.items, self.offsets[1:-1])]

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many items each user has: ``[n_users]``."""
        return np.diff(self.offsets)

    def counts(self, n_items: int) -> np.ndarray:
        """How often each item occurs: ``[n_items + 1]``."""
        return np.bincount(self.items, minlength=n_items + 1)

    def matrix(self, n_items: int) -> sp.csr_matrix:
        """Which users had which items, 1 or 0: ``[n_users, n_items + 1]``."""
        shape = (len(self.offsets) - 1, n_items + 1)
        found = sp.csr_matrix((np.ones(len(self.items), dtype=np.float32), self.items, self.offsets), shape=shape)
        found.sum_duplicates()
        found.data[:] = 1.0
        return found


@dataclass(frozen=True, eq=False)
class Sequences:
    """Interactions of user ``u`` stand at ``offsets[u]`` to ``offsets[u + 1]``, oldest first.

    Attributes:
        offsets: ``[n_users + 1]``
        items: item numbers. ``[n_interactions]``
        splits: ``TRAIN``, ``VALIDATION`` or ``TEST``. ``[n_interactions]``
        times: epoch milliseconds, ``NO_TIME`` where the order of a file stands for time. ``[n_interactions]``

    Raises:
        ValueError: the arrays do not fit each other.
    """

    offsets: np.ndarray
    items: np.ndarray
    splits: np.ndarray
    times: np.ndarray

    def __post_init__(self) -> None:
        if not len(self.items) == len(self.splits) == len(self.times) == self.offsets[-1]:
            raise ValueError("items, splits, times and the last offset of sequences differ in length")

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def known(self, fit: Fit) -> Known:
        """Return what a fit learns from."""
        return self._known[fit]

    def targets(self, fit: Fit) -> np.ndarray:
        """Return what a fit is asked for: each user's first interaction of the next split.

        Leave-one-out has just one; a split by time may have many, of which only the first follows what is known.

        Returns:
            Places in ``items``, -1 for users who have none or of whom nothing is known before it. ``[n_users]``

        Raises:
            ValueError: the final fit, which nothing is left to ask for.
        """
        if fit is Fit.FINAL:
            raise ValueError("the final fit has learned from everything: nothing is left to ask it for")
        asked = np.flatnonzero(self.splits == len(fit.splits))
        places = np.full(len(self), -1)
        places[self._users[asked[::-1]]] = asked[::-1]  # the first of a user is written last
        places[self.known(fit).lengths == 0] = -1
        return places

    def tied(self, places: np.ndarray) -> np.ndarray:
        """Say which interactions have a neighbour of the same user at the same time: the shape of ``places``."""
        same = (np.diff(self.times) == 0) & (np.diff(self._users) == 0) & (self.times[1:] != NO_TIME)
        either = np.concatenate([[False], same]) | np.concatenate([same, [False]])
        found: np.ndarray = either[places]
        return found

    @cached_property
    def _known(self) -> dict[Fit, Known]:
        found = {}
        for fit in Fit:
            taught = self.splits < len(fit.splits)
            lengths = np.bincount(self._users[taught], minlength=len(self))
            found[fit] = Known(np.concatenate([[0], np.cumsum(lengths)]), self.items[taught])
        return found

    @cached_property
    def _users(self) -> np.ndarray:
        """Whose each interaction is: ``[n_interactions]``."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))


def padded(sequences: list[list[int]], max_length: int) -> Tensor:
    """Keep the last ``max_length`` items of each sequence, padded on the right to ``[batch, length]``."""
    lengths = np.array([min(len(sequence), max_length) for sequence in sequences], dtype=np.int64)
    batch = np.full((len(sequences), max(1, int(lengths.max(initial=0)))), PADDING, dtype=np.int64)
    kept = [sequence[-max_length:] for sequence in sequences]
    batch[np.arange(batch.shape[1]) < lengths[:, None]] = [item for items in kept for item in items]
    return torch.from_numpy(batch)
