"""What a score loses without an item of the history: each one is really taken away, and everything is scored again.

Leave-one-out over the history, of the stage that gives the order. The candidates stay those of the whole history, so
that scores and ranks before and after are of the same items.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from recommender.asked import Asked, batch_size
from recommender.dataset import Personas
from recommender.interests import INTERESTS
from recommender.scoring import score_at
from recommender.second_stage import BASE, SecondStage, Stages, Way, gained_by_interests
from recommender.sequences import PADDING

SAME = 1e-3  # that two vectors of length 1 may differ by in a number, to be the same persona


@dataclass(frozen=True, eq=False)
class Removals:
    """The scores of one history's candidates, and the same without each item of the history.

    Attributes:
        items: the candidates, in the order of retrieval. ``[n]``
        removed: the distinct items of the history, the latest first. ``[m]``
        retrieved: what adds up to the scores of the first stage, by the part's name. ``[n]`` each
        way: that gives the order.
        terms: what adds up to the scores that give it, by the part's name: with the whole history in row 0, and in row
            ``1 + i`` without ``removed[i]``. ``[1 + m, n]`` each
    """

    items: Tensor
    removed: list[int]
    retrieved: dict[str, Tensor]
    way: Way
    terms: dict[str, Tensor]

    @property
    def scores(self) -> Tensor:
        """Give the order: ``[1 + m, n]``."""
        return torch.stack(list(self.terms.values())).sum(dim=0)

    @property
    def losses(self) -> Tensor:
        """What each candidate's score loses without each item of the history: ``[m, n]``."""
        scores = self.scores
        return scores[:1] - scores[1:]

    @property
    def ranks(self) -> Tensor:
        """Ranks of the candidates among themselves, from 1; ties count against all of them: ``[1 + m, n]``."""
        scores = self.scores
        ordered = scores.neg().sort(dim=1).values.contiguous()
        return torch.searchsorted(ordered, scores.neg().contiguous(), right=True)

    def place(self, item: int) -> int | None:
        """Find an item among the candidates."""
        found = (self.items == item).nonzero()
        return int(found[0, 0]) if len(found) else None


@torch.no_grad()
def removals(
    stages: Stages,
    chosen: SecondStage,
    personas: Personas,
    history: list[int],
    persona: Tensor,
    k: int,
    hidden: list[int] | None = None,
    interests: sp.csr_matrix | None = None,
    in_persona: Tensor | None = None,
) -> Removals:
    """Score the candidates of a history, and score them again without each of its items, wherever it stands.

    A persona that is that of the history's items and the interests is made anew of what is left. One that is not, as
    of a user by HDGI's own objective or where the history went on since, stays as it is.

    Args:
        stages: both stages.
        chosen: the second stage, whose way gives the order.
        personas: of the same fit.
        history: item numbers, oldest first.
        persona: of the history. ``[persona_dim]``
        k: as many candidates there are at least, as far as there are items.
        hidden: item numbers that are no candidates.
        interests: as `Asked.interests`. ``[1, n_items + 1]``
        in_persona: what these add to the vectors of the items (`recommender.interests.in_persona`). ``[persona_dim]``
    """
    removed = list(dict.fromkeys(reversed(history)))
    histories = [[other for other in history if other != item] for item in removed]
    moves = bool(persona.any()) and torch.allclose(personas.of_items(history, in_persona), persona, atol=SAME)
    vectors = [personas.of_items(rest, in_persona) if moves else persona for rest in histories]
    whole = replace(_asked([history], [persona], stages, interests), hidden=[hidden or []])
    candidates, _ = replace(stages, n_candidates=max(k, stages.n_candidates)).candidates(whole)
    items = candidates[0][candidates[0] != PADDING].cpu()
    retrieved = {name: one[0] for name, one in stages.first.terms(whole, items[None]).items()}
    way: Way = "none" if chosen.learned is None and chosen.way == "learned" else chosen.way
    if stages.first.by_persona_alone(whole).any():
        way = "none"
    found = [_terms(stages, chosen, way, whole, items[None])]
    size = batch_size(whole.n_items)
    for start in range(0, len(histories), size):
        some = _asked(histories[start : start + size], vectors[start : start + size], stages, interests)
        found.append(_terms(stages, chosen, way, some, items.expand(len(some.histories), -1)))
    terms = {name: torch.cat([one[name] for one in found]) for name in found[0]}
    return Removals(items, removed, retrieved, way, terms)


def _terms(stages: Stages, chosen: SecondStage, way: Way, asked: Asked, items: Tensor) -> dict[str, Tensor]:
    if way == "learned" and chosen.learned is not None:
        terms = chosen.learned.terms(stages.known(asked, items, chosen.learned.parts))
    elif way == "base":
        terms = {BASE: score_at(stages.base, asked, items).cpu()}
    else:
        return stages.first.terms(asked, items)
    if asked.interests is None:
        return terms
    return terms | {INTERESTS: gained_by_interests(asked, items, torch.stack(list(terms.values())).sum(dim=0))}


def _asked(
    histories: list[list[int]], personas: list[Tensor], stages: Stages, interests: sp.csr_matrix | None
) -> Asked:
    nothing = np.zeros(len(histories), dtype=np.int64)  # no target is asked for
    stated = None if interests is None else interests[nothing]
    n_items = len(stages.counts) - 1
    return Asked(nothing, histories, nothing, nothing, torch.stack(personas), n_items, interests=stated)
