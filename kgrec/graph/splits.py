"""How interactions are split into training, validation and test, and whether all are: nothing may be learned before."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Literal

from more_itertools import constrained_batches

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.sessions import SESSION_GAP

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Rule = Literal["leave-one-out", "time"]


@dataclass(frozen=True)
class Split:
    """The rule that marks interactions.

    Attributes:
        by: ``"leave-one-out"``: each user's last interaction is for the test, the one before for validation;
            ``"time"``: one pair of borders for all users, of whom each may have many of a part, or none.
        validation_from: epoch milliseconds of the first interaction for validation; ``None`` by leave-one-out.
        test_from: epoch milliseconds of the first interaction for the test; ``None`` by leave-one-out.
    """

    by: Rule
    validation_from: int | None = None
    test_from: int | None = None

    @property
    def words(self) -> str:
        """The rule as a report tells it, with what it lets models know."""
        if self.by == "leave-one-out":
            return "leave-one-out, by which a model may have learned from other users' later days"
        times = (self.validation_from or 0, self.test_from or 0)
        borders = (_written(time) for time in times)
        return "by time for all users, validation from {} and test from {}".format(*borders)


def _written(time: int) -> str:
    """Epoch milliseconds as a date, or as such where no date can be written of them."""
    try:
        return (EPOCH + timedelta(milliseconds=time)).isoformat()
    except OverflowError:  # a graph of an older load, which took such times
        return f"{time} ms after 1970"


LEAVE_ONE_OUT = Split("leave-one-out")


def current_split(database: Database) -> Split:
    """Return how the graph is split: by leave-one-out where nobody said anything."""
    rows = database.read("project/split")
    return Split(**rows[0]) if rows else LEAVE_ONE_OUT


def ensure_split(database: Database) -> None:
    """Refuse a graph whose splits are not complete.

    Raises:
        KgrecError: some users or interactions are not split yet.
    """
    unmarked = database.read("project/unmarked")[0]
    if unmarked["users"] or unmarked["interactions"]:
        raise KgrecError(
            f"{unmarked['users']} users and {unmarked['interactions']} interactions are not split into training, "
            "validation and test yet: a load was interrupted, or `kgrec load split`: run it again."
        )


def marks(split: Split, user_ids: list[str]) -> list[tuple[str, Row]]:
    """Return the statements that mark the interactions of some users by a rule and make their sessions anew.

    They belong into one transaction. Of their summaries, the first counts the sessions that were removed, and the last
    those that were written.
    """
    return [
        ("load/sessions_clear", {"users": user_ids}),
        _marking(split, user_ids),
        ("load/sessions", {"users": user_ids, "gap": SESSION_GAP}),
    ]


def first_of(users: list[Row], interactions: int) -> list[str]:
    """Return the first users who have no more interactions than these together, or one user with more.

    Args:
        users: ``user_id``, and how many ``interactions`` each has.
        interactions: that one transaction marks.
    """
    batches = constrained_batches(users, interactions, get_len=itemgetter("interactions"), strict=False)
    return [row["user_id"] for row in next(batches, ())]


def _marking(split: Split, user_ids: list[str]) -> tuple[str, Row]:
    if split.by == "time":
        borders = {"validation_from": split.validation_from, "test_from": split.test_from}
        return "load/splits_by_time", borders | {"users": user_ids}
    return "load/splits", {"users": user_ids}
