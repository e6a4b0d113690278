"""Ranking metrics of one relevant item among all others; ties never favour the model."""

import numpy as np
import torch
from torch import Tensor

CUTOFFS = (10, 100)


def target_ranks(scores: Tensor, targets: Tensor, seen: Tensor) -> Tensor:
    """Rank of the target among all items that the user has not seen, from 1.

    An item with the target's own score counts as ranked before it.

    Args:
        scores: minus infinity for items that are out. ``[batch, n_items + 1]``
        targets: item numbers. ``[batch]``
        seen: true where an item is in the user's history; the target is ranked even if it is. ``[batch, n_items + 1]``

    Returns:
        ``[batch]``; infinity where the target's own score is minus infinity, as it was not retrieved.

    Raises:
        ValueError: a score is not a number.
    """
    if torch.isnan(scores).any():
        raise ValueError("a score is not a number")
    target = scores.gather(1, targets[:, None])  # [batch, 1]
    rivals = scores.masked_fill(seen, -torch.inf).scatter(1, targets[:, None], -torch.inf)
    ranks = 1.0 + (rivals >= target).sum(dim=1)
    return torch.where(torch.isinf(target.squeeze(1)), torch.inf, ranks)


def hit_rate(ranks: np.ndarray, k: int) -> np.ndarray:
    """1 where the target is among the first k, else 0. ``[n]``"""
    return (ranks <= k).astype(float)


def ndcg(ranks: np.ndarray, k: int) -> np.ndarray:
    """Discounted gain ``1 / log2(rank + 1)`` of the first k; with one relevant item the ideal is 1. ``[n]``"""
    return np.where(ranks <= k, 1.0 / np.log2(np.minimum(ranks, k) + 1.0), 0.0)


def mrr(ranks: np.ndarray, k: int) -> np.ndarray:
    """Reciprocal rank within the first k. ``[n]``"""
    return np.where(ranks <= k, 1.0 / np.minimum(ranks, k), 0.0)


METRICS = {"HR": hit_rate, "NDCG": ndcg, "MRR": mrr}
