"""Literals of entities as typed properties: year, pages, runtime; nothing else from the data names a property."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kgloader.dbpedia.predicates import DATE_PREDICATES, ONTOLOGY
from kgloader.dbpedia.sparql import Solution

_LEADING_NUMBER = re.compile(r"\s*(\d{1,6}(?:\.\d{1,9})?)(?![\d.])")
_YEAR = re.compile(r"\s*(\d{4})(?!\d)")


@dataclass(frozen=True)
class Property:
    """A property: the predicates that tell it, how many of their units are one of its own, and its bounds."""

    predicates: tuple[str, ...]
    pattern: re.Pattern[str]
    unit: int
    least: int
    most: int


PROPERTIES = {
    "year": Property(tuple(DATE_PREDICATES), _YEAR, 1, 1, 2100),
    "pages": Property((f"{ONTOLOGY}numberOfPages",), _LEADING_NUMBER, 1, 1, 20_000),
    "runtime": Property((f"{ONTOLOGY}runtime",), _LEADING_NUMBER, 60, 1, 10_000),  # DBpedia has seconds
}


def literal_predicates(names: Iterable[str]) -> list[str]:
    """Predicates that tell the properties of these names."""
    return [predicate for name in names for predicate in PROPERTIES[name].predicates]


def literal_properties(rows: Iterable[Solution]) -> dict[str, dict[str, int]]:
    """Read ``{entity, predicate, value}`` into properties by entity, whole numbers within their bounds.

    Of several values the least counts: the first edition, the shortest cut. What cannot be read is left out.
    """
    told: dict[str, dict[str, int]] = defaultdict(dict)
    names = {predicate: name for name, one in PROPERTIES.items() for predicate in one.predicates}
    for row in rows:
        name = names.get(row.get("predicate", ""))
        if name is None:
            continue
        rule = PROPERTIES[name]
        found = rule.pattern.match(row.get("value", ""))
        number = round(float(found[1]) / rule.unit) if found else 0
        if rule.least <= number <= rule.most:
            told[row["entity"]][name] = min(number, told[row["entity"]].get(name, number))
    return dict(told)
