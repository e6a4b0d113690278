"""Rows of a domain's files as records: the interactions of every reader, and items as their domain describes them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kgloader.domains.description import ITEM, Description, Node
from kgloader.domains.tables import Cells
from kgloader.readers import fields
from kgloader.readers.lines import Malformed
from kgloader.readers.records import Interaction

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")  # how a time begins that is no number
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR = re.compile(r"(\d{4})(?:-\d{2}(?:-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class DescribedItem:
    """What is known of an item.

    Attributes:
        item_id: with the prefix of the domain.
        properties: those that the row has.
        nodes: names by kind, in the order of the row.
    """

    item_id: str
    properties: dict[str, Any]
    nodes: dict[str, tuple[str, ...]]


def interaction(domain: Description, cells: Cells, position: int) -> Interaction:
    """Read an interaction.

    Raises:
        Malformed: an id is missing, or a value is no rating or no time.
    """
    columns = domain.interactions.columns
    return Interaction(
        user_id=identifier(cells, columns.user_id),
        item_id=item_id(domain, cells, columns.item_id),
        rating=_rating(cells, columns.rating) if columns.rating else None,
        timestamp=_time(columns.timestamp, cells[columns.timestamp]) if columns.timestamp else None,
        position=position,
    )


def item(domain: Description, cells: Cells) -> DescribedItem:
    """Read an item.

    Raises:
        Malformed: its id is missing, or kinds that are tied to each other are not one of each.
    """
    columns = domain.items.columns
    given = {name: cells[column] for name, column in columns if column is not None}
    properties = {
        "title": fields.text(given.get("title")),
        "description": fields.text(given.get("description")),
        "price": fields.price(given.get("price")),
        "year": _year(given.get("year")),
    }
    nodes = {node.kind: _names(node, cells[node.column]) for node in domain.nodes}
    _ensure_single(domain, nodes)
    return DescribedItem(
        item_id(domain, cells, columns.item_id),
        {name: value for name, value in properties.items() if value not in ("", None)},
        nodes,
    )


def item_id(domain: Description, cells: Cells, column: str) -> str:
    """Read an item's id, and put the domain's prefix before it.

    Raises:
        Malformed: it is missing, or none that can be a key.
    """
    return fields.identifier(column, domain.prefix + identifier(cells, column))


def identifier(cells: Cells, column: str) -> str:
    """Read an id.

    Raises:
        Malformed: it is missing, or none that can be a key.
    """
    if cells[column] is None:
        raise Malformed(f"{column!r} is missing")
    return fields.identifier(column, cells[column])


def _rating(cells: Cells, column: str) -> float | None:
    return None if cells[column] is None else fields.number(column, cells[column])


def _ensure_single(domain: Description, nodes: dict[str, tuple[str, ...]]) -> None:
    """Refuse several nodes of a kind that is tied to another kind: which belong together is not said."""
    for one in domain.relationships:
        for kind in (one.source, one.to):
            if one.source not in (ITEM, one.to) and len(nodes[kind]) > 1:
                raise Malformed(f"{len(nodes[kind])} {kind} in one row, of which {one.type} can tie one only")


def _names(node: Node, value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    texts = [str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in values]
    if node.separator is not None:
        texts = [part for text in texts if isinstance(text, str) for part in text.split(node.separator)]
    return fields.names(texts)


def _time(column: str, value: Any) -> int:
    """Return epoch milliseconds of seconds, of milliseconds from 1e11 up, or of a date in ISO 8601, by default UTC."""
    if value is None:
        raise Malformed(f"{column!r} is missing")
    if isinstance(value, str) and DATE.match(value.strip()):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise Malformed(f"{column!r} is {fields.shown(value)}, which is no date") from error
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return fields.within(column, value, (aware - EPOCH) // timedelta(milliseconds=1))
    return fields.time(column, value)


def _year(value: Any) -> int | None:
    """Return the year of ``1999``, ``"1999"`` or ``"1999-05-03"``, else ``None``."""
    found = YEAR.fullmatch(str(value).strip()) if isinstance(value, str | int) else None
    return int(found[1]) if found else None
