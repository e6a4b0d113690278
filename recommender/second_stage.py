"""Second stage: the order of the candidates, by whichever of three ways validation prefers.

None, the order of retrieval; the base SASRec's order, by the short-term intent of the session alone (arXiv 2604.06928);
or an order that is learned from all parts of the score, the base's among them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from kgrec.training.fits import Fit
from recommender.asked import QUESTIONS, Asked, Score
from recommender.choices import chosen_names, load_choice, save_choices, stands_out
from recommender.first_stage import FirstStage, Part, first_stage
from recommender.interests import dense, gained
from recommender.knowledge import Knowledge
from recommender.learned_order import Candidates, LearnedOrder, learn
from recommender.metrics import ndcg
from recommender.ranking import candidate_ranks, retrieve
from recommender.scoring import ByModel, score_at
from recommender.sequences import PADDING
from recommender.trained import load_model

Way = Literal["none", "base", "learned"]
BASE = "base"  # the base's part of the score, in the learned order
FOLDS = 5  # a learned order is judged by questions that it was not learned from
ENOUGH = 50  # targets among the candidates, below which no order is learned
FILE = "second_stage.json"


@dataclass(frozen=True)
class SecondStage:
    """What validation chose for one conditioned model.

    Attributes:
        base: name of the base model.
        way: that is served.
        learned: the learned order, chosen or not; ``None`` where there was too little to learn it from.
        validation: NDCG@10 of the validation targets by each way; of the learned order, by orders learned without them.
    """

    base: str
    way: Way
    learned: LearnedOrder | None
    validation: dict[str, float]

    @property
    def ways(self) -> list[Way]:
        """Those that can be taken."""
        return [way for way in get_args(Way) if way != "learned" or self.learned is not None]


@dataclass(frozen=True)
class Stages:
    """Both stages of one fit, ready to answer.

    Attributes:
        first: the first stage.
        base: the base model.
        counts: how often each item number was chosen in what the fit knows. ``[n_items + 1]``
        n_candidates: that the first stage hands over.
        allowed: whether an item number may be among them; all may where it is None. ``[n_items + 1]``
    """

    first: FirstStage
    base: Score
    counts: np.ndarray
    n_candidates: int
    allowed: Tensor | None = None

    @property
    def parts(self) -> dict[str, Score]:
        """What the learned order weighs."""
        return {**self.first.parts, BASE: self.base}

    def candidates(self, asked: Asked) -> tuple[Tensor, Tensor]:
        """Retrieve, the best first: ``[batch, n]``, 0 for none; and the first stage's scores of all items."""
        scores = self.first(asked)
        among = scores if self.allowed is None else scores.masked_fill(~self.allowed.to(scores.device), -torch.inf)
        return retrieve(among, asked.out.to(scores.device), self.n_candidates), scores

    def known(self, asked: Asked, items: Tensor, parts: list[str]) -> Candidates:
        """Look up what some parts of the score, and the covariates, say of candidates ``[batch, n]``: on the CPU.

        A part that the graph has no more says nothing.
        """
        scorers = self.parts
        scores = []
        for part in parts:
            known = part in scorers
            scores.append(score_at(scorers[part], asked, items).cpu() if known else torch.zeros(items.shape))
        counts = torch.from_numpy(self.counts.astype(np.float64))
        lengths = torch.tensor([len(history) for history in asked.histories], dtype=torch.float64)
        items = items.cpu()
        return Candidates(items, torch.stack(scores, dim=2), counts[items].log1p(), lengths.clamp(min=1).log())


def both_stages(knowledge: Knowledge, run: Path, name: str, fit: Fit, n_candidates: int) -> Stages:
    """Load a conditioned model with its sources, and the base of its second stage, of the same fit.

    Raises:
        KgrecError: as `first_stage`, or no second stage was chosen for it.
    """
    return beside_base(first_stage(run, name, knowledge, fit), run, load(run, name).base, knowledge, fit, n_candidates)


def beside_base(first: FirstStage, run: Path, base: str, knowledge: Knowledge, fit: Fit, n_candidates: int) -> Stages:
    """Put a base model, which is loaded when it is asked for, behind a first stage; all of the same fit."""
    model = Part(lambda: ByModel(load_model(run, base, knowledge, fit)))
    return Stages(first, model, knowledge.counts(fit), n_candidates)


@torch.no_grad()
def rank(asked: Asked, stages: Stages, chosen: SecondStage, way: Way) -> tuple[Tensor, Tensor]:
    """Retrieve for one batch of questions and order what was retrieved.

    Whose items are retrieved by the persona alone keeps the order of retrieval: the others are of histories.

    Returns:
        Candidates in the order of retrieval, 0 for none, and their scores by the way, minus infinity where there is
        none: ``[batch, n]`` both.
    """
    items, retrieved = stages.candidates(asked)
    as_retrieved = retrieved.gather(1, items).masked_fill(items == PADDING, -torch.inf)
    if way == "learned" and chosen.learned is not None:
        scores = chosen.learned(stages.known(asked, items, chosen.learned.parts)).to(items.device)
    elif way == "base":
        scores = score_at(stages.base, asked, items).masked_fill(items == PADDING, -torch.inf)
    else:
        return items, as_retrieved
    if asked.interests is not None:
        scores = scores + gained_by_interests(asked, items, scores)
    alone = stages.first.by_persona_alone(asked)
    return items, torch.where(alone[:, None].to(items.device), as_retrieved, scores)


def gained_by_interests(asked: Asked, items: Tensor, scores: Tensor) -> Tensor:
    """Tell what candidates ``[batch, n]`` gain by interests in an order of scores ``[batch, n]``: of that shape.

    Args:
        asked: by whom some were stated.
        items: the candidates, 0 for none.
        scores: minus infinity for none.
    """
    assert asked.interests is not None
    return gained(dense(asked.interests).to(items.device).gather(1, items), scores)


def choose(asked: Asked, stages: Stages, base_name: str) -> SecondStage:
    """Choose on what the validation fit is asked: another order has to be better by two standard errors.

    Args:
        asked: of the validation fit.
        stages: of the validation fit.
        base_name: of the base model's file.
    """
    asked = asked.sample(QUESTIONS)
    known = _known(asked, stages)
    targets = torch.from_numpy(asked.targets)
    parts = list(stages.parts)
    hit = (known.items == targets[:, None]).any(dim=1).numpy()
    # Candidates come in the order of retrieval, so their place is their order.
    order = -torch.arange(known.items.shape[1], dtype=torch.float64).expand(known.items.shape)
    scores: dict[Way, Tensor] = {"none": order, "base": known.scores[..., parts.index(BASE)]}
    learned = None
    if hit.sum() >= ENOUGH:
        scores["learned"] = _out_of_fold(known, targets, hit, parts)
        learned = learn(known.rows(np.flatnonzero(hit)), targets[hit], parts)
    values = {way: _ndcg(found, known, targets) for way, found in scores.items()}
    best = max(values, key=lambda way: values[way].mean())
    stands = stands_out(values[best] - values["none"])  # paired, user by user
    means = {str(way): float(found.mean()) for way, found in values.items()}
    return SecondStage(base_name, best if stands else "none", learned, means)


def save(stages: Mapping[str, SecondStage], run: Path) -> None:
    """Write the choices of a run, by name of the model."""
    save_choices(stages, run / "evaluation" / FILE)


def names(run: Path) -> list[str]:
    """Return the conditioned models of a run in the order of their names, as `chosen_names` does."""
    return chosen_names(run / "evaluation" / FILE)


def load(run: Path, name: str) -> SecondStage:
    """Read what was chosen for a model; raises as `load_choice`."""
    return load_choice(SecondStage, "second stage", run / "evaluation" / FILE, name)


@torch.no_grad()
def _known(asked: Asked, stages: Stages) -> Candidates:
    parts = list(stages.parts)
    return Candidates.joined([stages.known(batch, stages.candidates(batch)[0], parts) for batch in asked.batches()])


def _out_of_fold(known: Candidates, targets: Tensor, hit: np.ndarray, parts: list[str]) -> Tensor:
    """Score every question's candidates by an order learned from the other folds: ``[n, n_candidates]``."""
    fold = np.random.default_rng(0).permutation(len(hit)) % FOLDS
    found = torch.zeros(known.items.shape, dtype=torch.float64)
    for number in range(FOLDS):
        taught = np.flatnonzero((fold != number) & hit)
        order = learn(known.rows(taught), targets[taught], parts)
        rest = np.flatnonzero(fold == number)
        found[rest] = order(known.rows(rest))
    return found


def _ndcg(scores: Tensor, known: Candidates, targets: Tensor) -> np.ndarray:
    ordered = scores.masked_fill(~known.real, -torch.inf)
    return ndcg(candidate_ranks(ordered, known.items, targets).numpy(), 10)
