"""An item of the history that a score rests on, what it has to do with the recommended one, and that in words."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Relation: TypeAlias = Literal["chosen together", "chosen next", "shared facts", "persona", "order of choices"]


@dataclass(frozen=True)
class Evidence:
    """An item of the history without which the score is lower.

    Attributes:
        item_id: of the history.
        title: its.
        loss: what the score loses without it.
        rank: of the recommended item, without it: among the candidates of the whole history.
        losses: what each part of the score loses; they add up to ``loss``.
        relation: to the recommended item, by the parts that lose most, a tenth of all at least; ``None`` where there is
            nothing to tell of it.
        also: where that names nothing, the next one that does.
        users: how many had both; ``None`` where neither relation is of users. Never fewer than two.
        shared: names of facts that both have, or of traits of the persona that the recommended item has.
    """

    item_id: str
    title: str
    loss: float
    rank: int
    losses: dict[str, float]
    relation: Relation | None
    also: Relation | None
    users: int | None
    shared: list[str]

    @property
    def named(self) -> Relation | None:
        """The relation that users and shared names are of."""
        return self.also or self.relation


def in_words(
    evidence: Evidence | None,
    persona: str,
    score: float,
    rank: int,
    parts: dict[str, float],
    interests: list[str],
    gain: float,
    history: bool = True,
) -> str:
    """Say it in a sentence or two.

    Args:
        evidence: the strongest; ``None`` where no item of the history lowers the score.
        persona: its name, empty where there is none.
        score: of the recommended item.
        rank: of the recommended item.
        parts: of the score.
        interests: what was stated, of what it has.
        gain: of the score, by these.
        history: whether there is one.
    """
    said = _of_the_history(evidence, persona, score, rank, parts, history)
    if not interests:
        return said
    return f"{said} It has what was stated as an interest, {' and '.join(interests)}: {gain:.2f} of the score."


def _of_the_history(
    evidence: Evidence | None, persona: str, score: float, rank: int, parts: dict[str, float], history: bool
) -> str:
    if evidence is None:
        most = max(parts, key=lambda name: parts[name])
        owner = f"{most}'" if most.endswith("s") else f"{most}'s"
        why = "No item of the history carries it alone" if history else "There is no history"
        return f"{why}: most of the score of {score:.2f} is the {owner}."
    own, shared = f"“{evidence.title}”", " and ".join(evidence.shared)
    said = {
        "chosen together": f"{evidence.users} users chose both",
        "chosen next": f"{evidence.users} users chose both, this one soon after",
        "shared facts": f"both have {shared}",
        "persona": f"it shapes the persona{f' “{persona}”' if persona else ''}, which this fits"
        + (f" by {shared}" if shared and evidence.named == "persona" else ""),
        "order of choices": "after it the sequence model expects this",
    }
    why = f"Because of {own}" + (f": {said[evidence.relation]}" if evidence.relation else "")
    why += f", and {said[evidence.also]}." if evidence.also else "."
    falls = f" Without it the score falls from {score:.2f} to {score - evidence.loss:.2f}"
    return f"{why}{falls}, and the rank from {rank} to {evidence.rank}." if evidence.rank > rank else f"{why}{falls}."
