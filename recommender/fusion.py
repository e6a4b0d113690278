"""First stage: a sequence model's scores of all items, and beside them what the graph knows, weighed by validation.

All are brought to mean 0 and spread 1 over the catalogue before they are added. A source comes in only where it makes
the validation targets' NDCG@100 better by two standard errors; the others are switched off. At a hundred, not at ten:
what is retrieved counts, and a second stage may order it anew. There is a floor: what popular items gain, the others do
not pay for. No weight is taken with which fewer of the popular targets, or fewer of the others, are retrieved than by
the model alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recommender.asked import QUESTIONS, Asked, Score
from recommender.choices import load_choice, save_choices, stands_out
from recommender.metrics import hit_rate, ndcg
from recommender.ranking import seen_items
from recommender.scoring import Spreads, score_at
from recommender.sequences import PADDING
from recommender.spread import FEWEST, Spread, add

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0)  # of a source; the model has 1
RETRIEVED = 100  # items that count
POOL = 200  # of each one's best items the best hundred of any sum are looked for
NORM_OF = 2**14  # scores whose squares are added up at once
FILE = "fusion.json"


@dataclass(frozen=True)
class Fusion:
    """What validation chose to stand beside one sequence model.

    Attributes:
        weights: of each source; 0 where it does not show that it helps.
        knn_recency: of the co-occurrence that weighs later items more.
        alone: NDCG@100 of the validation targets by the model alone.
        fused: the same with the sources.
        new_items: standard score of items that nobody had chosen, by the model and by the sources that count
            interactions; ``None`` where each gives its own (see `recommender.new_items`).
    """

    weights: dict[str, float]
    knn_recency: float
    alone: float
    fused: float
    new_items: float | None = None

    @property
    def name(self) -> str:
        """The sources that are on, with their weights, those that are off, and the score of new items."""
        on = [f"{weight:g} {source}" for source, weight in self.weights.items() if weight]
        off = [source for source, weight in self.weights.items() if not weight]
        new = "" if self.new_items is None else f", new items at {self.new_items:g}"
        return " + ".join(on or ["none"]) + (f" (off: {'; '.join(off)})" if off else "") + new


def fused(model: Score, sources: Mapping[str, Score], weights: Mapping[str, float]) -> Score:
    """Add sources to a model's scores; without any, the model's own scores stay as they are.

    What gives most items the same is added to the few others alone (`recommender.spread`).
    """
    on = {name: weight for name, weight in weights.items() if weight}
    if not on:
        return model

    def score(asked: Asked) -> Tensor:
        total = standard(model(asked))
        spreads: list[tuple[float, Spread]] = []
        for name, weight in on.items():
            source = sources[name]
            spread = source.spread(asked) if isinstance(source, Spreads) else None
            if spread is None:
                _add_standard(total, source(asked).to(total.device), weight)
            else:
                spreads.append((weight, spread.standard()))
        add(total, spreads)
        return total

    return score


def terms(
    model: Score, sources: Mapping[str, Score], weights: Mapping[str, float], asked: Asked, items: Tensor
) -> list[Tensor]:
    """Return what `fused` adds up for some items: the model's term, then that of each source that is on, in order.

    Args:
        model: as `fused`.
        sources: as `fused`.
        weights: as `fused`.
        asked: the questions.
        items: real items. ``[batch, n]``

    Returns:
        On the CPU, ``[batch, n]`` each.
    """
    on = {name: weight for name, weight in weights.items() if weight}
    if not on:
        return [score_at(model, asked, items).cpu()]
    found = [_standard_at(model, asked, items)]
    return found + [weight * _standard_at(sources[name], asked, items) for name, weight in on.items()]


def _standard_at(score: Score, asked: Asked, items: Tensor) -> Tensor:
    spread = score.spread(asked) if isinstance(score, Spreads) else None
    if spread is not None:
        return spread.standard().at(items.cpu())
    return standard(score(asked)).cpu().gather(1, items.cpu())


def standard(scores: Tensor) -> Tensor:
    """Bring the scores of real items to mean 0 and spread 1, row by row: ``[batch, n_items + 1]``.

    Who scores all alike says nothing and gets zeros. Padding stays out.
    """
    found = torch.empty_like(scores)
    centred, spreads = _centred(scores, found[:, 1:])
    centred /= spreads
    found[:, PADDING] = -torch.inf
    return found


def _add_standard(total: Tensor, scores: Tensor, weight: float) -> None:
    """Add ``weight * standard(scores)`` in place, in fewer passes over all of them."""
    centred, spreads = _centred(scores, torch.empty_like(scores[:, 1:]))
    total[:, 1:].addcmul_(centred, weight / spreads)


def _centred(scores: Tensor, out: Tensor) -> tuple[Tensor, Tensor]:
    """Bring real items to mean 0, in ``out`` ``[batch, n_items]``, and tell how far they spread: ``[batch, 1]``."""
    real = scores[:, 1:]
    centred = torch.sub(real, real.mean(dim=1, keepdim=True), out=out)
    # By parts: what adds up a million squares one after the other loses digits.
    parts = [torch.linalg.vector_norm(part, dim=1) for part in torch.split(centred, NORM_OF, dim=1)]
    lengths = torch.linalg.vector_norm(torch.stack(parts, dim=1), dim=1, keepdim=True)
    return centred, (lengths / math.sqrt(real.shape[1])).clamp(min=FEWEST)


def choose(asked: Asked, model: Score, sources: Mapping[str, Score], knn_recency: float, popular: np.ndarray) -> Fusion:
    """Choose weights on what the validation fit is asked: forward, the source that helps most first.

    Args:
        asked: of the validation fit.
        model: of the validation fit.
        sources: of the validation fit.
        knn_recency: what they were made with.
        popular: which items are the head of the catalogue. ``[n_items + 1]``
    """
    asked = asked.sample(QUESTIONS)
    scores, out = _pools(asked, [model, *sources.values()])
    of_head = popular[asked.targets]
    total = scores[0].clone()
    by_model = _ranks(total, out)
    values = alone = ndcg(by_model, RETRIEVED)
    weights = dict.fromkeys(sources, 0.0)
    while True:
        better = {}
        for source, column in zip(sources, scores[1:], strict=True):
            for weight in WEIGHTS:
                found = _ranks(total + (weight - weights[source]) * column, out)
                changed = ndcg(found, RETRIEVED)
                if _stands(changed - values, entering=not weights[source]) and not _hurts(found, by_model, of_head):
                    better[source, weight] = changed
        if not better:
            return Fusion(weights, knn_recency, float(alone.mean()), float(values.mean()))
        source, weight = max(better, key=lambda one: better[one].mean())
        total += (weight - weights[source]) * scores[1 + list(sources).index(source)]
        weights[source], values = weight, better[source, weight]


def save(fusions: Mapping[str, Fusion], run: Path) -> None:
    """Write the choices of a run, by name of the model."""
    save_choices(fusions, run / "evaluation" / FILE)


def load(run: Path, name: str) -> Fusion:
    """Read what was chosen for a model; raises as `load_choice`."""
    return load_choice(Fusion, "fusion", run / "evaluation" / FILE, name)


def _stands(gains: np.ndarray, entering: bool) -> bool:
    """Whether a change makes it better: who comes in has to prove it, who is in already is only weighed anew."""
    return stands_out(gains) if entering else bool(gains.mean() > 0)


def _hurts(found: np.ndarray, before: np.ndarray, of_head: np.ndarray) -> bool:
    """Whether by new ranks ``[n]`` fewer targets are retrieved than before, of the head or of the others."""
    lost = hit_rate(before, RETRIEVED) - hit_rate(found, RETRIEVED)
    return bool(lost[of_head].sum() > 0 or lost[~of_head].sum() > 0)


@torch.no_grad()
def _pools(asked: Asked, scores: Sequence[Score]) -> tuple[Tensor, Tensor]:
    """Scores of each question's target, in the first place, and of the best items of everyone, each once.

    Returns:
        Standardised scores ``[n_scores, n, n_pool]``, and which places hold no item of the pool ``[n, n_pool]``.
    """
    parts, outs = [], []
    for batch in asked.batches():
        found = torch.stack([standard(score(batch)).cpu() for score in scores])  # [n_scores, batch, n_items + 1]
        seen = seen_items(batch.histories).expand(len(scores), -1, -1)
        found.scatter_(2, seen, -torch.inf)
        best = found.topk(min(POOL, asked.n_items), dim=2).indices.permute(1, 0, 2).flatten(1)
        pool = torch.cat([torch.from_numpy(batch.targets)[:, None], best], dim=1)
        taken = found.gather(2, pool.expand(len(scores), -1, -1))
        out = _repeated(pool) | (pool == PADDING) | torch.isinf(taken[0])
        parts.append(taken.masked_fill(out, 0.0))
        outs.append(out)
    return torch.cat(parts, dim=1), torch.cat(outs)


def _repeated(pool: Tensor) -> Tensor:
    """Say which places hold an item that stands in an earlier one: the shape of ``pool``, ``[n, n_pool]``."""
    ordered, order = pool.sort(dim=1, stable=True)
    again = torch.nn.functional.pad(ordered[:, 1:] == ordered[:, :-1], (1, 0))
    return torch.zeros_like(again).scatter(1, order, again)


def _ranks(total: Tensor, out: Tensor) -> np.ndarray:
    """Rank of each question's target, which stands first, among the pool: ``[n]``, infinite where it is out."""
    before = ((total >= total[:, :1]) & ~out).sum(dim=1)  # the target itself among them
    ranks: np.ndarray = torch.where(out[:, 0], torch.inf, before.to(torch.float64)).numpy()
    return ranks
