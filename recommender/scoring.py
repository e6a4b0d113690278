"""Scores of all items, as every question is answered: by a sequence model, or by a scorer of histories alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from recommender.asked import Asked, Score
from recommender.sasrec import SASRec
from recommender.sequences import PADDING, padded
from recommender.spread import Spread


@runtime_checkable
class ScoresSome(Protocol):
    """A `Score` that can score some items without the others."""

    def at(self, asked: Asked, items: Tensor) -> Tensor:
        """Score items ``[batch, n]`` of each question: of the same shape."""
        ...


@runtime_checkable
class Spreads(Protocol):
    """A `Score` that may give most items the same."""

    def spread(self, asked: Asked) -> Spread | None:
        """Give the scores of all items so, where it does."""
        ...


def score_at(score: Score, asked: Asked, items: Tensor) -> Tensor:
    """Score items ``[batch, n]``, 0 for none, by what scores all: of the same shape; a score of none means nothing."""
    if isinstance(score, ScoresSome):
        return score.at(asked, items)
    found = score(asked)
    return found.gather(1, items.to(found.device))


@dataclass(frozen=True)
class ByModel:
    """Scores by a sequence model, with the personas where one conditions it."""

    model: SASRec

    def __call__(self, asked: Asked) -> Tensor:
        """Score all items: ``[batch, n_items + 1]``."""
        return self.model.scores(self.states(asked))

    def at(self, asked: Asked, items: Tensor) -> Tensor:
        """Score items ``[batch, n]`` of each question: of the same shape."""
        states = self.states(asked)
        vectors = self.model.items(items.to(states.device))  # [batch, n, dim]
        scores = torch.einsum("bnd,bd->bn", vectors, states)
        return scores.masked_fill(items.to(states.device) == PADDING, -torch.inf)

    def states(self, asked: Asked) -> Tensor:
        """Encode the histories: ``[batch, dim]``."""
        place = self.model.items.weight.device
        personas = asked.personas.to(place) if self.model.conditioning is not None else None
        return self.model.next_states(padded(asked.histories, self.model.max_length).to(place), personas)


def score_histories(model: SASRec, histories: list[list[int]], personas: Tensor | None) -> Tensor:
    """Score all items as the next of each history: ``[batch, n_items + 1]``."""
    batch = padded(histories, model.max_length).to(model.items.weight.device)
    return model.next_scores(batch, personas)


def by_histories(scorer: Callable[[list[list[int]]], Tensor]) -> Score:
    """Score by the histories alone, as a baseline does."""
    return lambda asked: scorer(asked.histories)
