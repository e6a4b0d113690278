"""The borders of a split by time: everything before a time, of all users, is for training.

Leave-one-out lets a model learn from days of other users that lie after the moment it is asked about; one border for
everybody does not (Ji et al., 2023, "A Critical Study on Data Leakage in Recommender System Offline Evaluation").
"""

import numpy as np

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.splits import Split


def time_split(database: Database, validation: float, test: float) -> Split:
    """Find the borders of the parts: the last share of all interactions, and the share before it.

    What happened in the same millisecond is never torn apart: it belongs to the later part, which may so become larger
    than its share.

    Args:
        database: the graph.
        validation: share of the interactions for validation, between 0 and 1.
        test: share of the interactions for the test, the last ones, between 0 and 1.

    Raises:
        KgrecError: there are no interactions, some have no time, or none would be left for training.
    """
    times, untimed = _times(database)
    if untimed:
        raise KgrecError(
            f"{untimed:,} interactions have no time and cannot be split by it: "
            "`kgrec load split --by leave-one-out` takes the order of their file."
        )
    if not len(times):
        raise KgrecError("The graph has no interactions to split: load some first, with `kgrec load amazon`.")
    times.sort()
    test_from = _border(times, test * len(times))
    earlier = times[times < test_from]
    validation_from = _border(earlier, validation * len(times)) if len(earlier) else test_from
    if validation_from == times[0]:
        raise KgrecError(
            f"With these shares of {len(times):,} interactions none is left for training, as those of the same time "
            "stay together: choose smaller --validation and --test."
        )
    return Split("time", validation_from, test_from)


def _border(times: np.ndarray, count: float) -> int:
    """Time of the first of the last ``count`` of sorted times: of the last one at least, of the very first at most."""
    return int(times[max(0, len(times) - max(1, round(count)))])


def _times(database: Database) -> tuple[np.ndarray, int]:
    """Times of all interactions ``[n]``, in no order, and how many more have none."""
    times = [np.zeros(0, dtype=np.int64)]
    untimed = 0
    for row in database.stream("load/times"):
        times.append(np.array(row["times"], dtype=np.int64))
        untimed += row["untimed"]
    return np.concatenate(times), untimed
