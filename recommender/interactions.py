"""From the graph to the sequences: columns of many interactions at once, straight into arrays."""

from array import array
from collections import Counter
from collections.abc import Iterator

import numpy as np

from kgrec.counted import Counted
from kgrec.errors import KgrecError
from kgrec.graph.by_users import stream_by_users
from kgrec.graph.database import Database
from kgrec.graph.splits import ensure_split
from recommender.sequences import NO_TIME, SPLITS, Sequences

CHECK = "`kgrec graph check` names what somebody else wrote into the graph"
UNMARKED = -1
MARKS = {name: place for place, name in enumerate(SPLITS)} | {"": UNMARKED}


def read_sequences(
    database: Database, number: dict[str, int], counted: Counted, n_users: int
) -> tuple[list[str], Sequences]:
    """Read all interactions; memory is that of the arrays, of some thousand users' records and of the user ids.

    Args:
        database: the graph.
        number: of each item id.
        counted: yields the users, and may show how many of them were read.
        n_users: about how many there are.

    Returns:
        The ids of the users who have any, in their order, and what each chose.

    Raises:
        KgrecError: some users or interactions are not split yet, or somebody else wrote ids or times that kgrec would
            not.
    """
    if database.read("load/changed_count")[0]["users"]:
        ensure_split(database)
    columns: list[list[np.ndarray]] = [[np.zeros(0, dtype=kind)] for kind in (np.int64, np.int8, np.int64)]

    def users() -> Iterator[tuple[str, int]]:
        """Yield each user with the number of interactions."""
        for block in stream_by_users(database, "project/sequences", no_time=NO_TIME):
            user_ids = block["user_ids"]
            try:  # Cypher collects nothing of what is missing, so that a column may be too short
                found: list[np.ndarray] = [
                    np.fromiter(map(number.__getitem__, block["item_ids"]), dtype=np.int64, count=len(user_ids)),
                    np.fromiter(map(MARKS.__getitem__, block["splits"]), dtype=np.int8, count=len(user_ids)),
                    np.asarray(array("q", block["times"])),
                ]
            except (LookupError, ValueError, TypeError, OverflowError) as error:
                raise KgrecError(
                    f"Of the users from {user_ids[0]!r} to {user_ids[-1]!r} one has an interaction whose item, time or "
                    f"split is none: {CHECK}."
                ) from error
            for column, part in zip(columns, found, strict=True):
                column.append(part)
            yield from Counter(user_ids).items()

    read = list(counted(users(), "users", n_users))
    items, splits, times = (np.concatenate(column) for column in columns)
    if (splits == UNMARKED).any():
        ensure_split(database)
        raise KgrecError("The graph was split while it was read: run the same command again.")
    offsets = np.cumsum([0, *(size for _, size in read)], dtype=np.int64)
    return [user_id for user_id, _ in read], Sequences(offsets, items, splits, times)
