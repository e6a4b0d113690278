"""How fast `kgrec load spark` loads in local mode, beside `kgrec load recbole` of the same made-up interactions.

    python -m benchmarks.spark 100000 --rounds 3 --workers 2 --json spark.json [--uri bolt://... --password ...]

Interleaved rounds, each on a graph emptied before: run it on a throwaway database, in the environment of
./kgrec-test-far. Times are of the whole commands, with splits and sessions; Spark's start, told apart, is that of a
session that does nothing.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import numpy as np
import pandas as pd

from kgloader.spark.session import spark_session
from kgrec.commands import kgrec
from kgrec.graph.database import Database
from kgrec.options import with_database

EMPTY = "MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"


def made_up(count: int) -> pd.DataFrame:
    """Interactions of count/20 users with up to count/200 items, whose popularity follows a power law."""
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "user_id": [f"benchmark{user}" for user in draw.integers(0, max(1, count // 20), count)],
            "item_id": [f"benchmark{int(item) % max(1, count // 200)}" for item in draw.pareto(0.7, count)],
            "rating": 5.0,
            "timestamp": 1_300_000_000 + draw.integers(0, 10**8, count),
        }
    )


def seconds(work: Callable[[], object]) -> float:
    """Time a piece of work."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


def start_spark(master: str) -> None:
    """Open a session and close it."""
    with spark_session(master):
        pass


@click.command()
@click.argument("count", type=click.IntRange(min=1), default=100_000)
@click.option("--rounds", type=click.IntRange(min=1), default=3)
@click.option("--workers", type=click.IntRange(min=1), default=2)
@click.option("--json", "out", type=click.Path(path_type=Path))
@with_database()
def main(database: Database, count: int, rounds: int, workers: int, out: Path | None) -> None:
    """Measure both loads and print a table."""
    user, password = database.login
    to = ("--uri", database.uri, "--user", user, "--password", password, "load")
    master = f"local[{workers}]"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = made_up(count)
        frame.to_parquet(folder / "interactions.parquet", index=False)
        named = {"user_id": "user_id:token", "item_id": "item_id:token", "rating": "rating:float"}
        frame.rename(columns=named | {"timestamp": "timestamp:float"}).to_csv(
            folder / "made.inter", sep="\t", index=False
        )
        loads = {
            "spark": (*to, "spark", str(folder / "interactions.parquet"), "--master", master),
            "recbole": (*to, "recbole", str(folder)),
        }
        started = seconds(lambda: start_spark(master))
        took: dict[str, list[float]] = {way: [] for way in loads}
        for _ in range(rounds):
            for way, command in loads.items():
                _empty(database)
                took[way].append(seconds(partial(kgrec.main, command, standalone_mode=False)))
    ratios = [recbole / spark for spark, recbole in zip(took["spark"], took["recbole"], strict=True)]
    row = {
        "name": f"load spark {master} / load recbole, {count:,} interactions",
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "rounds": rounds,
        "start_seconds": started,
        **{f"{way}_per_second": count / statistics.median(times) for way, times in took.items()},
    }
    for key, value in row.items():
        print(f"{key:<20} {value:,.2f}" if isinstance(value, float) else f"{key:<20} {value}")
    if out is not None:
        out.write_text(json.dumps([row], indent=2), encoding="utf-8")


def _empty(database: Database) -> None:
    with database.driver.session() as session:
        session.run(EMPTY).consume()


if __name__ == "__main__":
    main()
