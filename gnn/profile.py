"""The sparse face of a persona: what a user's items have in common, weighed by how rare it is."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from kgrec.facts import row_lengths, rows_of_length_one, weighed

TOP = 20  # interests of a user and kind
COMMON = 0.5  # a feature of this share of the items, or of more, tells nobody apart and is none


@dataclass(frozen=True)
class Interests:
    """Features in the profiles of some users, the users in their order, of each the strongest feature first.

    Attributes:
        offsets: where each user's begin, and where the last one's end. ``[n_users + 1]``
        features: their numbers. ``[n_interests]``
        weights: their parts of the profiles, which have length 1; to six digits, so that what weighs the same is a tie
            whatever the order in which it was added up. ``[n_interests]``
        items: how many of the user's items have each. ``[n_interests]``
    """

    offsets: np.ndarray
    features: np.ndarray
    weights: np.ndarray
    items: np.ndarray


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

    def interests(self, chosen: sp.csr_matrix, top: int = TOP) -> Interests:
        """Find the strongest of each user, of equal ones those of the lower numbers.

        Args:
            chosen: which items are the users', 1 or 0. ``[n_users, n_items]``
            top: at most so many of a user.
        """
        profile = sp.csr_matrix(chosen @ self.told)  # [n_users, n_features]
        lengths = row_lengths(profile)
        # Without the common ones every weight is above 0: both matrices have their numbers at the same places.
        rare, items = (sp.csr_matrix(matrix[:, self.rare]) for matrix in (profile, chosen @ self.facts))
        rare.sort_indices()
        items.sort_indices()
        users = np.repeat(np.arange(len(lengths)), np.diff(rare.indptr))
        weights = np.round(rare.data / lengths[users], 6)
        order = np.lexsort((rare.indices, -weights, users))  # a user's stay at the same places
        order = order[np.arange(len(order)) - rare.indptr[users] < top]
        kept = np.minimum(np.diff(rare.indptr), top)
        numbers = self.rare[rare.indices[order]], weights[order], items.data[order].astype(np.int64)
        return Interests(np.concatenate([[0], np.cumsum(kept)]), *numbers)
