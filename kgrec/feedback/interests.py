"""What users say they are interested in, found in the graph as stated likes are, but never guessed.

Feedback is a fact that is written in a user's name. A name is taken in any case; one that only comes near is refused,
and the error names the nearest.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from kgrec.dbpedia import iri_of
from kgrec.errors import Ambiguous, Unknown
from kgrec.graph.database import Database, Row
from kgrec.graph.names import Named, same, search

NAMED = 5  # meanings of a word that an error names


@dataclass(frozen=True)
class Understood:
    """What an interest was understood as, where it is not to the letter.

    Attributes:
        interest: as it was said.
        kind: of node: ``"Entity"``, ``"Category"`` and so on.
        name: of the node.
    """

    interest: str
    kind: str
    name: str

    @property
    def text(self) -> str:
        """The same as a sentence."""
        return f"{self.interest!r} is the {self.kind.lower()} {self.name!r}."


@dataclass(frozen=True)
class Meant:
    """What an interest means.

    Attributes:
        feature: element id of the node.
        understood: as what; ``None`` where it is called so to the letter.
    """

    feature: str
    understood: Understood | None


def meant(database: Database, interests: Iterable[tuple[str, str]]) -> dict[str, Meant]:
    """Find what interests mean, by what they are in.

    An IRI or ``dbr:Name`` is an entity's; else a maker, a category or another feature is meant by its name, alone or
    behind its kind, or an entity by its label: to the letter if there is one, else upper or lower case alike.

    Args:
        database: the graph.
        interests: where each stands, and what it is in.

    Raises:
        Unknown: nothing is called so; the error names what comes near.
        Ambiguous: several things are.
    """
    where: dict[str, str] = {}  # it stands first
    for place, interest in interests:
        where.setdefault(interest, place)
    words = {interest: iri_of(interest) for interest in where}
    rows = database.read("feedback/meant", words=sorted(set(words.values()))) if words else []
    by_key: dict[str, list[Row]] = {word: [] for word in words.values()}
    for row in rows:
        by_key[row["word"]].append(row)
    # A key means itself, whatever else is called so.
    itself = {word: found for word, rows in by_key.items() if (found := [row for row in rows if row["key"] == word])}
    named = search(database, [word for word in by_key if word not in itself])
    return {
        interest: _meant(where[interest], interest, word, itself.get(word) or by_key[word], named.get(word))
        for interest, word in words.items()
    }


def _meant(where: str, interest: str, word: str, rows: list[Row], named: Named | None) -> Meant:
    called = named.called if named else []
    letter = {row["feature"]: row for row in [*rows, *called] if word in (row["key"], row["name"])}
    found = list(letter.values()) or called
    # A whole key goes before a name, and the name of a maker or a category before the label of an entity.
    found = (
        [row for row in found if same(row["key"], word)] or [row for row in found if row["kind"] != "Entity"] or found
    )
    if not found:
        raise Unknown(f"{where}: the graph has no entity, category or maker {interest!r}{_instead(named)}")
    if len(found) > 1:
        raise Ambiguous(f"{where}: {interest!r} may be {_listed(found)}: give one of them.")
    (row,) = found
    understood = None if letter else Understood(interest, row["kind"], row["name"])
    return Meant(row["feature"], understood)


def _instead(named: Named | None) -> str:
    """Say what may be given in place of what is not there, behind its name."""
    if named and named.titled:
        return f"; that is the title of {_listed(named.titled)}: give the item as a like."
    if named and named.near:
        return f"; nearest: {_listed(named.near)}: give one of them."
    return ": give an IRI, dbr:Name, or the exact name."


def _listed(rows: list[Row]) -> str:
    return ", ".join(repr(row["key"]) for row in rows[:NAMED]) + (" and others" if len(rows) > NAMED else "")
