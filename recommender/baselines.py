"""Plain baselines that any model has to beat: popularity, item-kNN and EASE, with and without recency."""

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.counted import Counted, uncounted
from kgrec.files import replacing
from kgrec.training.fits import Fit
from recommender.asked import QUESTIONS, Asked, ranks, users_asked
from recommender.dataset import Dataset
from recommender.metrics import ndcg
from recommender.scoring import by_histories
from recommender.sequences import PADDING, Known

EASE_ITEMS = 15_000  # a table of items by items beyond this would not fit beside everything else
FULL = 0.1  # share of all pairs of items, from which a table of them is one in full
EASE_L2 = (50.0, 200.0, 500.0, 1000.0)
RECENCY = (0.95, 0.9, 0.8, 0.7, 0.6)  # of the item before; an item's weight shrinks so with each later one
NO_RECENCY = 1.0

Scorer = Callable[[list[list[int]]], Tensor]  # histories to scores of all items [batch, n_items + 1]


def popularity(known: Known, n_items: int) -> Scorer:
    """Score items by how often they occur."""
    counts = torch.from_numpy(known.counts(n_items)).float()
    counts[PADDING] = -torch.inf
    return lambda histories: counts.repeat(len(histories), 1)


def item_knn(known: Known, n_items: int, recency: float = NO_RECENCY) -> Scorer:
    """Score items by the sum of their cosines with the items of the history, over users (Sarwar et al. 2001).

    All neighbours count.
    """
    return _by_table(_knn_table(known, n_items), recency)


def cosines(users: sp.csr_matrix) -> sp.csr_matrix:
    """Cosines of items with others, over the users who had them: ``[n_users, n_items + 1]`` to those of two items."""
    norms = np.sqrt(np.asarray(users.sum(axis=0)).ravel()).clip(min=1.0)
    scaled = users @ sp.diags(1.0 / norms).astype(np.float32)
    found = sp.csr_matrix(scaled.T @ scaled)
    found.setdiag(0.0)
    return found


def ease(known: Known, n_items: int, l2: float, recency: float = NO_RECENCY) -> Scorer:
    """Score items by a linear autoencoder without self-similarity (Steck 2019, EASE)."""
    return _by_table(_ease_table(known, n_items, l2), recency)


def weights(histories: list[list[int]], n_items: int, recency: float) -> sp.csr_matrix:
    """Weigh the items of each history: 1 for the last, ``recency`` times less for each before, the latest of a repeat.

    Returns:
        ``[batch, n_items + 1]``
    """
    lengths = np.array([len(history) for history in histories])
    items = np.fromiter(itertools.chain.from_iterable(histories), dtype=np.int64, count=int(lengths.sum()))
    rows = np.repeat(np.arange(len(histories)), lengths)
    ages = np.cumsum(lengths)[rows] - 1 - np.arange(len(items))
    backwards = (rows * (n_items + 1) + items)[::-1]
    _, latest = np.unique(backwards, return_index=True)  # the first from behind
    kept = len(items) - 1 - latest
    values = (recency ** ages[kept].astype(np.float64)).astype(np.float32)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=len(histories)))])
    return sp.csr_matrix((values, items[kept], bounds), shape=(len(histories), n_items + 1))


@dataclass(frozen=True)
class Chosen:
    """What validation chose for the baselines.

    Attributes:
        knn_recency: of item-kNN with recency.
        ease_l2: of EASE; ``None`` where the catalogue is too large for it.
        ease_recency_l2: of EASE with recency.
        ease_recency: of EASE with recency.
    """

    knn_recency: float
    ease_l2: float | None
    ease_recency_l2: float | None
    ease_recency: float | None


def choose(dataset: Dataset, counted: Counted = uncounted) -> Chosen:
    """Try every setting on the validation interactions and keep those of the best NDCG@10.

    Args:
        dataset: whose interactions they are.
        counted: yields the settings, and may show how many were tried.
    """
    asked, n_items = users_asked(dataset, Fit.VALIDATION).sample(QUESTIONS), dataset.n_items
    known = dataset.sequences.known(Fit.VALIDATION)
    penalties = EASE_L2 if n_items <= EASE_ITEMS else ()
    n_settings = len(RECENCY) + len(penalties) * len((NO_RECENCY, *RECENCY))
    knn: dict[float, float] = {}
    found: dict[tuple[float, float], float] = {}
    for l2, recency, scorer in counted(_tried(known, n_items, penalties), "settings", n_settings):
        if l2 is None:
            knn[recency] = _ndcg(scorer, asked)
        else:
            found[l2, recency] = _ndcg(scorer, asked)
    best_knn = max(knn, key=lambda recency: knn[recency])
    if not found:
        return Chosen(best_knn, None, None, None)
    plain = max((key for key in found if key[1] == NO_RECENCY), key=lambda key: found[key])
    recent = max((key for key in found if key[1] != NO_RECENCY), key=lambda key: found[key])
    return Chosen(best_knn, plain[0], *recent)


def choose_once(dataset: Dataset, path: Path, counted: Counted = uncounted) -> Chosen:
    """As `choose`, kept in a file for the same interactions, as it takes a while; a damaged file is made anew."""
    kept = _kept(path)
    if kept.pop("interactions", None) == dataset.interactions_digest:
        with contextlib.suppress(TypeError):
            return Chosen(**kept)
    chosen = choose(dataset, counted)
    made = {"interactions": dataset.interactions_digest, **asdict(chosen)}
    with replacing(path) as draft:
        draft.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return chosen


def baselines(known: Known, n_items: int, chosen: Chosen) -> dict[str, Callable[[], Scorer]]:
    """Return what makes each baseline, by the name that tables show; EASE is left out where it does not fit."""
    found: dict[str, Callable[[], Scorer]] = {
        "popularity": lambda: popularity(known, n_items),
        "item-kNN": lambda: item_knn(known, n_items),
        "item-kNN with recency": lambda: item_knn(known, n_items, chosen.knn_recency),
    }
    if chosen.ease_l2 is not None and chosen.ease_recency_l2 is not None and chosen.ease_recency is not None:
        plain, recent, recency = chosen.ease_l2, chosen.ease_recency_l2, chosen.ease_recency
        found["EASE"] = lambda: ease(known, n_items, plain)
        found["EASE with recency"] = lambda: ease(known, n_items, recent, recency)
    return found


def _kept(path: Path) -> dict[str, Any]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _tried(known: Known, n_items: int, penalties: Sequence[float]) -> Iterator[tuple[float | None, float, Scorer]]:
    """Yield each setting with what scores by it: its L2, ``None`` of item-kNN, and its recency."""
    nearness = _knn_table(known, n_items)
    for recency in RECENCY:
        yield None, recency, _by_table(nearness, recency)
    for l2 in penalties:
        table = _ease_table(known, n_items, l2)
        for recency in (NO_RECENCY, *RECENCY):
            yield l2, recency, _by_table(table, recency)


def _knn_table(known: Known, n_items: int) -> np.ndarray | sp.csr_matrix:
    """Cosines of all items ``[n_items + 1, n_items + 1]``; in full where so many are not zero that it is faster."""
    found = cosines(known.matrix(n_items))
    return found.toarray() if found.nnz > FULL * n_items**2 and n_items <= EASE_ITEMS else found


def _ease_table(known: Known, n_items: int, l2: float) -> np.ndarray:
    """The autoencoder, zeros for padding: ``[n_items + 1, n_items + 1]``."""
    users = known.matrix(n_items)[:, 1:]
    gram = torch.from_numpy((users.T @ users).toarray())
    gram.diagonal().add_(l2)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(gram))
    found = torch.zeros(n_items + 1, n_items + 1)
    torch.div(-inverse, inverse.diagonal(), out=found[1:, 1:])
    found.fill_diagonal_(0.0)
    return found.numpy()


def _by_table(table: np.ndarray | sp.csr_matrix, recency: float) -> Scorer:
    """Score items by the sum of what each item of the history, weighed, says of them in a table of items by items."""

    def score(histories: list[list[int]]) -> Tensor:
        found = weights(histories, table.shape[0] - 1, recency) @ table
        scores = torch.from_numpy(found.toarray() if sp.issparse(found) else found)
        scores[:, PADDING] = -torch.inf
        return scores

    return score


def _ndcg(scorer: Scorer, asked: Asked) -> float:
    return float(ndcg(ranks(asked, by_histories(scorer)).numpy(), 10).mean())
