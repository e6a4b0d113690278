"""The personas of the current run, read whole: never half of one run and half of the next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kgrec.errors import KgrecError
from kgrec.graph.database import Database

Found = TypeVar("Found")

NOBODY = "No user has a persona: run `kgrec train personas` first."


@dataclass(frozen=True)
class CurrentRun:
    """The run that readers see.

    Attributes:
        run_id: of the HDGI run.
        promoted: whether all its vectors are in ``User.persona``, which the vector index covers; until then each is
            there or in ``User.persona_next``.
        dimensions: length of its vectors; ``None`` where it has no personas.
    """

    run_id: str
    promoted: bool
    dimensions: int | None


@dataclass(frozen=True)
class CurrentPersonas:
    """Persona vectors of the current run.

    Attributes:
        run_id: of the HDGI run.
        user_ids: of the users who have one, in their order. ``[n]``
        vectors: single precision. ``[n, dim]``
        names: of each user's strongest persona, ``None`` where there is none. ``[n]``
    """

    run_id: str
    user_ids: list[str]
    vectors: np.ndarray
    names: list[str | None]


@dataclass(frozen=True)
class SessionPersona:
    """The persona of an anonymous session.

    Attributes:
        run_id: of the HDGI run.
        vector: mean over the session's items of the mean persona of those who chose the item in training; empty where
            nobody did. ``[dim]``
        name: of the persona nearest to it, ``None`` where there is none.
    """

    run_id: str
    vector: list[float]
    name: str | None


def current_run(database: Database) -> CurrentRun | None:
    """Return the run that readers see; ``None`` before the first."""
    rows = database.read("personas/current")
    return CurrentRun(**rows[0]) if rows else None


def current_personas(database: Database) -> CurrentPersonas:
    """Read the persona vectors of all users.

    Raises:
        KgrecError: nobody has one.
    """
    run_id, user_ids, vectors, names = _settled(database, lambda run: _personas(database, run))
    if not user_ids:
        raise KgrecError(NOBODY)
    return CurrentPersonas(run_id, user_ids, np.stack(vectors), names)


def session_persona(database: Database, item_ids: list[str]) -> SessionPersona:
    """Read the persona of an anonymous session of these items.

    Raises:
        KgrecError: there are no personas.
    """
    return _settled(database, lambda run: _session(database, run, item_ids))


def _settled(database: Database, read: Callable[[CurrentRun], Found]) -> Found:
    """Read under the current run, and read again if another run took its place meanwhile."""
    run = current_run(database)
    while run is not None:
        found = read(run)
        before, run = run, current_run(database)
        if run == before:
            return found
    raise KgrecError(NOBODY)


def _personas(database: Database, run: CurrentRun) -> tuple[str, list[str], list[np.ndarray], list[str | None]]:
    user_ids: list[str] = []
    vectors: list[np.ndarray] = []
    names: list[str | None] = []
    for row in database.stream("project/user_personas", run_id=run.run_id, promoted=run.promoted):
        user_ids.append(row["user_id"])
        vectors.append(np.array(row["vector"], dtype=np.float32))
        names.append(row["persona"])
    return run.run_id, user_ids, vectors, names


def _session(database: Database, run: CurrentRun, item_ids: list[str]) -> SessionPersona:
    row = database.read("project/session_persona", item_ids=item_ids, run_id=run.run_id, promoted=run.promoted)[0]
    return SessionPersona(run.run_id, row["vector"], row["name"])
