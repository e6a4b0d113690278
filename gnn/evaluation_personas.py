"""Personas of the validation and test fits into Neo4j, apart from the users: only training and evaluation read them.

They are written in batches beside the old ones, and one small transaction makes them the current ones. Killed between
any two transactions, readers see one whole run, and the next write takes away what was left.
"""

from collections.abc import Iterator

from gnn.item_vectors import forget_items, write_items
from gnn.trainer import UserVectors
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.in_flight import write_batches
from kgrec.graph.jobs import Tally, watched
from kgrec.graph.personas import evaluation_kind
from kgrec.graph.transaction_size import NODE, rows_at_once, vector_bytes
from kgrec.graph.vectors import vector_parameters
from kgrec.terminal import progress

USERS = 5_000  # written or removed in one transaction, fewer where the server allows less


def write_evaluation_personas(database: Database, learned: UserVectors, names: list[str]) -> None:
    """Replace the persona vectors of a fit of the evaluation; nothing is written where the same run is there already.

    Args:
        database: the graph.
        learned: the vectors.
        names: of each user's strongest persona. ``[n_users]``

    Raises:
        KgrecError: somebody else wrote them at the same time.
    """
    kind, run_id, users = evaluation_kind(learned.fit), learned.run_id, len(learned.user_ids)
    for key in ("evaluation_persona_key", "item_persona_key"):  # a graph that was loaded by an earlier kgrec has none
        database.run(f"schema/{key}")
    _forget(database, learned, kind)
    if _complete(database, kind, learned):
        return
    # It is no whole run: readers are not to see it, and its vectors would stand in the way of the new ones.
    if database.write("personas/evaluation_withdraw", kind=kind, run_id=run_id).counters.nodes_deleted:
        _forget(database, learned, kind)
    at_once = rows_at_once(database, vector_bytes(learned.vectors.shape[1]), USERS)
    batches = write_batches(database, "personas/evaluation_users", _users(database, learned, names, at_once))
    with progress(f"writing personas, {learned.fit} fit", users) as advance:
        for number, _ in enumerate(batches, start=1):
            done = min(users, number * at_once)
            advance(done, f"{done:,} users")
    write_items(database, learned, run_id)
    items = len(learned.item_ids)
    about = {"users": users, "items": items, "summed": learned.summed}
    switched = database.write("personas/evaluation_switch", kind=kind, run_id=run_id, **about)
    if not switched.counters.contains_updates:
        raise KgrecError("The graph's personas were changed at the same time: train the personas again.")
    _forget(database, learned, kind)


def _users(database: Database, learned: UserVectors, names: list[str], at_once: int) -> Iterator[Row]:
    """Yield what the statement is given of each batch of users."""
    for start in range(0, len(learned.user_ids), at_once):
        batch = slice(start, start + at_once)
        yield {
            "user_ids": learned.user_ids[batch],
            "vectors": vector_parameters(database, learned.vectors[batch].numpy()),
            "names": names[batch],
            "run_id": learned.run_id,
            "fit": learned.fit.value,
        }


def _forget(database: Database, learned: UserVectors, kind: str) -> None:
    """Remove the vectors that no reader sees: of the run before, or of a write that was interrupted."""
    batch = rows_at_once(database, NODE, USERS)
    tally = Tally("personas/evaluation_size", "users")  # of both fits: how many stay is not known
    with watched(database, f"Removing old personas, {learned.fit} fit", tally):
        database.run("personas/evaluation_forget", kind=kind, fit=learned.fit.value, batch=batch)
        forget_items(database)


def _complete(database: Database, kind: str, learned: UserVectors) -> bool:
    found = database.read("personas/evaluation_current", kind=kind)
    users, items = len(learned.user_ids), len(learned.item_ids)
    whole = {"run_id": learned.run_id, "users": users, "found": users, "items": items, "found_items": items}
    return bool(found) and found[0] == whole
