"""What is known of a persona, and whether a text says nothing beyond it, as far as numbers and names tell."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from gnn.names import SEPARATOR, Characteristic, shortened
from kgrec.text import visible

LONGEST = 60  # characters of a feature or a title
TRAITS, TYPICAL = 5, 5  # that are told
QUOTES = re.compile(r"“([^”]*)”|\u2018([^\u2019]*)\u2019|\"([^\"]*)\"|«([^»]*)»|„([^“”]*)[“”]")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*(?:\s?%| percent\b)?")
WORD = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*")
# Numbers in words; "one" stands for more than a number.
IN_WORDS = """
    zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions
    billion dozen dozens half halves third thirds quarter quarters fifth tenth once twice thrice double doubled triple
    percent percentage majority
"""
# May begin a sentence without being a name.
OPENERS = """
    a all also although among an and as at both but by compared despite each every few for from had has have he her his
    however if in instead is it its less like many members mostly more most never not of often on only other others
    people persona rarely readers seldom several she since so some such than that the their them these they this those
    though to too typical typically unlike users what when where which while who whose with within without yet
"""
_IN_WORDS, _OPENERS = frozenset(IN_WORDS.split()), frozenset(OPENERS.split())


@dataclass(frozen=True)
class Evidence:
    """What a summary of a persona may say.

    Attributes:
        name: of the persona.
        size: users whose strongest persona it is.
        n_users: of all.
        traits: readable features, the strongest first.
        typical: titles, the most typical first.
        counter: title of an item that they seldom choose, its lift, and the name of the persona that it is typical of.
    """

    name: str
    size: int
    n_users: int
    traits: Sequence[tuple[str, Characteristic]]
    typical: Sequence[str]
    counter: tuple[str, float, str | None] | None

    @cached_property
    def facts(self) -> list[str]:
        """All of it in lines, of bounded length; texts from data hold nothing that a terminal would obey."""
        share = f"{self.size / max(self.n_users, 1):.0%}"
        lines = [
            f"Name: {visible(self.name)}",
            f"Users: {self.size:,} of {self.n_users:,}, which is {share} of them",
        ]
        lines += [
            f"They choose more than others: {visible(named(label))}, in {percent(one.share)} of what they choose, "
            f"{one.lift:.1f} times as much as all users"
            for label, one in self.traits[:TRAITS]
        ]
        lines += [f"Typical of them: “{visible(named(title))}”" for title in self.typical[:TYPICAL]]
        if self.counter:
            title, lift, of = self.counter
            typical_of = f", typical of {visible(named(of))}" if of else ""
            often = f"{lift:.1g} times as often as all users" if lift > 0 else "never"
            lines.append(f"They seldom choose: “{visible(named(title))}”{typical_of}, {often}")
        return lines

    def bears(self, text: str) -> bool:
        """Say whether a text tells of the persona, and has no number and no name that the evidence has not.

        A number in a name of the evidence stands for that name alone. Names are what stands in quotation marks and what
        has a capital letter, but for common words at the beginning of a sentence; of scripts without capitals every
        word is one. Claims in small letters it cannot see.
        """
        return (
            self._tells(text)
            and all(number in self._numbers for number in _numbers(self._without_names(text)))
            and all(_plain(quoted) in self._plain for quoted in _quoted(text))
            and all(_plain(name) in self._plain for name in _names(text))
        )

    @cached_property
    def _plain(self) -> str:
        return _plain(" ; ".join(self.facts))

    @cached_property
    def _numbers(self) -> set[str]:
        return set(_numbers(self._without_names("\n".join(self.facts))))

    @cached_property
    def _known(self) -> list[str]:
        """Names of what they choose."""
        names = [*self.name.split(SEPARATOR), *(label for label, _ in self.traits[:TRAITS]), *self.typical[:TYPICAL]]
        return [visible(named(name)) for name in names if name.strip()]

    def _without_names(self, text: str) -> str:
        """Take the names of the evidence out, the longest first."""
        seldom = [visible(named(name)) for name in (self.counter or ())[::2] if isinstance(name, str)]
        names = sorted(filter(str.strip, [*self._known, *seldom]), key=len, reverse=True)
        some = "|".join(map(re.escape, names))
        return re.sub(rf"(?<!\w)(?:{some})(?!\w)", " ", text, flags=re.IGNORECASE) if names else text

    def _tells(self, text: str) -> bool:
        return any(_plain(name) in _plain(text) for name in self._known)


def named(text: str) -> str:
    """Return a feature or a title as it is told."""
    return shortened(text, LONGEST)


def percent(share: float) -> str:
    """Return a share as it is told."""
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def _plain(text: str) -> str:
    """Words of a text in small letters, a space around each, so that no part of a word is found."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    return f" {' '.join(words)} "


def _numbers(text: str) -> Iterator[str]:
    """Yield numbers, in figures or in words, those in percent as such."""
    for found in NUMBER.findall(text):
        figures = re.sub(r"\s?%| percent", "", found)
        with suppress(ValueError):  # 1.2.3 is none
            yield f"{float(figures.replace(',', '')):.12g}{'%' if figures != found else ''}"
            continue
        yield found
    yield from (character for character in text if character.isnumeric() and not character.isdecimal())
    yield from (word for word in re.findall(r"\w+", text.casefold()) if word in _IN_WORDS)


def _quoted(text: str) -> Iterator[str]:
    for found in QUOTES.findall(text):
        yield from (one for one in found if one)


def _names(text: str) -> Iterator[str]:
    """Yield runs of words that are names."""
    for sentence in re.split(r"[.!?:;]\s+", QUOTES.sub(" , ", text)):
        run: list[str] = []
        for place, found in enumerate(WORD.finditer(sentence)):
            word, end = found[0], found.end()
            cased = word.lower() != word.upper()
            name = not cased or any(letter.isupper() for letter in word)
            if name and not (place == 0 and word.casefold() in _OPENERS):
                run.append(word)
            if run and (not name or not sentence[end : end + 1].isspace()):
                yield " ".join(run)
                run = []
        if run:
            yield " ".join(run)
