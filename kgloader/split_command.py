"""``kgrec load split``."""

import click

from kgloader.report import Report
from kgloader.writers.borders import time_split
from kgloader.writers.splits import split_anew, tell_split
from kgloader.writers.ties import tell_ties
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.graph.splits import LEAVE_ONE_OUT, Rule
from kgrec.options import with_database
from kgrec.records import JSON

DEFAULT_SHARE = 0.1
SHARE = click.FloatRange(min=0, max=1, min_open=True, max_open=True)
OF_TIME = f"by time: share of all interactions, {DEFAULT_SHARE} where nothing is said."


@click.command("split")
@click.option("--by", type=click.Choice(["leave-one-out", "time"]), required=True, help="The rule: see above.")
@click.option("--validation", type=SHARE, help=f"For validation {OF_TIME}")
@click.option("--test", type=SHARE, help=f"For the test {OF_TIME}")
@JSON
@with_database(writes=True)
def split(database: Database, by: Rule, validation: float | None, test: float | None, format: str) -> None:
    """Mark all interactions anew for training, validation and test.

    leave-one-out, the rule of every load until another is chosen: each user's last interaction is for the test, the
    one before it for validation; users with fewer than three only train. It asks about almost every user, but it lets
    models learn from other users' later days: what was in fashion after the moment that they are asked about.

    time: one border for all users. The last 10% of all interactions are for the test, the 10% before them for
    validation, and nothing that a model learns from is later than what it is asked about. A user may have many
    interactions of a part, or none. What happened at a border belongs to the later part. Every interaction needs a
    time.

    Later loads keep the rule and its borders; this command makes new borders. Interrupted, it leaves a graph that
    refuses to be learned from until it is run again.

    \b
    Examples:
      kgrec load split --by time --validation 0.1 --test 0.1
      kgrec load split --by leave-one-out
    """
    if by == "leave-one-out" and not (validation is None and test is None):
        raise click.UsageError("--validation and --test go with --by time.")
    shares = [DEFAULT_SHARE if share is None else share for share in (validation, test)]
    if not sum(shares) < 1:  # nor is it where one of them is no number
        raise click.UsageError("--validation and --test together must be less than 1.")
    report = Report(format)
    ensure_schema(database)
    marks = split_anew(database, time_split(database, *shares) if by == "time" else LEAVE_ONE_OUT)
    report.marked.update(marks.counts())
    sizes = {row["split"]: row["interactions"] for row in database.read("load/split_sizes")}
    for part in ("train", "validation", "test"):
        report.marked[f"interactions for {part}"] = sizes.get(part, 0)
    tell_ties(database, report)
    tell_split(database, report)
    report.show(database, "kgrec load split")
