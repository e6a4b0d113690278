"""The normalised rows that every reader yields and the writers take."""

from dataclasses import dataclass
from typing import NamedTuple


class Interaction(NamedTuple):  # of the records it alone comes by the million, and a tuple is made in half the time
    """A user met an item: ``timestamp`` in epoch milliseconds, ``position`` the line of the file it stands on."""

    user_id: str
    item_id: str
    rating: float | None
    timestamp: int | None
    position: int


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What is known of an item; empty strings and empty tuples where the file says nothing."""

    item_id: str
    title: str = ""
    description: str = ""
    price: float | None = None
    brand: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    also_bought: tuple[str, ...] = ()
    also_viewed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An item is the thing that an entity names."""

    item_id: str
    uri: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A knowledge-graph triple between two entities."""

    head: str
    relation: str
    tail: str
