"""RecBole's atomic files: NAME.inter, and where they exist NAME.item, NAME.link and NAME.kg.

Every file starts with a header of tab-separated ``name:type`` columns, as RecBole documents them
(https://recbole.io/docs/user_guide/data/atomic_files.html). Times below 1e11 are seconds, others milliseconds: 1e11
seconds lie in the year 5138, and 1e11 milliseconds in 1973, before any such data set.
"""

from collections.abc import Iterator
from pathlib import Path

from kgloader.readers import fields
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.records import Fact, Interaction, ItemRecord, Link
from kgrec.errors import KgrecError

TYPES = ("token", "token_seq", "float", "float_seq")
CATEGORIES = ("category", "categories", "genre", "genres", "class")
SECONDS_BELOW = 1e11

Row = dict[str, str]


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
    lines = Lines(path)
    number, header = next(iter(lines))
    return "timestamp" in _columns(lines, number, header)


def read_interactions(lines: Lines, after: int = 0) -> Iterator[tuple[int, Interaction]]:
    """Yield (line number, interaction) behind line ``after``; rating and timestamp where the file has them.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    for number, row in _rows(lines, after, "user_id", "item_id"):
        try:
            rating, time = row.get("rating"), row.get("timestamp")
            interaction = Interaction(
                user_id=fields.identifier("user_id", row["user_id"]),
                item_id=fields.identifier("item_id", row["item_id"]),
                rating=fields.number("rating", rating) if rating else None,
                timestamp=None if time is None else _time(time),
                position=number,
            )
        except Malformed as problem:
            raise lines.error(number, problem) from problem
        yield number, interaction


def read_items(lines: Lines, after: int = 0) -> Iterator[tuple[int, ItemRecord]]:
    """Yield (line number, item) behind line ``after``.

    The title comes from the first column whose name holds "title" or "name", the categories from a column named like
    ``CATEGORIES``: a ``token_seq`` is split at its spaces, a ``token`` is one category.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    types: dict[str, str] = {}
    for number, row in _rows(lines, after, "item_id", types=types):
        title = next((row[column] for column in row if "title" in column), None)
        if title is None:
            title = next((row[column] for column in row if "name" in column), "")
        categories = [
            part
            for column in CATEGORIES
            if column in row
            for part in (row[column].split(" ") if types[column] == "token_seq" else [row[column]])
        ]
        try:
            item = ItemRecord(
                item_id=fields.identifier("item_id", row["item_id"]),
                title=fields.text(title),
                description=fields.text(row.get("description")),
                price=fields.price(row.get("price")),
                brand=fields.name(row.get("brand")),
                authors=fields.names([row.get("author")]),
                categories=fields.names(categories),
            )
        except Malformed as problem:
            raise lines.error(number, problem) from problem
        yield number, item


def read_links(lines: Lines, after: int = 0) -> Iterator[tuple[int, Link]]:
    """Yield (line number, link) behind line ``after``.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    for number, row in _rows(lines, after, "item_id", "entity_id"):
        try:
            link = Link(*(fields.identifier(column, row[column]) for column in ("item_id", "entity_id")))
        except Malformed as problem:
            raise lines.error(number, problem) from problem
        yield number, link


def read_facts(lines: Lines, after: int = 0) -> Iterator[tuple[int, Fact]]:
    """Yield (line number, fact) behind line ``after``.

    Raises:
        KgrecError: the header, a line or a value is wrong; names file and line.
    """
    columns = ("head_id", "relation_id", "tail_id")
    for number, row in _rows(lines, after, *columns):
        try:
            fact = Fact(*(fields.identifier(column, row[column]) for column in columns))
        except Malformed as problem:
            raise lines.error(number, problem) from problem
        yield number, fact


def _rows(lines: Lines, after: int, *required: str, types: dict[str, str] | None = None) -> Iterator[tuple[int, Row]]:
    """Yield (line number, values by column) behind line ``after``; fill ``types`` from the header."""
    columns: dict[str, str] = {}
    for number, line in lines:
        if not columns:
            columns = _columns(lines, number, line)
            missing = [column for column in required if column not in columns]
            if missing:
                raise lines.error(number, f"the header has no column {', '.join(map(repr, missing))}")
            if types is not None:
                types.update(columns)
        elif number > after:
            values = line.split("\t")
            if len(values) != len(columns):
                raise lines.error(number, f"{len(values)} fields where the header has {len(columns)}")
            yield number, dict(zip(columns, values, strict=True))


def _columns(lines: Lines, number: int, header: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for field in header.split("\t"):
        column, _, kind = field.partition(":")
        if not column or kind not in TYPES or column in columns:
            raise lines.error(
                number, f"{field!r} in the header is not a new `name:type`, type one of {', '.join(TYPES)}"
            )
        columns[column] = kind
    return columns


def _time(value: str) -> int:
    seconds = fields.number("timestamp", value) < SECONDS_BELOW
    whole: int | str = int(value) if value.isdecimal() else value
    return fields.milliseconds("timestamp", whole, 1_000 if seconds else 1)
