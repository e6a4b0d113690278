"""Items that stand for a persona, and one that speaks against it."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gnn.names import ROUNDING
from kgrec.graph.memberships import directions

MIN_MEMBERS = 3  # who chose an item that is typical; of fewer, where no item has as many
TYPICAL = 20  # that are looked at for a counter-example
KNOWN = 10  # users at least who chose a counter-example
SELDOM = 0.5  # lift below which what is typical of another persona is one


@dataclass(frozen=True)
class ChosenItem:
    """How often members choose an item.

    Attributes:
        item_id: of the item.
        share: part of the members who chose it.
        lift: share over the share among all users.
    """

    item_id: str
    share: float
    lift: float

    @property
    def strength(self) -> float:
        """How much it tells: ``share * log(lift)``."""
        return self.share * float(np.log(self.lift))


@dataclass(frozen=True)
class CounterExample:
    """An item that members seldom choose.

    Attributes:
        chosen: how often they do.
        typical_of: place of the near persona that it is typical of; ``None`` where it is of none.
    """

    chosen: ChosenItem
    typical_of: int | None


class Choices:
    """What the members of each persona choose.

    Args:
        chosen: which users have which items, 1 or 0. ``[n_users, n_items]``
        item_ids: ``[n_items]``
        personas: each user's strongest persona. ``[n_users]``
        centres: of the personas. ``[n_personas, dim]``
        items: vectors of the items in their space; none where there are none. ``[n_items, dim]``
    """

    def __init__(
        self, chosen: sp.csr_array, item_ids: list[str], personas: np.ndarray, centres: np.ndarray, items: np.ndarray
    ):
        n_users, n_personas = len(personas), len(centres)
        members = sp.csr_array((np.ones(n_users), (personas, np.arange(n_users))), shape=(n_personas, n_users))
        self.counts = sp.csr_array(members @ chosen)  # [n_personas, n_items]
        self.sizes = np.bincount(personas, minlength=n_personas)
        self.n_users, self.overall = n_users, np.asarray(chosen.sum(axis=0)).ravel()
        self.item_ids, self.centres = item_ids, centres
        # An item's length grows with how many chose it: nearness is that of directions.
        self.directions = directions(items)
        self.rows = [self._typical(persona) for persona in range(n_personas)]

    def typical(self, persona: int) -> list[ChosenItem]:
        """Return what is near to the centre and chosen more than elsewhere, by ``cosine * share * log(lift)``."""
        _, shares, lifts = self._of(persona)
        return [ChosenItem(self.item_ids[row], float(shares[row]), float(lifts[row])) for row in self.rows[persona]]

    def counter_example(self, persona: int) -> CounterExample | None:
        """Find what is typical of the nearest other persona and chosen less than half as often as by all users.

        Of such items that which most users chose and members did not; where the nearest persona has none, one of the
        next; at last any such item.
        """
        _, shares, lifts = self._of(persona)
        missing = np.where(self.overall >= KNOWN, self.overall * (1.0 - lifts), 0.0)
        found, typical_of = np.flatnonzero(missing > 0).tolist(), None
        for other in np.argsort(-(self.centres @ self.centres[persona]), kind="stable").tolist():
            seldom = [row for row in self.rows[other] if missing[row] > 0 and lifts[row] < SELDOM]
            if other != persona and seldom:
                found, typical_of = seldom, other
                break
        if not found:
            return None
        row = max(found, key=lambda row: float(missing[row]))
        return CounterExample(ChosenItem(self.item_ids[row], float(shares[row]), float(lifts[row])), typical_of)

    def _typical(self, persona: int) -> list[int]:
        counts, shares, lifts = self._of(persona)
        strength = shares * np.where(lifts > 1.0 + ROUNDING, np.log(lifts.clip(min=1.0)), 0.0)
        if len(self.directions):
            strength *= (self.directions @ self.centres[persona]).clip(min=0.0)
        enough = counts >= MIN_MEMBERS
        if (strength[enough] > 0).any():
            strength[~enough] = 0.0
        order = np.argsort(-strength, kind="stable")[:TYPICAL]
        return [row for row in order.tolist() if strength[row] > 0]

    def _of(self, persona: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How many members of a persona chose each item, their share, and its lift: ``[n_items]`` each."""
        counts = self.counts[[persona]].toarray().ravel()
        shares = counts / max(self.sizes[persona], 1)
        expected = self.overall / max(self.n_users, 1)
        return counts, shares, np.divide(shares, expected, out=np.ones_like(shares), where=expected > 0)
