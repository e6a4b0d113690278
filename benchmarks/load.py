"""How fast and at what memory `kgrec load amazon` works on generated reviews.

    python -m benchmarks.load 300000 [--uri bolt://... --password ...]

The reviews are made up here: popularity follows a power law, texts of 300 characters are read and dropped. Prints
interactions per second for reading alone, for the first load (with splits and sessions) and for the same load again,
and the peak memory of this process (the server's memory is not in it). Without --uri the managed server is used. The
interactions stay in the graph under ids that start with "benchmark": run it on a throwaway database.
"""

import gzip
import json
import random
import resource
import tempfile
import time
from pathlib import Path

import click

from kgloader.readers.amazon import read_reviews
from kgloader.readers.lines import Lines
from kgloader.report import Report
from kgloader.writers import resume
from kgloader.writers.interactions import INTERACTIONS_PER_BATCH, interaction_writes, load_file
from kgloader.writers.splits import mark_splits
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.options import with_database


def write_reviews(path: Path, count: int) -> None:
    """Write ``count`` reviews of 2014's format by count/10 users of up to count/20 items."""
    draw = random.Random(0)
    with gzip.open(path, "wt", compresslevel=1) as file:
        for _ in range(count):
            review = {
                "reviewerID": f"benchmark{draw.randrange(max(1, count // 10))}",
                "asin": f"benchmark{int(draw.paretovariate(0.7)) % max(1, count // 20)}",
                "overall": 5.0,
                "reviewText": "x" * 300,
                "unixReviewTime": 1_300_000_000 + draw.randrange(10**8),
            }
            file.write(json.dumps(review) + "\n")


def peak_memory() -> int:
    """Peak resident memory of this process, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def say(what: str, count: int, start: float) -> None:
    """Print one line of the result."""
    seconds = time.monotonic() - start
    print(f"{what:<24}{count / seconds:>12,.0f} interactions/s{seconds:>9.1f} s   peak {peak_memory()} MiB")


@click.command()
@click.argument("count", type=click.IntRange(min=1), default=300_000)
@with_database()
def main(database: Database, count: int) -> None:
    """Load COUNT generated reviews twice and print how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.json.gz"
        write_reviews(path, count)
        start = time.monotonic()
        read = sum(1 for _ in read_reviews(Lines(path)))
        say("reading", read, start)
        ensure_schema(database)
        for name in ("first load", "the same again"):
            start = time.monotonic()
            load_file(
                database, path, "reviews", read_reviews, interaction_writes, INTERACTIONS_PER_BATCH, report := Report()
            )
            say(name, report.read.total(), start)
            start = time.monotonic()
            marks = mark_splits(database)
            resume.forget(database, path, "reviews")
            if marks.users:
                say(f"splits ({marks.users:,} users)", count, start)


if __name__ == "__main__":
    main()
