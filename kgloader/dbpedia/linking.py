"""Which DBpedia entity an item is: labels to look a title up by, and how likely each candidate is."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from kgloader.dbpedia.kinds import Kind, kinds_of_label
from kgloader.dbpedia.titles import (
    Form,
    Name,
    Role,
    key,
    numbers,
    read_name,
    spaced,
    spellings,
    title_case,
    without_brackets,
)

MOST_LABELS = 24  # that one title is looked up by
BRACKETS: dict[Kind | None, tuple[str, ...]] = {
    "book": ("novel", "book", "short story collection", "comics", "novella", "memoir"),
    "film": ("film", "TV series", "miniseries", "film series"),
    "music": ("album", "song", "EP"),
    "game": ("video game",),
    None: ("novel", "film", "book", "album"),
}
WITH_MAKER: dict[Kind, tuple[str, ...]] = {"book": ("novel", "book"), "music": ("album", "song")}
USUAL_LENGTH = 12  # characters of a name
SAME_CREATOR = 0.85  # similarity from which two names are one creator's

# Logarithms of odds that a candidate is the item, fitted by `python -m benchmarks.linking --fit`.
WEIGHTS: dict[str, float] = {
    "a candidate": -0.98,
    "same name": 0.75,
    "subtitle left out": -0.40,
    "subtitle added": -1.93,
    "other subtitle": 0.88,
    "series left out": -1.47,
    "other spelling": 1.20,
    "to the letter": 2.45,
    "difference": -2.83,
    "length": 2.16,
    "another number": -2.14,
    "same kind": 2.86,
    "no work": -2.58,
    "same creator": 2.21,
    "another creator": -7.29,
    "same year": 2.33,
    "another year": -1.63,
}


@dataclass(frozen=True)
class Work:
    """An item to be linked.

    Attributes:
        creators: names of its author, artist or brand.
        kind: where that is known.
        classes: IRIs of what it may be, as its domain says.
    """

    item_id: str
    title: str
    creators: tuple[str, ...] = ()
    kind: Kind | None = None
    classes: frozenset[str] = frozenset()

    @property
    def year(self) -> int | None:
        """The year that the title gives in brackets."""
        return read_name(self.title).year


@dataclass
class Candidate:
    """An entity that may be the item.

    Attributes:
        label: with the bracket that tells it from its namesakes.
        is_work: it is of a class of works, or of a domain; ``classes`` are IRIs of those, ``kinds`` their kinds.
        aliases: its other names: labels of pages that redirect to it, and what its page calls it.
        years: in which it came out.
    """

    uri: str
    label: str
    is_work: bool = False
    kinds: set[Kind] = field(default_factory=set)
    creators: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Link:
    """A candidate for an item, the likelihood that it is the item, and what speaks for and against it."""

    candidate: Candidate
    probability: float
    evidence: dict[str, float]


def names_of(title: str) -> list[str]:
    """Names by which DBpedia may know a title, without brackets of its own, the most literal first.

    ``"Hollow Bell: A Novel (Paperback)"`` gives itself, ``Hollow Bell: A Novel`` and ``Hollow Bell``, and all with an
    article in front.
    """
    whole = spaced(title)
    forms = [form.text for form in read_name(title).forms]
    written = [whole, without_brackets(whole)[0], *forms, *(text for form in forms for text in spellings(form))]
    return [name for name in dict.fromkeys(written) if name]


def candidate_labels(work: Work) -> list[str]:
    """Labels under which DBpedia may know a work, the most literal first: its names, then those of its kind.

    ``Winter Tide`` by Cor Holt, a book, is also looked up as ``Winter Tide (novel)``, ``Winter Tide (Holt novel)`` and
    the like.
    """
    forms = [title_case(form.text) for form in read_name(work.title).forms if form.role != "tail"][:2]
    words = list(BRACKETS[work.kind])
    if work.year and work.kind in ("film", None):
        words.insert(0, f"{work.year} film")
    if work.kind in WITH_MAKER and work.creators:
        maker = _surname(work.creators[0])
        words[2:2] = [f"{maker} {word}" for word in WITH_MAKER[work.kind]]
    bracketed = [f"{form} ({word})" for form in forms for word in words]
    bracketed += [f"{form} (disambiguation)" for form in forms[:1]]
    plain = names_of(work.title)
    room = max(MOST_LABELS - len(bracketed), MOST_LABELS // 2)
    return list(dict.fromkeys([*plain[:room], *bracketed]))[:MOST_LABELS]


def evidence(work: Work, candidate: Candidate) -> dict[str, float]:
    """What speaks for and against a candidate, by the names of ``WEIGHTS``; what says nothing is left out."""
    match = _best_match(work, candidate)
    if match is None:
        return {}
    own, theirs, ratio = match
    role = _role(own, theirs)
    title, label = read_name(work.title), read_name(candidate.label)
    told = {"a candidate": 1.0}
    if own.key == theirs.key:
        told[role] = 1.0
        if own.text.casefold() == theirs.text.casefold():
            told["to the letter"] = 1.0
        told["length"] = math.log(len(own.key) / USUAL_LENGTH)
        if role == "other subtitle":
            told["difference"] = 10 * (1 - _whole_ratio(title, candidate))
    else:
        told["other spelling"] = 1.0
        told["difference"] = 10 * (1 - ratio)
    if numbers(own.key) != numbers(theirs.key) or (title.volume or "1") != (label.volume or "1"):
        told["another number"] = 1.0
    kinds = candidate.kinds or kinds_of_label(candidate.label)
    if not candidate.is_work and not kinds:
        told["no work"] = 1.0
    elif (work.kind is not None and work.kind in kinds) or not work.classes.isdisjoint(candidate.classes):
        told["same kind"] = 1.0
    told |= _creators(work, candidate)
    years = candidate.years | ({label.year} if label.year else set())
    if title.year and years:
        told["same year" if min(abs(title.year - year) for year in years) <= 1 else "another year"] = 1.0
    return told


def is_other_kind(work: Work, candidate: Candidate) -> bool:
    """Whether the two are of different kinds, as a book and its film are; the bracket of a label counts most."""
    kinds = kinds_of_label(candidate.label) or candidate.kinds
    return work.kind is not None and bool(kinds) and work.kind not in kinds


def links(work: Work, candidates: Iterable[Candidate]) -> list[Link]:
    """Tell how likely each candidate is the item, the likeliest first; ties go to the first IRI.

    A conditional logit (McFadden 1974) over the candidates and "none of them": with odds ``e^l`` of a candidate against
    none, its probability is ``e^l / (1 + sum of e^l)``. So two that look the same are never likely, however alike they
    are to the item. Candidates of another kind are left out.
    """
    told = [(one, evidence(work, one)) for one in candidates if not is_other_kind(work, one)]
    odds = [math.exp(min(logit(proof), 50.0)) if proof else 0.0 for _, proof in told]
    total = 1 + sum(odds)
    found = [Link(one, odd / total, proof) for (one, proof), odd in zip(told, odds, strict=True) if proof]
    return sorted(found, key=lambda link: (-link.probability, link.candidate.uri))


def logit(evidence: dict[str, float]) -> float:
    """Add up what speaks for and against a candidate, against none of the candidates."""
    return sum(WEIGHTS[name] * value for name, value in evidence.items())


def _best_match(work: Work, candidate: Candidate) -> tuple[Form, Form, float] | None:
    """Best pair of a form of the title and a form of a name of the candidate, and their similarity."""
    names = [read_name(name) for name in (candidate.label, *sorted(candidate.aliases))]
    pairs = [
        (own, theirs, 1.0 if own.key == theirs.key else fuzz.ratio(own.key, theirs.key) / 100)
        for own in read_name(work.title).forms
        for name in names
        for theirs in name.forms
    ]
    return max(pairs, key=_rank, default=None)


def _rank(pair: tuple[Form, Form, float]) -> tuple[float, int, bool]:
    own, theirs, ratio = pair
    return ratio, -_ORDER[_role(own, theirs)], own.text.casefold() == theirs.text.casefold()


def _whole_ratio(title: Name, candidate: Candidate) -> float:
    """Similarity of a title and the likest name of a candidate, subtitles and all."""
    names = (read_name(name).forms[:1] for name in (candidate.label, *candidate.aliases))
    return max(fuzz.ratio(title.forms[0].key, form.key) / 100 for forms in names for form in forms)


_ORDER = {"same name": 0, "subtitle left out": 1, "subtitle added": 2, "other subtitle": 3, "series left out": 4}


def _role(own: Form, theirs: Form) -> str:
    roles: tuple[Role, Role] = (own.role, theirs.role)
    if "tail" in roles:
        return "series left out"
    return {
        ("whole", "whole"): "same name",
        ("head", "whole"): "subtitle left out",
        ("whole", "head"): "subtitle added",
        ("head", "head"): "other subtitle",
    }[roles]


def _creators(work: Work, candidate: Candidate) -> dict[str, float]:
    """Compare makers. Another one speaks against no film: shops name its star or its studio as well."""
    own = work.creators
    inside = {word for bracket in read_name(candidate.label).brackets for word in key(bracket).split()}
    if any(key(_surname(name)) in inside for name in own):
        return {"same creator": 1.0}
    if not own or not candidate.creators:
        return {}
    agree = any(same_person(mine, theirs) for mine in own for theirs in candidate.creators)
    if agree:
        return {"same creator": 1.0}
    return {} if work.kind == "film" else {"another creator": 1.0}


def same_person(one: str, other: str) -> bool:
    """Whether two names may be one person's: the same words in any order, or the surname and fitting initials."""
    first, second = _person(one), _person(other)
    if not first or not second:
        return False
    if fuzz.token_sort_ratio(" ".join(first), " ".join(second)) / 100 >= SAME_CREATOR:
        return True
    if first[-1] != second[-1]:
        return False
    return all(mine[0] == theirs[0] for mine, theirs in zip(first[:-1], second[:-1], strict=False))


def _person(name: str) -> list[str]:
    """Words of a name with the surname last: ``Tolkien, J.R.R.`` is ``j r r tolkien``."""
    bare = without_brackets(spaced(name))[0]
    surname, comma, given = bare.partition(", ")
    words = (f"{given} {surname}" if comma else bare).replace(".", ". ")
    return key(f"by {words}").split()[1:]  # so that no initial is taken for an article


def _surname(name: str) -> str:
    bare = without_brackets(spaced(name))[0]
    return bare.partition(", ")[0] if ", " in bare else (bare.split() or [""])[-1]
