"""What the service answers from while the graph is away: what it said last of users, and what a run never changes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kgrec.graph.database import Row
from recommender.service.recent import Recent
from recommender.service.titles import Titles

HISTORIES = "project/histories"
OF_USERS = (HISTORIES, "project/personas_of_users", "serve/memberships")  # kept by user
OF_ALL = ("project/persona_cards", "personas/about")  # asked for when it is loaded, and kept
FACTS = ("project/features_of_items", "project/items_of_features", "project/facts_of_items")  # of very many items
OTHERS = 256  # answers to other statements that are kept
Parameters = Mapping[str, Any]


class Memory:
    """Answers by the names of the statements that a `recommender.recommend.Recommender` asks.

    Args:
        current: row of ``personas/current`` that the models belong to.
        named: name and vector of each persona of its run, in the order of their ids.
        titles: of all items.
        users: how many are remembered.
    """

    def __init__(self, current: Row, named: list[tuple[str, list[float]]], titles: Titles, users: int):
        self.current, self.named, self.titles = current, named, titles
        self._users = {name: Recent[str, Row](users) for name in OF_USERS}
        self._of_all: dict[str, list[Row]] = {}
        self._others: Recent[str, list[Row]] = Recent(OTHERS)

    def keep(self, name: str, parameters: Parameters, rows: list[Row]) -> None:
        """Note what the graph said."""
        if name in self._users:
            for row in rows:
                self._users[name].keep(row["user_id"], row)
        elif name in OF_ALL:
            self._of_all[name] = rows
        elif name not in ("personas/current", "project/titles", "project/nearest_persona", *FACTS):
            self._others.keep(_key(name, parameters), rows)

    def recall(self, name: str, parameters: Parameters) -> list[Row] | None:
        """Return what the graph would say, as far as that is known; ``None`` where it is not."""
        match name:
            case "personas/current":
                return [self.current]
            case _ if name in self._users:
                found = [self._users[name].get(user_id) for user_id in parameters["user_ids"]]
                if name == HISTORIES and None in found:
                    return None
                return [row for row in found if row is not None]  # the others have the personas of their items
            case _ if name in OF_ALL:
                return self._of_all.get(name)
            case "project/nearest_persona":
                nearest = self._nearest(parameters["vector"])
                return [{"name": nearest}] if nearest else []
            case "project/titles":
                return [{"item_id": item_id, "title": self.titles.of(item_id)} for item_id in parameters["item_ids"]]
            case _ if name in FACTS:
                return []  # reasons are then told by what others chose alone
        return self._others.get(_key(name, parameters))

    def _nearest(self, vector: list[float]) -> str | None:
        best, name = -np.inf, None
        for one, other in self.named:
            length = float(np.linalg.norm(other))
            cosine = float(np.dot(vector, other)) / length if length else -np.inf
            if cosine > best:
                best, name = cosine, one
        return name


def _key(name: str, parameters: Parameters) -> str:
    return f"{name} {sorted(parameters.items())!r}"
