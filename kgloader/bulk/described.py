"""What is known of items and of entities, gathered as `kgloader.writers` writes it over Bolt."""

from array import array
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from kgloader.readers.records import Fact, ItemRecord, Link
from kgloader.report import Report
from kgloader.writers.entities import RELATION_TYPES

Columns = tuple[np.ndarray, ...]


class Names:
    """Names and their places, numbered as they come."""

    def __init__(self, names: Iterable[str] = ()):
        self.places = {name: place for place, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.places)

    def place(self, name: str) -> int:
        """Return the place of a name, a new one where it has none."""
        return self.places.setdefault(name, len(self.places))

    def texts(self) -> pa.StringArray:
        """Return the names in the order of their places."""
        return pa.array(list(self.places), pa.string())


class Ties:
    """Tuples of places, of which each counts once; only numbers are kept."""

    def __init__(self, width: int = 2):
        self._columns = [array("q") for _ in range(width)]

    def add(self, *places: int) -> None:
        """Note one more tuple."""
        for column, place in zip(self._columns, places, strict=True):
            column.append(place)

    def distinct(self) -> Columns:
        """Return the columns of the distinct tuples, each ``[m]``, in the order of the first column."""
        columns = [np.array(column, dtype=np.int64) for column in self._columns]
        order = np.lexsort(columns[::-1])
        sorted_ = [column[order] for column in columns]
        new = np.ones(len(order), dtype=bool)
        new[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in sorted_])
        return tuple(column[new] for column in sorted_)


class Described:
    """What a load says of items that somebody met, and of entities.

    Args:
        items: their ids ``[i]``, text.
        report: where it is counted what is left out.
    """

    def __init__(self, items: pa.StringArray, report: Report):
        self.items = Names(items.to_pylist())
        self.titles: list[str | None] = [None] * len(items)
        self.descriptions: list[str | None] = [None] * len(items)
        self.prices: list[float | None] = [None] * len(items)
        self.brands, self.authors, self.categories = Names(), Names(), Names()
        self.by_brand, self.by_author, self.in_category = Ties(), Ties(), Ties()
        self.also_bought, self.also_viewed = Ties(), Ties()
        self.entities, self.predicates, self.types = Names(), Names(), Names()
        self.same_as, self.typed, self.other = Ties(), Ties(3), Ties(3)
        self._report = report

    def add_items(self, records: Iterable[ItemRecord]) -> None:
        """Note what files of metadata say; of what is said twice, the last counts."""
        for record in records:
            item = self.items.places.get(record.item_id)
            self._report.skipped["items not in the reviews"] += item is None
            if item is None:
                continue
            self.titles[item] = record.title or self.titles[item]
            self.descriptions[item] = record.description or self.descriptions[item]
            self.prices[item] = self.prices[item] if record.price is None else record.price
            if record.brand:
                self.by_brand.add(item, self.brands.place(record.brand))
            for name in record.authors:
                self.by_author.add(item, self.authors.place(name))
            for name in record.categories:
                self.in_category.add(item, self.categories.place(name))
            self._tie(self.also_bought, item, record.also_bought)
            self._tie(self.also_viewed, item, record.also_viewed)

    def add_links(self, links: Iterable[Link]) -> None:
        """Note which entities items are."""
        for link in links:
            item = self.items.places.get(link.item_id)
            self._report.skipped["links of items without interactions"] += item is None
            if item is not None:
                self.same_as.add(item, self.entities.place(link.uri))

    def add_facts(self, facts: Iterable[Fact]) -> None:
        """Note triples between entities: typed where the relation is known."""
        for fact in facts:
            head, tail = self.entities.place(fact.head), self.entities.place(fact.tail)
            type_ = RELATION_TYPES.get(fact.relation)
            if type_:
                self.typed.add(head, tail, self.types.place(type_))
            else:
                self.other.add(head, tail, self.predicates.place(fact.relation))

    def _tie(self, ties: Ties, item: int, others: tuple[str, ...]) -> None:
        places = [self.items.places.get(other) for other in others]
        self._report.skipped["ties to items not in the reviews"] += places.count(None)
        for place in places:
            if place is not None and place != item:
                ties.add(item, place)
