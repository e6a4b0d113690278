"""Personas of the final fit into Neo4j: in batches beside the old ones, then made the current ones at one instant.

Killed between any two transactions, the graph still shows its readers one whole run, and the next write-back brings
it to the end.
"""

import hashlib
from collections.abc import Iterator

import numpy as np

from gnn.item_vectors import forget_items, write_items
from gnn.personas import Personas
from gnn.trainer import UserVectors
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.personas import current_run
from kgrec.graph.schema import ensure_vector_index
from kgrec.graph.transaction_size import NODE, RELATIONSHIP, rows_at_once, vector_bytes
from kgrec.graph.vectors import vector_parameters

USERS = 5_000  # written in one transaction, fewer where the server allows less
MEMBERSHIPS = 20_000  # removed in one transaction


def write_back(database: Database, learned: UserVectors, personas: Personas) -> None:
    """Replace the personas in Neo4j; readers see the old run or the new one.

    Raises:
        KgrecError: somebody else wrote personas, or removed users, at the same time.
    """
    finish(database)
    _draft(database, learned.run_id, personas)
    memberships = sum(
        database.write("personas/users", **batch).counters.relationships_created
        for batch in _users(database, learned, personas)
    )
    database.run("schema/item_persona_key")  # a graph that was loaded by an earlier kgrec has none
    items, items_run = len(learned.item_ids), _items_run(learned)
    write_items(database, learned, items_run)
    switched = database.write(
        "personas/switch", run_id=learned.run_id, memberships=memberships, items=items, items_run=items_run
    )
    if not switched.counters.contains_updates:
        raise KgrecError("The graph's users or personas were changed at the same time: train the personas again.")
    _promote(database)


def finish(database: Database) -> None:
    """Bring an interrupted write-back to its end: a run that readers see is completed, any other discarded."""
    _promote(database)
    database.write("personas/abandon")
    database.run("personas/discard_next", batch=rows_at_once(database, NODE, USERS))
    _forget(database)


def persona_id(run_id: str, number: int) -> str:
    """Key of a Persona node."""
    return f"{run_id}/{number}"


def _draft(database: Database, run_id: str, personas: Personas) -> None:
    nodes = [
        {"persona_id": persona_id(run_id, number), "name": name, "size": size, "vector": centre}
        for number, (name, size, centre) in enumerate(
            zip(personas.names, personas.sizes, personas.centres.tolist(), strict=True)
        )
    ]
    features = [
        {
            "persona_id": persona_id(run_id, one.persona),
            "node_id": one.node_id,
            "share": one.share,
            "lift": one.lift,
        }
        for one in personas.features
    ]
    database.write_together(
        [("personas/create", {"rows": nodes, "run_id": run_id}), ("personas/characterise", {"rows": features})]
    )


def _items_run(learned: UserVectors) -> str:
    """Run of the items' vectors: a run that replaces itself by other vectors is not to write over those being read."""
    return f"{learned.run_id}/{hashlib.sha256(np.ascontiguousarray(learned.items).data).hexdigest()[:12]}"


def _promote(database: Database) -> None:
    """Move the current run's vectors into the vector index, and remove the personas that it replaced."""
    run = current_run(database)
    if run is None or run.promoted:
        return
    if run.dimensions is not None:
        ensure_vector_index(database, "user_persona", "User", "persona", run.dimensions)
    batch = rows_at_once(database, vector_bytes(run.dimensions or 0), USERS)
    database.run("personas/promote", run_id=run.run_id, batch=batch)
    _forget(database)
    database.write("personas/promoted", run_id=run.run_id)


def _forget(database: Database) -> None:
    """Remove retired personas; one of them may have all users as members."""
    batch = rows_at_once(database, RELATIONSHIP, MEMBERSHIPS)
    while database.write("personas/forget_members", batch=batch).counters.relationships_deleted:
        pass
    database.write("personas/forget")
    forget_items(database)


def _users(database: Database, learned: UserVectors, personas: Personas) -> Iterator[Row]:
    """Yield what the statement is given of each batch of users."""
    of_user = vector_bytes(learned.vectors.shape[1]) + personas.nearest.shape[1] * RELATIONSHIP
    at_once = rows_at_once(database, of_user, USERS)
    drafts = [persona_id(learned.run_id, number) for number in range(len(personas.names))]
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
