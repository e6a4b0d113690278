"""How fast `kgrec load` takes interactions, stage by stage, beside the bare statements and another tree.

    python -m benchmarks.load 1000000 --format recbole [--against /path/of/another/checkout] [--json load.json]

Users and items follow power laws, times are uniform over three years. On a managed server of its own, with the usual
heap, in each round on an empty graph: the file read alone; a load that merges, as where the graph has interactions; a
first load, which creates, without splits; the same again; splits and sessions; and the writes of a first load alone,
made beforehand, which is the server's bound for these statements. With ``--against`` the whole command is run by both
checkouts in turn. Ratios are of rates, within a round. Peak memory is that of this process.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import click
import numpy as np
from more_itertools import chunked

from benchmarks.own_server import connected, own_server
from kgloader.readers.amazon import read_reviews
from kgloader.readers.lines import Lines
from kgloader.readers.recbole import read_interactions
from kgloader.readers.records import Interaction
from kgloader.report import Report
from kgloader.writers import resume
from kgloader.writers.by_user import InteractionWrites
from kgloader.writers.interactions import INTERACTION, INTERACTIONS_PER_BATCH, load_file
from kgloader.writers.splits import mark_splits
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.server.answers import Connection

Format = Literal["recbole", "amazon"]
READERS = {"recbole": read_interactions, "amazon": read_reviews}
FIRST_TIME, TIMES = 1_300_000_000, 10**8  # seconds


def write_file(folder: Path, format: Format, count: int, users: int, items: int) -> Path:
    """Write ``count`` interactions of so many users and items, in no order."""
    draw = np.random.default_rng(0)
    chosen = [
        draw.choice(size, count, p=weights / weights.sum()).tolist()
        for size, weights in ((users, draw.pareto(1.5, users) + 0.3), (items, np.arange(1, items + 1) ** -0.8))
    ]
    times = (FIRST_TIME + draw.integers(0, TIMES, count)).tolist()
    rows = zip(*chosen, draw.integers(1, 6, count).tolist(), times, strict=True)
    path = folder / ("made-up.inter" if format == "recbole" else "reviews.jsonl")
    with path.open("w", encoding="ascii") as file:
        if format == "recbole":
            file.write("user_id:token\titem_id:token\trating:float\ttimestamp:float\n")
            file.writelines(f"U{user}\tB{item}\t{rating}\t{moment}\n" for user, item, rating, moment in rows)
        else:
            for user, item, rating, moment in rows:
                review = {"reviewerID": f"A{user:013}", "asin": f"B{item:09}", "overall": float(rating)}
                told = {"reviewText": "word " * 60, "summary": "good", "unixReviewTime": moment}
                file.write(json.dumps(review | told) + "\n")
    return path


def emptied(database: Database) -> None:
    """Remove what the graph holds, in transactions of a size that a heap of 1 GiB bears."""
    with database.driver.session() as session:
        session.run("MATCH ()-[r]->() CALL (r) { DELETE r } IN TRANSACTIONS OF 10000 ROWS").consume()
        session.run("MATCH (n:!Lock) CALL (n) { DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()


def stages(database: Database, path: Path, format: Format) -> dict[str, float]:
    """Seconds of each stage, on an empty graph."""
    read = READERS[format]
    seconds = {"reading": timed(lambda: sum(1 for _ in read(Lines(path))))}
    records = (record for _, record in read(Lines(path)))
    prepare = InteractionWrites()
    made = [
        [(one.statement, one.parameters) for one in prepare(database, batch, Report()) if one.rows]
        for batch in chunked(records, INTERACTIONS_PER_BATCH)
    ]
    seconds["bare statements"] = timed(lambda: [database.write_together(batch) for batch in made])
    made.clear()
    emptied(database)

    def load() -> float:
        writes, report = InteractionWrites(), Report()
        taken = timed(
            lambda: load_file(database, path, "benchmark", read, writes, INTERACTIONS_PER_BATCH, INTERACTION, report)
        )
        resume.forget(database, path, "benchmark")
        return taken

    write(database, [Interaction("another", "another", None, 0, 0)])  # so that all is merged
    seconds["first load, merged"] = load()
    emptied(database)
    seconds["first load"] = load()
    seconds["splits and sessions"] = timed(lambda: mark_splits(database))
    seconds["the same again"] = load()
    emptied(database)
    return seconds


def write(database: Database, interactions: list[Interaction]) -> None:
    """Write some, in one transaction."""
    writes = InteractionWrites()(database, interactions, Report())
    database.write_together([(one.statement, one.parameters) for one in writes if one.rows])


def command(tree: Path, connection: Connection, path: Path, format: Format) -> float:
    """Seconds of the whole command, by the code of one checkout."""
    what = [str(path.parent)] if format == "recbole" else ["--reviews", str(path)]
    environment = os.environ | {
        "PYTHONPATH": str(tree), "KGREC_NEO4J_URI": connection.uri, "KGREC_NEO4J_PASSWORD": connection.password
    }  # fmt: skip
    asked = [sys.executable, "cli.py", "load", format, *what]
    return timed(lambda: subprocess.run(asked, cwd=tree, env=environment, check=True, capture_output=True))


def timed(work: Callable[[], Any]) -> float:
    """Seconds that the work takes."""
    start = time.monotonic()
    work()
    return time.monotonic() - start


@click.command()
@click.argument("count", type=click.IntRange(min=1), default=300_000)
@click.option("--format", type=click.Choice(get_args(Format)), default="recbole", show_default=True)
@click.option("--users", default=60_000, show_default=True)
@click.option("--items", default=20_000, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--against", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another checkout.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Where the ratios go as well.")
@click.option("--bolt-port", default=27687, show_default=True)
@click.option("--http-port", default=27474, show_default=True)
def main(
    count: int,
    format: Format,
    users: int,
    items: int,
    rounds: int,
    against: Path | None,
    out: Path | None,
    bolt_port: int,
    http_port: int,
) -> None:
    """Load COUNT generated interactions and print interactions a second, median and extremes of the rounds."""
    found: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="kgrec-load-") as name:
        path = write_file(Path(name), format, count, users, items)
        with own_server(bolt_port, http_port) as connection, connected(connection) as database:
            ensure_schema(database)
            for _ in range(rounds):
                for what, seconds in stages(database, path, format).items():
                    found[what].append(seconds)
                if against is not None:
                    for what, tree in (("command", Path.cwd()), ("command, other tree", against)):
                        found[what].append(command(tree, connection, path, format))
                        emptied(database)
    for what, spent in found.items():
        rates = count / np.array(spent)
        print(f"{format:<9}{what:<22}{np.median(rates):>10,.0f}/s  ({rates.min():,.0f} to {rates.max():,.0f})")
    print(f"peak memory of the client: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")
    ratios = {
        "first load, of the bare statements": ("bare statements", "first load"),
        "first load, of one that merges": ("first load, merged", "first load"),
    }
    if against is not None:
        ratios["command, of the other tree"] = ("command, other tree", "command")
    rows = [
        row(f"{format}: {what}", np.array(found[over]) / np.array(found[by])) for what, (over, by) in ratios.items()
    ]
    for one in rows:
        print(f"{one['name']:<50}{one['ratio_median']:>7.2f}  ({one['ratio_min']:.2f} to {one['ratio_max']:.2f})")
    if out is not None:
        out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def row(name: str, ratios: np.ndarray) -> dict[str, Any]:
    """One ratio of rates, as it is kept."""
    spread = {"ratio_median": np.median(ratios), "ratio_min": ratios.min(), "ratio_max": ratios.max()}
    return {"name": name, **{key: float(value) for key, value in spread.items()}, "rounds": len(ratios)}


if __name__ == "__main__":
    main()
