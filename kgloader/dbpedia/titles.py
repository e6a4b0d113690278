"""What a title says: its name in several forms, a year, a volume; and names brought to one spelling."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Role = Literal["whole", "head", "tail"]

LONGEST_TITLE = 1_000  # characters that are looked at; no entity has a longer label

LONGEST_END = 100  # characters of a segment in which an edition or a volume is looked for

_BRACKETS = re.compile(r" ?[(\[{]([^()\[\]{}]*)[)\]}]")  # the innermost; in text whose spaces are single
_SEPARATORS = re.compile(r" ?[:;] ?| [-\u2013\u2014] |--|\u2014")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_NUMBER = r"\d{1,3}|[ivx]{1,5}|one|two|three|four|five|six|seven|eight|nine|ten"
_VOLUME = re.compile(
    rf"(?:[ ,]*(?:\b(?:vol(?:ume)?s?|part|season)\b\.?|#)|(?:,[ ]|^)(?:book|no\.|number)) ?({_NUMBER})$", re.IGNORECASE
)
_EDITION = re.compile(
    r"(?:(?:[ ,]+|^)(?:the|a|an|and|&|complete|special|deluxe|collector'?s|anniversary|illustrated|revised|expanded|"
    r"updated|unabridged|abridged|annotated|limited|large print|movie tie-in|tie-in|media tie-in|widescreen|fullscreen|"
    r"full screen|criterion|extended|ultimate|two-disc|2-disc|restored|uncut|unrated|remastered|international|classic|"
    r"first|second|third|new|leather-?bound|paperback|hardcover|kindle|dvd|blu-ray|gift|\d{1,3}(?:st|nd|rd|th)))*"
    r"(?:[ ,]+|^)(?:edition|box(?:ed)? set|gift set|complete set|(?:director'?s|theatrical|extended|final) cut|"
    r"(?:extended|unrated|uncut) version|hardcover|paperback|audio ?book|dvd|blu-ray|vhs)$",
    re.IGNORECASE,
)
# A segment that says what a thing is, not what it is called.
_DESCRIPTION = re.compile(
    r"(?:an?|the)? ?(?:(?:graphic|crime|historical|true|short|first|epic|new|love|fantasy|romance|mystery|suspense|"
    r"memory|selected|collected|complete|special|deluxe|collector'?s|anniversary|widescreen|unabridged|original) )*"
    r"(?:novels?|novella|memoir|thriller|mystery|romance|story|stories|play|biography|autobiography|poems|tale|essays|"
    r"edition|box(?:ed)? set|collection|movie|film|series|soundtrack|audio ?book)",
    re.IGNORECASE,
)
_ARTICLES = ("the ", "a ", "an ")
_BEHIND = re.compile(r"^(.+), (the|an?)$", re.IGNORECASE)
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10"}
_WORDS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "i": "1",
}  # fmt: skip
_SMALL = {
    "a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "into", "nor", "of", "on", "or", "the", "to",
    "with",
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A name that a text gives: the whole of it, its head without subtitles, or its tail behind a series' name.

    ``key`` is ``text`` in the one spelling of `key`.
    """

    text: str
    key: str
    role: Role


@dataclass(frozen=True)
class Name:
    """A title or a label, read: its forms, what its brackets say, its year and volume (None where it names none)."""

    forms: tuple[Form, ...]
    brackets: tuple[str, ...]
    year: int | None
    volume: str | None


def read_name(text: str) -> Name:
    """Read a title or a label.

    ``"Hollow Bell: Salt, Vol. 2 (1999)"`` has the forms ``Hollow Bell: Salt`` (whole), ``Hollow Bell`` (head) and
    ``Salt`` (tail), the year 1999 and the volume 2.
    """
    return _read(text[:LONGEST_TITLE])  # what is kept for the next time is no longer


@lru_cache(maxsize=10_000)
def _read(text: str) -> Name:
    text = spaced(text)
    bare, brackets = without_brackets(text)
    years = [int(found[0]) for bracket in brackets if (found := _YEAR.search(bracket))]
    volume: str | None = None
    segments: list[str] = []
    for segment in _SEPARATORS.split(bare):
        cut = _undressed(segment) or ("" if segments else segment)
        if (found := _VOLUME.search(cut, max(0, len(cut) - LONGEST_END))) is not None and (segments or found.start()):
            volume, cut = number(found[1]), cut[: found.start()].strip(" ,")
        if cut and not (segments and _DESCRIPTION.fullmatch(cut)):
            segments.append(_article_in_front(cut))
    forms: dict[str, Form] = {}
    named: list[tuple[str, Role]] = [(": ".join(segments), "whole")]
    named += [(": ".join(segments[:end]), "head") for end in range(1, min(len(segments), 4))]
    named += [(": ".join(segments[start:]), "tail") for start in range(1, min(len(segments), 4))]
    for form, role in named:
        if (written := key(form)) and written not in forms:
            forms[written] = Form(form, written, role)
    return Name(tuple(forms.values()), brackets, years[0] if years else None, volume)


@lru_cache(maxsize=10_000)
def key(text: str) -> str:
    """Bring a name to one spelling: no case, accents, punctuation or article in front, and ``&`` is ``and``.

    It is kept for the next time, so ``text`` is to be one that `spaced` made short.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    words = re.sub(r"[^\w]+|_", " ", re.sub("['\u2019`.]", "", plain)).split()
    return " ".join(words[1:] if len(words) > 1 and f"{words[0]} " in _ARTICLES else words)


def numbers(key: str) -> frozenset[str]:
    """Numbers among the words of a key, Roman ones too: what tells a work from its sequel."""
    words = key.split()
    return frozenset(word for word in words if word.isdigit()) | frozenset(_ROMAN[w] for w in words[1:] if w in _ROMAN)


def number(text: str) -> str:
    """Write a number of a volume in digits."""
    lowered = text.casefold()
    return _ROMAN.get(lowered) or _WORDS.get(lowered) or lowered.lstrip("0")


def spellings(form: str) -> list[str]:
    """Write a name in the ways that a label may have it: as it stands, in title case, with and without article."""
    written = [form, title_case(form)]
    for text in list(written):
        article = next((one for one in _ARTICLES if text.casefold().startswith(one)), None)
        bare = text[len(article) :] if article else text
        written.append(bare[:1].upper() + bare[1:] if article else f"The {text}")
    return list(dict.fromkeys(text for text in written if text))


def title_case(text: str) -> str:
    """Write the words of a name with capitals, small ones without, as Wikipedia does; other capitals stay.

    The first and the last word, and the first of a subtitle, have capitals whatever their size.
    """
    words = [word if word != word.lower() and word != word.upper() else word.lower() for word in text.split(" ")]
    ends = {0, len(words) - 1} | {place + 1 for place, word in enumerate(words) if word.endswith(":")}
    return " ".join(
        word.lower() if word.lower() in _SMALL and place not in ends else word[:1].upper() + word[1:]
        for place, word in enumerate(words)
    )


def without_brackets(text: str) -> tuple[str, tuple[str, ...]]:
    """Leave out what stands in brackets, those within others first, and return it beside what is left."""
    inside: list[str] = []
    left = text
    while (found := _BRACKETS.sub("", left)) != left:
        inside += [bracket.strip() for bracket in _BRACKETS.findall(left)]
        left = found
    return spaced(left), tuple(inside)


def spaced(text: str) -> str:
    """Make all white space single spaces, in text that is not longer than any label."""
    return " ".join(text[:LONGEST_TITLE].split())


def _undressed(segment: str) -> str:
    """Leave out the edition at the end of a segment."""
    start = max(0, len(segment) - LONGEST_END)
    found = _EDITION.search(segment[start:])
    return (segment[: start + found.start()] if found else segment).strip(" ,")


def _article_in_front(text: str) -> str:
    found = _BEHIND.match(text)
    return f"{found[2]} {found[1]}" if found else text
