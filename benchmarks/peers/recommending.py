"""RecTools' `recommend` on the made-up histories of `benchmarks.recommending`, timed whenever a line comes in.

    python -m benchmarks.peers.recommending USERS ITEMS FULL K

Needs RecTools, and of kgrec what draws the histories alone.
"""

import sys
import time

import numpy as np
import pandas as pd
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel

from benchmarks.peers.histories import histories


def _dataset(given: list[np.ndarray]) -> Dataset:
    lengths = [len(history) for history in given]
    places = np.concatenate([np.arange(length) for length in lengths])
    return Dataset.construct(
        pd.DataFrame(
            {
                Columns.User: np.repeat(np.arange(len(given)), lengths),
                Columns.Item: np.concatenate(given),
                Columns.Weight: 1.0,
                Columns.Datetime: pd.Timestamp("2000-01-01") + pd.to_timedelta(places, unit="s"),
            }
        )
    )


def main() -> None:
    """Learn for one epoch from a few users who have all items, and answer for all users."""
    users, items, full, k = map(int, sys.argv[1:])
    model = SASRecModel(
        n_factors=64, n_blocks=2, n_heads=2, session_max_len=50, dropout_rate=0.3, loss="sampled_softmax",
        n_negatives=16, batch_size=128, recommend_batch_size=256, recommend_torch_device="cpu", epochs=1,
    )  # fmt: skip
    model.fit(_dataset(np.array_split(np.arange(1, items + 1), max(1, items // 50))))
    dataset = _dataset(histories(users, items, bool(full)))
    print("took 0", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        model.recommend(np.arange(users), dataset, k=k, filter_viewed=True)
        print(f"took {time.perf_counter() - start}", flush=True)


if __name__ == "__main__":
    main()
