"""Why an item is on a list: the parts of its score, and the item of the history that carries most of it.

Which that is, is not guessed from what the two have in common: each item of the history is really taken away and
everything is scored again (`recommender.removal`). What they have in common is told where that part of the score falls.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kgrec.graph.database import Database
from kgrec.training.fits import Fit
from recommender.evidence import Evidence, Relation, in_words
from recommender.explanations import ENOUGH, together
from recommender.first_stage import MODEL
from recommender.histories import Users
from recommender.interests import INTERESTS, Interest, in_persona, interesting, telling, weight
from recommender.paths import Path
from recommender.paths_over import PathsOver
from recommender.removal import Removals, removals
from recommender.second_stage import BASE
from recommender.serving import Served
from recommender.shared_facts import Fact, Facts
from recommender.sources import FROM_FACTS, FROM_INTERACTIONS, PERSONA
from recommender.tables import FOLLOWERS, NEAR

PARTS: dict[Relation, tuple[str, ...]] = {  # of the score that each relation stands for
    "chosen together": FROM_INTERACTIONS[:2],
    "chosen next": FROM_INTERACTIONS[2:],
    "shared facts": tuple(FROM_FACTS.values()),
    "persona": (PERSONA,),
    "order of choices": (MODEL, BASE),
}
STAGES = {"none": "first stage", "base": "base model", "learned": "learned order"}
NAMELESS = ("persona", "order of choices")  # that can be told without users or facts
TOLD = 3  # items of the history, of each recommended one
NAMED = 2  # facts
LEAST = 0.1  # part of the loss from which a relation is told


@dataclass(frozen=True)
class Explanation:
    """Why one item is on a list.

    Attributes:
        user_id: whose list; ``"session"`` for an anonymous one.
        rank: from 1.
        item_id: the recommended item.
        title: its.
        score: that gave the order.
        stage: that it is of: ``"first stage"``, ``"base model"`` or ``"learned order"``.
        parts: of the score, by name; they add up to it.
        retrieved_score: of the first stage.
        retrieved_parts: of that score, by name; they add up to it.
        persona: name of the persona that the candidates were retrieved for.
        evidence: what of the history the score rests on, the most first; at most three.
        interests: names of what the user said to be interested in and the item has, the rarest first.
        path: by what carries most, the first evidence or an interest; without a history and such an interest by the
            persona; the two ends alone where no item of the history carries it.
        text: all of it in a sentence or two.
    """

    user_id: str
    rank: int
    item_id: str
    title: str
    score: float
    stage: str
    parts: dict[str, float]
    retrieved_score: float
    retrieved_parts: dict[str, float]
    persona: str
    evidence: list[Evidence]
    interests: list[str]
    path: Path
    text: str


@dataclass(frozen=True, eq=False)
class _Found:
    """What scoring says of one recommended item: its place among the candidates, and the evidence as row numbers.

    And which of the stated interests it has, the rarest first, with the share of each in what it gains by all of them.
    """

    row: int
    item_id: str
    removals: Removals
    place: int
    evidence: list[int]
    interests: list[tuple[Interest, float]]


def explain(
    database: Database,
    served: Served,
    shares: dict[str, float],
    users: Users,
    wanted: Sequence[tuple[int, str]],
    anonymous: bool = False,
) -> list[Explanation]:
    """Explain recommended items of some users, which are among the candidates of these; others are left out.

    Args:
        database: the graph, for names.
        served: models and tables.
        shares: of all items that have a feature, as far as they are known; those that are read are added.
        users: whose lists.
        wanted: row of a user, and item id.
        anonymous: whether these are sessions, of which the graph knows nothing.
    """
    snapshot, personas = served.snapshot, served.snapshot.require_personas(Fit.FINAL)
    found: list[_Found] = []
    for row in dict.fromkeys(row for row, _ in wanted):
        mine = [item_id for of, item_id in wanted if of == row]
        history, hidden = snapshot.numbers([users.histories[row], users.disliked[row]])
        interests = users.interests[row]
        stated, told = interesting(snapshot, [interests]), telling(snapshot, interests)
        scored = removals(
            served.stages,
            served.chosen,
            personas,
            history,
            users.personas[row],
            len(mine),
            hidden,
            stated,
            in_persona(snapshot, interests),
        )
        for item_id in mine:
            number = snapshot.number[item_id]
            place = scored.place(number)
            if place is not None:
                of_all = float(stated[0, number]) if stated is not None else 0.0
                own = [(one, weight(items, snapshot.n_items) / of_all) for one, items in told if number in items]
                found.append(_Found(row, item_id, scored, place, _strongest(scored, place), own))
    teller = _Teller(database, served, shares, users, found, anonymous)
    return [teller.explanation(one) for one in found]


def _strongest(scored: Removals, place: int) -> list[int]:
    losses = scored.losses[:, place]
    best = losses.sort(descending=True, stable=True).indices[:TOLD].tolist()
    return [one for one in best if losses[one] > 0]


class _Teller:
    """Names, relations and paths of what was found; the graph is read once for all of it."""

    def __init__(
        self,
        database: Database,
        served: Served,
        shares: dict[str, float],
        users: Users,
        found: list[_Found],
        anonymous: bool,
    ):
        self.snapshot, self.users = served.snapshot, users
        self.own = {one: [self._item_id(one.removals.removed[number]) for number in one.evidence] for one in found}
        item_ids = {one.item_id for one in found}.union(*self.own.values())
        rows = database.read("project/titles", item_ids=sorted(item_ids))
        self.titles = {row["item_id"]: row["title"] for row in rows}
        self.facts = Facts(database, item_ids, shares)
        self.tables = self.snapshot.tables(Fit.FINAL)
        pairs = (
            [] if anonymous else [(users.user_ids[one.row], item_id) for one in found for item_id in self.own[one][:1]]
        )
        user_ids, chosen = [user_id for user_id, _ in pairs], [item_id for _, item_id in pairs]
        ways = database.read("project/choices", user_ids=user_ids, item_ids=chosen)
        by_ids = {(row["user_id"], row["item_id"]): row["way"] for row in ways}
        self.paths = PathsOver(self.titles, self.facts, by_ids, anonymous)
        personas = self.snapshot.require_personas(Fit.FINAL)
        names = sorted({users.names[one.row] for one in found} - {""})
        self.traits: dict[str, list[str]] = {}
        for row in database.read("project/traits_of_personas", run_id=personas.run_id, names=names) if names else []:
            self.traits.setdefault(row["name"], []).append(row["id"])

    def explanation(self, one: _Found) -> Explanation:
        scored, place = one.removals, one.place
        parts = {name: float(term[0, place]) for name, term in scored.terms.items()}
        retrieved = {name: float(term[place]) for name, term in scored.retrieved.items()}
        told = [self._evidence(one, number, item) for number, item in zip(one.evidence, self.own[one], strict=True)]
        evidence = [found for found, _ in told]
        interests = [(interest, share * parts[INTERESTS]) for interest, share in one.interests]
        names = list(dict.fromkeys(interest.name for interest, _ in interests))
        score, rank = float(scored.scores[0, place]), int(scored.ranks[0, place])
        title, persona = self.titles[one.item_id], self.users.names[one.row]
        return Explanation(
            user_id=self.users.user_ids[one.row],
            rank=rank,
            item_id=one.item_id,
            title=title,
            score=score,
            stage=STAGES[scored.way],
            parts=parts,
            retrieved_score=sum(retrieved.values()),
            retrieved_parts=retrieved,
            persona=persona,
            evidence=evidence,
            interests=names,
            path=self._strongest_path(one, told[:1], interests),
            text=in_words(
                evidence[0] if evidence else None,
                persona,
                score,
                rank,
                parts,
                names,
                sum(gain for _, gain in interests),
                history=bool(scored.removed),
            ),
        )

    def _evidence(self, one: _Found, number: int, item_id: str) -> tuple[Evidence, list[Fact]]:
        scored, place = one.removals, one.place
        losses = {name: float(term[0, place] - term[1 + number, place]) for name, term in scored.terms.items()}
        by_relation = {relation: sum(losses.get(name, 0.0) for name in names) for relation, names in PARTS.items()}
        loss = float(scored.losses[number, place])
        relations: list[Relation] = []
        users: int | None = None
        facts: list[Fact] = []
        for relation in sorted(by_relation, key=lambda name: -by_relation[name]):
            if by_relation[relation] < LEAST * loss or users or facts:
                break
            users, facts = self._told(relation, one, item_id)
            if users or facts or (not relations and relation in NAMELESS):
                relations.append(relation)
        first, also = (*relations, None, None)[:2]
        shared = list(dict.fromkeys(fact.name for fact in facts))
        rank = int(scored.ranks[1 + number, place])
        found = Evidence(item_id, self.titles[item_id], loss, rank, losses, first, also, users, shared)
        return found, facts

    def _told(self, relation: Relation, one: _Found, item_id: str) -> tuple[int | None, list[Fact]]:
        """Say what there is to tell of a relation: how many users, or which facts."""
        if relation in ("chosen together", "chosen next"):
            item, own = self.snapshot.number[one.item_id], self.snapshot.number[item_id]
            tied = self.tables[NEAR if relation == "chosen together" else FOLLOWERS][own, item]
            both = together(self.snapshot.chosen, item, own) if tied else 0
            return (both if both >= ENOUGH else None), []
        if relation == "shared facts":
            (history,) = self.snapshot.numbers([self.users.histories[one.row]])
            found = self.facts.shared(self.snapshot, one.item_id, item_id, history)
            return None, [fact for fact, _ in found[:NAMED]]
        if relation == "persona":
            facts = self.facts.of(one.item_id)
            traits = self.traits.get(self.users.names[one.row], [])
            return None, self.facts.tell([facts[trait] for trait in traits if trait in facts])[:NAMED]
        return None, []

    def _strongest_path(
        self, one: _Found, told: list[tuple[Evidence, list[Fact]]], interests: list[tuple[Interest, float]]
    ) -> Path:
        """Lead over the first of what is told of the history, or over the rarest interest where that brings more.

        Without a history and such an interest, over the persona.

        Args:
            one: the recommended item.
            told: the strongest evidence and its facts, if any.
            interests: that the item has, the rarest first, with what each brings.
        """
        user_id, persona = self.users.user_ids[one.row], self.users.names[one.row]
        if interests and interests[0][1] > sum(evidence.loss for evidence, _ in told):
            return self.paths.interest(user_id, one.item_id, interests[0][0])
        if told:
            return self.paths.evidence(user_id, one.item_id, persona, *told[0])
        if persona and not one.removals.removed:  # the list is by it alone
            return self.paths.persona(user_id, one.item_id, persona)
        return self.paths.nothing(user_id, one.item_id)

    def _item_id(self, number: int) -> str:
        return self.snapshot.item_ids[number - 1]
