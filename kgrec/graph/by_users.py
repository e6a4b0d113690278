"""What all users chose, in records of many interactions each, two of them under way at a time.

A record costs the server and Python's driver as much as many numbers do, and one a user was most of the time.
"""

from collections.abc import Iterator
from typing import Any

from more_itertools import chunked

from kgrec.graph.database import Database, Row
from kgrec.graph.in_flight import TRANSACTIONS, read_batches
from kgrec.graph.transaction_size import SHARE, rows_at_once

INTERACTION = 256  # bytes that the server holds for one while a record is made
AT_ONCE = 20_000  # interactions of a record, on average
USERS = 100_000  # ids that are asked for at once
BEFORE_ALL = ""  # comes before every user id


def stream_by_users(database: Database, name: str, **parameters: Any) -> Iterator[Row]:
    """Run a reading statement for some users after the other, in the order of their ids, and yield the rows.

    Args:
        database: the graph.
        name: of a statement about the interactions of the users from ``$first`` to ``$last``.
        **parameters: of the statement, beside these.
    """
    size = database.read("load/size")[0]
    at_once = rows_at_once(database, INTERACTION, AT_ONCE, SHARE / TRANSACTIONS)
    users = max(1, at_once * size["User"] // max(1, size["INTERACTED"]))
    batches = (
        {"first": user_ids[0], "last": user_ids[-1], **parameters} for user_ids in chunked(_user_ids(database), users)
    )
    for rows in read_batches(database, name, batches):
        yield from rows


def _user_ids(database: Database) -> Iterator[str]:
    after = BEFORE_ALL
    while user_ids := database.read("project/user_ids", after=after, n=USERS)[0]["user_ids"]:
        yield from user_ids
        after = user_ids[-1]
