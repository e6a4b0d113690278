"""A run's snapshot stays that of the graph where nothing but feedback was written since.

`recommender.snapshot` keeps what all users did together, and which state of the graph it is of. Feedback of a few users
does not make it worth reading all of that again: it says in the snapshot's own file that the state after it is followed
from the state before, if nobody else can have written in between.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.lock import unheld, writing
from kgrec.manifest import amend_manifest
from kgrec.mapped import lock_of
from kgrec.training.fits import Fit

MANIFEST = "snapshot.json"  # in the folder of the final fit


@dataclass
class Following:
    """What became of the snapshot when all is written.

    Attributes:
        done: whether it is of the state after.
    """

    done: bool = False


@contextmanager
def following(database: Database, run: Path | None) -> Iterator[Following]:
    """Hold the writer's lock in a block that writes feedback, and have the snapshot of a run follow it.

    Where somebody else took the lock in between, or the block failed, the snapshot stays of the state before, and is
    made anew when it is asked for. Who writes past the lock at that very moment is not noticed.

    Args:
        database: the graph.
        run: folder of the run; without one nothing follows.

    Raises:
        KgrecError: somebody else writes.
    """
    found = Following()
    taken = unheld(database)
    before = database.state()
    with writing(database, disturbs=False):
        yield found
    # State first, count behind it: who took the lock before the state was told is counted.
    after = database.state()
    alone = taken is not None and unheld(database) == taken + 1
    if run is not None and alone and before and after:
        found.done = _follow(Fit.FINAL.folder(run), before, after)


def _follow(folder: Path, before: str, after: str) -> bool:
    if not (folder / MANIFEST).is_file():
        return False
    with suppress(Timeout, OSError, KgrecError), lock_of(folder / MANIFEST).acquire(timeout=1):
        return amend_manifest(folder / MANIFEST, {"state": before}, {"state": after})
    return False
