"""What lists of recommendations are like, whether they hit or not: coverage, Gini, novelty, intra-list similarity."""

import numpy as np
import torch
from torch import Tensor

BATCH = 512


def beyond_accuracy(lists: np.ndarray, counts: np.ndarray, texts: np.ndarray | Tensor) -> dict[str, float]:
    """Describe one system's lists; what cannot be computed is left out.

    Args:
        lists: item numbers from 1; 0 where a list ends early. ``[n_users, k]``
        counts: how often each item was learned from. ``[n_items + 1]``
        texts: text embeddings, zeros for padding and for items without one; may have no dimensions.
            ``[n_items + 1, dim]``

    Returns:
        ``coverage``, ``Gini``, ``novelty`` (in bits) and ``intra-list similarity``, as far as there are items,
        recommendations and texts for them.
    """
    described = {
        "coverage": coverage(lists, len(counts) - 1),
        "Gini": gini(lists, len(counts) - 1),
        "novelty": novelty(lists, counts),
        "intra-list similarity": intra_list_similarity(lists, texts),
    }
    return {name: value for name, value in described.items() if value is not None}


def coverage(lists: np.ndarray, n_items: int) -> float | None:
    """Share of the catalogue that is on any list; ``None`` without a catalogue."""
    return np.count_nonzero(_frequencies(lists, n_items)) / n_items if n_items else None


def gini(lists: np.ndarray, n_items: int) -> float | None:
    """Gini index of how often items are on a list, those that never are included; ``None`` if nothing is recommended.

    0 where all items are recommended alike; ``1 - 1 / n_items`` where it is always the same one.
    """
    ascending = np.sort(_frequencies(lists, n_items)).astype(float)
    if not ascending.any():
        return None
    places = 2 * np.arange(1, n_items + 1) - n_items - 1
    return float(places @ ascending / (n_items * ascending.sum()))


def novelty(lists: np.ndarray, counts: np.ndarray) -> float | None:
    """Mean self-information of the recommended items, ``-log2`` of their share of what was learned from, in bits.

    Zhou et al., Solving the apparent diversity-accuracy dilemma of recommender systems, 2010 (surprisal); Vargas and
    Castells, Rank and relevance in novelty and diversity metrics, 2011. Every item is counted once more, since
    the share of one that was never learned from would have no logarithm. The mean is over each list, and then over the
    lists.

    Args:
        lists: ``[n_users, k]``
        counts: ``[n_items + 1]``

    Returns:
        ``None`` if nothing is recommended.
    """
    smoothed = counts[1:].astype(float) + 1
    information = np.concatenate(([0.0], -np.log2(smoothed / smoothed.sum())))  # padding adds nothing
    lengths = np.count_nonzero(lists, axis=1)
    filled = lengths > 0
    if not filled.any():
        return None
    return float((information[lists[filled]].sum(axis=1) / lengths[filled]).mean())


def intra_list_similarity(lists: np.ndarray, texts: np.ndarray | Tensor) -> float | None:
    """Mean cosine of the texts of two items on a list, over its pairs and then over the lists.

    Ziegler et al., Improving recommendation lists through topic diversification, 2005, section 3.3, as a mean over the
    pairs where the paper has their sum. Items without a text are left out, and lists without two that have one.

    Args:
        lists: ``[n_users, k]``
        texts: ``[n_items + 1, dim]``

    Returns:
        ``None`` if no list has two items with a text.
    """
    vectors = torch.as_tensor(texts).cpu().numpy()
    norms = np.linalg.norm(vectors, axis=1)
    known = norms > 0
    known[0] = False
    units = np.divide(vectors, norms[:, None], out=np.zeros_like(vectors), where=known[:, None])
    similarities = []
    for start in range(0, len(lists), BATCH):
        batch = lists[start : start + BATCH]
        lengths = known[batch].sum(axis=1)
        batch, lengths = batch[lengths >= 2], lengths[lengths >= 2]
        total = units[batch].sum(axis=1, dtype=float)  # [batch, dim]
        # The square of the sum holds every pair twice, and every item with itself once.
        similarities.append(((total**2).sum(axis=1) - lengths) / (lengths * (lengths - 1)))
    together = np.concatenate(similarities) if similarities else np.empty(0)
    return float(together.mean()) if len(together) else None


def _frequencies(lists: np.ndarray, n_items: int) -> np.ndarray:
    """How often each item is on a list. ``[n_items]``"""
    return np.bincount(lists.ravel(), minlength=n_items + 1)[1:]
