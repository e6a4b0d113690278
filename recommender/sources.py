"""What the graph knows beside the sequence model: the persona, whom else an item was chosen with or after, and facts.

Each source scores all items for a question. None of them is trained here: they read the personas, what co-occurs and
the facts of the catalogue, and count what followed.
"""

import functools
from collections.abc import Callable

import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.facts import rows_of_length_one
from kgrec.training.fits import Fit
from recommender.asked import Asked, Score
from recommender.baselines import NO_RECENCY, weights
from recommender.knowledge import Knowledge
from recommender.products import product, product_in_full, reaches_few
from recommender.sequences import PADDING
from recommender.spread import Spread
from recommender.tables import FOLLOWERS, NEAR, Tables, tellers, told

FOLLOWED_RECENCY = 0.8  # of the item before: what follows the last one counts most

PERSONA = "persona"
FROM_INTERACTIONS = ("co-occurrence", "co-occurrence, recent", "followers")
FROM_FACTS = {"catalogue": "makers and categories", "DBpedia": "facts of DBpedia"}  # kinds of facts, as sources


class Reaching:
    """Scores by the histories alone, zero but for the items that these lead to.

    Args:
        rows: weighs the rows of a table by histories: ``[batch, n]``.
        table: what leads to which items. ``[n, n_items + 1]``
    """

    def __init__(self, rows: Callable[[list[list[int]]], sp.csr_matrix], table: sp.csr_matrix):
        self.table = table
        self._rows = functools.lru_cache(maxsize=1)(lambda asked: rows(asked.histories))  # asked for in both ways

    def __call__(self, asked: Asked) -> Tensor:
        """Score all items: ``[batch, n_items + 1]``."""
        found = product_in_full(self._rows(asked), self.table)
        found[:, PADDING] = -torch.inf
        return found

    def spread(self, asked: Asked) -> Spread | None:
        """Give the same scores without those that are zero, where nearly all are."""
        rows = self._rows(asked)
        return Spread.of(product(rows, self.table)) if reaches_few(rows, self.table) else None


def sources(knowledge: Knowledge, fit: Fit, knn_recency: float) -> dict[str, Callable[[], Score]]:
    """Return what makes each source of a fit, by its name; one that personas or facts do not give is left out.

    Args:
        knowledge: interactions of later splits than the fit's are not used.
        fit: which of the three.
        knn_recency: of the co-occurrence that weighs later items more.

    Raises:
        KgrecError: there is no co-occurrence of the fit.
    """
    tables = knowledge.tables(fit)
    found: dict[str, Callable[[], Score]] = {}
    personas = knowledge.personas.get(fit)
    if personas is not None and personas.items.any():
        found[PERSONA] = functools.partial(affinity, personas.items)
    of_interactions: tuple[Callable[[], Score], ...] = (
        lambda: co_occurrence(tables[NEAR], NO_RECENCY),
        lambda: co_occurrence(tables[NEAR], knn_recency),
        lambda: followers(tables[FOLLOWERS]),
    )
    found |= zip(FROM_INTERACTIONS, of_interactions, strict=True)
    for kind, name in FROM_FACTS.items():
        if told(kind) in tables.names:
            found[name] = functools.partial(_profiles, tables, kind)
    return found


def affinity(items: Tensor) -> Score:
    """Score items by the dot products of their vectors ``[n_items + 1, dim]`` with the persona."""

    def score(asked: Asked) -> Tensor:
        scores = asked.personas @ items.T
        scores[:, PADDING] = -torch.inf
        return scores

    return score


def co_occurrence(near: sp.csr_matrix, recency: float) -> Reaching:
    """Score items by the sum of their cosines with those of the history that are among their own nearest.

    The weighted sum of Sarwar et al. (2001) without its ratings. The nearest are the scored item's, not those of the
    items of the history: so what nearly everybody chose is not near everything.

    Args:
        near: for each item, the row, the cosines of those that have it among their nearest.
            ``[n_items + 1, n_items + 1]``
        recency: of the item before; an item's weight shrinks so with each later one.
    """
    return Reaching(lambda histories: weights(histories, near.shape[0] - 1, recency), near)


def followers(table: sp.csr_matrix) -> Reaching:
    """Score items by how often they came after those of the history, at most `recommender.tables.WITHIN` steps later.

    Sequential rules weighed by one over the steps (SR, Ludewig and Jannach 2018), here divided by the square
    root of both items' counts, as a cosine is, and asked for all items of the history, the last one first of all.

    Args:
        table: of `recommender.tables.follower_table`.
    """
    return Reaching(lambda histories: weights(histories, table.shape[0] - 1, FOLLOWED_RECENCY), table)


def profiles(of_items: sp.csr_matrix, of_facts: sp.csr_matrix) -> Reaching:
    """Score items by the cosine between what is told of them and the profile of the history: the sum over its items.

    A fact weighs the logarithm of one over its share of the items, so that what all have in common counts nothing.

    Args:
        of_items: of `recommender.tables.profile_table`. ``[n_items + 1, n_facts]``
        of_facts: the same, the other way round. ``[n_facts, n_items + 1]``
    """

    def profile(histories: list[list[int]]) -> sp.csr_matrix:
        return rows_of_length_one(product(weights(histories, of_items.shape[0] - 1, NO_RECENCY), of_items))

    return Reaching(profile, of_facts)


def _profiles(tables: Tables, kind: str) -> Score:
    return profiles(tables[told(kind)], tables[tellers(kind)])
