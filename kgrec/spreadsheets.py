"""Comma-separated values that a spreadsheet only shows: no cell out of data is taken for a formula.

After OWASP's "CSV injection": what begins with one of ``= + - @`` is computed by spreadsheets, and a formula can send
what stands beside it elsewhere, or start a program.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from kgrec.text import visible

# Spreadsheets take the wide forms of these marks for the same. Tab and line break, which count as such marks
# too, are escapes when this is asked. A text that has the apostrophe already gets another: `text_of` takes one away.
_FORMULA = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


def cell(value: object) -> object:
    """Return a value as a cell: text that would be a formula begins with an apostrophe, and shows as `visible` has it.

    Numbers stay as they are, also those in a text such as the id ``-12``, which is one to a spreadsheet too.
    """
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def text_of(cell: str) -> str:
    """Return the text that `cell` was made of; what became an escape stays one."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a head and a line for each row, separated by commas.

    Raises:
        ValueError: a row has a value of another column.
    """
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in rows)
