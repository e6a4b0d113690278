"""Rows of csv and tsv files: each on a line of its own, with as many fields as the first line names."""

import csv
import re
from dataclasses import dataclass
from typing import Self

from kgloader.readers.lines import Lines, Malformed


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a file, named by its first line; tabs part them in a ``.tsv``, packed or not, commas elsewhere."""

    names: tuple[str, ...]
    delimiter: str

    @classmethod
    def read(cls, lines: Lines, *needed: str) -> Self:
        """Read the first line.

        Raises:
            KgrecError: a name is blank or stands there twice, or a needed one is missing.
        """
        delimiter = "\t" if ".tsv" in lines.path.suffixes[-2:] else ","
        number, header = next(iter(lines))
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

    def cells(self, line: str) -> dict[str, str]:
        """Return the fields of a line by column.

        Raises:
            Malformed: it has more or fewer of them than there are columns, or its quotes are not in order.
        """
        fields = fields_of(line, self.delimiter)
        if len(fields) != len(self.names):
            raise Malformed(f"{len(fields)} fields where the header has {len(self.names)}")
        return dict(zip(self.names, fields, strict=True))


def fields_of(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line, as RFC 4180 quotes them.

    Raises:
        Malformed: a quotation mark is not closed, or stands in a field that is not quoted, such as the rest of one that
            began on a line before.
    """
    try:
        [fields] = csv.reader([line], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise _no_row(error) from error
    if '"' in line:
        quoted = rf'(?:^|(?<={re.escape(delimiter)}))"(?:[^"]|"")*+"'
        if '"' in re.sub(quoted, "", line):  # which csv takes for text, strict or not
            raise _no_row("a quotation mark in a field that is not quoted")
    return fields


def _no_row(problem: object) -> Malformed:
    return Malformed(f"not a row of fields ({problem}); a field with a line break in it is not read")
