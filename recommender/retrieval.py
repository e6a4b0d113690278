"""First stage: the N best unseen items by the persona-conditioned SASRec."""

import torch
from torch import Tensor

from recommender.scoring import seen_items


def retrieve(scores: Tensor, histories: list[list[int]], n: int) -> Tensor:
    """Pick the candidates.

    Args:
        scores: of the conditioned model. ``[batch, n_items + 1]``
        histories: seen items, which are left out.
        n: how many, at most.

    Returns:
        Item numbers, the best first, padded with 0 where fewer are unseen. ``[batch, min(n, n_items)]``
    """
    unseen = scores.masked_fill(seen_items(histories, scores), -torch.inf)
    best = unseen.topk(min(n, scores.shape[1] - 1), dim=1)
    return best.indices.masked_fill(torch.isinf(best.values), 0)
