"""CO_OCCURS_WITH, from an item to those that most of the same users chose: by the node similarity of GDS.

The cosine over users of item-based collaborative filtering (Sarwar et al. 2001), of the interactions that a fit learns
from and no others. The final fit, which is served, always has relationships; each of the others has its own where a
meta-path walks them. Those of a fit are a run, named by what they were made of. A run is written in batches beside the
old one, one small transaction makes it the current one, and the others are removed in batches. Killed between any two
transactions, whoever reads the current run sees one whole run; the next call removes what was left.
"""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from more_itertools import consume

from kgrec.counted import Counted, counting, uncounted
from kgrec.errors import KgrecError
from kgrec.graph.by_users import stream_by_users
from kgrec.graph.chosen import Chosen
from kgrec.graph.database import Database
from kgrec.graph.jobs import Tally, watched
from kgrec.graph.lock import writing
from kgrec.graph.splits import ensure_split
from kgrec.graph.transaction_size import RELATIONSHIP as TIE
from kgrec.graph.transaction_size import rows_at_once
from kgrec.training.fits import Fit

RELATIONSHIP = "CO_OCCURS_WITH"
NEIGHBOURS = 500  # of an item at most; docs/concepts/method.md has what fewer cost
FEWEST, SHARE = 100, 6  # in a small catalogue a sixth of it, but not fewer than these
TIES = 20_000  # written or removed in one transaction, fewer where the server allows less
SIZE = "co_occurrence/size", "ties"  # what Neo4j counts of the relationships of all fits
AT_ONCE = 100  # items that are read at once, each with up to `NEIGHBOURS`


@dataclass(frozen=True)
class Run:
    """The relationships of one fit.

    Attributes:
        run_id: twelve hexadecimal digits that stand for the interactions, the fit, and how many neighbours are kept.
        ties: how many relationships there are.
    """

    run_id: str
    ties: int


NO_RUN = Run("", 0)


def neighbours(n_items: int) -> int:
    """How many of its nearest an item keeps at most, in a catalogue of so many."""
    return min(NEIGHBOURS, max(FEWEST, n_items // SHARE))


@dataclass(frozen=True)
class Nearest:
    """The items that most of an item's users chose too.

    Attributes:
        item_id: of the one.
        item_ids: of the others, `neighbours` at most, in no order. ``[n]``
        cosines: over users, above 0. ``[n]``
    """

    item_id: str
    item_ids: list[str]
    cosines: list[float]


def ensure_co_occurrence(database: Database, fits: Collection[Fit] = (Fit.FINAL,)) -> None:
    """Write the relationships of some fits for the present interactions, unless they are there whole already.

    Those of other fits stay, as long as they are of the present interactions too.

    The work is the server's: what is in memory here does not grow with the graph. GDS compares all pairs of items, so
    its time grows with the square of their number.

    Args:
        database: the graph.
        fits: which have to be there.

    Raises:
        KgrecError: there are no interactions or not all are split, the server has no Graph Data Science library or too
            little memory, or somebody else wrote at the same time.
    """
    with counting("Looking for changes in who chose what") as counted:
        ensure_split(database)
        wanted = _wanted(database, counted)
        current = {fit: _current(database, fit) for fit in Fit}
        total = sum(run.ties for run in current.values())
        settled = all(
            run.run_id == wanted[fit].run_id or (run == NO_RUN and fit not in fits) for fit, run in current.items()
        )
        settled = settled and total == _ties(database)
    if settled:
        return
    with writing(database, disturbs=False):
        for fit in Fit:
            run = _current(database, fit)
            if fit in fits or run.run_id == wanted[fit].run_id:
                _ensure(database, fit, wanted[fit], run)
            else:
                _remove(database, fit, run)


def co_occurrence_run(database: Database, fit: Fit) -> Run:
    """Return the run that a fit reads.

    Raises:
        KgrecError: there is none.
    """
    run = _current(database, fit)
    if run == NO_RUN:
        raise KgrecError(f"The graph has no co-occurrence of the {fit} fit: run `kgrec train personas` first.")
    return run


def outdated(database: Database) -> list[Fit]:
    """Return the fits whose relationships are of other interactions than those that the graph has for them now.

    Raises:
        KgrecError: there are relationships, and no interactions.
    """
    current = {fit: _current(database, fit) for fit in Fit}
    if all(run == NO_RUN for run in current.values()):
        return []
    wanted = _wanted(database)
    return [fit for fit, run in current.items() if run != NO_RUN and run.run_id != wanted[fit].run_id]


def nearest_items(database: Database, fit: Fit) -> Iterator[Nearest]:
    """Yield every item, in the order of their ids, with those that it is tied to in the run that a fit reads.

    Raises:
        KgrecError: there is no run, some of it is missing, as a load can remove items, or another took its place.
    """
    run, read = co_occurrence_run(database, fit), 0
    for row in database.stream("co_occurrence/nearest", fetch_size=AT_ONCE, run_id=run.run_id):
        yield Nearest(**row)
        read += len(row["item_ids"])
    ensure_whole(fit, run, read)


def ensure_whole(fit: Fit, run: Run, ties: int) -> None:
    """Refuse a run of which other relationships were read than were written.

    Raises:
        KgrecError: says so.
    """
    if ties != run.ties:
        raise KgrecError(f"Some co-occurrence of the {fit} fit is missing: run `kgrec train personas` again.")


def _current(database: Database, fit: Fit) -> Run:
    rows = database.read("co_occurrence/current", kind=_kind(fit))
    return Run(**rows[0]) if rows else NO_RUN


def _kind(fit: Fit) -> str:
    """Kind of a fit's ``CurrentRun`` node."""
    return f"co-occurrence of {fit.value}"


def _ties(database: Database) -> int:
    """Count the relationships of all runs."""
    return int(database.read("co_occurrence/size")[0]["ties"])


@dataclass(frozen=True)
class _Wanted:
    """The run that a fit should have, and of how many interactions it is made, each user and item once."""

    run_id: str
    neighbours: int
    interactions: int


def _wanted(database: Database, counted: Counted = uncounted) -> dict[Fit, _Wanted]:
    """Name the run that each fit should have, by the interactions of now."""
    n_users, n_items = database.read("project/size")[0].values()
    kept = neighbours(n_items)
    digests = {fit: hashlib.sha256(f"{fit.value} {kept}\n".encode()) for fit in Fit}
    interactions = dict.fromkeys(Fit, 0)

    def users() -> Iterator[str]:
        for row in stream_by_users(database, "co_occurrence/interactions"):
            chosen = Chosen(row)
            for fit, digest in digests.items():
                lines, count = chosen.lines(fit.splits)
                digest.update(lines.encode())
                interactions[fit] += count
            yield from chosen.user_ids

    consume(counted(users(), "users", n_users))
    if not interactions[Fit.FINAL]:
        raise KgrecError("The graph has no interactions: load them first, with `kgrec load amazon`.")
    return {fit: _Wanted(digest.hexdigest()[:12], kept, interactions[fit]) for fit, digest in digests.items()}


def _ensure(database: Database, fit: Fit, wanted: _Wanted, current: Run) -> None:
    kind, run_id = _kind(fit), wanted.run_id
    if current.run_id == run_id and database.read("co_occurrence/found", run_id=run_id)[0]["ties"] != current.ties:
        database.write("co_occurrence/withdraw", kind=kind, run_id=run_id)
        current = NO_RUN
    _forget(database, fit, current.run_id)
    if current.run_id == run_id:
        return
    ties = _write(database, fit, wanted) if wanted.interactions else 0
    switched = database.write("co_occurrence/switch", kind=kind, run_id=run_id, ties=ties)
    if not switched.counters.contains_updates:
        raise KgrecError("The graph's co-occurrence was changed at the same time: run the same command again.")
    _forget(database, fit, run_id)


def _remove(database: Database, fit: Fit, current: Run) -> None:
    """Leave a fit without relationships."""
    if current != NO_RUN:
        database.write("co_occurrence/withdraw", kind=_kind(fit), run_id=current.run_id)
    _forget(database, fit, "")


def _write(database: Database, fit: Fit, wanted: _Wanted) -> int:
    """Write the relationships of a run that no reader sees yet, and count them."""
    projected = {"splits": list(fit.splits), "neighbours": NEIGHBOURS}
    with (
        watched(database, f"Co-occurrence, {fit} fit", Tally(*SIZE, _expected(database))) as job_id,
        database.projection("co_occurrence/projection", job_id, **projected) as (_, graph),
    ):
        summary = database.run(
            "co_occurrence/write",
            graph_name=graph.name(),
            job_id=job_id,
            neighbours=wanted.neighbours,
            fit=fit.value,
            run_id=wanted.run_id,
            batch=rows_at_once(database, TIE, TIES),
        )
    return summary.counters.relationships_created


def _expected(database: Database) -> int | None:
    """About how many relationships there will be: one more fit has as many as another; of the first nobody knows."""
    of_another = max(_current(database, fit).ties for fit in Fit)
    return _ties(database) + of_another if of_another else None


def _forget(database: Database, fit: Fit, run_id: str) -> None:
    """Remove the relationships of a fit that no reader sees: of the run before, or of a write that was stopped."""
    batch = rows_at_once(database, TIE, TIES)
    stay = sum(_current(database, one).ties for one in Fit)
    with watched(database, f"Removing old ties, {fit} fit", Tally(*SIZE, stay)):
        database.run("co_occurrence/forget", fit=fit.value, run_id=run_id, batch=batch)
