"""Second hops, ``author > influencedBy``: read from the settings, and found in what may be asked for."""

from collections.abc import Iterable
from dataclasses import dataclass

from kgloader.dbpedia.predicates import SECOND_TYPES, local_name, read_hop
from kgloader.dbpedia.vocabulary import Vocabulary
from kgrec.errors import KgrecError


@dataclass(frozen=True)
class Hop:
    """Facts of what the facts of items lead to.

    Attributes:
        text: as the settings say it.
        first: relationship type of the first.
        predicate: IRI of the second.
        second: relationship type of the second.
    """

    text: str
    first: str
    predicate: str
    second: str


def find_hops(texts: Iterable[str], words: Vocabulary) -> list[Hop]:
    """Find the predicates of second hops among those that may be asked for in this graph.

    Raises:
        KgrecError: one of them is in no allow-list, or is the name of several.
    """
    hops = []
    for text in texts:
        names = read_hop(text)
        first, second = _found(text, names[0], words.fact_types), _found(text, names[1], words.second_types)
        hops.append(Hop(text, words.fact_types[first], second, words.second_types[second]))
    return hops


def _found(text: str, name: str, allowed: Iterable[str]) -> str:
    """Return the IRI that is meant: a whole one, or that of kgrec's own before those of the domains of that name."""
    found = [iri for iri in allowed if name in (iri, local_name(iri))]
    meant = [iri for iri in found if iri in SECOND_TYPES] or found
    if len(meant) == 1:
        return meant[0]
    if meant:
        fault = f"{name!r} may be {' or '.join(meant)}: write which"
    else:
        names = ", ".join(sorted(map(local_name, allowed)))
        fault = f"{name!r} is none of {names}: one of your own stands in the file of a domain, which is loaded before"
    raise KgrecError(f"second_hops of [dbpedia]: {text!r} cannot be fetched, {fault}.")
