"""Which DBpedia entity an item is: candidate labels from its title, and a score for each candidate."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz

LABEL, WORK, CREATOR = 0.6, 0.15, 0.25  # weights of the score; they sum to 1
SAME_CREATOR = 0.8  # similarity from which two names are one creator's

LONGEST_TITLE = 1_000  # characters that are looked at; no entity has a longer label

_BRACKETS = re.compile(r" ?[(\[{][^()\[\]{}]*[)\]}]")  # the innermost; in text whose spaces are single


@dataclass(frozen=True)
class Work:
    """An item to be linked: its title, and the names of its author, artist or brand."""

    item_id: str
    title: str
    creators: list[str]


@dataclass
class Candidate:
    """An entity that may be the item; ``aliases`` are the labels of pages that redirect to it."""

    uri: str
    label: str
    is_work: bool = False
    creators: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)


def candidate_labels(title: str) -> list[str]:
    """Labels under which DBpedia may know a title, the most literal first.

    ``"Hollow Bell: A Novel (Paperback)"`` gives itself, ``"Hollow Bell: A Novel"`` and ``"Hollow Bell"``.
    """
    whole = _spaced(title)
    bare = _bare(whole)
    parts = [bare.split(separator)[0].strip() for separator in (": ", " - ", ", Vol")]
    return [label for label in dict.fromkeys([whole, bare, *parts]) if label]


def link_score(work: Work, candidate: Candidate) -> float:
    """How sure it is that a candidate is the item, from 0 to 1.

    ``0.6 * label + 0.15 * work + 0.25 * creator``: label is the best similarity of a candidate label of the title and
    the entity's label or alias, without what stands in brackets; work is 1 for an entity of a class of works; creator
    is 1 where a creator agrees, 0 where both sides name creators and none agrees, 1/2 where one side names none.

    Worked example: the same title, a book, and no author in the item: 0.6 + 0.15 + 0.125 = 0.875. With a differing
    author 0.75, which is below the default threshold of 0.8.
    """
    names = [_key(_bare(_spaced(name))) for name in (candidate.label, *candidate.aliases)]
    labels = [_key(label) for label in candidate_labels(work.title)]
    label = max((fuzz.ratio(own, name) / 100 for own in labels for name in names), default=0.0)
    return LABEL * label + WORK * candidate.is_work + CREATOR * _agreement(work.creators, candidate.creators)


def best_link(work: Work, candidates: Iterable[Candidate], min_score: float) -> tuple[str, float] | None:
    """Choose the best candidate and its score, or nothing below ``min_score``; ties go to the first IRI."""
    scored = sorted((-link_score(work, candidate), candidate.uri) for candidate in candidates)
    if not scored or -scored[0][0] < min_score:
        return None
    return scored[0][1], round(-scored[0][0], 4)


def _agreement(own: Iterable[str], theirs: Iterable[str]) -> float:
    pairs = [fuzz.token_sort_ratio(_key(mine), _key(other)) / 100 for mine in own for other in theirs]
    if not pairs:
        return 0.5
    return 1.0 if max(pairs) >= SAME_CREATOR else 0.0


def _key(text: str) -> str:
    return _spaced(text).casefold()


def _spaced(text: str) -> str:
    """Make all white space single spaces, in text that is not longer than any label."""
    return " ".join(text[:LONGEST_TITLE].split())


def _bare(text: str) -> str:
    """Leave out what stands in brackets, those within others first."""
    without = _BRACKETS.sub("", text)
    while without != text:
        text, without = without, _BRACKETS.sub("", without)
    return _spaced(without)
