"""What a domain's files say, as writes: items of the domain, the kinds of nodes that it describes, and their ties."""

from collections.abc import Iterable, Iterator

from kgloader.domains.description import ITEM, Description, Relationship
from kgloader.domains.records import DescribedItem
from kgloader.readers.records import Interaction
from kgloader.report import Report
from kgloader.writers.by_user import InteractionWrites
from kgloader.writers.interactions import Write, known_items
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row

EVERYWHERE = ("BY", "IN_CATEGORY")  # types that every statement about features walks; others have HAS_FEATURE beside


def interactions_of_domain(
    domain: Description, writes: InteractionWrites, database: Database, batch: list[Interaction], report: Report
) -> list[Write]:
    """Users, items of the domain, and their interactions.

    Raises:
        KgrecError: an item is in the graph already, from somewhere else.
    """
    ensure_own(domain, database, dict.fromkeys(interaction.item_id for interaction in batch))
    return writes(database, batch, report)


def items_of_domain(domain: Description, database: Database, batch: list[DescribedItem], report: Report) -> list[Write]:
    """What is known of the items that somebody interacted with: a write for each kind and each type."""
    known = known_items(database, {item.item_id for item in batch})
    items = [item for item in batch if item.item_id in known]
    report.skipped["items that nobody chose"] += len(batch) - len(items)
    properties = [{"item_id": item.item_id, "properties": item.properties} for item in items]
    writes = [Write("load/item_properties", properties)]
    for node in domain.nodes:
        names = dict.fromkeys(name for item in items for name in item.nodes[node.kind])
        writes.append(Write("load/features", [{"kind": node.kind, "name": name} for name in names], node.kind))
    for one in domain.relationships:
        statement = "load/item_features" if one.source == ITEM else "load/feature_ties"
        writes.append(Write(statement, _rows([one], items), relationship=_title(one)))
    described = [one for one in domain.relationships if one.source == ITEM and one.type not in EVERYWHERE]
    return [*writes, Write("load/has_feature", _rows(described, items), relationship="HAS_FEATURE")]


def ensure_own(domain: Description, database: Database, item_ids: Iterable[str]) -> None:
    """Refuse items that the graph has from somewhere else: two things of one id would become one.

    Raises:
        KgrecError: names the first of them, where it is from, and what keeps them apart.
    """
    found = database.read("load/items_elsewhere", items=list(item_ids), domain=domain.name)
    if found:
        where = f"the domain {found[0]['domain']!r}" if found[0]["domain"] else "a load without a domain"
        raise KgrecError(
            f"The item {found[0]['item_id']!r} of the domain {domain.name!r} is in the graph already, from {where}: "
            'give this one\'s ids a prefix, such as prefix = "x:", in its file.'
        )


def _rows(relationships: list[Relationship], items: list[DescribedItem]) -> list[Row]:
    """Ties of all items, each once."""
    found = {tuple(row.values()): row for one in relationships for item in items for row in _ties(one, item)}
    return list(found.values())


def _ties(one: Relationship, item: DescribedItem) -> Iterator[Row]:
    to = item.nodes[one.to]
    if one.source == ITEM:
        for name in to:
            yield {"item_id": item.item_id, "type": one.type, "kind": one.to, "name": name}
        return
    pairs = zip(to[1:], to, strict=False) if one.source == one.to else zip(item.nodes[one.source], to, strict=False)
    for source, target in pairs:
        yield {"from_kind": one.source, "from_name": source, "type": one.type, "kind": one.to, "name": target}


def _title(one: Relationship) -> str:
    return f"{one.type} ({one.to})" if one.source == ITEM else f"{one.type} ({one.source} to {one.to})"
