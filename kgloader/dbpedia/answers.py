"""Queries for a batch of keys, and answers that are whole."""

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

ROW_LIMIT = 10_000  # DBpedia's own; an answer of that length may be cut off
IRIS = ("entity", "predicate", "object")  # variables of kgrec's queries
TEXTS = ("label", "name", "alias", "creator", "value")  # those that are literals
PREFIXES = (
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
    "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\n"
    f"PREFIX dbo: <{ONTOLOGY}>\n"
)


class Source(Protocol):
    """Something that answers SELECT queries: an endpoint or a dump."""

    def select(
        self, query: str, needed: tuple[str, ...], iris: tuple[str, ...] = (), kept_below: int | None = None
    ) -> list[Solution]:
        """Answer with all solutions, each with a value of the ``needed`` variables; ``iris`` are to be IRIs.

        An answer of ``kept_below`` solutions or more is kept in no cache.
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

    A single key that is not answered whole is passed over, if the query is answered for another, and counted. Of one
    that has as many answers as are given at all, these are taken, and counted too.

    Raises:
        KgrecError: as the source says, or the query is answered whole for no key.
    """
    if not keys:
        return []
    single = len(keys) == 1
    try:
        rows = source.select(query.written(keys), query.needed, IRIS, ROW_LIMIT if single else None)
    except PartialAnswerError:
        why = "answered in part only"
    except RefusedError as error:
        if error.status != HTTPStatus.BAD_REQUEST:
            raise
        why = "refused by the endpoint"
    else:
        if single and len(rows) >= ROW_LIMIT:
            report.read[f"answers of {ROW_LIMIT:,} rows, which may be cut off"] += 1
        if single or len(rows) < ROW_LIMIT:
            return [_bounded(row) for row in rows]
        why = ""
    if single:
        _ensure_answered(source, query)
        report.skipped[f"names or entities {why}"] += 1
        return []
    middle = len(keys) // 2
    return [*answers(source, keys[:middle], query, report), *answers(source, keys[middle:], query, report)]


def _bounded(row: Solution) -> Solution:
    """Return a solution whose texts are no longer than a title: an answer may hold a label of megabytes."""
    return {name: value[:LONGEST_TITLE] if name in TEXTS else value for name, value in row.items()}


def _ensure_answered(source: Source, query: BatchQuery) -> None:
    """Ask anew for the key that nothing has.

    Raises:
        KgrecError: not even that is answered whole.
    """
    try:
        source.select(query.written([query.unknown]), query.needed, IRIS, kept_below=0)
    except PartialAnswerError as error:
        raise KgrecError(f"{error} answers in part only: ask again later.") from error


def iris(names: Iterable[str]) -> str:
    """Write IRIs into a query."""
    return " ".join(map(iri, names))
