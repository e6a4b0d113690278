"""Personas of the final fit into Neo4j: in batches beside the old ones, then made the current ones at one instant.

Killed between any two transactions, the graph still shows its readers one whole run, and the next write-back brings
it to the end.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from more_itertools import consume

from gnn.clusters import Stability
from gnn.item_vectors import forget_items, write_items
from gnn.personas import Personas
from gnn.trainer import UserVectors
from gnn.typical import ChosenItem
from kgrec.counted import Counted, counting, uncounted
from kgrec.errors import KgrecError
from kgrec.feedback.personas import KEPT
from kgrec.graph.database import Database, Row
from kgrec.graph.personas import current_run
from kgrec.graph.schema import ensure_vector_index
from kgrec.graph.transaction_size import NODE, RELATIONSHIP, rows_at_once, vector_bytes
from kgrec.graph.vectors import vector_parameters
from kgrec.terminal import progress

USERS = 5_000  # written in one transaction, fewer where the server allows less
MEMBERSHIPS = 20_000  # removed in one transaction
STATE = 2 * (NODE + RELATIONSHIP)  # bytes for a persona that is kept as a user's history, and for one that is forgotten


def write_back(
    database: Database, learned: UserVectors, personas: Personas, stability: Stability | None = None
) -> None:
    """Replace the personas in Neo4j; readers see the old run or the new one, and the old one stays as history.

    Args:
        database: the graph.
        learned: the vectors.
        personas: of them.
        stability: of the clusters, to be noted.

    Raises:
        KgrecError: somebody else wrote personas, or removed users, at the same time.
    """
    with counting("Preparing to write the personas") as counted:
        finish(database, counted)
        _draft(database, learned, personas)
    # One transaction at a time: two that tie users to the same personas would lock each other out.
    memberships = written = 0
    with progress(f"writing personas, {learned.fit} fit", len(learned.user_ids)) as advance:
        for batch in _users(database, learned, personas):
            memberships += database.write("personas/users", **batch).counters.relationships_created
            written += len(batch["user_ids"])
            advance(written, f"{written:,} users")
    database.run("schema/item_persona_key")  # a graph that was loaded by an earlier kgrec has none
    items, items_run = len(learned.item_ids), _items_run(learned)
    write_items(database, learned, items_run)
    with counting("Keeping what users had") as counted:
        _keep(database, learned.run_id, counted)
    switched = database.write(
        "personas/switch",
        run_id=learned.run_id,
        memberships=memberships,
        items=items,
        items_run=items_run,
        about=_about(personas, stability),
    )
    if not switched.counters.contains_updates:
        raise KgrecError("The graph's users or personas were changed at the same time: train the personas again.")
    with counting("Putting the personas into the index") as counted:
        _promote(database, counted)


def finish(database: Database, counted: Counted = uncounted) -> None:
    """Bring an interrupted write-back to its end: a run that readers see is completed, any other discarded.

    Args:
        database: the graph.
        counted: yields the users who are looked after, and may show how many were.
    """
    _promote(database, counted)
    database.write("personas/abandon")
    _each_user(database, counted, "personas/discard_next", NODE)
    _forget(database, counted)


def persona_ids(run_id: str, personas: Personas) -> list[str]:
    """Keys of the Persona nodes: ``[n_personas]``."""
    return [f"{run_id}/{number}" for number in personas.numbers.numbers]


def _draft(database: Database, learned: UserVectors, personas: Personas) -> None:
    ids = persona_ids(learned.run_id, personas)
    places = personas.plane.places(personas.centres).tolist()
    nodes = [
        {
            "persona_id": ids[place],
            "number": personas.numbers.numbers[place],
            "name": personas.names[place],
            "summary": personas.summaries[place],
            "worded_by": personas.worded_by[place],
            "size": personas.sizes[place],
            "vector": personas.centres[place].tolist(),
            "x": places[place][0],
            "y": places[place][1],
        }
        for place in range(len(ids))
    ]
    features = [
        {"persona_id": key, "node_id": one.node_id, "share": one.share, "lift": one.lift}
        for key, found in zip(ids, personas.features, strict=True)
        for one in found
    ]
    database.write_together(
        [
            ("personas/create", {"rows": nodes, "run_id": learned.run_id}),
            ("personas/characterise", {"rows": features}),
            ("personas/exemplify", {"rows": list(_examples(ids, personas))}),
        ]
    )


def _examples(ids: list[str], personas: Personas) -> Iterator[Row]:
    for key, typical, counter in zip(ids, personas.typical, personas.counter_examples, strict=True):
        for rank, one in enumerate(typical, start=1):
            yield {"persona_id": key, "rank": rank, **_chosen(one)}
        if counter:
            place = counter.typical_of
            typical_of = None if place is None else personas.numbers.numbers[place]
            yield {"persona_id": key, "rank": None, "typical_of": typical_of, **_chosen(counter.chosen)}


def _chosen(one: ChosenItem) -> Row:
    return {"item_id": one.item_id, "share": one.share, "lift": one.lift}


def _about(personas: Personas, stability: Stability | None) -> Row:
    """What is noted of the run."""
    calibration, (x_axis, y_axis) = personas.calibration, personas.plane.axes.tolist()
    return {
        "temperature": personas.temperature,
        "calibration_error": calibration.error if calibration else None,
        "stability": stability.agreement if stability else None,
        "highest_number": personas.numbers.highest,
        "x_axis": x_axis,
        "y_axis": y_axis,
        "origin": personas.plane.origin.tolist(),
    }


def _items_run(learned: UserVectors) -> str:
    """Run of the items' vectors: a run that replaces itself by other vectors is not to write over those being read."""
    return f"{learned.run_id}/{hashlib.sha256(np.ascontiguousarray(learned.items).data).hexdigest()[:12]}"


def _keep(database: Database, next_run: str, counted: Counted) -> None:
    """Keep each user's persona of the run that the next one replaces."""
    run = current_run(database)
    if run is not None and run.run_id != next_run:
        _each_user(database, counted, "personas/states", STATE, kept=KEPT)


def _promote(database: Database, counted: Counted) -> None:
    """Put the current run in the place of the one before everywhere: what users had of that, vectors, personas."""
    run = current_run(database)
    if run is None:
        return
    database.run("personas/states_end", batch=rows_at_once(database, NODE, USERS))
    if run.promoted:
        return
    if run.dimensions is not None:
        ensure_vector_index(database, "user_persona", "User", "persona", run.dimensions)
    _each_user(database, counted, "personas/promote", vector_bytes(run.dimensions or 0), run_id=run.run_id)
    _forget(database, counted)
    database.write("personas/promoted", run_id=run.run_id)


def _each_user(database: Database, counted: Counted, name: str, bytes_a_user: int, **parameters: Any) -> None:
    """Run a statement that changes users in batches."""
    n_users = database.read("project/size")[0]["users"]
    batch = rows_at_once(database, bytes_a_user, USERS)
    database.run_counted(name, counted, "users", n_users, batch, **parameters)


def _forget(database: Database, counted: Counted) -> None:
    """Remove retired personas; one of them may have all users as members."""
    memberships = database.read("personas/retired_members")[0]["memberships"]
    consume(counted(_forgotten(database), "memberships", memberships))
    database.write("personas/forget")
    forget_items(database)


def _forgotten(database: Database) -> Iterator[int]:
    """Yield the memberships in retired personas, numbered in their batches, as they are removed."""
    batch = rows_at_once(database, RELATIONSHIP, MEMBERSHIPS)
    while deleted := database.write("personas/forget_members", batch=batch).counters.relationships_deleted:
        yield from range(deleted)


def _users(database: Database, learned: UserVectors, personas: Personas) -> Iterator[Row]:
    """Yield what the statement is given of each batch of users."""
    of_user = vector_bytes(learned.vectors.shape[1]) + personas.nearest.shape[1] * RELATIONSHIP
    at_once = rows_at_once(database, of_user, USERS)
    drafts = persona_ids(learned.run_id, personas)
    for start in range(0, len(learned.user_ids), at_once):
        batch = slice(start, start + at_once)
        yield {
            "run_id": learned.run_id,
            "drafts": drafts,
            "user_ids": learned.user_ids[batch],
            "vectors": vector_parameters(database, learned.vectors[batch].numpy()),
            "nearest": personas.nearest[batch].tolist(),
            "weights": personas.weights[batch].tolist(),
        }
