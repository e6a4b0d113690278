"""Scores of all items after a history, and which of them the user has seen."""

import torch
from torch import Tensor

from recommender.sasrec import SASRec
from recommender.sequences import padded


def score_histories(model: SASRec, histories: list[list[int]], personas: Tensor | None) -> Tensor:
    """Score all items as the next of each history: ``[batch, n_items + 1]``."""
    batch = padded(histories, model.max_length).to(model.items.weight.device)
    return model.next_scores(batch, personas)


def seen_items(histories: list[list[int]], scores: Tensor) -> Tensor:
    """True where an item is in a history: the shape of ``scores``."""
    seen = torch.zeros_like(scores, dtype=torch.bool)
    for row, history in enumerate(histories):
        seen[row, history] = True
    return seen
