"""``kgrec ray``."""

from pathlib import Path

import click

from kgrec.counted import counting
from kgrec.graph.database import Database
from kgrec.graph.lock import reading
from kgrec.options import RUN, with_database
from kgrec.records import JSON, write_document
from kgrec.settings import load_section
from kgrec.terminal import progress, say
from kgrec.training.fits import Fit
from kgrec.training.run_lock import settled
from recommender.on_ray import users_of, write_histories, write_lists
from recommender.recommend import Recommender
from recommender.settings import SASRecSettings
from recommender.trained import files_read


@click.group("ray")
def ray_jobs() -> None:
    """Lists for more users than one machine serves: a Ray Data job over Parquet.

    First `histories` reads the graph, then `lists` runs on a cluster of Ray, without a database. The lists are those of
    `kgrec recommend`.
    """


@ray_jobs.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@RUN
@JSON
@with_database()
def histories(database: Database, out: Path, run: Path, format: str) -> None:
    """Write history and persona of every user who has items to OUT, a Parquet file.

    \b
    Example:
      kgrec ray histories /shared/histories.parquet --run runs/default
    """
    with reading(database), settled(run, "sasrec", files_read(Fit.FINAL)):
        with counting("Loading models and index") as counted:
            served = Recommender(database, run, counted=counted).served
        with progress("writing histories", int(database.read("project/size")[0]["users"])) as advance:
            n = write_histories(database, served, out, lambda done: advance(done, f"{done:,} users"))
    if format == "json":
        write_document({"users": n, "out": str(out)})
    else:
        say(f"{n:,} users' histories are in {out}.")


@ray_jobs.command()
@click.argument("histories")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="Items to recommend.")
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="A processor each.")
@click.option("--address", metavar="HOST:PORT", help="Of a Ray cluster.  [default: this machine alone]")
@RUN
@JSON
def lists(histories: str, out: Path, k: int, workers: int, address: str | None, run: Path, format: str) -> None:
    """Write the lists of all users of HISTORIES to OUT, a new folder of Parquet files.

    HISTORIES is the file that `kgrec ray histories` wrote, OUT a place that all machines see, the run a folder of this
    one: its models are sent to the workers, which need kgrec installed.

    \b
    Example:
      kgrec ray histories /shared/histories.parquet
      kgrec ray lists /shared/histories.parquet /shared/lists --address ray.example:6379 --workers 64
    """
    settings = load_section("sasrec", SASRecSettings)
    users = users_of(histories)
    with progress("making lists", None if users is None else users * k) as advance:
        rows = write_lists(
            histories, out, run, settings, k, workers, address, lambda done: advance(done, f"{done:,} rows")
        )
    if format == "json":
        write_document({"rows": rows, "out": str(out)})
    else:
        say(f"{rows:,} rows are in {out}.")
