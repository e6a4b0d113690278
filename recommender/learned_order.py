"""An order of candidates that is learned: a weight for each part of the score, by popularity and length of the history.

A conditional logit (McFadden 1974): the target is chosen among a user's candidates with the softmax of a weighted sum.
A part is brought to mean 0 and spread 1 over the user's candidates, so that it says what tells these apart.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recommender.sequences import PADDING

DECAY = 0.01  # of the weights' squares in the loss
STEPS = 100  # of L-BFGS, at most
POPULARITY = "popularity"  # name of that term of a score


@dataclass(frozen=True)
class LearnedOrder:
    """Weights, and what the two covariates are measured by.

    Attributes:
        parts: names of the parts of the score.
        weights: of the columns of `features`.
        popularity: mean and spread of the candidates' popularity where it was learned.
        history: the same of the lengths of the histories.
    """

    parts: list[str]
    weights: list[float]
    popularity: list[float]
    history: list[float]

    def __call__(self, candidates: "Candidates") -> Tensor:
        """Score candidates: ``[batch, n]``, minus infinity where there is none."""
        found = features(candidates, self.popularity, self.history) @ torch.tensor(self.weights, dtype=torch.float64)
        return found.masked_fill(~candidates.real, -torch.inf)

    def terms(self, candidates: "Candidates") -> dict[str, Tensor]:
        """Return what adds up to the scores of real candidates: each part's and popularity's, ``[batch, n]`` each.

        What a part weighs by popularity and by the length of the history is its own.
        """
        weights = torch.tensor(self.weights, dtype=torch.float64)
        columns = features(candidates, self.popularity, self.history) * weights
        n = len(self.parts)
        own, popular, by_popularity, by_length, popular_by_length = torch.split(columns, [n, 1, n, n, 1], dim=2)
        found = (own + by_popularity + by_length).unbind(dim=2)
        return dict(zip(self.parts, found, strict=True)) | {POPULARITY: (popular + popular_by_length).squeeze(2)}


@dataclass(frozen=True)
class Candidates:
    """What is known of the candidates of a batch of questions.

    Attributes:
        items: numbers, 0 for none. ``[batch, n]``
        scores: of each part. ``[batch, n, n_parts]``
        popularity: logarithm of one more than how often each was chosen. ``[batch, n]``
        history: logarithm of the length of each history. ``[batch]``
    """

    items: Tensor
    scores: Tensor
    popularity: Tensor
    history: Tensor

    @property
    def real(self) -> Tensor:
        """Which of them are any: ``[batch, n]``."""
        return self.items != PADDING

    def rows(self, chosen: np.ndarray) -> "Candidates":
        """Take some of the questions."""
        rows = torch.from_numpy(chosen)
        return Candidates(self.items[rows], self.scores[rows], self.popularity[rows], self.history[rows])

    @classmethod
    def joined(cls, parts: "list[Candidates]") -> "Candidates":
        """Put batches of the same number of candidates together."""
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


def features(candidates: Candidates, popularity: list[float], history: list[float]) -> Tensor:
    """Make what is weighed: the parts, popularity, and both again by popularity and by length of the history.

    Returns:
        Double precision, zeros where there is no candidate. ``[batch, n, 3 * n_parts + 2]``
    """
    real = candidates.real[..., None]
    parts = _standard(candidates.scores.double(), real)
    popular = _scaled(candidates.popularity, popularity)[..., None]
    long = _scaled(candidates.history, history)[:, None, None]
    return torch.cat([parts, popular, parts * popular, parts * long, popular * long], dim=2).masked_fill(~real, 0.0)


def learn(candidates: Candidates, targets: Tensor, parts: list[str]) -> LearnedOrder:
    """Learn the weights by which the targets come first among the candidates.

    Args:
        candidates: of questions whose target is among them, of one at least.
        targets: item numbers. ``[n_questions]``
        parts: names of the parts of the scores.
    """
    popularity = _measure(candidates.popularity[candidates.real])
    history = _measure(candidates.history)
    known = features(candidates, popularity, history)
    places = (candidates.items == targets[:, None]).int().argmax(dim=1)
    weights = torch.zeros(known.shape[2], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = (known @ weights).masked_fill(~candidates.real, -torch.inf)
        found = F.cross_entropy(scores, places) + DECAY * weights.square().sum()
        found.backward()  # type: ignore[no-untyped-call]
        return found

    with torch.enable_grad():
        optimizer.step(loss)  # type: ignore[no-untyped-call]
    return LearnedOrder(parts, weights.detach().tolist(), popularity, history)


def _standard(scores: Tensor, real: Tensor) -> Tensor:
    """Standardise over the candidates of each question, which padding is not part of: ``[batch, n, n_parts]``."""
    n = real.sum(dim=1, keepdim=True).clamp(min=1)
    kept = scores.masked_fill(~real, 0.0)
    centred = (kept - kept.sum(dim=1, keepdim=True) / n).masked_fill(~real, 0.0)
    return centred / (centred.square().sum(dim=1, keepdim=True) / n).sqrt().clamp(min=1e-12)


def _measure(values: Tensor) -> list[float]:
    return [float(values.double().mean()), float(values.double().std(correction=0).clamp(min=1e-6))]


def _scaled(values: Tensor, measured: list[float]) -> Tensor:
    return (values.double() - measured[0]) / measured[1]
