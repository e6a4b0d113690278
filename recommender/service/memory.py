"""What the service answers from while the graph is away: what was seen last of users, and what a run never changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kgrec.feedback.events import Event
from kgrec.graph.database import Row
from kgrec.graph.memberships import memberships
from kgrec.graph.names import INDEXES
from recommender.service.known_users import KnownUsers
from recommender.service.named import Named
from recommender.service.recent import Recent
from recommender.service.titles import Titles
from recommender.snapshot import Snapshot

CURRENT, NEAREST = "personas/current", "project/nearest_persona"
HISTORIES, PERSONAS, MEMBERSHIPS = "project/histories", "project/personas_of_users", "serve/memberships"
TITLES, USERS, ALL_USERS = "project/titles", "serve/users", "project/persona_users"
OF_ALL = ("project/persona_cards", "personas/about")  # asked for when it is loaded, and kept
NAMES = ("project/features_named", "project/items_titled", "project/entity_of_iri", "schema/indexes")
# Of very many items and users: reasons are then told by what others chose alone.
UNKEPT = (
    "project/features_of_items",
    "project/items_of_features",
    "project/facts_of_items",
    "project/choices",
    "project/traits_of_personas",
)
OTHERS = 256  # answers to other statements that are kept
Parameters = Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class History:
    """Item numbers of a user.

    Attributes:
        items: oldest first. ``[n]``
        disliked: that are not to be recommended. ``[n_disliked]``
        interests: that were stated, as rows of ``project/histories`` have them.
    """

    items: np.ndarray
    disliked: np.ndarray
    interests: Sequence[Row] = ()


@dataclass(frozen=True, eq=False, slots=True)
class UserPersona:
    """Persona of a user.

    Attributes:
        vector: zeros for none. ``[dim]``
        name: of the strongest persona; ``None`` where it is the nearest.
    """

    vector: np.ndarray
    name: str | None


class Memory:
    """Answers by the names of the statements that a `recommender.recommend.Recommender` asks.

    Args:
        current: row of ``personas/current`` that the models belong to.
        personas: rows of ``serve/personas`` of its run.
        titles: of all items.
        known: all users, as they were when they were read.
        snapshot: whose facts likes may mean.
        users: how many are remembered as they were last seen, beside those who told something.
    """

    def __init__(
        self,
        current: Row,
        personas: list[Row],
        titles: Titles,
        known: KnownUsers,
        snapshot: Snapshot,
        users: int,
    ):
        self.current, self.titles, self.known, self._snapshot = current, titles, known, snapshot
        self._names = [row["name"] for row in personas]
        self._ids = [row["persona_id"] for row in personas]
        self._centres = np.array([row["vector"] for row in personas], dtype=np.float32)
        self._per_user = max((row["per_user"] or 0 for row in personas), default=0)
        self._histories: Recent[str, History] = Recent(users)
        self._personas: Recent[str, UserPersona] = Recent(users)
        self._of_all: dict[str, list[Row]] = {}
        self._others: Recent[str, list[Row]] = Recent(OTHERS)

    def keep(self, name: str, parameters: Parameters, rows: list[Row]) -> None:
        """Note what the graph said."""
        if name == HISTORIES:
            for row in rows:
                self._histories.keep(row["user_id"], self._history_of(row))
        elif name == PERSONAS:
            found = {row["user_id"]: row for row in rows}
            for user_id in parameters["user_ids"]:
                self._personas.keep(user_id, self._persona_of(found.get(user_id)))
        elif name in OF_ALL:
            self._of_all[name] = rows
        elif name not in (CURRENT, TITLES, NEAREST, MEMBERSHIPS, USERS, *NAMES, *UNKEPT):
            self._others.keep(_key(name, parameters), rows)

    def hold(self, user_ids: Iterable[str]) -> None:
        """Forget no more what was seen last of some users: all that is known of them is here."""
        for user_id in user_ids:
            self._histories.hold(user_id, self._history(user_id) or _nothing())
            self._personas.hold(user_id, self._persona(user_id))

    def tell(self, events: Iterable[Event]) -> None:
        """Let users have done and said something, as far as it tells without the graph; it is not forgotten.

        Their personas are then those of their items.
        """
        for event in events:
            history, item = self._history(event.user_id) or _nothing(), self.titles.number.get(event.item_id or "")
            if item is not None:
                history = _with(history, item, event.kind == "dislike")
            self._histories.hold(event.user_id, history)
            self._personas.hold(event.user_id, self._persona_of(None))

    def disliked(self, user_id: str) -> list[int]:
        """Numbers of the items that a user is known to dislike."""
        found = self._history(user_id)
        return [] if found is None else found.disliked.tolist()

    def recall(self, name: str, parameters: Parameters) -> list[Row] | None:
        """Return what the graph would say, as far as that is known; ``None`` where it is not."""
        match name:
            case "personas/current":
                return [self.current]
            case "project/histories":
                found = [self._row(user_id) for user_id in parameters["user_ids"]]
                return None if None in found else [row for row in found if row is not None]
            case "project/personas_of_users":
                personas = [(user_id, self._persona(user_id)) for user_id in parameters["user_ids"]]
                return [
                    {"user_id": user_id, "vector": one.vector, "persona": one.name or self._nearest(one.vector)}
                    for user_id, one in personas
                    if one.vector.any()  # the others have the personas of their items
                ]
            case "project/nearest_persona":
                nearest = self._nearest(np.array(parameters["vector"], dtype=np.float32))
                return [{"name": nearest}] if nearest else []
            case "serve/memberships":
                return [row for user_id in parameters["user_ids"] if (row := self._memberships(user_id))]
            case "serve/users":
                starts, limit = parameters["starts"], parameters["limit"]
                told = (user_id for user_id in self._histories.held() if user_id.startswith(starts))
                user_ids = sorted({*self.known.user_ids(starts, limit), *told})[:limit]
                return [{"user_id": user_id} for user_id in user_ids]
            case "project/persona_users":
                return [{"user_id": user_id} for user_id in self.known.user_ids()]
            case "project/titles":
                return [{"item_id": item_id, "title": self.titles.of(item_id)} for item_id in parameters["item_ids"]]
            case "project/features_named":
                return self._named.features(parameters["queries"], parameters["n"])
            case "project/items_titled":
                return self._named.items(parameters["queries"], parameters["n"])
            case "project/entity_of_iri":
                return self._named.entity(parameters["iri"])
            case "schema/indexes":  # which the names need not have then
                return [{"name": index, "online": True} for index in INDEXES]
            case _ if name in OF_ALL:
                return self._of_all.get(name)
            case _ if name in UNKEPT:
                return []
        return self._others.get(_key(name, parameters))

    @cached_property
    def _named(self) -> Named:
        return Named(self._snapshot.columns_of_facts, self.titles)

    def _history(self, user_id: str) -> History | None:
        found = self._histories.get(user_id)
        if found is None and (row := self.known.row(user_id)) is not None:
            return History(self.known.history(row), self.known.hidden(row))
        return found

    def _persona(self, user_id: str) -> UserPersona:
        found = self._personas.get(user_id)
        if found is None and (row := self.known.row(user_id)) is not None:
            return UserPersona(self.known.vectors[row], None)
        return found or self._persona_of(None)

    def _row(self, user_id: str) -> Row | None:
        found = self._history(user_id)
        if found is None or not (len(found.items) or found.interests or self._persona(user_id).vector.any()):
            return None  # there is nothing to make a list of
        item_ids = self.titles.item_ids
        items, disliked = (
            [item_ids[number - 1] for number in numbers.tolist()] for numbers in (found.items, found.disliked)
        )
        return {"user_id": user_id, "item_ids": items, "disliked": disliked, "interests": list(found.interests)}

    def _history_of(self, row: Row) -> History:
        """Number the items of a row; those that came after the load are left out, as lists pass them over."""
        number = self.titles.number
        items, disliked = (
            np.array([number[item_id] for item_id in row[name] if item_id in number], dtype=np.int32)
            for name in ("item_ids", "disliked")
        )
        return History(items, disliked, row["interests"])

    def _persona_of(self, row: Row | None) -> UserPersona:
        if row is None:
            return UserPersona(np.zeros(self._centres.shape[-1], dtype=np.float32), None)
        return UserPersona(np.array(row["vector"], dtype=np.float32), row["persona"])

    def _nearest(self, vector: np.ndarray) -> str | None:
        if not vector.any() or not self._centres.any():
            return None
        lengths = np.linalg.norm(self._centres, axis=1)
        cosines = np.divide(self._centres @ vector, lengths, out=np.full(len(lengths), -np.inf), where=lengths > 0)
        return str(self._names[int(cosines.argmax())])

    def _memberships(self, user_id: str) -> Row | None:
        vector = self._persona(user_id).vector
        if not vector.any() or not self._per_user:
            return None
        nearest, weights = memberships(vector[None], self._centres, self._per_user, self.current["temperature"])
        told = [
            {"persona_id": self._ids[place], "name": self._names[place], "weight": weight}
            for place, weight in zip(nearest[0].tolist(), weights[0].tolist(), strict=True)
        ]
        return {"user_id": user_id, "memberships": told}


def _nothing() -> History:
    return History(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))


def _with(history: History, item: int, disliked: bool) -> History:
    """Let an item be chosen, or disliked: it is not both."""
    items, hidden = (numbers[numbers != item] for numbers in (history.items, history.disliked))
    one = np.array([item], dtype=np.int32)
    if disliked:
        return History(items, np.concatenate([hidden, one]), history.interests)
    kept = history.items if item in history.items else np.concatenate([items, one])
    return History(kept, hidden, history.interests)


def _key(name: str, parameters: Parameters) -> str:
    return f"{name} {sorted(parameters.items())!r}"
