"""Queries for a batch of keys, and answers that are whole."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from kgloader.dbpedia.predicates import ONTOLOGY
from kgloader.dbpedia.solutions import Solution
from kgloader.dbpedia.sparql import PartialAnswerError, RefusedError, iri
from kgloader.dbpedia.titles import LONGEST_TITLE
from kgloader.report import Report
from kgrec.errors import KgrecError
from kgrec.terminal import note
from kgrec.text import shown

ROW_LIMIT = 10_000  # DBpedia's own; an answer of that length may be cut off
IRIS = ("entity", "predicate", "object")  # variables of kgrec's queries
TEXTS = ("label", "name", "alias", "creator", "value")  # those that are literals
REFUSED, FAILS = HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR
WHY = {REFUSED: "refused by the endpoint", FAILS: "that the endpoint fails at"}
FEW = 50  # keys that an endpoint may fail at, however few are asked for: a title is asked for by a dozen labels
MOST = 0.05  # share of those asked for: with more it is the endpoint, and each takes it some seconds
SOON = 20.0  # seconds, beside those that the tries before took, to tell a key from an endpoint that fails at everything
PREFIXES = (
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
    "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\n"
    f"PREFIX dbo: <{ONTOLOGY}>\n"
)


class Source(Protocol):
    """Something that answers SELECT queries: an endpoint or a dump."""

    def select(
        self,
        query: str,
        needed: tuple[str, ...],
        iris: tuple[str, ...] = (),
        kept_below: int | None = None,
        patience: float | None = None,
    ) -> list[Solution]:
        """Answer with all solutions, each with a value of the ``needed`` variables; ``iris`` are to be IRIs.

        An answer of ``kept_below`` solutions or more is kept in no cache. With ``patience``, seconds, HTTP status 500
        is not tried again.
        """
        ...


@dataclass(frozen=True)
class BatchQuery:
    """What is asked for many keys at once: labels, words or entities.

    Attributes:
        written: the query for some keys.
        needed: variables that have a value in every solution.
        unknown: a key that nothing has: whoever answers the query at all answers it for this one.
    """

    written: Callable[[list[str]], str]
    needed: tuple[str, ...]
    unknown: str


def answers(source: Source, keys: list[str], query: BatchQuery, report: Report) -> list[Solution]:
    """Ask for a batch; where the answer was cut off, or may have been, or was refused, ask for its halves.

    A single key that is not answered whole is passed over, if the query is answered for another, and counted; one that
    the endpoint fails at, with HTTP status 500, is named too. Of one that has as many answers as are given at all,
    these are taken, and counted too.

    Raises:
        KgrecError: as the source says, or the query is answered whole for no key, or it fails at too many.
    """
    report.asked += len(keys)
    return _answers(source, keys, query, report, failing=False)


def _answers(source: Source, keys: list[str], query: BatchQuery, report: Report, failing: bool) -> list[Solution]:
    """Answer as `answers`; ``failing`` tells that the source failed at more keys than these, tried again and again."""
    if not keys:
        return []
    single, stop = len(keys) == 1, None
    below, patience = ROW_LIMIT if single else None, math.inf if failing else None
    try:
        rows = source.select(query.written(keys), query.needed, IRIS, below, patience)
    except PartialAnswerError:
        why = "answered in part only"
    except RefusedError as error:
        if error.later or error.status not in WHY:
            raise
        why = WHY[HTTPStatus(error.status)]
        if error.status == FAILS:
            stop = error
    else:
        if single and len(rows) >= ROW_LIMIT:
            report.read[f"answers of {ROW_LIMIT:,} rows, which may be cut off"] += 1
        if single or len(rows) < ROW_LIMIT:
            return [_bounded(row) for row in rows]
        why = ""
    if single or (stop and not failing):  # which may fail at everything: that is soon told
        _ensure_answered(source, query, SOON if stop else None)
    if single:
        report.skipped[f"names or entities {why}"] += 1
        if stop:
            _pass_over(keys[0], report, stop)
        return []
    middle, failing = len(keys) // 2, failing or stop is not None
    halves = keys[:middle], keys[middle:]
    return [row for half in halves for row in _answers(source, half, query, report, failing)]


def _pass_over(key: str, report: Report, stop: RefusedError) -> None:
    """Name a key that the source fails at.

    Raises:
        RefusedError: ``stop``, as there are too many of them.
    """
    count = report.skipped[f"names or entities {WHY[FAILS]}"]
    if count > max(FEW, MOST * report.asked):
        stop.add_note(f"So it did for {count:,} of the {report.asked:,} names and entities asked for, each by itself.")
        raise stop
    note(
        f"The endpoint fails at '{shown(key)}', with HTTP status {FAILS:d}: it is passed over ({count:,} so far), and "
        "the next load asks for it again."
    )


def _bounded(row: Solution) -> Solution:
    """Return a solution whose texts are no longer than a title: an answer may hold a label of megabytes."""
    return {name: value[:LONGEST_TITLE] if name in TEXTS else value for name, value in row.items()}


def _ensure_answered(source: Source, query: BatchQuery, patience: float | None) -> None:
    """Ask anew for the key that nothing has.

    Raises:
        KgrecError: not even that is answered whole.
    """
    try:
        source.select(query.written([query.unknown]), query.needed, IRIS, kept_below=0, patience=patience)
    except PartialAnswerError as error:
        raise KgrecError(f"{error} answers in part only: ask again later.") from error


def iris(names: Iterable[str]) -> str:
    """Write IRIs into a query."""
    return " ".join(map(iri, names))
