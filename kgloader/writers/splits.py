"""Splits and sessions of the users whose interactions changed, or of all users by another rule."""

from dataclasses import asdict, dataclass

import numpy as np

from kgloader.report import Report, progress_bar
from kgrec.graph.database import Database
from kgrec.graph.splits import Split, current_split, first_of, marks

USERS_PER_BATCH = 1_000
INTERACTIONS_PER_BATCH = 50_000  # fewer users in a batch where they have many: a transaction must fit the server's heap


@dataclass(frozen=True, slots=True)
class Marks:
    """How many users were marked, and how many sessions were written for them and removed before."""

    users: int
    sessions: int
    old_sessions: int

    def counts(self) -> dict[str, int]:
        """Name the counts as a load reports them."""
        return {
            "users split anew": self.users,
            "sessions written": self.sessions,
            "old sessions replaced": self.old_sessions,
        }


def mark_splits(database: Database) -> Marks:
    """Mark training, validation and test interactions and rebuild the sessions of all ``Changed`` users.

    Each batch of users is one transaction and takes their ``Changed`` label away, so an interrupted call goes on
    where it stopped and a call without changed users does nothing. The rule and its borders are those in force, see
    `kgrec.graph.splits.current_split`. The order of a user's interactions is that of their times, ties by their hash,
    those without a time by the line of the file.
    """
    users = sessions = old = 0
    total = database.read("load/changed_count")[0]["users"]
    if not total:
        return Marks(users, sessions, old)
    split = current_split(database)
    with progress_bar("splits and sessions", "users", total) as advance:
        while batch := _next_users(database):
            cleared, _, written, _ = database.write_together(
                [*marks(split, batch), ("load/unchanged", {"users": batch})]
            )
            users += len(batch)
            sessions += written.counters.nodes_created
            old += cleared.counters.nodes_deleted
            advance(len(batch))
    return Marks(users, sessions, old)


def split_anew(database: Database, split: Split) -> Marks:
    """Mark the interactions of all users by another rule, or by other borders.

    All users are ``Changed`` before the rule is another: whenever an interruption comes, those who are not marked by
    the rule in force are known, nothing learns from the graph, and a repeat completes it.
    """
    database.run("load/all_changed")
    database.write("load/split", **asdict(split))
    return mark_splits(database)


def tell_split(database: Database, report: Report) -> None:
    """Note the borders that are in force where the graph is split by time."""
    split = current_split(database)
    if split.by == "time":
        validation, test = (np.datetime64(time, "ms") for time in (split.validation_from, split.test_from))
        report.notes.append(
            f"Split by time: validation from {validation}, test from {test} (UTC); "
            "later loads keep these borders, `kgrec load split` makes new ones."
        )


def _next_users(database: Database) -> list[str]:
    """Return changed users with no more interactions than fit into a batch, or one user with more."""
    rows = database.read("load/changed_users", limit=USERS_PER_BATCH)
    return first_of(rows, INTERACTIONS_PER_BATCH)
