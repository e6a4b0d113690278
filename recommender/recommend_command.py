"""``kgrec recommend``."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import click

from kgrec.counted import counting
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.lock import reading
from kgrec.options import RUN, with_database
from kgrec.records import FORMAT, write_document, write_records
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.terminal import DataTable, note, progress, say, show
from kgrec.training.fits import Fit
from kgrec.training.run_lock import settled
from recommender.batch import recommend_all
from recommender.explained import Explanation
from recommender.likes import Liked, not_understood
from recommender.picture import draw
from recommender.recommend import Recommendation, Recommender, listed
from recommender.settings import Conditioning, SASRecSettings
from recommender.trained import files_read

LONGEST_LINE = 2**16  # bytes, of a file of user ids; an id has 1,000 characters at most
WAYS = click.Choice(get_args(Conditioning))
DEFAULTS = SASRecSettings()
# One of ids between commas: as it stands between quotation marks, doubled where it has some; else without spaces at
# its edges.
ID = re.compile(r'\s*+(?:"((?:[^"]|"")*+)"\s*+|((?!")[^,]*+))(?:,|\Z)')


def _ids(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> list[str] | None:
    """Split lists of ids at their commas, as a row of csv, and join them; ``None`` where no list was given.

    Raises:
        BadParameter: a quotation mark is not closed, or more than a comma follows it.
    """
    found = []
    for text in given:
        place = 0
        while place < len(text):
            one = ID.match(text, place)
            if one is None:
                raise click.BadParameter(
                    f"{text[place:].strip()!r} is not quoted as in csv: an id between quotation marks ends before a "
                    "comma, and a quotation mark in it is doubled."
                )
            found.append(one[2].strip() if one[1] is None else one[1].replace('""', '"'))
            place = one.end()
    return [item for item in found if item] if given else None


def _user_ids(context: click.Context, parameter: click.Parameter, path: Path | None) -> list[str]:
    """Read the lines of a file that are not blank; none where no file was given.

    Raises:
        KgrecError: it is no plain file or no text in UTF-8, a line is too long for an id, or it names nobody.
    """
    if path is None:
        return []
    if not path.is_file():
        raise KgrecError(f"{path} is no plain file: write the user ids, one a line, to a file, and give that.")
    found = []
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), start=1):
            if len(line) > LONGEST_LINE:
                raise KgrecError(f"{path}, line {number:,}: longer than 64 KiB: one user id a line is expected.")
            try:
                user_id = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            except UnicodeDecodeError as error:
                raise KgrecError(f"{path} is not a text file in UTF-8.") from error
            if user_id:
                found.append(user_id)
    if not found:
        raise KgrecError(f"{path} names no user.")
    return found


@click.command()
@click.option("--user", "users", multiple=True, metavar="USER_ID", help="A known user; repeat for several.")
@click.option(
    "--users-file",
    "of_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    callback=_user_ids,
    help="File with a user id a line.",
)
@click.option(
    "--session",
    multiple=True,
    callback=_ids,
    metavar="ITEM,ITEM,...",
    help="An anonymous session: item ids, oldest first, quoted as in csv where one has a comma or spaces at its edges; "
    "repeat to go on with it. Those that the graph has not got are passed over.",
)
@click.option(
    "--likes", multiple=True, metavar="NAME", help="What somebody likes: a category, maker, entity, title; repeatable."
)
@click.option("--all-users", is_flag=True, help="Everybody of whom something is known; give --out as well.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --all-users: the Parquet file to write, or to replace.",
)
@click.option(
    "--explain", is_flag=True, help="Also the parts of each score, and what of the history carries most of it."
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="With --explain: the page to write, or to replace, that shows the paths in the graph.",
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
    of_file: list[str],
    session: list[str] | None,
    likes: tuple[str, ...],
    all_users: bool,
    out: Path | None,
    explain: bool,
    picture: Path | None,
    k: int,
    domain: str | None,
    conditioning: Conditioning | None,
    run: Path,
    format: str,
) -> None:
    """Recommend items to known users, to an anonymous session, or to somebody who says what they like.

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
      kgrec recommend --session '"Kiss Me, Deadly",0007386648'
      kgrec recommend --user A2SUAM1J3GNN3B --explain --picture why.html
      kgrec recommend --likes "Salt mines" --likes dbr:Ursula_K._Le_Guin
      kgrec recommend --user AMIRA07 --domain Groceries
      kgrec recommend --all-users --out lists.parquet -k 20
    """
    user_ids = [*users, *of_file]
    if bool(user_ids) + (session is not None) + bool(likes) + all_users != 1:
        raise click.UsageError(
            "Give either users (--user, --users-file), an anonymous --session, --likes, or --all-users."
        )
    if all_users != bool(out):
        raise click.UsageError("--all-users and --out FILE go together.")
    if explain and (all_users or likes or format == "csv"):
        raise click.UsageError("--explain is of users or a session, as text or with --format json.")
    if picture and not explain:
        raise click.UsageError("--picture shows what --explain finds: give both.")
    settings = load_section("sasrec", SASRecSettings, {"conditioning": conditioning})
    with reading(database), settled(run, "sasrec", files_read(Fit.FINAL)):
        with counting("Loading models and index") as counted:
            recommender = Recommender(database, run, settings, domain, counted=counted)
        if out is not None:
            _write_lists(database, recommender, out, k, format)
            return
        beside: dict[str, Any] = {}  # the list of somebody who is not known
        if likes:
            liked = recommender.understood(list(likes))
            beside = {"understood": [one.answer() for one in liked], "not_understood": not_understood(likes, liked)}
            _say_understood(liked, beside["not_understood"])
            found = recommender.for_likes(list(likes), k)
        elif session is not None:
            found = recommender.for_session(session, k)
            beside = {"passed_over": recommender.passed_over(session)}
            if beside["passed_over"]:
                note(f"Passed over, as the graph has not got it: {listed('item', beside['passed_over'])}.")
        else:
            found = recommender.for_users(list(dict.fromkeys(user_ids)), k)
        reasons = recommender.explain(found, session) if explain else None
    if reasons is not None and picture:
        draw(reasons, picture)
    if format == "table" and reasons is not None:
        _tell_reasons(reasons, picture)
    elif format == "table":
        _show_lists(found, "who likes that" if likes else "an anonymous session" if session is not None else None)
    elif format == "json" and beside:
        write_document(_document(found, reasons, beside))
    elif reasons is not None:
        write_records(format, [one.name for one in fields(Explanation)], reasons.records())
    else:
        write_records(format, [one.name for one in fields(Recommendation)], found.records())


def _write_lists(database: Database, recommender: Recommender, out: Path, k: int, format: str) -> None:
    total = int(database.read("project/size")[0]["users"])
    with progress("recommending", total) as advance:
        n = recommend_all(database, recommender.served, out, k, lambda done: advance(done, f"{done:,} users"))
    if format == "table":
        say(f"{n:,} users' lists are in {out}.")
    else:
        write_records(format, ["users", "out"], [{"users": n, "out": str(out)}])


def _document(
    found: Results[Recommendation], reasons: Results[Explanation] | None, beside: dict[str, Any]
) -> dict[str, Any]:
    """Put a list, or its reasons, and what is to be known beside it into one document, as the service answers."""
    rows = found.records() if reasons is None else reasons.records()
    items = [{name: value for name, value in row.items() if name not in ("user_id", "persona")} for row in rows]
    return {"persona": found[0].persona if found else "", "items": items, **beside}


def _tell_reasons(found: Results[Explanation], picture: Path | None) -> None:
    for one in found:
        parts = "; ".join(f"{name} {part:.2f}" for name, part in one.parts.items())
        whom = "a session" if one.user_id == "session" else one.user_id
        say(f"{one.rank}. {one.title} ({one.item_id}), for {whom}", f"   {one.text}")
        say(f"   Score {one.score:.2f}, of the {one.stage}: {parts}.")
        if one.stage != "first stage":
            retrieved = "; ".join(f"{name} {part:.2f}" for name, part in one.retrieved_parts.items())
            say(f"   Retrieved with {one.retrieved_score:.2f}: {retrieved}.")
    if picture:
        say(f"The paths are in {picture}.")


def _say_understood(found: list[Liked], unknown: list[str]) -> None:
    for one in found:
        note(f"{one.like!r} is {'' if one.exact else 'nearest to '}the {one.kind.lower()} {one.name!r}.")
    if unknown:
        note(f"Not understood: {listed('like', unknown)}.")


def _show_lists(found: list[Recommendation], nobody_known: str | None = None) -> None:
    for user_id in dict.fromkeys(one.user_id for one in found):
        mine = [one for one in found if one.user_id == user_id]
        whom = nobody_known or user_id
        table = DataTable(
            "#", "Item", "Title", "Score", "Why", title=f"For {whom} · persona: {mine[0].persona or 'none'}"
        )
        for one in mine:
            table.add_row(str(one.rank), one.item_id, one.title, f"{one.score:.2f}", one.reason)
        show(table)
