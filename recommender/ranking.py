"""From scores to candidates and ranks, without a copy as wide as the catalogue."""

import numpy as np
import torch
from torch import Tensor

from recommender.sequences import PADDING, padded

AT_ONCE = 2_048  # items whose products are made at a time, so that they stay in the processor's cache
GROUP = 8  # scores of which the largest stands for all at first


def seen_items(histories: list[list[int]]) -> Tensor:
    """Return the distinct items of each history, padded on the right with 0: ``[batch, length]``."""
    distinct = [sorted(set(history)) for history in histories]
    return padded(distinct, max(map(len, distinct), default=1))


def target_ranks(scores: Tensor, targets: Tensor, seen: Tensor) -> Tensor:
    """Rank of the target among all items that the user has not had, from 1.

    An item with the target's own score counts as ranked before it.

    Args:
        scores: minus infinity for items that are out. ``[batch, n_items + 1]``
        targets: item numbers. ``[batch]``
        seen: distinct items of the history, padded with 0. ``[batch, length]``

    Returns:
        ``[batch]``; infinity where the target's own score is minus infinity, or where the user has had it already: it
        cannot be on the list then, whatever the system.

    Raises:
        ValueError: a score is not a number.
    """
    if torch.isnan(scores.amax()):
        raise ValueError("a score is not a number")
    target = scores.gather(1, targets[:, None])  # [batch, 1]
    before = (scores >= target).sum(dim=1)  # the target itself among them, which makes ranks begin at 1
    seen_before = ((scores.gather(1, seen) >= target) & (seen != PADDING)).sum(dim=1)
    out = torch.isinf(target.squeeze(1)) | (seen == targets[:, None]).any(dim=1)
    return torch.where(out, torch.inf, (before - seen_before).to(torch.float64))


def retrieve(scores: Tensor, seen: Tensor, n: int) -> Tensor:
    """Pick the best items that the user has not had.

    Args:
        scores: ``[batch, n_items + 1]``
        seen: distinct items of the history, padded with 0. ``[batch, length]``
        n: how many, at most.

    Returns:
        Item numbers, the best first, padded with 0 where fewer are left. ``[batch, min(n, n_items)]``
    """
    n_items = scores.shape[1] - 1
    best = _largest(scores, min(n + seen.shape[1], n_items))  # enough, whatever the user has had
    ordered = seen.sort(dim=1).values
    places = torch.searchsorted(ordered, best).clamp(max=seen.shape[1] - 1)
    had = ordered.gather(1, places) == best
    left = scores.gather(1, best).masked_fill(had, -torch.inf).topk(min(n, n_items), dim=1)
    return best.gather(1, left.indices).masked_fill(torch.isinf(left.values), PADDING)


def _largest(scores: Tensor, n: int) -> Tensor:
    """Places of the ``n`` largest scores of each row, in any order: ``[batch, n]``.

    On a CPU those among the groups of the ``n`` largest maxima, by NumPy's partition, which has the processor's widest
    instructions: in a quarter of the time of PyTorch's ``topk``.
    """
    if scores.is_cuda:
        return scores.topk(n, dim=1, sorted=False).indices
    groups = scores.shape[1] // GROUP
    if groups <= n:
        return _partitioned(scores, n)
    whole = groups * GROUP
    best = _partitioned(scores[:, :whole].reshape(-1, GROUP, groups).amax(dim=1), n)
    members = [best + first for first in range(0, whole, groups)]
    places = torch.cat([*members, torch.arange(whole, scores.shape[1]).expand(len(scores), -1)], dim=1)
    return places.gather(1, _partitioned(scores.gather(1, places), n))


def _partitioned(scores: Tensor, n: int) -> Tensor:
    return torch.from_numpy(np.argpartition(scores.numpy(), scores.shape[1] - n, axis=1))[:, -n:].contiguous()


def best_products(
    states: Tensor, table: Tensor, seen: Tensor, n: int, allowed: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Find the items of the largest products that the user has not had, without a score of all items at a time.

    Args:
        states: ``[batch, dim]``
        table: vectors of the items. ``[n_items + 1, dim]``
        seen: distinct items of the history, padded with 0. ``[batch, length]``
        n: how many, at most.
        allowed: whether an item may be among them; all may where it is None. ``[n_items + 1]``

    Returns:
        Item numbers, the best first, and their scores, minus infinity where fewer are left.
        ``[batch, min(n, n_items)]`` both
    """
    rows = torch.arange(len(states), device=states.device)[:, None].expand_as(seen)[seen != PADDING]
    had, order = seen[seen != PADDING].sort()
    rows = rows[order]
    buffer = states.new_empty(len(states), AT_ONCE)
    items, scores = [], []
    for start in range(0, len(table), AT_ONCE):
        part = table[start : start + AT_ONCE]
        found = torch.matmul(states, part.T, out=buffer[:, : len(part)])
        first, last = torch.searchsorted(had, torch.tensor([start, start + len(part)], device=had.device)).tolist()
        found[rows[first:last], had[first:last] - start] = -torch.inf
        if start == 0:
            found[:, PADDING] = -torch.inf
        if allowed is not None:
            found.masked_fill_(~allowed[start : start + len(part)], -torch.inf)
        best = found.topk(min(n, len(part)), dim=1)
        items.append(best.indices + start)
        scores.append(best.values)
    best = torch.cat(scores, dim=1).topk(min(n, len(table) - 1), dim=1)
    return torch.cat(items, dim=1).gather(1, best.indices), best.values


def candidate_ranks(scores: Tensor, candidates: Tensor, targets: Tensor) -> Tensor:
    """Rank of the target among candidates that a second stage scored, from 1; ties count against it.

    Args:
        scores: of the candidates. ``[batch, n]``
        candidates: item numbers, distinct, 0 for none. ``[batch, n]``
        targets: item numbers. ``[batch]``

    Returns:
        ``[batch]``; infinity where the target is no candidate.

    Raises:
        ValueError: a score is not a number.
    """
    if torch.isnan(scores.amax()):
        raise ValueError("a score is not a number")
    hit = candidates == targets[:, None]  # [batch, n]
    target = scores.masked_fill(~hit, -torch.inf).amax(dim=1, keepdim=True)
    before = ((scores >= target) & (candidates != PADDING)).sum(dim=1)
    return torch.where(hit.any(dim=1), before.to(torch.float64), torch.inf)
