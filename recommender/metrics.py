"""Ranking metrics of one relevant item, from its rank."""

import numpy as np

CUTOFFS = (10, 100)


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
