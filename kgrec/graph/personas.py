"""The personas of a fit's current run, read whole: never half of one run and half of the next.

Those of the final fit are on the users and in the Persona nodes, and are served. Those of the validation and test fits
are apart, in EvaluationPersona nodes; whoever trains or evaluates asks for them by their fit.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from kgrec.counted import Counted, uncounted
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.training.fits import Fit

Found = TypeVar("Found")
Run = TypeVar("Run")

NOBODY = "No user has a persona: run `kgrec train personas` first."


@dataclass(frozen=True)
class CurrentRun:
    """The run of the final fit that readers see.

    Attributes:
        run_id: of the HDGI run.
        promoted: whether all its vectors are in ``User.persona``, which the vector index covers; until then each is
            there or in ``User.persona_next``.
        items_run: by which the items' vectors go.
        dimensions: length of its vectors; ``None`` where it has no personas.
        temperature: of its soft memberships (see `kgrec.graph.memberships`).
    """

    run_id: str
    promoted: bool
    items_run: str
    dimensions: int | None
    temperature: float


@dataclass(frozen=True)
class CurrentPersonas:
    """Persona vectors of a fit's current run.

    Attributes:
        run_id: of the HDGI run.
        user_ids: of the users who have one, in their order. ``[n]``
        vectors: single precision, ``[dim]`` each. ``[n]``
        names: of each user's strongest persona, ``None`` where there is none. ``[n]``
        item_ids: of the items that have a vector in the same space, in their order. ``[n_items]``
        items: their vectors, single precision, ``[dim]`` each. ``[n_items]``
    """

    run_id: str
    user_ids: list[str]
    vectors: list[np.ndarray]
    names: list[str | None]
    item_ids: list[str]
    items: list[np.ndarray]


def current_run(database: Database) -> CurrentRun | None:
    """Return the run of the final fit that readers see; ``None`` before the first."""
    rows = database.read("personas/current")
    return CurrentRun(**rows[0]) if rows else None


def current_personas(database: Database, fit: Fit = Fit.FINAL, counted: Counted = uncounted) -> CurrentPersonas:
    """Read the persona vectors that a fit gave all users, which may be shown.

    Raises:
        KgrecError: nobody has one of that fit, or some of them are missing.
    """
    if fit is Fit.FINAL:
        found = settled(lambda: current_run(database), lambda run: _personas(database, run, counted))
    else:
        found = settled(
            lambda: _evaluation_run(database, fit), lambda run: _evaluation_personas(database, fit, run, counted)
        )
    if not found.user_ids:
        raise KgrecError(NOBODY)
    return found


def personas_of_users(database: Database, user_ids: list[str]) -> CurrentPersonas:
    """Read the persona vectors that the final fit gave some users; items have none here.

    Raises:
        KgrecError: no run has any.
    """

    def read(run: CurrentRun) -> CurrentPersonas:
        rows = database.read("project/personas_of_users", run_id=run.run_id, promoted=run.promoted, user_ids=user_ids)
        vectors = [np.array(row["vector"], dtype=np.float32) for row in rows]
        names = [row["persona"] for row in rows]
        return CurrentPersonas(run.run_id, [row["user_id"] for row in rows], vectors, names, [], [])

    return settled(lambda: current_run(database), read)


def evaluation_kind(fit: Fit) -> str:
    """Kind of the ``CurrentRun`` node of the validation or test fit."""
    return f"evaluation personas of {fit.value}"


def has_personas(database: Database, fit: Fit) -> bool:
    """Tell whether a fit's personas were ever written."""
    return (current_run(database) if fit is Fit.FINAL else _evaluation_run(database, fit)) is not None


def nearest_persona(database: Database, run_id: str, vector: list[float]) -> str | None:
    """Return the name of the persona of a run that is nearest to a vector ``[dim]``; ``None`` where there is none."""
    rows = database.read("project/nearest_persona", run_id=run_id, vector=vector) if any(vector) else []
    return rows[0]["name"] if rows else None


@dataclass(frozen=True)
class _EvaluationRun:
    """The run of the validation or test fit that readers see; how many vectors were written, and how many are there."""

    run_id: str
    users: int
    found: int
    items: int
    found_items: int


def _evaluation_run(database: Database, fit: Fit) -> _EvaluationRun | None:
    rows = database.read("personas/evaluation_current", kind=evaluation_kind(fit))
    return _EvaluationRun(**rows[0]) if rows else None


def settled(current: Callable[[], Run | None], read: Callable[[Run], Found]) -> Found:
    """Read under the current run, and read again if another run took its place meanwhile.

    Raises:
        KgrecError: there is no current run.
    """
    run = current()
    while run is not None:
        found = read(run)
        before, run = run, current()
        if run == before:
            return found
    raise KgrecError(NOBODY)


def _personas(database: Database, run: CurrentRun, counted: Counted) -> CurrentPersonas:
    rows = database.stream("project/user_personas", run_id=run.run_id, promoted=run.promoted)
    users = database.read("project/size")[0]["users"]
    return _read(database, run.run_id, counted(rows, "personas", users), run.items_run)


def _evaluation_personas(database: Database, fit: Fit, run: _EvaluationRun, counted: Counted) -> CurrentPersonas:
    if (run.found, run.found_items) != (run.users, run.items):
        raise KgrecError(f"Some personas of the {fit} fit are missing: run `kgrec train personas` again.")
    rows = database.stream("project/evaluation_personas", run_id=run.run_id)
    return _read(database, run.run_id, counted(rows, f"personas, {fit} fit", run.users), run.run_id)


def _read(database: Database, run_id: str, rows: Iterable[Row], items_run: str) -> CurrentPersonas:
    """Read what there is of a run; a vector of one that is just being removed can be of any shape."""
    user_ids: list[str] = []
    vectors: list[np.ndarray] = []
    names: list[str | None] = []
    for row in rows:
        user_ids.append(row["user_id"])
        vectors.append(np.array(row["vector"], dtype=np.float32))
        names.append(row["persona"])
    item_ids: list[str] = []
    items: list[np.ndarray] = []
    for row in database.stream("project/item_personas", run_id=items_run):
        item_ids.append(row["item_id"])
        items.append(np.array(row["vector"], dtype=np.float32))
    return CurrentPersonas(run_id, user_ids, vectors, names, item_ids, items)
