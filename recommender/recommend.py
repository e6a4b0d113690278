"""Recommendations: personas from Neo4j, candidates of the first stage, the second stage's order, reasons."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from more_itertools import chunked
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.personas import nearest_persona
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import second_stage
from recommender.asked import Asked, batch_size
from recommender.explanations import ENOUGH, companion, reasons
from recommender.reading import read_dataset
from recommender.settings import SASRecSettings
from recommender.trained import with_persona


@dataclass(frozen=True)
class Recommendation:
    """One line of a list.

    Attributes:
        user_id: whom it is for; ``"session"`` for an anonymous one.
        rank: from 1.
        score: that gave the order: of the second stage where there is one, else of the first, a sum of standardised
            scores, or the sequence model's logit where it stands alone.
        retrieved: rank among the candidates of the first stage, from 1.
        persona: name of the persona that the candidates were retrieved for.
        reason: what the item shares with the history; where that is little, with what of it how many others chose it.
    """

    user_id: str
    rank: int
    item_id: str
    title: str
    score: float
    retrieved: int
    persona: str
    reason: str


class Recommender:
    """The final fit, which has learned from all interactions, over the graph of now.

    Args:
        database: holds personas, sequences and facts.
        run: folder with the trained models.
        settings: which conditioning, and how many candidates; those of the settings file and the environment where
            ``None``.
        domain: whose items alone are recommended, whatever the histories hold; those of all where ``None``.

    Raises:
        KgrecError: a stage is not trained, the graph has changed since, or it has no item of the domain.
    """

    def __init__(
        self, database: Database, run: str | Path, settings: SASRecSettings | None = None, domain: str | None = None
    ):
        self.database, self.settings = database, settings or load_section("sasrec", SASRecSettings)
        self.dataset = read_dataset(database, [Fit.FINAL], with_texts=False)
        self.personas = self.dataset.require_personas(Fit.FINAL)
        self.chosen = self.dataset.sequences.known(Fit.FINAL).matrix(self.dataset.n_items).tocsc()
        name = with_persona(self.settings.conditioning).name
        self.stage = second_stage.load(Path(run), name)
        stages = second_stage.both_stages(self.dataset, Path(run), name, Fit.FINAL, self.settings.n_candidates)
        self.stages = stages if domain is None else replace(stages, allowed=self._items_of(domain))

    def _items_of(self, domain: str) -> Tensor:
        """Whether an item number is of the domain: ``[n_items + 1]``."""
        found = [row["item_id"] for row in self.database.stream("project/items_of_domain", domain=domain)]
        if not found:
            names = ", ".join(repr(one.name) for one in domains(self.database)) or "none"
            raise KgrecError(f"The graph has no items of a domain {domain!r}; it has these domains: {names}.")
        allowed = torch.zeros(self.dataset.n_items + 1, dtype=torch.bool)
        allowed[[self.dataset.number[item_id] for item_id in found if item_id in self.dataset.number]] = True
        return allowed

    def for_users(self, user_ids: list[str], k: int = 10) -> Results[Recommendation]:
        """Recommend ``k`` unseen items to each user, from everything the user did.

        Raises:
            KgrecError: a user is not in the graph.
        """
        data = self.dataset
        unknown = [user_id for user_id in user_ids if user_id not in data.row]
        if unknown:
            raise KgrecError(
                f"The graph has no interactions of {_listed('user', unknown)}: load them, or recommend to an anonymous "
                "session with --session ITEM,ITEM,..."
            )
        found: Results[Recommendation] = Results()
        for batch in chunked(user_ids, batch_size(data.n_items)):
            rows = [data.row[user_id] for user_id in batch]
            histories = [data.sequences.known(Fit.FINAL).histories[row] for row in rows]
            names = [self.personas.names[row] or "" for row in rows]
            found += self._lists(batch, histories, self.personas.vectors[rows], names, k)
        return found

    def for_session(self, item_ids: list[str], k: int = 10) -> Results[Recommendation]:
        """Recommend ``k`` items after an anonymous session.

        Its persona is that of a user who has these items and no others (`recommender.asked.sessions_asked` measures
        what it is worth).

        Raises:
            KgrecError: there are no items, or one is not in the graph.
        """
        if not item_ids:
            raise KgrecError("The session has no items: give item ids, oldest first, with commas between them.")
        unknown = [item_id for item_id in item_ids if item_id not in self.dataset.number]
        if unknown:
            raise KgrecError(f"The graph has no {_listed('item', unknown)}: a session can only hold known items.")
        history = [self.dataset.number[item_id] for item_id in item_ids]
        persona = self.personas.of_items(history)
        name = nearest_persona(self.database, self.personas.run_id, persona.tolist())
        return Results(self._lists(["session"], [history], persona[None], [name or ""], k))

    @torch.no_grad()
    def _lists(
        self, user_ids: list[str], histories: list[list[int]], personas: Tensor, names: list[str], k: int
    ) -> list[Recommendation]:
        nothing = np.zeros(len(histories), dtype=np.int64)  # no target is asked for
        asked = Asked(nothing, histories, nothing, nothing, personas, self.dataset.n_items)
        stages = replace(self.stages, n_candidates=max(k, self.stages.n_candidates))
        candidates, scores = second_stage.rank(asked, stages, self.stage, self.stage.way)
        best = scores.topk(min(k, candidates.shape[1]), dim=1)
        chosen = candidates.gather(1, best.indices)
        found = []
        for row, (user_id, persona) in enumerate(zip(user_ids, names, strict=True)):
            place = {item: number for number, item in enumerate(candidates[row].tolist(), start=1)}
            pairs = zip(chosen[row].tolist(), best.values[row].tolist(), strict=True)
            for rank, (item, score) in enumerate(pairs, start=1):
                if score == -torch.inf:  # fewer than k items are unseen
                    break
                item_id, title = self.dataset.item_ids[item - 1], self.dataset.titles[item - 1]
                found.append((Recommendation(user_id, rank, item_id, title, score, place[item], persona, ""), row))
        owned = [[self.dataset.item_ids[item - 1] for item in history] for history in histories]
        why = reasons(self.database, [(one.item_id, owned[row]) for one, row in found])
        return [
            replace(one, reason=", ".join(self._with_others(features, one.item_id, histories[row])))
            for (one, row), features in zip(found, why, strict=True)
        ]

    def _with_others(self, features: list[str], item_id: str, history: list[int]) -> list[str]:
        """Add what others chose the item with, where the graph does not say enough."""
        ties = self.dataset.co_occurrence[Fit.FINAL]
        found = companion(ties, self.chosen, self.dataset.number[item_id], history) if len(features) < ENOUGH else None
        return [*features, f"{found[1]} chose it with {self.dataset.titles[found[0] - 1]}"] if found else features


def _listed(kind: str, unknown: list[str]) -> str:
    shown = ", ".join(repr(name) for name in unknown[:5])
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    return f"{kind}{'s' if len(unknown) > 1 else ''} {shown}{more}"
