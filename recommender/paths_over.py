"""The paths of explanations: over what of the history, of the stated interests or of the persona carries an item."""

from dataclasses import dataclass

from recommender.evidence import Evidence
from recommender.interests import Interest
from recommender.paths import Node, Path
from recommender.shared_facts import Fact, Facts

STATED = "STATED_INTEREST"

Ties = list[tuple[Node, str, Node]]


@dataclass(frozen=True, eq=False)
class PathsOver:
    """Leads from users to items.

    Attributes:
        titles: of the items.
        facts: of the items.
        ways: type of the relationship from a user to an item of the history, by the ids of both.
        anonymous: whether the users are sessions, of which the graph knows nothing.
    """

    titles: dict[str, str]
    facts: Facts
    ways: dict[tuple[str, str], str]
    anonymous: bool

    def evidence(self, user_id: str, item_id: str, persona: str, found: Evidence, facts: list[Fact]) -> Path:
        """Lead over the item of the history, and over what it has in common with the recommended one, to this one.

        Args:
            user_id: whom it is recommended to.
            item_id: what is recommended.
            persona: name of the user's; empty where there is none.
            found: the item of the history, and its relations.
            facts: that these are of.
        """
        start, own, item = self._start(user_id), self._item(found.item_id), self._item(item_id)
        ties: Ties = [(start, self.ways.get((start.id, own.id), "holds"), own)]
        relations = {found.relation, found.also}
        if "chosen together" in relations:
            ties.append((item, "CO_OCCURS_WITH", own))
        if "chosen next" in relations:
            ties.append((own, "followed by", item))
        if "shared facts" in relations:
            for fact in facts:
                ties += self._lead(found.item_id, fact.id) + self._lead(item_id, fact.id)
        if "persona" in relations and persona:
            ties += [(own, "shapes", _persona(persona)), (_persona(persona), "fits", item)]
            for fact in facts if found.named == "persona" else []:
                ties += [(_persona(persona), "CHARACTERISED_BY", _node(fact)), *self._lead(item_id, fact.id)]
        elif relations & {"persona", "order of choices", None} == relations:
            ties.append((own, "leads to", item))
        return Path.of(start, ties, item)

    def interest(self, user_id: str, item_id: str, stated: Interest) -> Path:
        """Lead over what the user said to be interested in, and the item has."""
        start, item = self._start(user_id), self._item(item_id)
        fact = next((fact for fact in self.facts.of(item_id).values() if fact.key == stated.key), None)
        if fact is not None:
            return Path.of(start, [(start, STATED, _node(fact)), *self._lead(item_id, fact.id)], item)
        node = Node(stated.kind, stated.key if stated.kind == "Entity" else stated.name, stated.name)
        # Where the graph is away it is not known how the item has it.
        way = "SAME_AS" if item_id in stated.item_ids else "has"
        return Path.of(start, [(start, STATED, node), (item, way, node)], item)

    def persona(self, user_id: str, item_id: str, name: str) -> Path:
        """Lead over the persona of that name."""
        start, item = self._start(user_id), self._item(item_id)
        return Path.of(start, [(start, "HAS_PERSONA", _persona(name)), (_persona(name), "fits", item)], item)

    def nothing(self, user_id: str, item_id: str) -> Path:
        """Return the two ends alone."""
        return Path.of(self._start(user_id), [], self._item(item_id))

    def _lead(self, item_id: str, fact_id: str) -> Ties:
        """Tie an item to a fact of its own, over its page where it has one."""
        fact, item = self.facts.of(item_id)[fact_id], self._item(item_id)
        if fact.page is None:
            return [(item, fact.way, _node(fact))]
        page = Node("Entity", fact.page, fact.page_name or fact.page)
        return [(item, "SAME_AS", page), (page, fact.way, _node(fact))]

    def _start(self, user_id: str) -> Node:
        return Node("Session" if self.anonymous else "User", user_id, user_id)

    def _item(self, item_id: str) -> Node:
        return Node("Item", item_id, self.titles[item_id])


def _persona(name: str) -> Node:
    return Node("Persona", name, name)


def _node(fact: Fact) -> Node:
    return Node(fact.kind, fact.key if fact.kind == "Entity" else fact.name, fact.name)
