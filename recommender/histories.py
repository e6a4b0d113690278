"""Who is asked for, read from the graph without the others: histories and personas of the final fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.personas import current_run, personas_of_users
from recommender.dataset import Personas

BEFORE_ALL = ""  # comes before every user id


@dataclass(frozen=True, eq=False)
class Users:
    """Some users, each with items.

    Attributes:
        user_ids: ``[n]``
        histories: item ids of each, oldest first. ``[n]``
        personas: zeros for users without one. ``[n, persona_dim]``
        names: each user's strongest persona; empty where there is none, and where it was not asked for. ``[n]``
    """

    user_ids: list[str]
    histories: list[list[str]]
    personas: Tensor
    names: list[str]


def read_users(database: Database, personas: Personas, user_ids: list[str]) -> Users:
    """Read some users, each once; those who have no interactions are left out.

    Args:
        database: the graph.
        personas: of the run whose vectors are wanted.
        user_ids: whom.

    Raises:
        KgrecError: the graph has the personas of another run by now.
    """
    rows = {row["user_id"]: row["item_ids"] for row in database.read("project/histories", user_ids=user_ids)}
    found = [user_id for user_id in user_ids if user_id in rows]
    own = personas_of_users(database, found)
    _require_run(own.run_id, personas)
    vectors = dict(zip(own.user_ids, own.vectors, strict=True))
    names = dict(zip(own.user_ids, own.names, strict=True))
    return Users(
        found,
        [rows[user_id] for user_id in found],
        _stacked([vectors.get(user_id) for user_id in found], personas.dim),
        [names.get(user_id) or "" for user_id in found],
    )


def all_users(database: Database, personas: Personas, size: int) -> Iterator[Users]:
    """Read all users who have items, in the order of their ids, a block of ``size`` at most a transaction.

    Args:
        database: the graph.
        personas: of the run whose vectors are wanted.
        size: how many users are looked at for a block.

    Raises:
        KgrecError: the graph has the personas of another run by now.
    """
    after = BEFORE_ALL
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
        kept = [row for row in rows if row["item_ids"]]
        vectors = _stacked([row["vector"] for row in kept], personas.dim)
        yield Users([row["user_id"] for row in kept], [row["item_ids"] for row in kept], vectors, [""] * len(kept))


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
