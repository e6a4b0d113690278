"""What the graph has under a name that somebody typed: features called so, in any case, or by some of their words."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kgrec.graph.database import Database, Row

INDEXES = ("feature_names", "item_titles")
CANDIDATES = 50  # that are looked at for each name


@dataclass(frozen=True)
class Named:
    """What may be meant by a name, the best first; rows as ``project/features_named`` and ``project/items_titled`` say.

    Attributes:
        called: entities, makers, categories and other features of that name, upper or lower case alike, with or without
            the kind in front: ``"Category Fantasy"``.
        near: other features whose names have all the words.
        titled: items of that title, upper or lower case alike.
        near_titles: other items whose titles have all the words.
    """

    called: list[Row]
    near: list[Row]
    titled: list[Row]
    near_titles: list[Row]


def search(database: Database, names: Iterable[str]) -> dict[str, Named]:
    """Look up names that are not blank.

    The first search of a graph creates its indexes of names: no load needs them. A name that has neither a letter nor a
    digit is not found.

    Raises:
        KgrecError: they are missing, and the user may not create them.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    _ensure_indexes(database)
    whole = {name: phrases(name) for name in wanted}
    behind = {name: phrases(words[1]) for name in wanted if len(words := name.split(maxsplit=1)) > 1}
    features = _read(database, "project/features_named", [*whole.values(), *behind.values()])
    items = _read(database, "project/items_titled", list(whole.values()))
    found = {}
    for name in wanted:
        called, near = _parted(name, features[whole[name]])
        of_kind = [row for row in features[behind.get(name, "")] if same(name, row["key"])]
        keys = {row["key"] for row in called}
        titled, near_titles = _parted(name, items[whole[name]])
        found[name] = Named([row for row in of_kind if row["key"] not in keys] + called, near, titled, near_titles)
    return found


def phrases(text: str) -> str:
    """Write a query of Lucene for all words of a text, each quoted, so that nothing in it is syntax."""
    words = (word.replace("\\", "\\\\").replace('"', '\\"') for word in text.split())
    return " AND ".join(f'"{word}"' for word in words)


def same(name: str, other: str) -> bool:
    """Tell whether two names are one, upper or lower case and white space aside."""
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold()


def _parted(name: str, rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Part those of that name from the others."""
    return [row for row in rows if same(name, row["name"])], [row for row in rows if not same(name, row["name"])]


def _read(database: Database, name: str, queries: list[str]) -> dict[str, list[Row]]:
    """Return rows by query, the best of each first."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in database.read(name, queries=list(dict.fromkeys(queries)), n=CANDIDATES):
        found[row["query"]].append(row)
    return found


def _ensure_indexes(database: Database) -> None:
    online = {row["name"] for row in database.read("schema/indexes") if row["online"]}
    if not online.issuperset(INDEXES):
        for index in INDEXES:
            database.run(f"schema/{index}")
        database.run("schema/await_indexes")
