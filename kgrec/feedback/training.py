"""What a training of the personas does with feedback: splits it before it learns, and has it tell in the personas."""

from collections.abc import Iterator
from pathlib import Path

from more_itertools import chunked

from kgrec.counted import Counted, uncounted
from kgrec.feedback.personas import encode, read_people
from kgrec.graph.database import Database
from kgrec.graph.splits import current_split, first_of, marks
from kgrec.graph.transaction_size import RELATIONSHIP, rows_at_once

USERS = 1_000  # looked up at once
RELATIONSHIPS = 50_000  # marked in one transaction, fewer where the server allows less


def split_feedback(database: Database, counted: Counted = uncounted) -> int:
    """Mark the interactions that came by feedback by the rule in force, and return how many users had some.

    A batch of users is one transaction, so no reader sees half a user.

    Args:
        database: the graph.
        counted: yields the users, and may show how many there were.
    """
    return sum(1 for _ in counted(_marked(database), "users", None))


def _marked(database: Database) -> Iterator[str]:
    """Yield the id of each user whose interactions were marked."""
    split = current_split(database)
    most = rows_at_once(database, 3 * RELATIONSHIP, RELATIONSHIPS)
    while rows := database.read("feedback/waiting", limit=USERS):
        batch = first_of(rows, most)
        database.write_together(marks(split, batch))
        yield from batch


def encode_told(database: Database, run: Path, counted: Counted = uncounted) -> int:
    """Let what users like, dislike and are interested in, and did meanwhile, count in personas learned without it.

    Args:
        database: with the personas that were just written.
        run: folder of their training.
        counted: yields the users, and may show how many were encoded.

    Returns:
        How many personas are others by it.
    """
    changed = 0
    told = [row["user_id"] for row in database.stream("feedback/told")]
    for user_ids in chunked(counted(told, "users", len(told)), USERS):
        people = read_people(database, user_ids)
        encoding = encode(database, list(people.values()), now=None, run_folder=run)
        if encoding.statements:
            database.write_together(encoding.statements)
        changed += encoding.changed
    return changed
