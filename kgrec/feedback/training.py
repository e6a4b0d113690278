"""What a training of the personas does with feedback: splits it before it learns, and has it tell in the personas."""

from pathlib import Path

from more_itertools import chunked

from kgrec.feedback.personas import encode, read_people
from kgrec.graph.database import Database
from kgrec.graph.splits import current_split, first_of, marks
from kgrec.graph.transaction_size import RELATIONSHIP, rows_at_once

USERS = 1_000  # looked up at once
RELATIONSHIPS = 50_000  # marked in one transaction, fewer where the server allows less


def split_feedback(database: Database) -> int:
    """Mark the interactions that came by feedback by the rule in force, and return how many users had some.

    A batch of users is one transaction, so no reader sees half a user.
    """
    split, users = current_split(database), 0
    most = rows_at_once(database, 3 * RELATIONSHIP, RELATIONSHIPS)
    while rows := database.read("feedback/waiting", limit=USERS):
        batch = first_of(rows, most)
        database.write_together(marks(split, batch))
        users += len(batch)
    return users


def encode_told(database: Database, run: Path) -> int:
    """Let what users like, dislike and are interested in, and did meanwhile, count in personas learned without it.

    Args:
        database: with the personas that were just written.
        run: folder of their training.

    Returns:
        How many personas are others by it.
    """
    changed = 0
    for rows in chunked(database.stream("feedback/told"), USERS):
        people = read_people(database, [row["user_id"] for row in rows])
        encoding = encode(database, list(people.values()), now=None, run_folder=run)
        if encoding.statements:
            database.write_together(encoding.statements)
        changed += encoding.changed
    return changed
