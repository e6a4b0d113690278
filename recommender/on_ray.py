"""Lists for all users as a Ray Data job over Parquet.

The graph is read once, into a file of histories. The job reads that file and no database: as many machines as there are
share the users, and the models are sent once to each.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kgrec.errors import KgrecError, fault
from kgrec.files import replacing
from kgrec.folders import making
from kgrec.graph.database import Database
from kgrec.training.fits import Fit
from kgrec.training.run_lock import settled
from recommender import catalogue
from recommender.histories import all_users
from recommender.interests import Interest
from recommender.serving import Served, recommend_block
from recommender.settings import SASRecSettings
from recommender.trained import files_read

if TYPE_CHECKING:
    import ray

INTEREST = pa.struct([*((name, pa.string()) for name in ("kind", "key", "name")), ("item_ids", pa.list_(pa.string()))])
HISTORIES = pa.schema(
    [
        ("user_id", pa.string()),
        ("history", pa.list_(pa.string())),
        ("persona", pa.list_(pa.float32())),
        ("disliked", pa.list_(pa.string())),
        ("interests", pa.list_(INTEREST)),
    ]
)
BLOCK = 4_096  # users that are read in a transaction, make a row group, and are what a worker takes at once
LOOK = 1.0  # seconds between two looks at what the workers have written
SERVED = (*files_read(Fit.FINAL), catalogue.PATTERN, str(Fit.FINAL.folder(Path()) / "snapshot*"))  # of a run


def write_histories(
    database: Database, served: Served, path: Path, told: Callable[[int], None] = lambda _: None
) -> int:
    """Write what is known of all users of whom something is to a Parquet file, and return how many these are.

    Args:
        database: holds it.
        served: of the run that is to answer.
        path: of the file, with the columns of `HISTORIES`; an old one is replaced.
        told: is called after each block with the number of users so far.

    Raises:
        KgrecError: the file cannot be written, or the graph has the personas of another run by now.
    """
    n = 0
    try:
        with replacing(path) as draft, pq.ParquetWriter(draft, HISTORIES) as file:
            for users in all_users(database, served.snapshot, BLOCK):
                stated = [[asdict(one) for one in interests] for interests in users.interests]
                columns = [users.user_ids, users.histories, list(users.personas.numpy()), users.disliked, stated]
                arrays = [pa.array(column, kind.type) for column, kind in zip(columns, HISTORIES, strict=True)]
                file.write_table(pa.Table.from_arrays(arrays, schema=HISTORIES))
                n += len(users.user_ids)
                told(n)
    except (OSError, pa.ArrowException) as error:
        raise KgrecError(f"The histories cannot be written to {path}: {fault(error)}.") from error
    return n


class Lists:
    """What a worker holds: the models of a run, unpacked into a folder of its own.

    Args:
        packed: reference to what `packed_run` gave; a machine fetches it once for all its workers.
        settings: which conditioning, and how many candidates.
        k: items a list, at most.
    """

    def __init__(self, packed: "ray.ObjectRef[dict[str, bytes]]", settings: SASRecSettings, k: int):
        import ray

        self.k, self.folder = k, tempfile.TemporaryDirectory(prefix="kgrec-run-")
        for name, content in ray.get(packed).items():
            path = Path(self.folder.name, name)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        self.served = Served.open(self.folder.name, settings)

    def __call__(self, block: pa.Table) -> pa.Table:
        """Map rows of `HISTORIES` to rows of `recommender.serving.SCHEMA`."""
        user_ids, histories, personas, disliked, stated = (block[name].to_pylist() for name in HISTORIES.names)
        interests = [[Interest(**one) for one in of_user] for of_user in stated]
        vectors = np.array(personas, dtype=np.float32).reshape(len(block), self.served.persona_dim)
        return recommend_block(
            self.served, user_ids, histories, vectors, self.k, disliked=disliked, interests=interests
        )


def packed_run(run: Path) -> dict[str, bytes]:
    """Return the files of a run that the final fit is served from, by their paths in it.

    Raises:
        KgrecError: it is being trained, or a training replaced a file meanwhile.
    """
    with settled(run, "sasrec", files_read(Fit.FINAL)):
        return {str(path.relative_to(run)): path.read_bytes() for name in SERVED for path in sorted(run.glob(name))}


def users_of(histories: str) -> int | None:
    """Return how many users are in a file of histories; ``None`` where only the workers can read it."""
    with suppress(OSError, pa.ArrowException):
        return int(pq.read_metadata(histories).num_rows)
    return None


def write_lists(
    histories: str,
    out: Path,
    run: Path,
    settings: SASRecSettings,
    k: int,
    workers: int,
    address: str | None,
    told: Callable[[int], None] = lambda _: None,
) -> int:
    """Write the lists of all users of a file of histories, and return how many rows these are.

    Args:
        histories: what `write_histories` wrote, where every worker can read it.
        out: a new folder that every worker sees, for Parquet files with the columns of `recommender.serving.SCHEMA`; it
            appears when it is whole.
        run: folder with the trained models, which this process reads and sends to the workers.
        settings: which conditioning, and how many candidates.
        k: items a list, at most.
        workers: how many work at once, on a processor each.
        address: of a Ray cluster; ``None`` for this machine alone.
        told: is called each second with the number of rows so far.

    Raises:
        KgrecError: Ray is not installed, the folder is there already, or the job failed.
    """
    try:
        import ray
        from ray.data import ActorPoolStrategy
        from ray.exceptions import RayError
    except ImportError as error:
        raise KgrecError("Ray is not installed: `pip install 'kgrec[far]'` brings it.") from error
    if out.exists():
        raise KgrecError(f"{out} is there already: name a new folder.")
    packed = packed_run(run)
    alone: dict[str, Any] = {"num_cpus": workers + 1, "include_dashboard": False}  # one reads and writes
    try:
        ray.init(**alone if address is None else {"address": address}, log_to_driver=False, logging_level="ERROR")
        processors = int(ray.cluster_resources().get("CPU", 0))
        if workers >= processors:  # or the workers would wait for ever for who reads
            raise KgrecError(f"Ray at {address} has {processors} processors: give --workers fewer than that.")
        ray.data.DataContext.get_current().enable_progress_bars = False
        lists = ray.data.read_parquet(histories).map_batches(
            Lists,
            fn_constructor_args=(ray.put(packed), settings, k),
            batch_size=BLOCK,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=workers),
        )
        with making(out, frozenset({".parquet"})) as draft:
            with _telling(draft, told):
                lists.write_parquet(str(draft))
            rows: int = sum(pq.read_metadata(path).num_rows for path in draft.glob("*.parquet"))
        told(rows)
    except (RayError, OSError, pa.ArrowException) as error:
        raise KgrecError(f"The Ray job failed: {str(error).strip().splitlines()[-1].rstrip('.')}.") from error
    finally:
        ray.shutdown()
    return rows


@contextmanager
def _telling(folder: Path, told: Callable[[int], None]) -> Iterator[None]:
    """Tell while the block runs how many rows the whole files hold; one that is being written tells nothing."""
    rows: dict[Path, int] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK):
            for path in set(folder.glob("*.parquet")) - rows.keys():
                with suppress(OSError, pa.ArrowException):
                    rows[path] = pq.read_metadata(path).num_rows
            told(sum(rows.values()))

    looking = threading.Thread(target=look, name="kgrec-ray", daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()
