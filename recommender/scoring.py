"""Scores of all items after a history."""

from torch import Tensor

from recommender.sasrec import SASRec
from recommender.sequences import padded

SCORES_AT_ONCE = 2**24  # 64 MiB of them


def batch_size(n_items: int) -> int:
    """How many histories are scored at once, so that memory does not grow with the catalogue."""
    return max(1, min(512, SCORES_AT_ONCE // (n_items + 1)))


def score_histories(model: SASRec, histories: list[list[int]], personas: Tensor | None) -> Tensor:
    """Score all items as the next of each history: ``[batch, n_items + 1]``."""
    batch = padded(histories, model.max_length).to(model.items.weight.device)
    return model.next_scores(batch, personas)
