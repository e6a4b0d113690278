"""Scores of all items of which nearly all are alike: what a history leads to is few items of a million.

They are standardised and added as if they stood in full, in the time that the few take.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

FEWEST = 1e-9  # spread, below which all count as alike


@dataclass(frozen=True, eq=False)
class Spread:
    """One score for what nothing leads to, one for new items, and what is added for each item that is reached.

    Attributes:
        reached: what is added to the score of each item that is reached, none of them new. ``[batch, n_items + 1]``
        others: score of the items that are not reached. ``[batch]``
        of_new: score of the new items. ``[batch]``
        new: numbers of the new items. ``[n_new]``
    """

    reached: sp.csr_matrix
    others: np.ndarray
    of_new: np.ndarray
    new: np.ndarray

    @classmethod
    def of(cls, reached: sp.csr_matrix) -> Self:
        """Scores that are zero but for what is reached: ``[batch, n_items + 1]``."""
        nothing = np.zeros(reached.shape[0])
        return cls(reached, nothing, nothing, np.zeros(0, dtype=np.int64))

    def standard(self) -> Self:
        """Bring the scores of real items to mean 0 and spread 1, row by row, as `recommender.fusion.standard` does."""
        n, n_new = self.reached.shape[1] - 1, len(self.new)
        sums, squares = self._sums()
        mean = self.others + (sums + n_new * (self.of_new - self.others)) / n
        others, of_new = self.others - mean, self.of_new - mean
        square = ((n - n_new) * others**2 + 2 * others * sums + squares + n_new * of_new**2) / n
        scale = 1 / np.sqrt(square.clip(min=0.0)).clip(min=FEWEST)
        return replace(self, reached=self._scaled(scale), others=others * scale, of_new=of_new * scale)

    def given(self, new: np.ndarray, value: float) -> Self:
        """Bring the items that are not new to mean 0 and spread 1, and give the new ones ``value``.

        Args:
            new: numbers of the items that are new, ascending; that one is reached counts for nothing. ``[n_new]``
            value: theirs.
        """
        if len(new) and _among(self.reached.indices, new).any():
            others = self.reached.copy()
            others.data[_among(others.indices, new)] = 0.0
            return replace(self, reached=others)._given(new, value)
        return self._given(new, value)

    def _given(self, new: np.ndarray, value: float) -> Self:
        kept = max(self.reached.shape[1] - 1 - len(new), 1)
        sums, squares = self._sums()
        mean = sums / kept
        scale = 1 / np.sqrt((squares / kept - mean**2).clip(min=0.0)).clip(min=FEWEST)
        return replace(
            self, reached=self._scaled(scale), others=-mean * scale, of_new=np.full(len(mean), value), new=new
        )

    def at(self, items: Tensor) -> Tensor:
        """Look up items ``[batch, n]``: of the same shape."""
        rows = np.arange(len(items))[:, None]
        found = self.reached.toarray()[rows, items.numpy()] + self.others[:, None]
        if len(self.new):
            found = np.where(_among(items.numpy(), self.new), self.of_new[:, None], found)
        return torch.from_numpy(found.astype(np.float32))

    @property
    def places(self) -> np.ndarray:
        """Where what is reached stands among all scores, row behind row."""
        found: np.ndarray = self._along(np.arange(len(self.others)) * self.reached.shape[1]) + self.reached.indices
        return found

    def _along(self, of_rows: np.ndarray) -> np.ndarray:
        """Give all that is reached in a row what is told of the row ``[batch]``."""
        return np.repeat(of_rows, np.diff(self.reached.indptr))

    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of what is added in each row, and of the squares: ``[batch]`` each, in double precision."""
        data, some = self.reached.data.astype(np.float64), np.diff(self.reached.indptr) > 0
        sums = np.zeros((2, len(some)))
        if some.any():  # a row without any would take the first of the next
            starts = self.reached.indptr[:-1][some]
            sums[0, some], sums[1, some] = np.add.reduceat(data, starts), np.add.reduceat(data**2, starts)
        return sums[0], sums[1]

    def _scaled(self, scale: np.ndarray) -> sp.csr_matrix:
        found = self.reached.copy()
        found.data = (found.data * self._along(scale)).astype(np.float32)
        return found


def _among(items: np.ndarray, ascending: np.ndarray) -> np.ndarray:
    """Say which items are among others: the shape of ``items``."""
    places = np.searchsorted(ascending, items).clip(max=len(ascending) - 1)
    found: np.ndarray = ascending[places] == items
    return found


def add(total: Tensor, spreads: list[tuple[float, Spread]]) -> None:
    """Add weighed scores to a total ``[batch, n_items + 1]``, in place."""
    if not spreads:
        return
    others = sum((weight * one.others for weight, one in spreads), np.zeros(len(total)))
    total += torch.from_numpy(others.astype(np.float32))[:, None].to(total.device)
    for weight, one in spreads:
        if len(one.new):
            more = torch.from_numpy((weight * (one.of_new - one.others)).astype(np.float32))
            total[:, torch.from_numpy(one.new).to(total.device)] += more[:, None].to(total.device)
        places = torch.from_numpy(one.places).to(total.device)
        total.view(-1).index_add_(0, places, torch.from_numpy(one.reached.data).to(total.device), alpha=weight)
