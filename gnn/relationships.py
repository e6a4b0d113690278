"""Relationships of one type as compressed rows: three arrays, and no Python object a relationship."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, eq=False)
class Relationships:
    """Those of one type, by the nodes from which they go out; nodes go by the ids that GDS streams.

    Attributes:
        sources: nodes from which one goes out at least, rising. ``[n_sources]``
        offsets: the targets of source ``s`` stand at ``offsets[s]`` to ``offsets[s + 1]``. ``[n_sources + 1]``
        targets: rising within a source. ``[n]``

    Raises:
        ValueError: the arrays do not fit each other.
    """

    sources: np.ndarray
    offsets: np.ndarray
    targets: np.ndarray

    def __post_init__(self) -> None:
        if len(self.offsets) != len(self.sources) + 1 or self.offsets[-1] != len(self.targets):
            raise ValueError("sources, offsets and targets of relationships differ in length")

    def __len__(self) -> int:
        return len(self.targets)

    @classmethod
    def of(cls, sources: np.ndarray, targets: np.ndarray) -> Self:
        """Compress pairs in any order: ``[n]`` both."""
        return cls._of_ordered(*_in_order(sources, targets))

    @classmethod
    def together(cls, parts: Iterable[Self]) -> Self:
        """Join several, one at least: each pair once."""
        pairs = [part.pairs for part in parts]
        sources, targets = _in_order(*(np.concatenate(ends) for ends in zip(*pairs, strict=True)))
        new = _first(sources) | _first(targets)
        return cls._of_ordered(sources[new], targets[new])

    @classmethod
    def _of_ordered(cls, sources: np.ndarray, targets: np.ndarray) -> Self:
        new = _first(sources)
        return cls(sources[new], np.append(np.flatnonzero(new), len(sources)), targets)

    @property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Source and target of each: ``[n]`` both."""
        return np.repeat(self.sources, np.diff(self.offsets)), self.targets


def _first(numbers: np.ndarray) -> np.ndarray:
    """Tell which differ from the one before: truth values ``[n]``."""
    new = np.ones(len(numbers), dtype=bool)
    new[1:] = np.diff(numbers) != 0
    return new


def _in_order(sources: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort pairs of numbers that are not negative, by both: as one number each where that fits, which is faster."""
    span = int(targets.max(initial=0)) + 1
    if (int(sources.max(initial=0)) + 1) * span < np.iinfo(np.int64).max:
        sources, targets = np.divmod(np.sort(sources * span + targets), span)
        return sources, targets
    order = np.lexsort((targets, sources))
    return sources[order], targets[order]
