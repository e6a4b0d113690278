"""Who did what in which order: all users' interactions in four flat arrays, with their splits and times."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

PADDING = 0  # never an item: items are numbered from 1
SPLITS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(len(SPLITS))
NO_TIME = np.iinfo(np.int64).min


@dataclass(frozen=True, eq=False)
class Sequences:
    """Leave-one-out sequences: those of user ``u`` stand at ``offsets[u]`` to ``offsets[u + 1]``, oldest first.

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

    @cached_property
    def train(self) -> list[list[int]]:
        """Training items of each user, oldest first."""
        taught = self.splits == TRAIN
        borders = np.cumsum(self.lengths)[:-1]
        return [items.tolist() for items in np.split(self.items[taught], borders)]

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many training items each user has: ``[n_users]``."""
        return np.bincount(self._users[self.splits == TRAIN], minlength=len(self))

    @cached_property
    def validation(self) -> np.ndarray:
        """Validation target of each user, 0 where there is none: ``[n_users]``."""
        return self._targets(VALIDATION)

    @cached_property
    def test(self) -> np.ndarray:
        """Test target of each user, 0 where there is none: ``[n_users]``."""
        return self._targets(TEST)

    def before_test(self, user: int) -> list[int]:
        """What is known when the test target is asked for: training and validation."""
        return self.train[user] + ([int(self.validation[user])] if self.validation[user] else [])

    def whole(self, user: int) -> list[int]:
        """Everything that the user did: what a recommendation of today starts from."""
        return self.before_test(user) + ([int(self.test[user])] if self.test[user] else [])

    def training_counts(self, n_items: int) -> np.ndarray:
        """How often each item occurs in training: ``[n_items + 1]``."""
        return np.bincount(self.items[self.splits == TRAIN], minlength=n_items + 1)

    @cached_property
    def _users(self) -> np.ndarray:
        """Whose each interaction is: ``[n_interactions]``."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def _targets(self, split: int) -> np.ndarray:
        targets = np.full(len(self), PADDING)
        marked = self.splits == split
        targets[self._users[marked]] = self.items[marked]
        return targets


def padded(sequences: list[list[int]], max_length: int) -> Tensor:
    """Keep the last ``max_length`` items of each sequence and pad on the left: ``[batch, length]``."""
    length = max(1, min(max_length, max((len(sequence) for sequence in sequences), default=1)))
    batch = torch.full((len(sequences), length), PADDING)
    for row, sequence in enumerate(sequences):
        if sequence:
            kept = sequence[-length:]
            batch[row, -len(kept) :] = torch.tensor(kept)
    return batch
