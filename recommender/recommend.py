"""Recommendations: personas from Neo4j, candidates of the first stage, the second stage's order, reasons."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from more_itertools import chunked
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.personas import nearest_persona
from kgrec.results import Results
from kgrec.training.fits import Fit
from recommender.asked import batch_size
from recommender.explanations import ENOUGH, companion, reasons
from recommender.histories import Users, read_users
from recommender.sequences import PADDING
from recommender.serving import Served
from recommender.settings import SASRecSettings
from recommender.snapshot import current_snapshot
from recommender.tables import NEAR


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

    Of the graph it reads the users that are asked for; what all users did together is in the snapshot of the run folder
    (`recommender.snapshot`), which is made anew of the whole graph where that was written since.

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
        self.database = database
        self.snapshot = current_snapshot(database, Path(run))
        self.personas = self.snapshot.require_personas(Fit.FINAL)
        self.shares: dict[str, float] = {}  # of the features that lists were explained by
        served = Served.beside(self.snapshot, run, settings)
        allowed = None if domain is None else self._items_of(domain)
        self.served = replace(served, stages=replace(served.stages, allowed=allowed))

    def _items_of(self, domain: str) -> Tensor:
        """Whether an item number is of the domain: ``[n_items + 1]``."""
        found = [row["item_id"] for row in self.database.stream("project/items_of_domain", domain=domain)]
        if not found:
            names = ", ".join(repr(one.name) for one in domains(self.database)) or "none"
            raise KgrecError(f"The graph has no items of a domain {domain!r}; it has these domains: {names}.")
        number = self.snapshot.number
        allowed = torch.zeros(self.snapshot.n_items + 1, dtype=torch.bool)
        allowed[[number[item_id] for item_id in found if item_id in number]] = True
        return allowed

    def for_users(self, user_ids: list[str], k: int = 10) -> Results[Recommendation]:
        """Recommend ``k`` unseen items to each user, from everything the user did.

        Raises:
            KgrecError: a user is not in the graph.
        """
        found: Results[Recommendation] = Results()
        size = batch_size(self.snapshot.n_items)
        batches = [read_users(self.database, self.personas, list(batch)) for batch in chunked(user_ids, size)]
        known = {user_id for batch in batches for user_id in batch.user_ids}
        unknown = [user_id for user_id in user_ids if user_id not in known]
        if unknown:
            raise KgrecError(
                f"The graph has no interactions of {_listed('user', unknown)}: load them, or recommend to an anonymous "
                "session with --session ITEM,ITEM,..."
            )
        for batch in batches:
            found += self._lists(batch, k)
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
        unknown = [item_id for item_id in item_ids if item_id not in self.snapshot.number]
        if unknown:
            raise KgrecError(f"The graph has no {_listed('item', unknown)}: a session can only hold known items.")
        persona = self.personas.of_items([self.snapshot.number[item_id] for item_id in item_ids])
        name = nearest_persona(self.database, self.personas.run_id, persona.tolist())
        return Results(self._lists(Users(["session"], [item_ids], persona[None], [name or ""]), k))

    def _lists(self, users: Users, k: int) -> list[Recommendation]:
        histories = [self._numbers(history) for history in users.histories]
        lists = self.served.lists(histories, users.personas, k)
        item_ids = self.snapshot.item_ids
        found, rows = [], []  # and whose each is
        for row, (user_id, persona) in enumerate(zip(users.user_ids, users.names, strict=True)):
            line = zip(
                lists.items[row].tolist(), lists.scores[row].tolist(), lists.retrieved[row].tolist(), strict=True
            )
            for rank, (item, score, place) in enumerate(line, start=1):
                if item == PADDING:  # fewer than k items are unseen
                    break
                found.append(Recommendation(user_id, rank, item_ids[item - 1], "", score, place, persona, ""))
                rows.append(row)
        listed = [(one.item_id, users.histories[row]) for one, row in zip(found, rows, strict=True)]
        features = reasons(self.database, listed, self.shares)
        others = [
            self._companion(one.item_id, histories[row]) if len(own) < ENOUGH else None
            for one, row, own in zip(found, rows, features, strict=True)
        ]
        named = {one.item_id for one in found} | {item_id for item_id, _ in filter(None, others)}
        titles = {one["item_id"]: one["title"] for one in self.database.read("project/titles", item_ids=list(named))}
        said = [
            [*own, f"{other[1]} chose it with {titles[other[0]]}"] if other else own
            for own, other in zip(features, others, strict=True)
        ]
        return [
            replace(one, title=titles[one.item_id], reason=", ".join(words))
            for one, words in zip(found, said, strict=True)
        ]

    def _companion(self, item_id: str, history: list[int]) -> tuple[str, int] | None:
        """Name the item of a history that others chose this one with, and how many did."""
        near, chosen = self.snapshot.tables(Fit.FINAL)[NEAR], self.snapshot.chosen
        found = companion(near, chosen, self.snapshot.number[item_id], history)
        return (self.snapshot.item_ids[found[0] - 1], found[1]) if found else None

    def _numbers(self, history: list[str]) -> list[int]:
        try:
            return [self.snapshot.number[item_id] for item_id in history]
        except KeyError as error:
            raise KgrecError(
                f"The graph has items that it had not when it was read, such as {error}: read it again."
            ) from error


def _listed(kind: str, unknown: list[str]) -> str:
    shown = ", ".join(repr(name) for name in unknown[:5])
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    return f"{kind}{'s' if len(unknown) > 1 else ''} {shown}{more}"
