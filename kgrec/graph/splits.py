"""Whether every interaction is marked for training, validation or test: nothing may be learned before."""

from kgrec.errors import KgrecError
from kgrec.graph.database import Database


def ensure_split(database: Database) -> None:
    """Refuse a graph whose splits are not complete.

    Raises:
        KgrecError: some users or interactions are not split yet.
    """
    unmarked = database.read("project/unmarked")[0]
    if unmarked["users"] or unmarked["interactions"]:
        raise KgrecError(
            f"{unmarked['users']} users and {unmarked['interactions']} interactions are not split into training, "
            "validation and test yet: a load was interrupted, run it again."
        )
