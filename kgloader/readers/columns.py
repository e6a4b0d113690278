"""Rows of csv and tsv files, as RFC 4180 quotes them: with as many fields as the first row names."""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Self, TypeVar

from kgloader.readers.lines import GoesOn, Lines, Malformed

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file, named by its first row; tabs part them in a ``.tsv``, packed or not, commas elsewhere."""

    names: tuple[str, ...]
    delimiter: str

    @classmethod
    def read(cls, lines: Lines, *needed: str) -> Self:
        """Read the first row.

        Raises:
            KgrecError: a name is blank or stands there twice, or a needed one is missing.
        """
        delimiter = "\t" if ".tsv" in lines.path.suffixes[-2:] else ","
        number, header = lines.header(quoted_on(delimiter))
        try:
            names = tuple(fields_of(header, delimiter))
            missing = [name for name in needed if name not in names]
            if missing:
                raise Malformed(f"the header has no column {', '.join(map(repr, missing))}")
            if not all(names) or len(set(names)) < len(names):
                raise Malformed("in the header a name is blank or stands there twice")
        except Malformed as problem:
            raise lines.error(number, problem) from problem
        return cls(names, delimiter)

    def records(self, lines: Lines, make: Callable[[dict[str, str]], Record]) -> Iterator[tuple[int, Record]]:
        """Yield (line number, record) of every row.

        Args:
            lines: of the file, behind the first row.
            make: makes a record of the fields by column, or raises `Malformed`.

        Raises:
            KgrecError: as `Lines.parsed`.
        """
        return lines.parsed(lambda row, _: make(self._cells(row)), goes_on=quoted_on(self.delimiter))

    def _cells(self, row: str) -> dict[str, str]:
        """Return the fields of a row by column.

        Raises:
            Malformed: it has more or fewer of them than there are columns, or its quotes are not in order.
        """
        fields = fields_of(row, self.delimiter)
        if len(fields) != len(self.names):
            raise Malformed(f"{len(fields)} fields where the header has {len(self.names)}")
        return dict(zip(self.names, fields, strict=True))


def fields_of(row: str, delimiter: str) -> list[str]:
    """Return the fields of a row, line breaks in quoted ones with them.

    Raises:
        Malformed: a quotation mark is not closed, or stands in a field that is not quoted.
    """
    try:
        [fields] = csv.reader([row], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise _no_row(error) from error
    if '"' in row and '"' in _quoted(delimiter).sub("", row):  # which csv takes for text, strict or not
        raise _no_row("a quotation mark in a field that is not quoted")
    return fields


def quoted_on(delimiter: str) -> GoesOn:
    """Return what tells whether a row goes on behind a line: a quoted field has not ended there."""
    return partial(_goes_on, delimiter)


def _goes_on(delimiter: str, line: str, inside: bool) -> bool:
    if '"' not in line:
        return inside
    rest = _quoted(delimiter).sub("", f'"{line}' if inside else line)
    return rest.startswith('"') or f'{delimiter}"' in rest


@cache
def _quoted(delimiter: str) -> re.Pattern[str]:
    """What matches whole quoted fields."""
    return re.compile(rf'(?:\A|(?<={re.escape(delimiter)}))"(?:[^"]|"")*+"')


def _no_row(problem: object) -> Malformed:
    return Malformed(f"not a row of fields ({problem})")
