"""``kgrec recommend``."""

from dataclasses import fields
from pathlib import Path
from typing import get_args

import click

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.lock import reading
from kgrec.options import RUN, with_database
from kgrec.records import FORMAT, write_records
from kgrec.settings import load_section
from kgrec.terminal import DataTable, progress, say, show
from kgrec.training.fits import Fit
from kgrec.training.run_lock import settled
from recommender.batch import recommend_all
from recommender.recommend import Recommendation, Recommender
from recommender.settings import Conditioning, SASRecSettings
from recommender.trained import files_read

WAYS = click.Choice(get_args(Conditioning))
DEFAULTS = SASRecSettings()


@click.command()
@click.option("--user", "users", multiple=True, metavar="USER_ID", help="A known user; repeat for several.")
@click.option(
    "--users-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File with a user id a line."
)
@click.option("--session", metavar="ITEM,ITEM,...", help="An anonymous session: item ids, oldest first.")
@click.option("--all-users", is_flag=True, help="Everybody who did anything; give --out as well.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --all-users: the Parquet file to write, or to replace.",
)
@click.option("-k", type=click.IntRange(min=1), default=10, show_default=True, help="Items to recommend.")
@click.option("--domain", help="Recommend items of this domain only, from whatever the user did.")
@click.option(
    "--conditioning",
    type=WAYS,
    help=f"Which trained conditioning retrieves.  [default: {DEFAULTS.conditioning}]",
)
@RUN
@FORMAT
@with_database(user_flag="--neo4j-user")
def recommend(
    database: Database,
    users: tuple[str, ...],
    users_file: Path | None,
    session: str | None,
    all_users: bool,
    out: Path | None,
    k: int,
    domain: str | None,
    conditioning: Conditioning | None,
    run: Path,
    format: str,
) -> None:
    """Recommend items to known users, or to an anonymous session.

    The SASRec, the persona and the other sources that validation chose retrieve candidates among the unseen items, and
    the second stage that it chose orders them, if any. Personas and facts are read from Neo4j. All of it has learned
    from all interactions (the final fit). The reason names what an item shares with the history in the graph, and where
    that is little, with what of it others chose it. With --all-users a file of user_id, rank, item_id and score is
    written, in memory that does not grow with the users; it has no titles and no reasons.

    \b
    Examples:
      kgrec recommend --user A2SUAM1J3GNN3B -k 5
      kgrec recommend --users-file users.txt --format csv > lists.csv
      kgrec recommend --session 0007350813,0007386648
      kgrec recommend --user AMIRA07 --domain Groceries
      kgrec recommend --all-users --out lists.parquet -k 20
    """
    user_ids = [*users, *(_lines(users_file) if users_file else [])]
    if bool(user_ids) + bool(session) + all_users != 1:
        raise click.UsageError("Give either users (--user, --users-file), an anonymous --session, or --all-users.")
    if all_users != bool(out):
        raise click.UsageError("--all-users and --out FILE go together.")
    settings = load_section("sasrec", SASRecSettings, {"conditioning": conditioning})
    with reading(database), settled(run, "sasrec", files_read(Fit.FINAL)):
        recommender = Recommender(database, run, settings, domain)
        if out is not None:
            _write_lists(database, recommender, out, k)
            return
        if session:
            found = recommender.for_session([item.strip() for item in session.split(",") if item.strip()], k)
        else:
            found = recommender.for_users(list(dict.fromkeys(user_ids)), k)
    if format == "table":
        _show_lists(found, anonymous=bool(session))
    else:
        write_records(format, [one.name for one in fields(Recommendation)], found.records())


def _write_lists(database: Database, recommender: Recommender, out: Path, k: int) -> None:
    total = int(database.read("project/n_users")[0]["users"])
    with progress("recommending", total) as advance:
        n = recommend_all(database, recommender.served, out, k, lambda done: advance(done, f"{done:,} users"))
    say(f"{n:,} users' lists are in {out}.")


def _lines(path: Path) -> list[str]:
    try:
        found = [line.strip() for line in path.read_text(encoding="utf-8-sig").split("\n") if line.strip()]
    except UnicodeDecodeError as error:
        raise KgrecError(f"{path} is not a text file in UTF-8.") from error
    if not found:
        raise KgrecError(f"{path} names no user.")
    return found


def _show_lists(found: list[Recommendation], anonymous: bool) -> None:
    for user_id in dict.fromkeys(one.user_id for one in found):
        mine = [one for one in found if one.user_id == user_id]
        whom = "an anonymous session" if anonymous else user_id
        table = DataTable(
            "#", "Item", "Title", "Score", "Why", title=f"For {whom} · persona: {mine[0].persona or 'none'}"
        )
        for one in mine:
            table.add_row(str(one.rank), one.item_id, one.title, f"{one.score:.2f}", one.reason)
        show(table)
