"""Queries for a batch of keys, and answers that are whole."""

from collections.abc import Callable, Iterable
from typing import Protocol

from kgloader.dbpedia.predicates import ONTOLOGY
from kgloader.dbpedia.solutions import Solution
from kgloader.dbpedia.sparql import PartialAnswerError, iri
from kgrec.errors import KgrecError

ROW_LIMIT = 10_000  # DBpedia's own; an answer of that length may be cut off
IRIS = ("entity", "predicate", "object")  # variables of kgrec's queries
SHOWN = 100  # characters of a title or an IRI, in an error
PREFIXES = (
    "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
    "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\n"
    f"PREFIX dbo: <{ONTOLOGY}>\n"
)


class Source(Protocol):
    """Something that answers SELECT queries: an endpoint or a dump."""

    def select(self, query: str, needed: tuple[str, ...], iris: tuple[str, ...] = ()) -> list[Solution]:
        """Answer with all solutions, each with a value of the ``needed`` variables; ``iris`` are to be IRIs."""
        ...


def answers(
    source: Source, keys: list[str], query: Callable[[list[str]], str], needed: tuple[str, ...]
) -> list[Solution]:
    """Ask for a batch; where the answer was cut off, or may have been, ask for its halves.

    Raises:
        KgrecError: not even one key is answered whole.
    """
    if not keys:
        return []
    try:
        rows = source.select(query(keys), needed, IRIS)
    except PartialAnswerError as error:
        if len(keys) == 1:
            shown = keys[0] if len(keys[0]) <= SHOWN else f"{keys[0][:SHOWN]}…"
            raise KgrecError(f"{error} answers {shown!r} in part only: ask again later.") from error
    else:
        if len(rows) < ROW_LIMIT or len(keys) == 1:
            return rows
    middle = len(keys) // 2
    return answers(source, keys[:middle], query, needed) + answers(source, keys[middle:], query, needed)


def iris(names: Iterable[str]) -> str:
    """Write IRIs into a query."""
    return " ".join(map(iri, names))
