"""Who is asked for, read from the graph without the others: histories and personas of the final fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.personas import current_run, nearest_persona, personas_of_users
from kgrec.training.fits import Fit
from recommender.dataset import Personas
from recommender.interests import Interest
from recommender.snapshot import Snapshot

BEFORE_ALL = ""  # comes before every user id


@dataclass(frozen=True, eq=False)
class Users:
    """Some users, each with items or with interests that were stated.

    Attributes:
        user_ids: ``[n]``
        histories: item ids of each, oldest first, those that are liked among them, and none that is disliked. ``[n]``
        personas: of who has none that of the items; zeros where these tell nothing. ``[n, persona_dim]``
        names: each user's strongest persona; empty where there is none, and where it was not asked for. ``[n]``
        disliked: item ids that are not to be recommended to each. ``[n]``
        interests: what each said to be interested in, or to like where nothing else is known. ``[n]``
    """

    user_ids: list[str]
    histories: list[list[str]]
    personas: Tensor
    names: list[str]
    disliked: list[list[str]]
    interests: list[list[Interest]]


def read_users(database: Database, snapshot: Snapshot, user_ids: list[str]) -> Users:
    """Read some users, each once; those of whom nothing is known are left out.

    Args:
        database: the graph.
        snapshot: whose personas' run is wanted, and whose items make the persona of who has none yet.
        user_ids: whom.

    Raises:
        KgrecError: the graph has the personas of another run by now.
    """
    rows = {row["user_id"]: row for row in database.read("project/histories", user_ids=user_ids)}
    found = [user_id for user_id in user_ids if user_id in rows]
    own = personas_of_users(database, found)
    personas = snapshot.require_personas(Fit.FINAL)
    _require_run(own.run_id, personas)
    vectors = dict(zip(own.user_ids, own.vectors, strict=True))
    names = dict(zip(own.user_ids, own.names, strict=True))
    stored = _stacked([vectors.get(user_id) for user_id in found], personas.dim)
    histories, disliked = ([rows[user_id][name] for user_id in found] for name in ("item_ids", "disliked"))
    all_of_them = personas.or_of_items(stored, snapshot.numbers(histories))
    told = [
        names.get(user_id) or nearest_persona(database, personas.run_id, vector.tolist()) or ""
        for user_id, vector in zip(found, all_of_them, strict=True)
    ]
    return Users(found, histories, all_of_them, told, disliked, [_interests(rows[user_id]) for user_id in found])


def all_users(database: Database, snapshot: Snapshot, size: int) -> Iterator[Users]:
    """Read all users of whom something is known, in the order of their ids, a block of ``size`` at most a transaction.

    Args:
        database: the graph.
        snapshot: as of `read_users`.
        size: how many users are looked at for a block.

    Raises:
        KgrecError: the graph has the personas of another run by now.
    """
    after, personas = BEFORE_ALL, snapshot.require_personas(Fit.FINAL)
    while True:
        run = current_run(database)
        _require_run(run.run_id if run else "", personas)
        promoted = run is not None and run.promoted
        rows = database.read(
            "project/block_of_histories", after=after, n=size, run_id=personas.run_id, promoted=promoted
        )
        if not rows:
            return
        after = rows[-1]["user_id"]
        kept = [row for row in rows if row["known"]]
        histories, disliked = ([row[name] for row in kept] for name in ("item_ids", "disliked"))
        stored = _stacked([row["vector"] for row in kept], personas.dim)
        vectors = personas.or_of_items(stored, snapshot.numbers(histories))
        interests = [_interests(row) for row in kept]
        yield Users([row["user_id"] for row in kept], histories, vectors, [""] * len(kept), disliked, interests)


def _interests(row: Row) -> list[Interest]:
    return [Interest(one["kind"], one["key"], one["name"], tuple(one["item_ids"])) for one in row["interests"]]


def _require_run(run_id: str, personas: Personas) -> None:
    if run_id != personas.run_id:
        raise KgrecError("The personas of the graph were written while it was read: run the same command again.")


def _stacked(vectors: Sequence[np.ndarray | list[float] | None], dim: int) -> Tensor:
    """Put vectors into rows, zeros where there is none: ``[n, dim]``."""
    found = np.zeros((len(vectors), dim), dtype=np.float32)
    for row, vector in enumerate(vectors):
        if vector is not None:
            found[row] = vector
    return torch.from_numpy(found)
