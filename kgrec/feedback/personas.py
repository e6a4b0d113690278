"""Personas of users encoded anew without training: the direction of the sum of the vectors of what they chose and like.

So is a user's persona of the default objective after training. What a user is interested in counts as one item: the
mean of those that have it. What a user dislikes does not count.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from kgrec.graph.database import Database
from kgrec.graph.memberships import directions, memberships
from kgrec.graph.personas import CurrentRun, current_run
from kgrec.graph.vectors import vector_parameters

KEPT = 50  # personas of a user that are kept, the present one among them
ITEMS_OF_INTEREST = 1_000  # whose mean stands for what somebody is interested in
SAME = 1e-5  # of a number of a vector

Statement = tuple[str, dict[str, Any]]


@dataclass
class Person:
    """A user: what is known of one, and of the persona of the current run.

    Attributes:
        user_id: who.
        chosen: ids of items, of an item once for each time.
        liked: ids of items.
        disliked: ids of items.
        interests: element ids of what the user is interested in.
        vector: of the persona; ``None`` without one. ``[dim]``
        strongest: id of the strongest persona.
        remembered: whether the persona is kept as the present one.
    """

    user_id: str
    chosen: list[str]
    liked: list[str]
    disliked: list[str]
    interests: list[str]
    vector: Sequence[float] | None = None
    strongest: str | None = None
    remembered: bool = False

    @property
    def items(self) -> list[str]:
        """What the persona is made of, each item once."""
        return sorted({*self.chosen, *self.liked}.difference(self.disliked))


@dataclass(frozen=True)
class Encoding:
    """How personas get into the graph.

    Attributes:
        statements: of one transaction, behind those that write what the users did.
        changed: how many personas are others.
        kept: how many stay, as the run gave items no vectors.
    """

    statements: list[Statement]
    changed: int = 0
    kept: int = 0


def read_people(database: Database, user_ids: list[str]) -> dict[str, Person]:
    """Read some users by their ids; those who are not in the graph are left out."""
    run = current_run(database)
    run_id, promoted = (run.run_id, run.promoted) if run else (None, True)
    rows = database.read("feedback/users", user_ids=user_ids, run_id=run_id, promoted=promoted)
    return {row["user_id"]: Person(**row) for row in rows}


def encode(database: Database, people: Sequence[Person], now: datetime | None, run_folder: Path | None) -> Encoding:
    """Encode the personas of users by what is known of them.

    Args:
        database: with the personas of a run; without, nothing is encoded.
        people: as they are now.
        now: since when; ``None`` where the personas before are not to be kept.
        run_folder: holds what encodes items that came after the training; without it they do not count.
    """
    run = current_run(database)
    personas = [] if run is None else database.read(
        "feedback/personas_of_run", run_id=run.run_id, items_run=run.items_run
    )  # fmt: skip
    if run is None or not personas or not people:
        return Encoding([])
    if not personas[0]["of_items"]:
        return Encoding([], kept=len(people))
    centres = np.array([row["vector"] for row in personas], dtype=np.float32)
    encoded = _vectors(database, run, people, centres.shape[1], run_folder)
    rows = [
        row
        for row, person in enumerate(people)
        if person.vector is None or np.abs(encoded[row] - np.array(person.vector)).max() > SAME
    ]
    if not rows:
        return Encoding([])
    changed, vectors = [people[row] for row in rows], encoded[rows]
    nearest, weights = memberships(vectors, centres, personas[0]["per_user"], run.temperature)
    persona_ids = [row["persona_id"] for row in personas]
    user_ids = [person.user_id for person in changed]
    sizes = Counter(persona_ids[place] for place in nearest[:, 0].tolist())
    sizes.subtract(person.strongest for person in changed if person.strongest)
    new = {
        "run_id": run.run_id,
        "personas": persona_ids,
        "user_ids": user_ids,
        "vectors": vector_parameters(database, vectors),
        "nearest": nearest.tolist(),
        "weights": weights.tolist(),
    }
    changes = [{"persona_id": persona_id, "by": by} for persona_id, by in sizes.items() if by]
    written: list[Statement] = [("feedback/personas", new), ("feedback/sizes", {"changes": changes})]
    if now is not None:
        unkept = [person.user_id for person in changed if not person.remembered]
        written = [
            ("feedback/states_end", {"user_ids": user_ids, "now": now}),
            ("feedback/states", {"user_ids": unkept, "since": None, "until": now}),
            *written,
            ("feedback/states", {"user_ids": user_ids, "since": now, "until": None}),
            ("feedback/states_forget", {"user_ids": user_ids, "kept": KEPT}),
        ]
    return Encoding(written, changed=len(changed))


def _vectors(
    database: Database, run: CurrentRun, people: Sequence[Person], dim: int, run_folder: Path | None
) -> np.ndarray:
    """Vectors of length 1, zeros for users of whom nothing is known: ``[n, dim]``."""
    features = sorted({feature for person in people for feature in person.interests})
    having: dict[str, list[str]] = {}
    if features:
        rows = database.read("feedback/items_of_interests", features=features, most=ITEMS_OF_INTEREST)
        having = {row["feature"]: row["item_ids"] for row in rows}
    wanted = {item_id for person in people for item_id in person.items}.union(*having.values())
    rows = database.read("feedback/item_vectors", item_ids=sorted(wanted), run_id=run.items_run)
    of_item = {row["item_id"]: np.array(row["vector"], dtype=np.float32) for row in rows}
    later = sorted(wanted - of_item.keys())
    if later and run_folder is not None:
        of_item |= _vectors_of_later(database, run_folder, run.run_id, later)
    of_interest = {
        feature: np.mean(found, axis=0)
        for feature, item_ids in having.items()
        if (found := [of_item[item_id] for item_id in item_ids if item_id in of_item])
    }
    sums = np.zeros((len(people), dim), dtype=np.float32)
    for row, person in enumerate(people):
        for item_id in person.items:
            sums[row] += of_item.get(item_id, 0)
        for feature in sorted(person.interests):
            sums[row] += of_interest.get(feature, 0)
    return directions(sums)


def _vectors_of_later(database: Database, run_folder: Path, run_id: str, item_ids: list[str]) -> dict[str, np.ndarray]:
    """Encode items that came after the training; none where the folder is of another training."""
    from kgrec.graph.item_features import encoded  # it brings torch, which is seldom needed
    from kgrec.item_encoder import ItemEncoder

    encoder = ItemEncoder.load(run_folder)
    if encoder is None or encoder.run_id != run_id:
        return {}
    found = encoded(database, encoder, item_ids)
    return dict(zip(found.item_ids, found.vectors.numpy(), strict=True))
