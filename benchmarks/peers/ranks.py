"""Rank of each target among all items that the user has not had; numpy alone."""

from collections.abc import Callable, Sequence

import numpy as np

AT_ONCE = 512  # users whose scores are held in memory together

Scorer = Callable[[list[np.ndarray]], np.ndarray]


def target_ranks(scores: np.ndarray, targets: np.ndarray, histories: Sequence[np.ndarray]) -> np.ndarray:
    """Rank the targets, from 1; an item with the target's own score counts as ranked before it.

    Args:
        scores: of all items, column 0 is the padding; minus infinity for what a model cannot recommend.
            ``[batch, n_items + 1]``
        targets: item numbers. ``[batch]``
        histories: items that are left out, those that the user has had. ``batch`` arrays

    Returns:
        ``[batch]``; infinity where the model cannot recommend the target, or the target is in the history.

    Raises:
        ValueError: a score is not a number.
    """
    if np.isnan(scores).any():
        raise ValueError("a score is not a number")
    rows = np.arange(len(targets))
    rivals = scores.copy()
    rivals[:, 0] = -np.inf
    for row, history in enumerate(histories):
        rivals[row, history] = -np.inf
    target = rivals[rows, targets]  # [batch]
    rivals[rows, targets] = -np.inf
    ranks = 1.0 + (rivals >= target[:, None]).sum(axis=1)
    return np.where(np.isinf(target), np.inf, ranks)


def ranked(score: Scorer, histories: list[np.ndarray], targets: np.ndarray) -> np.ndarray:
    """Rank the targets of many users, some at a time.

    Args:
        score: gives the scores of all items after each of some histories, none of them empty. ``[batch, n_items + 1]``
        histories: items known before the target, oldest first. ``n`` arrays
        targets: item numbers. ``[n]``

    Returns:
        ``[n]``; infinity also where there is no history.
    """
    ranks = np.full(len(targets), np.inf)
    known = np.flatnonzero([len(history) for history in histories])
    for start in range(0, len(known), AT_ONCE):
        rows = known[start : start + AT_ONCE]
        part = [histories[row] for row in rows]
        ranks[rows] = target_ranks(score(part), targets[rows], part)
    return ranks


def hit_rate(ranks: np.ndarray, k: int) -> float:
    """Share of the targets among the first k."""
    return float((ranks <= k).mean())


def ndcg(ranks: np.ndarray, k: int) -> float:
    """Mean of ``1 / log2(rank + 1)`` where the rank is at most k, else 0."""
    return float(np.where(ranks <= k, 1.0 / np.log2(np.minimum(ranks, k) + 1.0), 0.0).mean())
