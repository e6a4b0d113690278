"""What stated likes mean, as far as names in memory tell: for when the graph, which searches them, is away."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

import pyarrow as pa

from kgrec.graph.database import Row
from recommender.service.titles import Titles, having_words

ENTITIES = "DBpedia"  # kind of facts that are entities (`recommender.reading.KINDS`)
QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"')  # word of a query as `kgrec.graph.names.phrases` writes it


class Named:
    """Names of facts and items, searched by all words of a query.

    Args:
        facts: their keys by kind, as ``project/item_facts`` has them.
        titles: of all items.
    """

    def __init__(self, facts: Mapping[str, Iterable[str]], titles: Titles):
        self._titles = titles
        self._keys = [(key, kind == ENTITIES) for kind, keys in facts.items() for key in keys]
        self._place = {key: place for place, (key, entity) in enumerate(self._keys) if entity}
        self._names = pa.array([_name(*one) for one in self._keys], pa.string())

    def features(self, queries: Iterable[str], n: int) -> list[Row]:
        """Do as ``project/features_named``, the shortest names first."""
        return [{"query": query, **self._row(place)} for query in queries for place in self._having(query)[:n]]

    def items(self, queries: Iterable[str], n: int) -> list[Row]:
        """Do as ``project/items_titled``, the most chosen first."""
        return [
            {"query": query, "key": f"Item {item}", "kind": "Item", "name": name, "item_ids": [item]}
            for query in queries
            for item, name, _ in self._titles.search(" ".join(_words(query)), n)
        ]

    def entity(self, iri: str) -> list[Row]:
        """Do as ``project/entity_of_iri``."""
        return [self._row(self._place[iri])] if iri in self._place else []

    def _having(self, query: str) -> list[int]:
        places: list[int] = having_words(self._names, _words(query)).tolist()
        return sorted(places, key=lambda place: len(str(self._names[place])))

    def _row(self, place: int) -> Row:
        key, entity = self._keys[place]
        kind = "Entity" if entity else key.partition(" ")[0]
        return {"key": key, "kind": kind, "name": str(self._names[place]), "item_ids": []}


def _words(query: str) -> list[str]:
    return [re.sub(r"\\(.)", r"\1", word) for word in QUOTED.findall(query)]


def _name(key: str, entity: bool) -> str:
    """Name of a fact: of an entity what its IRI says, as labels are not in memory."""
    return unquote(key.rpartition("/")[2]).replace("_", " ") if entity else key.partition(" ")[2]
