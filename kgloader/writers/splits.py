"""Leave-one-out splits and sessions of the users whose interactions changed."""

from dataclasses import dataclass

from kgloader.report import progress_bar
from kgrec.graph.database import Database

SESSION_GAP = 24 * 60 * 60 * 1_000  # milliseconds
USERS_PER_BATCH = 1_000
INTERACTIONS_PER_BATCH = 50_000  # fewer users in a batch where they have many: a transaction must fit the server's heap


@dataclass(frozen=True, slots=True)
class Marks:
    """How many users were marked, and how many sessions were written for them and removed before."""

    users: int
    sessions: int
    old_sessions: int


def mark_splits(database: Database) -> Marks:
    """Mark training, validation and test interactions and rebuild the sessions of all ``Changed`` users.

    Each batch of users is one transaction and takes their ``Changed`` label away, so an interrupted call goes on
    where it stopped and a call without changed users does nothing. The split is leave-one-out by (timestamp, line
    of the file): last = test, second last = validation; users with fewer than three interactions only train.
    """
    users = sessions = old = 0
    total = database.read("load/changed_count")[0]["users"]
    if not total:
        return Marks(users, sessions, old)
    with progress_bar("splits and sessions", "users", total) as advance:
        while batch := _next_users(database):
            cleared, _, written, _ = database.write_together(
                [
                    ("load/sessions_clear", {"users": batch}),
                    ("load/splits", {"users": batch}),
                    ("load/sessions", {"users": batch, "gap": SESSION_GAP}),
                    ("load/unchanged", {"users": batch}),
                ]
            )
            users += len(batch)
            sessions += written.counters.nodes_created
            old += cleared.counters.nodes_deleted
            advance(len(batch))
    return Marks(users, sessions, old)


def _next_users(database: Database) -> list[str]:
    """Return changed users with no more interactions than fit into a batch, or one user with more."""
    batch: list[str] = []
    interactions = 0
    for row in database.read("load/changed_users", limit=USERS_PER_BATCH):
        interactions += row["interactions"]
        if batch and interactions > INTERACTIONS_PER_BATCH:
            break
        batch.append(row["user_id"])
    return batch
