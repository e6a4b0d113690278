"""Recommendations: personas from Neo4j, candidates of the first stage, the second stage's order, reasons."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from more_itertools import chunked
from torch import Tensor

from kgrec.counted import Counted, uncounted
from kgrec.errors import KgrecError, Unknown
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.personas import nearest_persona
from kgrec.item_encoder import ItemEncoder
from kgrec.results import Results
from kgrec.training.fits import Fit
from recommender.asked import batch_size
from recommender.explained import Explanation, explain
from recommender.explanations import ENOUGH, companion, reasons
from recommender.histories import Users, read_users
from recommender.interests import Interest, interesting, telling
from recommender.likes import Liked, Likes
from recommender.ranking import retrieve, seen_items
from recommender.sequences import PADDING
from recommender.serving import Lists, Served
from recommender.settings import SASRecSettings
from recommender.snapshot import current_snapshot
from recommender.tables import NEAR


@dataclass(frozen=True)
class Recommendation:
    """One line of a list.

    Attributes:
        user_id: whom it is for; ``"session"`` for an anonymous one, ``"likes"`` for who only stated likes.
        rank: from 1.
        score: that gave the order: of the second stage where there is one, else of the first, a sum of standardised
            scores, or the sequence model's logit where it stands alone.
        retrieved: rank among the candidates of the first stage, from 1.
        persona: name of the persona that the candidates were retrieved for.
        reason: what of stated interests the item has, and what it shares with the history; where that is little, with
            what of it how many others chose it.
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
        served: models and tables in memory, in place of those of the run folder.
        counted: yields what is read of a graph that was written since, and may show how much of it was.

    Raises:
        KgrecError: a stage is not trained, the graph has changed since, or it has no item of the domain.
    """

    def __init__(
        self,
        database: Database,
        run: str | Path,
        settings: SASRecSettings | None = None,
        domain: str | None = None,
        served: Served | None = None,
        counted: Counted = uncounted,
    ):
        self.database, self.run = database, Path(run)
        self.snapshot = current_snapshot(database, Path(run), counted) if served is None else served.snapshot
        self.personas = self.snapshot.require_personas(Fit.FINAL)
        self.shares: dict[str, float] = {}  # of the features that lists were explained by
        served = served or Served.beside(self.snapshot, run, settings)
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
        batches = [read_users(self.database, self.snapshot, list(batch)) for batch in chunked(user_ids, size)]
        known = {user_id for batch in batches for user_id in batch.user_ids}
        unknown = [user_id for user_id in user_ids if user_id not in known]
        if unknown:
            raise Unknown(
                f"The graph has no interactions of {listed('user', unknown)}: load them, or ask for a list after an "
                "anonymous session."
            )
        for batch in batches:
            found += self._lists(batch, k)
        return found

    def for_session(self, item_ids: list[str], k: int = 10) -> Results[Recommendation]:
        """Recommend ``k`` items after an anonymous session, by those of its items that are known.

        Its persona is that of a user who has these items and no others (`recommender.asked.sessions_asked` measures
        what it is worth). `passed_over` names the items that are not known.

        Raises:
            KgrecError: there are no items, or none is in the graph.
        """
        return Results(self._lists(self._session(item_ids), k))

    def explain(self, recommended: Sequence[Recommendation], session: list[str] | None = None) -> Results[Explanation]:
        """Say of each line of some lists what its score is made of, and what of the history carries most of it.

        Each item of a history is taken away and the candidates are scored again: a history of ``n`` items costs ``n``
        times what its list did.

        Args:
            recommended: lines that `for_users` gave, or `for_session`.
            session: its item ids, for lines of `for_session`.

        Raises:
            KgrecError: as `for_session`.
        """
        user_ids = list(dict.fromkeys(one.user_id for one in recommended))
        users = read_users(self.database, self.snapshot, user_ids) if session is None else self._session(session)
        row = {user_id: row for row, user_id in enumerate(users.user_ids)}
        wanted = [(row[one.user_id], one.item_id) for one in recommended if one.user_id in row]
        return Results(explain(self.database, self.served, self.shares, users, wanted, session is not None))

    def _session(self, item_ids: list[str]) -> Users:
        if not item_ids:
            raise KgrecError("The session has no items: give item ids, oldest first, with commas between them.")
        known = [item_id for item_id in item_ids if item_id in self.snapshot.number]
        if not known:
            raise Unknown(
                f"The graph has no {listed('item', item_ids)}: a session needs one item at least that it has."
            )
        persona = self.personas.of_items([self.snapshot.number[item_id] for item_id in known])
        name = nearest_persona(self.database, self.personas.run_id, persona.tolist())
        return Users(["session"], [known], persona[None], [name or ""], [[]], [[]])

    def passed_over(self, item_ids: list[str]) -> list[str]:
        """Name the items of a session that the graph had not when it was read, each once, in their order."""
        return [item_id for item_id in dict.fromkeys(item_ids) if item_id not in self.snapshot.number]

    def understood(self, likes: list[str]) -> list[Liked]:
        """Find what each of some likes means in the graph; what means nothing is left out (see `Likes.understood`)."""
        return self._likes.understood(likes)

    def for_likes(self, likes: list[str], k: int = 10) -> Results[Recommendation]:
        """Recommend ``k`` items to somebody of whom nothing is known but what is liked (see `recommender.likes`).

        Raises:
            KgrecError: nothing of it is understood.
        """
        liked = self.understood(likes)
        if not liked:
            raise KgrecError(
                f"Nothing in the graph is told by {listed('like', likes)}: name categories, makers, entities of "
                "DBpedia (dbr:...), or a title."
            )
        persona, had = self._likes.persona(liked), self._likes.items(liked)
        scores = self._likes.scores(liked, persona)[None]
        if self.served.stages.allowed is not None:
            scores = scores.masked_fill(~self.served.stages.allowed, -torch.inf)
        items = retrieve(scores, seen_items([had]), k)
        places = torch.arange(1, items.shape[1] + 1)[None]
        name = nearest_persona(self.database, self.personas.run_id, persona.tolist())
        item_ids = self.snapshot.item_ids
        stated = [Interest(one.kind, one.key, one.name, one.item_ids) for one in liked]
        users = Users(["likes"], [[item_ids[item - 1] for item in had]], persona[None], [name or ""], [[]], [stated])
        return Results(self._explained(users, Lists(items, scores.gather(1, items), places)))

    @cached_property
    def _likes(self) -> Likes:
        encoder = ItemEncoder.load(self.run)
        known = encoder is not None and encoder.run_id == self.personas.run_id
        return Likes(self.database, self.snapshot, encoder if known else None)

    def _lists(self, users: Users, k: int) -> list[Recommendation]:
        histories = self.snapshot.numbers(users.histories)
        disliked = self.snapshot.numbers(users.disliked)
        interests = interesting(self.snapshot, users.interests)
        return self._explained(users, self.served.lists(histories, users.personas, k, disliked, interests))

    def _explained(self, users: Users, lists: Lists) -> list[Recommendation]:
        histories = self.snapshot.numbers(users.histories)
        item_ids = self.snapshot.item_ids
        found, rows, stated = [], [], []  # whose each is, and what of that one's interests it has
        for row, (user_id, persona) in enumerate(zip(users.user_ids, users.names, strict=True)):
            line = zip(
                lists.items[row].tolist(), lists.scores[row].tolist(), lists.retrieved[row].tolist(), strict=True
            )
            interests = telling(self.snapshot, users.interests[row])
            for rank, (item, score, place) in enumerate(line, start=1):
                if item == PADDING:  # fewer than k items are unseen
                    break
                found.append(Recommendation(user_id, rank, item_ids[item - 1], "", score, place, persona, ""))
                rows.append(row)
                stated.append([one.name for one, items in interests if item in items])
        listed = [(one.item_id, users.histories[row]) for one, row in zip(found, rows, strict=True)]
        features = reasons(self.database, listed, self.shares)
        others = [
            self._companion(one.item_id, histories[row]) if len(own) < ENOUGH else None
            for one, row, own in zip(found, rows, features, strict=True)
        ]
        named = {one.item_id for one in found} | {item_id for item_id, _ in filter(None, others)}
        titles = {one["item_id"]: one["title"] for one in self.database.read("project/titles", item_ids=list(named))}
        said = [
            [*of_interest, *own, *([f"{other[1]} chose it with {titles[other[0]]}"] if other else [])]
            for of_interest, own, other in zip(stated, features, others, strict=True)
        ]
        return [
            replace(one, title=titles[one.item_id], reason=", ".join(dict.fromkeys(words)))
            for one, words in zip(found, said, strict=True)
        ]

    def _companion(self, item_id: str, history: list[int]) -> tuple[str, int] | None:
        """Name the item of a history that others chose this one with, and how many did."""
        near, chosen = self.snapshot.tables(Fit.FINAL)[NEAR], self.snapshot.chosen
        found = companion(near, chosen, self.snapshot.number[item_id], history)
        return (self.snapshot.item_ids[found[0] - 1], found[1]) if found else None


def listed(kind: str, unknown: list[str]) -> str:
    """Name the first five of what is unknown, and how many more there are."""
    shown = ", ".join(repr(name) for name in unknown[:5])
    more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
    return f"{kind}{'s' if len(unknown) > 1 else ''} {shown}{more}"
