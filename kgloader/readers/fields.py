"""Checked values out of loosely typed fields."""

import html
import math
import re
from collections.abc import Iterator
from typing import Any

from pyoxigraph import NamedNode

from kgloader.readers.lines import Malformed

LONGEST_KEY = 1_000  # characters; a unique index takes keys up to about 8,000 bytes
LONGEST_INTEGER = 3_000  # bits of one that is a key, some 900 digits
LONGEST_PRICE = 100  # characters
FIRST_TIME, LAST_TIME = -62_135_596_800_000, 253_402_300_799_999  # epoch milliseconds, of the years 1 to 9999 in UTC
SECONDS_BELOW = 1e11  # as seconds the year 5138, as milliseconds 1973
TAG = re.compile(r"<[^<>]*>")
PRICE = re.compile(r"(?:from )?[$€£]? ?(\d[\d,]*(?:\.\d+)?)(?: ?- ?[$€£]? ?\d[\d,.]*)?", re.IGNORECASE)


def required(record: dict[str, Any], *keys: str) -> tuple[str, Any]:
    """Return the first of the keys that the record has, with its value.

    Raises:
        Malformed: it has none of them.
    """
    for key in keys:
        if record.get(key) is not None:
            return key, record[key]
    raise Malformed(f"the key {' or '.join(map(repr, keys))} is missing")


def identifier(key: str, value: Any) -> str:
    """Return a node key as a string.

    Raises:
        Malformed: it is neither text nor a whole number, blank, too long to index, or not valid Unicode.
    """
    if not isinstance(value, str):
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= LONGEST_INTEGER:
            return str(value)
        raise Malformed(f"{key!r} is {shown(value)}, not text")
    if not value.strip():
        raise Malformed(f"{key!r} is blank")
    if len(value) > LONGEST_KEY:
        raise Malformed(f"{key!r} is longer than {LONGEST_KEY} characters")
    if not value.isascii() and value != _encodable(value):
        raise Malformed(f"{key!r} is not valid Unicode")
    return value


def entity(key: str, value: Any) -> str:
    """Return the id of an entity: an IRI that is one, or an id of another kind, such as Freebase's ``m.0dyb1``.

    Raises:
        Malformed: it is no identifier, or it looks like an IRI and is none.
    """
    found = identifier(key, value)
    if "://" in found:
        try:
            NamedNode(found)
        except ValueError as error:
            raise Malformed(f"{key!r} is {shown(value)}, which is no IRI") from error
    return found


def number(key: str, value: Any) -> float:
    """Return a finite number, given as such or as text.

    Raises:
        Malformed: it is something else.
    """
    grouped = isinstance(value, str) and "_" in value  # which Python reads, and no file means
    if isinstance(value, int | float | str) and not isinstance(value, bool) and not grouped:
        try:
            converted = float(value)
        except (ValueError, OverflowError):
            converted = math.nan
        if math.isfinite(converted):
            return converted
    raise Malformed(f"{key!r} is {shown(value)}, not a number")


def milliseconds(key: str, value: Any, unit: int) -> int:
    """Return epoch milliseconds from a time in units of ``unit`` milliseconds.

    Raises:
        Malformed: it is no number, or not of the years 1 to 9999.
    """
    return within(key, value, number(key, value) * unit)


def time(key: str, value: Any) -> int:
    """Return epoch milliseconds of a number of seconds, or of milliseconds from 1e11 up.

    Raises:
        Malformed: it is no number, or not of the years 1 to 9999.
    """
    found = number(key, value)
    return within(key, value, found * 1_000 if found < SECONDS_BELOW else found)


def within(key: str, value: Any, found: float) -> int:
    """Return the epoch milliseconds that were found in a value, whole.

    Raises:
        Malformed: they are not of the years 1 to 9999 in UTC, which is what Python can write as a date.
    """
    if not FIRST_TIME <= found <= LAST_TIME:
        raise Malformed(f"{key!r} is {shown(value)}, which is no time of the years 1 to 9999")
    return round(found)


def text(value: Any) -> str:
    """Return readable text of a string or of nested lists of strings: entities unescaped, white space collapsed."""
    parts = (" ".join(_unescaped(part).split()) for part in _strings(value))
    return _encodable(" ".join(part for part in parts if part))


def name(value: Any) -> str:
    """Return a name fit for a node key: as `text`, without HTML tags; empty where it is too long to be a name."""
    found = text(value)
    if "<" in found:
        found = " ".join(TAG.sub(" ", found).split())
    return found if len(found) <= LONGEST_KEY else ""


def names(values: Any) -> tuple[str, ...]:
    """Return the distinct names in a list, or in a list of lists, in order."""
    if not isinstance(values, list | tuple):
        values = [values]
    flat = [part for value in values for part in (value if isinstance(value, list | tuple) else [value])]
    return tuple(dict.fromkeys(found for found in map(name, flat) if found))


def price(value: Any) -> float | None:
    """Return the (lower) price of ``9.99``, ``"$9.99"``, ``"from 9.99"`` or ``"$5 - $9.99"``, else ``None``."""
    if isinstance(value, str):
        words = " ".join(value.split())
        match = PRICE.fullmatch(words) if len(words) <= LONGEST_PRICE else None
        value = match[1].replace(",", "") if match else None
    try:
        return None if value is None else number("price", value)
    except Malformed:
        return None


def shown(value: Any) -> str:
    """Return a value as an error message shows it, cut short."""
    try:
        full = repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a number of thousands of digits"
    except RecursionError:
        return "nested too deeply to be shown"
    return full if len(full) <= 60 else f"{full[:57]}..."


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings in nested lists, in order; without recursion, as JSON's brackets may be hundreds deep."""
    ahead = [value]
    while ahead:
        one = ahead.pop()
        if isinstance(one, list | tuple):
            ahead += reversed(one)
        elif isinstance(one, str):
            yield one


def _unescaped(value: str) -> str:
    try:
        return html.unescape(value)
    except ValueError:  # an entity of more digits than Python reads: the text stays as it stands
        return value


def _encodable(value: str) -> str:
    # JSON's \ud800 makes a lone surrogate, which has no place in UTF-8 nor in Neo4j.
    return value.encode("utf-8", "replace").decode("utf-8")
