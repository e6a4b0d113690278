"""What the graph knows beside the sequence model: the persona, whom else an item was chosen with or after, and facts.

Each source scores all items for a question. None of them is trained here: they read the personas, what co-occurs and
the facts of the catalogue, and count what followed.
"""

import functools
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.facts import rows_of_length_one, weighed
from kgrec.training.fits import Fit
from recommender.asked import Asked, Score
from recommender.baselines import NO_RECENCY, Scorer, weights
from recommender.dataset import Dataset
from recommender.scoring import by_histories
from recommender.sequences import PADDING, Known

WITHIN = 5  # an item follows those of at most so many steps before
FOLLOWED_RECENCY = 0.8  # of the item before: what follows the last one counts most

PERSONA = "persona"
FROM_INTERACTIONS = ("co-occurrence", "co-occurrence, recent", "followers")
FROM_FACTS = {"catalogue": "makers and categories", "DBpedia": "facts of DBpedia"}  # kinds of facts, as sources


def sources(dataset: Dataset, fit: Fit, knn_recency: float) -> dict[str, Callable[[], Score]]:
    """Return what makes each source of a fit, by its name; one that personas or facts do not give is left out.

    Args:
        dataset: interactions of later splits than the fit's are not used.
        fit: which of the three.
        knn_recency: of the co-occurrence that weighs later items more.

    Raises:
        KgrecError: the data set has no co-occurrence of the fit.
    """
    ties = dataset.require_co_occurrence(fit)
    known, n_items = dataset.sequences.known(fit), dataset.n_items
    found: dict[str, Callable[[], Score]] = {}
    personas = dataset.personas.get(fit)
    if personas is not None and personas.items.any():
        found[PERSONA] = functools.partial(affinity, personas.items)
    of_interactions: tuple[Callable[[], Scorer], ...] = (
        lambda: co_occurrence(ties, NO_RECENCY),
        lambda: co_occurrence(ties, knn_recency),
        lambda: followers(known, n_items),
    )
    for name, make in zip(FROM_INTERACTIONS, of_interactions, strict=True):
        found[name] = functools.partial(_by_made, make)
    for kind, facts in dataset.facts.items():
        if facts.nnz:
            found[FROM_FACTS[kind]] = functools.partial(_by_made, functools.partial(profiles, facts))
    return found


def affinity(items: Tensor) -> Score:
    """Score items by the dot products of their vectors ``[n_items + 1, dim]`` with the persona."""

    def score(asked: Asked) -> Tensor:
        scores = asked.personas @ items.T
        scores[:, PADDING] = -torch.inf
        return scores

    return score


def co_occurrence(ties: sp.csr_matrix, recency: float) -> Scorer:
    """Score items by the sum of their cosines with those of the history that are among their own nearest.

    The weighted sum of Sarwar et al. (2001) without its ratings. The nearest are the scored item's, not those of the
    items of the history: so what nearly everybody chose is not near everything.

    Args:
        ties: cosines of each item, the row, with its nearest. ``[n_items + 1, n_items + 1]``
        recency: of the item before; an item's weight shrinks so with each later one.
    """
    of_history, n_items = sp.csr_matrix(ties.T), ties.shape[0] - 1
    return lambda histories: _dense(weights(histories, n_items, recency) @ of_history)


def followers(known: Known, n_items: int) -> Scorer:
    """Score items by how often they came after those of the history, at most `WITHIN` steps later.

    Sequential rules weighed by one over the steps (SR, Ludewig and Jannach 2018), here divided by the square
    root of both items' counts, as a cosine is, and asked for all items of the history, the last one first of all.
    """
    counts = known.counts(n_items).clip(min=1).astype(np.float32)
    owners = np.repeat(np.arange(len(known.lengths)), known.lengths)
    rows, columns, shares = [], [], []
    for steps in range(1, WITHIN + 1):
        before, after = known.items[:-steps], known.items[steps:]
        real = (owners[:-steps] == owners[steps:]) & (before != after)
        rows.append(before[real])
        columns.append(after[real])
        shares.append(np.full(int(real.sum()), 1.0 / steps, dtype=np.float32))
    places = np.concatenate(rows), np.concatenate(columns)
    rules = sp.csr_matrix((np.concatenate(shares), places), shape=(n_items + 1, n_items + 1))
    scale = sp.diags(1.0 / np.sqrt(counts)).astype(np.float32)
    table = sp.csr_matrix(scale @ rules @ scale)
    return lambda histories: _dense(weights(histories, n_items, FOLLOWED_RECENCY) @ table)


def profiles(facts: sp.csr_matrix) -> Scorer:
    """Score items by the cosine between what is told of them and the profile of the history: the sum over its items.

    A fact weighs the logarithm of one over its share of the items, so that what all have in common counts nothing.

    Args:
        facts: which items have which, 1 or 0. ``[n_items + 1, n_facts]``
    """
    n_items = facts.shape[0] - 1
    told = rows_of_length_one(weighed(facts, n_items))
    columns = sp.csr_matrix(told.T)

    def score(histories: list[list[int]]) -> Tensor:
        profile = rows_of_length_one(weights(histories, n_items, NO_RECENCY) @ told)  # [batch, n_facts]
        return _dense(profile @ columns)

    return score


def _by_made(make: Callable[[], Scorer]) -> Score:
    return by_histories(make())


def _dense(scores: sp.csr_matrix) -> Tensor:
    dense = torch.from_numpy(scores.toarray())
    dense[:, PADDING] = -torch.inf
    return dense
