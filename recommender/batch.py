"""Lists for all users of the graph, streamed to one Parquet file in memory that does not grow with their number."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from kgrec.errors import KgrecError, fault
from kgrec.files import replacing
from kgrec.graph.database import Database
from recommender.histories import Users, all_users
from recommender.serving import SCHEMA, Served, recommend_block

BLOCK = 4_096  # users that are read in a transaction, scored and written as a row group


def recommend_all(
    database: Database, served: Served, path: Path, k: int = 10, told: Callable[[int], None] = lambda _: None
) -> int:
    """Write the lists of all users of whom something is known, and return how many these are.

    A block is read while the one before it is scored, and written as a row group. The file appears when it is whole.

    Args:
        database: holds histories and personas.
        served: models and tables.
        path: of the file, with the columns of `recommender.serving.SCHEMA`; an old one is replaced.
        k: items a list, at most.
        told: is called after each block with the number of users so far.

    Raises:
        KgrecError: the file cannot be written, or the graph was written meanwhile.
    """
    done = 0
    blocks = all_users(database, served.snapshot, BLOCK)
    try:
        with replacing(path) as draft, ThreadPoolExecutor(1) as ahead, pq.ParquetWriter(draft, SCHEMA) as file:
            coming = ahead.submit(next, blocks, None)
            while (users := coming.result()) is not None:
                coming = ahead.submit(next, blocks, None)
                file.write_table(_lists(served, users, k))
                done += len(users.user_ids)
                told(done)
    except (OSError, pa.ArrowException) as error:
        raise KgrecError(f"The lists cannot be written to {path}: {fault(error)}.") from error
    return done


def _lists(served: Served, users: Users, k: int) -> pa.Table:
    vectors = users.personas.numpy()
    return recommend_block(
        served, users.user_ids, users.histories, vectors, k, disliked=users.disliked, interests=users.interests
    )
