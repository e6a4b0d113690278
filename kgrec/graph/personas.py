"""The personas of a fit's current run, read whole: never half of one run and half of the next.

Those of the final fit are on the users and in the Persona nodes, and are served. Those of the validation and test fits
are apart, in EvaluationPersona nodes; whoever trains or evaluates asks for them by their fit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.training.fits import Fit

Found = TypeVar("Found")
Run = TypeVar("Run")
Columns = tuple[str, list[str], list[np.ndarray], list[str | None]]

NOBODY = "No user has a persona: run `kgrec train personas` first."


@dataclass(frozen=True)
class CurrentRun:
    """The run of the final fit that readers see.

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
    """Persona vectors of a fit's current run.

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
    """Return the run of the final fit that readers see; ``None`` before the first."""
    rows = database.read("personas/current")
    return CurrentRun(**rows[0]) if rows else None


def current_personas(database: Database, fit: Fit = Fit.FINAL) -> CurrentPersonas:
    """Read the persona vectors that a fit gave all users.

    Raises:
        KgrecError: nobody has one of that fit, or some of them are missing.
    """
    if fit is Fit.FINAL:
        found = _settled(lambda: current_run(database), lambda run: _personas(database, run))
    else:
        found = _settled(lambda: _evaluation_run(database, fit), lambda run: _evaluation_personas(database, fit, run))
    run_id, user_ids, vectors, names = found
    if not user_ids:
        raise KgrecError(NOBODY)
    return CurrentPersonas(run_id, user_ids, np.stack(vectors), names)


def evaluation_kind(fit: Fit) -> str:
    """Kind of the ``CurrentRun`` node of the validation or test fit."""
    return f"evaluation personas of {fit.value}"


def has_personas(database: Database, fit: Fit) -> bool:
    """Tell whether a fit's personas were ever written."""
    return (current_run(database) if fit is Fit.FINAL else _evaluation_run(database, fit)) is not None


def session_persona(database: Database, item_ids: list[str]) -> SessionPersona:
    """Read the persona of an anonymous session of these items.

    Raises:
        KgrecError: there are no personas.
    """
    return _settled(lambda: current_run(database), lambda run: _session(database, run, item_ids))


@dataclass(frozen=True)
class _EvaluationRun:
    """The run of the validation or test fit that readers see; how many vectors were written, and how many are there."""

    run_id: str
    users: int
    found: int


def _evaluation_run(database: Database, fit: Fit) -> _EvaluationRun | None:
    rows = database.read("personas/evaluation_current", kind=evaluation_kind(fit))
    return _EvaluationRun(**rows[0]) if rows else None


def _settled(current: Callable[[], Run | None], read: Callable[[Run], Found]) -> Found:
    """Read under the current run, and read again if another run took its place meanwhile."""
    run = current()
    while run is not None:
        found = read(run)
        before, run = run, current()
        if run == before:
            return found
    raise KgrecError(NOBODY)


def _personas(database: Database, run: CurrentRun) -> Columns:
    rows = database.stream("project/user_personas", run_id=run.run_id, promoted=run.promoted)
    return _columns(run.run_id, rows)


def _evaluation_personas(database: Database, fit: Fit, run: _EvaluationRun) -> Columns:
    if run.found != run.users:
        raise KgrecError(f"Some personas of the {fit} fit are missing: run `kgrec train personas` again.")
    return _columns(run.run_id, database.stream("project/evaluation_personas", run_id=run.run_id))


def _columns(run_id: str, rows: Iterable[Row]) -> Columns:
    """Run, users, vectors and names; a vector of a run that is just being removed can be of any shape."""
    user_ids: list[str] = []
    vectors: list[np.ndarray] = []
    names: list[str | None] = []
    for row in rows:
        user_ids.append(row["user_id"])
        vectors.append(np.array(row["vector"], dtype=np.float32))
        names.append(row["persona"])
    return run_id, user_ids, vectors, names


def _session(database: Database, run: CurrentRun, item_ids: list[str]) -> SessionPersona:
    row = database.read("project/session_persona", item_ids=item_ids, run_id=run.run_id, promoted=run.promoted)[0]
    return SessionPersona(run.run_id, row["vector"], row["name"])
