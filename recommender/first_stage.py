"""The first stage of a trained run: a sequence model, with the sources that validation chose to stand beside it."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from kgrec.training.fits import Fit
from recommender import fusion, new_items
from recommender.asked import Asked, Score, users_asked
from recommender.baselines import choose_once
from recommender.dataset import Dataset
from recommender.fusion import Fusion, fused, standard, terms
from recommender.interests import INTERESTS, dense, gained
from recommender.knowledge import Knowledge
from recommender.scoring import ByModel, ScoresSome, Spreads
from recommender.slices import head_items
from recommender.sources import FROM_INTERACTIONS, PERSONA, sources
from recommender.spread import Spread
from recommender.trained import load_model

MODEL = "sequence model"


class Part:
    """A score that is made when it is first asked for, and remembers its last answers: both stages ask for them.

    Args:
        make: gives the score.
    """

    def __init__(self, make: Callable[[], Score]):
        self._make = make
        self._score: Score | None = None
        self._last: tuple[Asked, Tensor] | None = None
        self._spread: tuple[Asked, Spread | None] | None = None

    def __call__(self, asked: Asked) -> Tensor:
        """Score all items: ``[batch, n_items + 1]``. Not to be changed in place."""
        if self._last is None or self._last[0] is not asked:
            self._last = asked, self._made(asked)
        return self._last[1]

    def spread(self, asked: Asked) -> Spread | None:
        """Give the scores without those of most items, where these are alike."""
        if self._spread is None or self._spread[0] is not asked:
            score = self._made
            self._spread = asked, score.spread(asked) if isinstance(score, Spreads) else None
        return self._spread[1]

    def at(self, asked: Asked, items: Tensor) -> Tensor:
        """Score items ``[batch, n]`` of each question: of the same shape."""
        if self._last is None or self._last[0] is not asked:
            spread = self.spread(asked)
            if spread is not None:
                return spread.at(items.cpu())
            if isinstance(self._made, ScoresSome):
                return self._made.at(asked, items)
        found = self(asked)
        return found.gather(1, items.to(found.device))

    @property
    def _made(self) -> Score:
        if self._score is None:
            self._score = self._make()
        return self._score


@dataclass(frozen=True)
class FirstStage:
    """Scores all items by the model and the sources that are on; for who has no history, by the persona alone.

    What somebody said to be interested in comes on top of either (`recommender.interests`).

    Attributes:
        parts: what could score, the model first; a source that is off as well, for the second stage.
        weights: of the sources; 0 for one that is off.
    """

    parts: Mapping[str, Score]
    weights: dict[str, float]

    def __call__(self, asked: Asked) -> Tensor:
        """Score all items: ``[batch, n_items + 1]``."""
        scores = self._of_what_was_done(asked)
        return scores if asked.interests is None else scores + gained(dense(asked.interests), scores)

    def _of_what_was_done(self, asked: Asked) -> Tensor:
        scores, alone = fused(self.parts[MODEL], self.parts, self.weights)(asked), self.by_persona_alone(asked)
        if not alone.any():
            return scores
        return torch.where(alone[:, None].to(scores.device), self._by_persona(asked).to(scores.device), scores)

    def by_persona_alone(self, asked: Asked) -> Tensor:
        """Tell who has a persona and no history, of whom model and counts know nothing: ``[batch]``.

        Nobody where items have no vectors in the space of the personas.
        """
        nothing = torch.tensor([not history for history in asked.histories], dtype=torch.bool)
        return nothing & asked.personas.any(dim=1).cpu() if PERSONA in self.parts else torch.zeros_like(nothing)

    def terms(self, asked: Asked, items: Tensor) -> dict[str, Tensor]:
        """Return what adds up to the scores of real items ``[batch, n]``, by the part's name: of that shape each.

        The persona's is among them too where somebody's score is the persona's alone, and that of interests where
        somebody has stated some.
        """
        parts = self._parts_of_what_was_done(asked, items)
        if asked.interests is None:
            return parts
        gain = gained(dense(asked.interests), self._of_what_was_done(asked))
        return parts | {INTERESTS: gain.cpu().gather(1, items.cpu())}

    def _parts_of_what_was_done(self, asked: Asked, items: Tensor) -> dict[str, Tensor]:
        names = [MODEL, *(name for name, weight in self.weights.items() if weight)]
        found = terms(self.parts[MODEL], self.parts, self.weights, asked, items)
        parts, alone = dict(zip(names, found, strict=True)), self.by_persona_alone(asked)
        if not alone.any():
            return parts
        parts = {name: term.masked_fill(alone[:, None], 0.0) for name, term in parts.items()}
        of_persona = self._by_persona(asked).cpu().gather(1, items.cpu())
        return parts | {PERSONA: torch.where(alone[:, None], of_persona, parts.get(PERSONA, torch.zeros(1)))}

    def _by_persona(self, asked: Asked) -> Tensor:
        return standard(self.parts[PERSONA](asked))


def first_stage(run: Path, name: str, knowledge: Knowledge, fit: Fit) -> FirstStage:
    """Load a model and its sources, of the same fit.

    Raises:
        KgrecError: as `load_model`, or no fusion was chosen for it.
    """
    return beside(ByModel(load_model(run, name, knowledge, fit)), fusion.load(run, name), knowledge, fit)


def beside(model: ByModel, chosen: Fusion, knowledge: Knowledge, fit: Fit) -> FirstStage:
    """Put the sources of a fit that validation had to choose from beside a model of the same fit.

    A source that the graph has no more is left out: facts can be removed.
    """
    made = sources(knowledge, fit, chosen.knn_recency)
    weights = {name: weight for name, weight in chosen.weights.items() if name in made}
    parts = {MODEL: Part(lambda: model)} | {name: Part(made[name]) for name in weights}
    if chosen.new_items is not None:
        new = new_items.among(knowledge.counts(fit))
        later = model.model.unlearned  # scored by the rows of others: the model did not learn that they never come
        of_model = new if later is None else new & ~later
        for name in (MODEL, *FROM_INTERACTIONS):
            if name in parts:
                of_part = of_model if name == MODEL else new
                parts[name] = Part(functools.partial(new_items.Given, parts[name], of_part, chosen.new_items))
    return FirstStage(parts, weights)


def choose_fusion(run: Path, name: str, dataset: Dataset, without: frozenset[str] = frozenset()) -> Fusion:
    """Choose on the validation fit what stands beside a model.

    Args:
        run: folder with the model's validation fit; the settings of the baselines are kept there too.
        name: of the model.
        dataset: with the personas of the validation fit.
        without: sources that are not to be tried.
    """
    recency = choose_once(dataset, run / "evaluation" / "baselines.json").knn_recency
    made = {
        source: Part(make)
        for source, make in sources(dataset, Fit.VALIDATION, recency).items()
        if source not in without
    }
    trained = ByModel(load_model(run, name, dataset, Fit.VALIDATION))
    model, asked = Part(lambda: trained), users_asked(dataset, Fit.VALIDATION)
    counts = dataset.counts(Fit.VALIDATION)
    chosen = fusion.choose(asked, model, made, recency, head_items(counts))
    new = new_items.among(counts)
    return replace(chosen, new_items=new_items.choose(asked, model, made, chosen.weights, new))
