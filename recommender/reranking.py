"""Second stage: the base SASRec orders the candidates by the short-term intent of the session."""

import torch
from torch import Tensor


def rerank(base_scores: Tensor, candidates: Tensor) -> Tensor:
    """Keep the base model's scores for the candidates only.

    Args:
        base_scores: ``[batch, n_items + 1]``
        candidates: item numbers, 0 for none. ``[batch, n]``

    Returns:
        The base scores, minus infinity for everything that was not retrieved. ``[batch, n_items + 1]``
    """
    kept = torch.full_like(base_scores, -torch.inf)
    kept.scatter_(1, candidates, base_scores.gather(1, candidates))
    kept[:, 0] = -torch.inf
    return kept
