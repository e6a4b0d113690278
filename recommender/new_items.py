"""Items that nobody had chosen in what a fit knows: what learned or counted interactions says nothing true of them.

A sequence model has learned of them only that they never come next, and no count holds them; by their texts and by the
graph they can be told apart. So they get one and the same standard score from the former, that the latter may decide.
It is chosen on validation, where an item is new in the same way.
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from recommender.asked import QUESTIONS, Asked, Score, ranks
from recommender.fusion import RETRIEVED, fused
from recommender.metrics import ndcg
from recommender.scoring import Spreads
from recommender.sequences import PADDING
from recommender.sources import FROM_INTERACTIONS
from recommender.spread import FEWEST, Spread

VALUES = (0.0, 0.5, 1.0, 1.5, 2.0)  # standard scores


def among(counts: np.ndarray) -> Tensor:
    """Say which items nobody had chosen, by how often each was ``[n_items + 1]``; padding is none of them."""
    found = torch.from_numpy(counts == 0)
    found[PADDING] = False
    return found


class Given:
    """A score brought to mean 0 and spread 1 over the items that somebody had chosen; the new ones get ``value``.

    Args:
        score: of all items.
        new: which of them are new. ``[n_items + 1]``
        value: theirs.
    """

    def __init__(self, score: Score, new: Tensor, value: float):
        self.score, self.value = score, value
        self.new = torch.nonzero(new).squeeze(1)

    def __call__(self, asked: Asked) -> Tensor:
        """Score all items: ``[batch, n_items + 1]``."""
        found = self.score(asked).clone()
        new, real = self.new.to(found.device), found[:, 1:]
        kept = max(real.shape[1] - len(new), 1)
        found[:, new] = 0.0
        real -= real.sum(dim=1, keepdim=True) / kept
        found[:, new] = 0.0
        real /= (real.square().sum(dim=1, keepdim=True) / kept).sqrt().clamp(min=FEWEST)
        found[:, new] = self.value
        return found

    def spread(self, asked: Asked) -> Spread | None:
        """Give the same, where the score gives most items the same."""
        found = self.score.spread(asked) if isinstance(self.score, Spreads) else None
        return None if found is None else found.given(self.new.numpy(), self.value)


@torch.no_grad()
def choose(
    asked: Asked, model: Score, sources: Mapping[str, Score], weights: Mapping[str, float], new: Tensor
) -> float | None:
    """Choose the value by NDCG@100 on what the validation fit is asked.

    Args:
        asked: of the validation fit.
        model: of the validation fit; like the sources it is asked for the same several times in a row.
        sources: of the validation fit.
        weights: of the sources.
        new: which items are new to the validation fit. ``[n_items + 1]``

    Returns:
        ``None``, which leaves each score its own, where no value is better, or no source that is on tells new items
        apart. Unlike a source, a value need not stand out: too few targets are new for that, and none of them has
        another way onto a list.
    """
    if not new.any() or not any(weight for name, weight in weights.items() if name not in FROM_INTERACTIONS):
        return None
    gains: dict[float, list[np.ndarray]] = {value: [] for value in VALUES}
    for batch in asked.sample(QUESTIONS).batches():
        own = _ndcg(batch, fused(model, sources, weights))
        for value, found in gains.items():
            some = {name: Given(sources[name], new, value) for name in FROM_INTERACTIONS if name in sources}
            found.append(_ndcg(batch, fused(Given(model, new, value), {**sources, **some}, weights)) - own)
    mean = {value: float(np.concatenate(found).mean()) for value, found in gains.items()}
    best = max(VALUES, key=lambda value: mean[value])
    return best if mean[best] > 0 else None


def _ndcg(asked: Asked, score: Score) -> np.ndarray:
    """NDCG@100 of each question's target among all items: ``[n]``."""
    return ndcg(ranks(asked, score).numpy(), RETRIEVED)
