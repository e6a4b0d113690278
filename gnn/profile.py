"""The sparse face of a persona: what a user's items have in common, weighed by how rare it is."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from kgrec.facts import row_lengths, rows_of_length_one, weighed

TOP = 20  # interests of a user and kind
COMMON = 0.5  # a feature of this share of the items, or of more, tells nobody apart and is none


@dataclass(frozen=True)
class Interest:
    """A feature in a user's profile.

    Attributes:
        feature: its number.
        weight: its part of the profile, which has length 1; to six digits, so that what weighs the same is a tie
            whatever the order in which it was added up.
        items: how many of the user's items have it.
    """

    feature: int
    weight: float
    items: int


class Profiles:
    """Profiles over one kind of facts.

    A fact weighs the logarithm of one over its share of the items; an item's facts are brought to length 1; a profile
    is the sum over the user's items, brought to length 1. It is the profile by which the recommender scores items.

    Args:
        facts: which items have which, 1 or 0. ``[n_items, n_features]``
    """

    def __init__(self, facts: sp.csr_matrix):
        self.facts = facts.astype(np.float64)
        n_items = max(facts.shape[0], 1)
        share = np.asarray(self.facts.sum(axis=0)).ravel() / n_items  # [n_features]
        self.rare = np.flatnonzero(share < COMMON)
        self.told = rows_of_length_one(weighed(self.facts, n_items))

    def interests(self, chosen: sp.csr_matrix, top: int = TOP) -> list[list[Interest]]:
        """Find the strongest of each user, the strongest first, of equal ones that of the lower number.

        Args:
            chosen: which items are the users', 1 or 0. ``[n_users, n_items]``
            top: at most so many of a user.
        """
        profile = sp.csr_matrix(chosen @ self.told)  # [n_users, n_features]
        lengths = row_lengths(profile)
        # Without the common ones every weight is above 0: both matrices have their numbers at the same places.
        weights, items = (sp.csr_matrix(matrix[:, self.rare]) for matrix in (profile, chosen @ self.facts))
        weights.sort_indices()
        items.sort_indices()
        found = []
        for user, length in enumerate(lengths):
            mine = slice(weights.indptr[user], weights.indptr[user + 1])
            weight = np.round(weights.data[mine] / length, 6)
            order = np.argsort(-weight, kind="stable")[:top]
            columns = self.rare[weights.indices[mine][order]]
            numbers = columns.tolist(), weight[order].tolist(), items.data[mine][order].astype(int).tolist()
            found.append([Interest(*one) for one in zip(*numbers, strict=True)])
        return found
