"""A linear probe of user vectors: do they tell, by a direction, of which category a user's next item is?

Linear probes are those of Alain and Bengio 2017. Half of the users asked teach the probe, the other half answer.
"""

import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from gnn.hops import hops, instances
from gnn.meta_path import MetaPath
from gnn.profile import COMMON
from gnn.streamed_graph import StreamedGraph

WAYS = MetaPath((("IN_CATEGORY",),)), MetaPath((("SAME_AS",), ("SUBJECT",)))  # from an item; the first that there is
CLASSES = 20  # at most: the most frequent categories
FEWEST = 20  # users of a class; those of smaller ones are not asked
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # inverse ones of the regularisation, of which teachers held back choose
HELD_BACK = 0.2  # part of the teachers
ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """Of whom the category of the next item is asked, and by whom it is taught.

    Attributes:
        users: rows; a user may have several items. ``[n]``
        classes: of their items, from 0. ``[n]``
        parts: of each, 0 where it teaches, 1 where it chooses the regularisation and then teaches, 2 where it answers;
            a user has one part. ``[n]``
    """

    users: np.ndarray
    classes: np.ndarray
    parts: np.ndarray

    @classmethod
    def of(cls, streamed: StreamedGraph, users: np.ndarray, items: np.ndarray, seed: int) -> Self | None:
        """Make the probe; ``None`` where the graph does not tell two categories of enough of the items.

        An item counts for the rarest of its categories that is frequent among the items asked for.

        Args:
            streamed: the graph, whose facts alone are looked at.
            users: rows of the users asked. ``[n]``
            items: rows of their items in ``streamed``, -1 for one that there is nothing of. ``[n]``
            seed: of the halves.
        """
        found = categories(streamed)
        if found is None:
            return None
        users, items = users[items >= 0], items[items >= 0]
        classes = _classes(found, items)
        frequent = np.flatnonzero(np.bincount(classes + 1)[1:] >= FEWEST)
        asked = np.isin(classes, frequent)
        users, classes = users[asked], np.searchsorted(frequent, classes[asked])
        who, of = np.unique(users, return_inverse=True)
        place = np.random.default_rng(seed).permutation(len(who)) / max(len(who), 1)
        parts = np.digitize(place, [0.5 * (1.0 - HELD_BACK), 0.5])[of]
        if any(len(np.unique(classes[parts == part])) < 2 for part in range(3)):
            return None
        return cls(users, classes, parts)

    @property
    def most_frequent(self) -> float:
        """Accuracy of who always answers with the class that most users who teach have."""
        most = np.bincount(self.classes[self.parts < 2]).argmax()
        return float((self.classes[self.parts == 2] == most).mean())

    def accuracy(self, vectors: Tensor) -> float:
        """Part of the answers that are right, from the vectors of all users ``[n_users, dim]``, standardised."""
        rows = vectors[self.users].float().numpy()
        rows = StandardScaler().fit(rows[self.parts < 2]).transform(rows)
        best = max(STRENGTHS, key=lambda strength: self._score(rows, strength, self.parts == 0, self.parts == 1))
        return self._score(rows, best, self.parts < 2, self.parts == 2)

    def _score(self, rows: np.ndarray, strength: float, taught: np.ndarray, asked: np.ndarray) -> float:
        probe = LogisticRegression(C=strength, max_iter=ITERATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # as good as it gets in so many iterations
            probe.fit(rows[taught], self.classes[taught])
        return float(probe.score(rows[asked], self.classes[asked]))


def categories(streamed: StreamedGraph) -> sp.csc_array | None:
    """Categories of the items, DBpedia's where the catalogue has none: ``[n_items, n_categories]``, 1 or 0."""
    for way in WAYS:
        walked = hops(way, streamed.item_nodes, streamed.facts)
        if walked is not None:
            return sp.csc_array(instances(walked).astype(bool).astype(np.int64))
    return None


def _classes(found: sp.csc_array, items: np.ndarray) -> np.ndarray:
    """Class of each item asked for ``[n]``, -1 where it has none of the frequent categories."""
    telling = found[:, found.sum(axis=0) < COMMON * found.shape[0]]
    asked = sp.csr_array(telling)[items]  # [n, n_categories]
    counts = asked.sum(axis=0)
    # Of those as frequent the one of the earlier item: node numbers differ from load to load.
    earliest = telling.indices[telling.indptr[:-1]]  # each column has an item, and they rise
    frequent = np.lexsort((earliest, -counts))[:CLASSES]
    frequent = frequent[counts[frequent] >= FEWEST]
    rank = np.arange(1, len(frequent) + 1)
    classes: np.ndarray = (asked[:, frequent].toarray() * rank).max(axis=1, initial=0) - 1
    return classes
