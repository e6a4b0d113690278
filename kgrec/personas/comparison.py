"""Two personas beside each other."""

from dataclasses import dataclass

from kgrec.graph.database import Database
from kgrec.personas.cards import PersonaCard


@dataclass(frozen=True)
class Comparison:
    """What two personas have in common.

    Attributes:
        cosine: of their centres.
        both: users who belong to the two of them, by whatever weight.
        traits: labels of the traits that both cards name.
    """

    cosine: float
    both: int
    traits: list[str]


def compare(database: Database, first: PersonaCard, second: PersonaCard) -> Comparison:
    """Compare two personas of the current run."""
    rows = database.read("project/two_personas", first=first.persona_id, second=second.persona_id)
    (found,) = rows or [{"cosine": 0.0, "both": 0}]  # a new run took their place a moment ago
    theirs = {trait.label for trait in second.traits}
    return Comparison(found["cosine"], found["both"], [one.label for one in first.traits if one.label in theirs])
