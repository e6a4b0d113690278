"""Scores of all items, as every question is answered: by a sequence model, or by a scorer of histories alone."""

from collections.abc import Callable

from torch import Tensor

from recommender.asked import Asked, Score
from recommender.sasrec import SASRec
from recommender.sequences import padded


def score_histories(model: SASRec, histories: list[list[int]], personas: Tensor | None) -> Tensor:
    """Score all items as the next of each history: ``[batch, n_items + 1]``."""
    batch = padded(histories, model.max_length).to(model.items.weight.device)
    return model.next_scores(batch, personas)


def by_model(model: SASRec) -> Score:
    """Score by a sequence model, with the personas where one conditions it."""
    conditioned = model.conditioning is not None

    def score(asked: Asked) -> Tensor:
        return score_histories(
            model, asked.histories, asked.personas.to(model.items.weight.device) if conditioned else None
        )

    return score


def by_histories(scorer: Callable[[list[list[int]]], Tensor]) -> Score:
    """Score by the histories alone, as a baseline does."""
    return lambda asked: scorer(asked.histories)
