"""What the models of a fit are loaded for and their sources look up: of all users together, none of one user."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from kgrec.training.fits import Fit
from recommender.dataset import Personas
from recommender.tables import Tables


class Knowledge(Protocol):
    """A `recommender.dataset.Dataset`, or the `recommender.snapshot.Snapshot` of one fit."""

    @property
    def n_items(self) -> int:
        """The highest item number."""
        ...

    @property
    def item_ids(self) -> list[str]:
        """Of number 1 on: ``[n_items]``."""
        ...

    @property
    def items_digest(self) -> str:
        """Digest of the item ids in their order."""
        ...

    @property
    def personas(self) -> Mapping[Fit, Personas]:
        """Of each fit that has them."""
        ...

    def require_personas(self, fit: Fit) -> Personas:
        """Return the personas of a fit; KgrecError where there are none."""
        ...

    def counts(self, fit: Fit) -> np.ndarray:
        """How often each item occurs in what a fit knows: ``[n_items + 1]``."""
        ...

    def tables(self, fit: Fit) -> Tables:
        """Return what the sources of a fit look up; KgrecError where it has no co-occurrence."""
        ...
