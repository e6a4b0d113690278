"""``kgrec feedback``."""

from dataclasses import asdict
from pathlib import Path

import click

from kgrec.feedback.events import Event, Kind, event
from kgrec.feedback.record import Recorded, record, record_file
from kgrec.graph.database import Database
from kgrec.options import RUN, with_database
from kgrec.records import FORMAT, write_records
from kgrec.terminal import progress, say


@click.command()
@click.option("--user", metavar="USER_ID", help="Whose feedback it is; one who is not known yet is a user from now on.")
@click.option("--item", "items", multiple=True, metavar="ITEM_ID", help="Interacted with it; repeat for several.")
@click.option("--like", "likes", multiple=True, metavar="ITEM_ID", help="Likes the item; repeat for several.")
@click.option("--dislike", "dislikes", multiple=True, metavar="ITEM_ID", help="Dislikes it: never recommend it.")
@click.option(
    "--interest",
    "interests",
    multiple=True,
    metavar="NAME",
    help="Is interested in an entity (an IRI, dbr:Name, or its label), a maker or a category (its name), in any case.",
)
@click.option("--timestamp", metavar="TIME", help="When: 2026-11-27T10:30:00Z, or a number of (milli)seconds.  [now]")
@click.option("--rating", type=float, help="That the user gave the items.")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Events of many users instead, a line of JSON each.",
)
@RUN
@FORMAT
@with_database(user_flag="--neo4j-user")
def feedback(
    database: Database,
    user: str | None,
    items: tuple[str, ...],
    likes: tuple[str, ...],
    dislikes: tuple[str, ...],
    interests: tuple[str, ...],
    timestamp: str | None,
    rating: float | None,
    file: Path | None,
    run: Path,
    format: str,
) -> None:
    """Tell what users did, like, dislike or are interested in; the next list shows it.

    It is in the graph at once. The personas of these users are encoded anew, without training; those that they had are
    kept, `kgrec explore persona-history` shows them. The same event twice is one. A line of a file is an object with
    user_id, kind (interaction, like, dislike or interest), item_id or interest, and, if there is one, timestamp and
    rating.

    \b
    Examples:
      kgrec feedback --user A2SUAM1J3GNN3B --item 0007350813 --rating 5
      kgrec feedback --user A2SUAM1J3GNN3B --like 0007386648 --dislike 0006174361
      kgrec feedback --user new-reader --interest dbr:Ursula_K._Le_Guin --interest "salt mines"
      kgrec feedback --file events.jsonl
    """
    told: dict[Kind, tuple[str, ...]] = {
        "interaction": items, "like": likes, "dislike": dislikes, "interest": interests
    }  # fmt: skip
    if bool(file) == bool(user) or bool(user) != any(told.values()):
        raise click.UsageError("Give a --user with --item, --like, --dislike or --interest, or a --file of events.")
    if rating is not None and not items:
        raise click.UsageError("--rating is of an --item.")
    if timestamp is not None and file is not None:
        raise click.UsageError("The times of a --file are in its lines.")
    if file is not None:
        with progress(f"recording {file.name}", file.stat().st_size or None) as advance:  # a pipe has no size
            found = record_file(database, file, run, advance)
    else:
        events = [_event(user, kind, name, timestamp, rating) for kind, names in told.items() for name in names]
        found = record(database, events, run)
    if format != "table":
        row = asdict(found)
        if format == "csv":
            row["understood"] = " ".join(one.text for one in found.understood)
        write_records(format, list(row), [row])
        return
    _tell(found, run)


def _event(user: str | None, kind: Kind, name: str, timestamp: str | None, rating: float | None) -> Event:
    what = "interest" if kind == "interest" else "item_id"
    parts = {"user_id": user, "kind": kind, what: name, "timestamp": _number(timestamp)}
    return event("Feedback", **parts, rating=rating if kind == "interaction" else None)


def _number(timestamp: str | None) -> float | str | None:
    """Return a number where that is what was typed; what is none is read as ISO 8601."""
    try:
        return timestamp if timestamp is None else float(timestamp)
    except ValueError:
        return timestamp


def _tell(found: Recorded, run: Path) -> None:
    new_users = f" New users: {found.new_users:,}." if found.new_users else ""
    say(f"Events: {found.events:,}, new ones: {found.new:,}. Personas that changed: {found.encoded:,}.{new_users}")
    say(*(one.text for one in found.understood))
    if found.kept:
        say(
            f"Personas that stay until the next `kgrec train personas`: {found.kept:,}. That training gave items no "
            "vectors."
        )
    if not found.followed:
        say(f"The next list reads the whole graph: {run} has no snapshot of it as it was before.")
