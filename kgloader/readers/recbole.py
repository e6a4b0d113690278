"""RecBole's atomic files: NAME.inter, and where they exist NAME.item, NAME.link and NAME.kg.

Every file starts with a header of tab-separated ``name:type`` columns, as RecBole documents them
(https://recbole.io/docs/user_guide/data/atomic_files.html). Times below 1e11 are seconds, others milliseconds: 1e11
seconds lie in the year 5138, and 1e11 milliseconds in 1973, before any such data set.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from kgloader.readers import fields
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.records import Fact, Interaction, ItemRecord, Link
from kgrec.errors import KgrecError

TYPES = ("token", "token_seq", "float", "float_seq")
CATEGORIES = ("category", "categories", "genre", "genres", "class")

Cells = dict[str, str]  # of one line, by column


def interactions_file(folder: Path) -> Path:
    """Return the one ``.inter`` file of a folder.

    Raises:
        KgrecError: there is none, or more than one.
    """
    found = sorted(folder.glob("*.inter"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise KgrecError(f"{folder} must hold exactly one .inter file; found: {names}.")
    return found[0]


def has_timestamps(path: Path) -> bool:
    """Tell whether the interactions of a ``.inter`` file have a time; without one the file's order counts."""
    return "timestamp" in header(Lines(path))


def read_interactions(lines: Lines, after: int = 0) -> Iterator[tuple[int, Interaction]]:
    """Yield (line number, interaction) behind line ``after``; rating and timestamp where the file has them.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    columns = list(header(lines, "user_id", "item_id"))
    user, item = columns.index("user_id"), columns.index("item_id")
    rating, time = (columns.index(name) if name in columns else None for name in ("rating", "timestamp"))
    return lines.parsed(partial(_interaction, len(columns), user, item, rating, time), after)


def read_items(lines: Lines, after: int = 0) -> Iterator[tuple[int, ItemRecord]]:
    """Yield (line number, item) behind line ``after``.

    The title comes from the first column whose name holds "title", or else "name"; the categories come from all
    columns named in ``CATEGORIES``: a ``token_seq`` is split at its spaces, a ``token`` is one category.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    types = header(lines, "item_id")
    return lines.parsed(lambda line, _: _item(_cells(line, types), types), after)


def read_links(lines: Lines, after: int = 0) -> Iterator[tuple[int, Link]]:
    """Yield (line number, link) behind line ``after``.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    types = header(lines, "item_id", "entity_id")
    return lines.parsed(lambda line, _: _link(_cells(line, types)), after)


def read_facts(lines: Lines, after: int = 0) -> Iterator[tuple[int, Fact]]:
    """Yield (line number, fact) behind line ``after``.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    types = header(lines, "head_id", "relation_id", "tail_id")
    return lines.parsed(lambda line, _: _fact(_cells(line, types)), after)


def header(lines: Lines, *required: str) -> dict[str, str]:
    """Read the first line: the type of each column.

    Raises:
        KgrecError: it is no header, or a required column is missing; names file and line.
    """
    number, text = next(iter(lines))
    try:
        return _types(text, required)
    except Malformed as problem:  # without it no line can be read: it is never skipped
        raise lines.error(number, problem) from problem


def _types(header: str, required: Sequence[str]) -> dict[str, str]:
    types: dict[str, str] = {}
    for field in header.split("\t"):
        column, _, kind = field.partition(":")
        if not column or kind not in TYPES or column in types:
            raise Malformed(f"{field!r} in the header is not a new `name:type`, type one of {', '.join(TYPES)}")
        types[column] = kind
    missing = [column for column in required if column not in types]
    if missing:
        raise Malformed(f"the header has no column {', '.join(map(repr, missing))}")
    return types


def _values(line: str, columns: int) -> list[str]:
    values = line.split("\t")
    if len(values) != columns:
        raise Malformed(f"{len(values)} fields where the header has {columns}")
    return values


def _cells(line: str, types: dict[str, str]) -> Cells:
    return dict(zip(types, _values(line, len(types)), strict=True))


def _interaction(
    columns: int, user: int, item: int, rating: int | None, time: int | None, line: str, position: int
) -> Interaction:
    """Read one line of so many columns, at whose places user, item, rating and time stand."""
    values = _values(line, columns)
    return Interaction(
        fields.identifier("user_id", values[user]),
        fields.identifier("item_id", values[item]),
        None if rating is None or not values[rating] else fields.number("rating", values[rating]),
        None if time is None else fields.time("timestamp", values[time]),
        position,
    )


def _item(cells: Cells, types: dict[str, str]) -> ItemRecord:
    title = next((cells[column] for word in ("title", "name") for column in cells if word in column), "")
    categories = [
        part
        for column in CATEGORIES
        if column in cells
        for part in (cells[column].split(" ") if types[column] == "token_seq" else [cells[column]])
    ]
    return ItemRecord(
        item_id=_identifier(cells, "item_id"),
        title=fields.text(title),
        description=fields.text(cells.get("description")),
        price=fields.price(cells.get("price")),
        brand=fields.name(cells.get("brand")),
        authors=fields.names([cells.get("author")]),
        categories=fields.names(categories),
    )


def _link(cells: Cells) -> Link:
    return Link(item_id=_identifier(cells, "item_id"), uri=fields.entity("entity_id", cells["entity_id"]))


def _fact(cells: Cells) -> Fact:
    head, tail = (fields.entity(column, cells[column]) for column in ("head_id", "tail_id"))
    return Fact(head, _identifier(cells, "relation_id"), tail)


def _identifier(cells: Cells, column: str) -> str:
    return fields.identifier(column, cells[column])
