"""Second stage: the order of the candidates, by whichever of three ways validation prefers.

None, the order of retrieval; the base SASRec's order, by the short-term intent of the session alone (arXiv 2604.06928);
or a blend of both scores whose weight is learned.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recommender.asked import Asked, Score
from recommender.choices import chosen_names, load_choice, save_choices, stands_out
from recommender.metrics import ndcg
from recommender.ranking import candidate_ranks, retrieve, seen_items
from recommender.sequences import PADDING

WEIGHTS = tuple(step / 10 for step in range(11))  # of the base: 0 is no second stage, 1 the base alone
FILE = "second_stage.json"


@dataclass(frozen=True)
class SecondStage:
    """What validation chose for one conditioned model.

    Attributes:
        base: name of the base model.
        weight: of the base's score in the order of the candidates; 0 where there is no second stage.
        blend: the best weight strictly between 0 and 1, chosen or not.
        validation: NDCG@10 of the validation targets by weight, as written in decimals.
    """

    base: str
    weight: float
    blend: float
    validation: dict[str, float]

    @property
    def name(self) -> str:
        """Name of the way: none, base or blend."""
        return {0.0: "none", 1.0: "base"}.get(self.weight, "blend")


def blended(first: Tensor, second: Tensor, candidates: Tensor, weight: float) -> Tensor:
    """Blend two scores of candidates, each brought to mean 0 and spread 1 over a user's candidates.

    Args:
        first: of the first stage. ``[batch, n]``
        second: of the base model. ``[batch, n]``
        candidates: item numbers, 0 for none. ``[batch, n]``
        weight: of the second.

    Returns:
        ``[batch, n]``, minus infinity where there is no candidate.
    """
    real = candidates != PADDING
    score = (1 - weight) * _standard(first, real) + weight * _standard(second, real)
    return score.masked_fill(~real, -torch.inf)


def choose(asked: Asked, first: Score, base: Score, base_name: str, n_candidates: int) -> SecondStage:
    """Choose on what the validation fit is asked: another order has to be better by two standard errors.

    Args:
        asked: of the validation fit.
        first: of the first stage, of the validation fit.
        base: of the base model, of the validation fit.
        base_name: of its file.
        n_candidates: that the first stage hands over.
    """
    found = _values(asked, first, base, n_candidates)
    means = {weight: float(values.mean()) for weight, values in found.items()}
    best = max(means, key=lambda weight: means[weight])
    gains = found[best] - found[0.0]  # paired, user by user
    return SecondStage(
        base=base_name,
        weight=best if stands_out(gains) else 0.0,
        blend=max(WEIGHTS[1:-1], key=lambda weight: means[weight]),
        validation={f"{weight:.1f}": mean for weight, mean in means.items()},
    )


@torch.no_grad()
def rank(asked: Asked, first: Score, base: Score, n_candidates: int, weight: float) -> tuple[Tensor, Tensor, Tensor]:
    """Retrieve for one batch of questions and order what was retrieved.

    Returns:
        Candidates in the order of retrieval ``[batch, n]``, their scores of both stages ``[batch, n]``, and the first
        stage's scores of all items ``[batch, n_items + 1]``.
    """
    scores = first(asked)
    candidates = retrieve(scores, seen_items(asked.histories).to(scores.device), n_candidates)
    retrieved = scores.gather(1, candidates)
    if not weight:
        return candidates, retrieved.masked_fill(candidates == PADDING, -torch.inf), scores
    return candidates, blended(retrieved, base(asked).gather(1, candidates), candidates, weight), scores


def save(stages: dict[str, SecondStage], run: Path) -> None:
    """Write the choices of a run, by name of the model."""
    save_choices(stages, run / "evaluation" / FILE)


def names(run: Path) -> list[str]:
    """Return the conditioned models of a run in the order of their names, as `chosen_names` does."""
    return chosen_names(run / "evaluation" / FILE)


def load(run: Path, name: str) -> SecondStage:
    """Read what was chosen for a model; raises as `load_choice`."""
    return load_choice(SecondStage, "second stage", run / "evaluation" / FILE, name)


@torch.no_grad()
def _values(asked: Asked, first: Score, base: Score, n_candidates: int) -> dict[float, np.ndarray]:
    """NDCG@10 of each question by weight ``[n]``; both score once, whatever the number of weights."""
    ranks: dict[float, list[Tensor]] = {weight: [] for weight in WEIGHTS}
    for batch in asked.batches():
        candidates, retrieved, _ = rank(batch, first, base, n_candidates, 0.0)
        second = base(batch).gather(1, candidates)
        targets = torch.from_numpy(batch.targets).to(retrieved.device)
        for weight, found in ranks.items():
            scores = blended(retrieved, second, candidates, weight) if weight else retrieved
            found.append(candidate_ranks(scores, candidates, targets).cpu())
    return {weight: ndcg(torch.cat(found).numpy(), 10) for weight, found in ranks.items()}


def _standard(scores: Tensor, real: Tensor) -> Tensor:
    """Standardise over the candidates of each row, which padding is not part of."""
    n = real.sum(dim=1, keepdim=True).clamp(min=1)
    kept = scores.masked_fill(~real, 0.0)
    centred = (kept - kept.sum(dim=1, keepdim=True) / n).masked_fill(~real, 0.0)
    return centred / (centred.square().sum(dim=1, keepdim=True) / n).sqrt().clamp(min=1e-12)
