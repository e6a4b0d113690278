"""Places of personas and of users on a map: the plane that shows most of how users differ."""

import random
from dataclasses import dataclass

import numpy as np

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.personas import personas_of_users
from kgrec.personas.cards import PersonaCard, persona_cards
from kgrec.results import Results

SEED = 7  # of the users that are drawn


@dataclass(frozen=True)
class Plane:
    """A plane in the space of the personas.

    Attributes:
        axes: of length 1. ``[2, dim]``
        origin: of the plane, by its own axes: the place of a vector is ``axes @ vector - origin``. ``[2]``
    """

    axes: np.ndarray
    origin: np.ndarray

    def places(self, vectors: np.ndarray) -> np.ndarray:
        """Return places of vectors ``[n, dim]``: ``[n, 2]``."""
        found: np.ndarray = vectors @ self.axes.T - self.origin
        return found


@dataclass(frozen=True)
class UserPlace:
    """A user on the map.

    Attributes:
        user_id: of the user.
        persona: name of the strongest one; ``None`` where there is none.
        x: to the right.
        y: upwards.
    """

    user_id: str
    persona: str | None
    x: float
    y: float


@dataclass(frozen=True)
class PersonaMap:
    """Personas and some of the users in one plane.

    Attributes:
        run_id: of the personas.
        personas: the largest first.
        users: drawn at random, always the same of the same users.
    """

    run_id: str
    personas: Results[PersonaCard]
    users: Results[UserPlace]


def places(database: Database, vectors: np.ndarray) -> tuple[str, np.ndarray]:
    """Put vectors in the space of the current run's personas, such as a user's or an item's, on its map.

    Args:
        database: the graph.
        vectors: ``[n, dim]``

    Returns:
        The run, and the places: ``[n, 2]``

    Raises:
        KgrecError: no run noted its plane.
    """
    rows = database.read("personas/about")
    if not rows or rows[0]["x_axis"] is None:
        raise KgrecError("The personas have no places on a map: run `kgrec train personas` again.")
    about = rows[0]
    plane = Plane(np.array([about["x_axis"], about["y_axis"]]), np.array(about["origin"]))
    return about["run_id"], plane.places(vectors)


def persona_map(database: Database, n_users: int) -> PersonaMap:
    """Read the places of all personas and of so many users.

    Raises:
        KgrecError: no run has personas, or it noted no plane.
    """
    cards = persona_cards(database)
    ids = [row["user_id"] for row in database.stream("project/persona_users")]
    found = personas_of_users(database, sorted(random.Random(SEED).sample(ids, min(n_users, len(ids)))))
    vectors = np.stack(found.vectors) if found.vectors else np.zeros((0, 1))
    run_id, placed = places(database, vectors) if len(vectors) else (found.run_id, np.zeros((0, 2)))
    users = zip(found.user_ids, found.names, placed.tolist(), strict=True)
    return PersonaMap(run_id, cards, Results(UserPlace(user_id, name, x, y) for user_id, name, (x, y) in users))
