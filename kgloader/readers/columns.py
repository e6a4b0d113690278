"""Rows of csv and tsv files: each on a line of its own, with as many fields as the first line names."""

import csv
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
            names = tuple(_fields(header, delimiter))
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
            Malformed: it has more or fewer of them than there are columns, or its quotes are not closed.
        """
        fields = _fields(line, self.delimiter)
        if len(fields) != len(self.names):
            raise Malformed(f"{len(fields)} fields where the header has {len(self.names)}")
        return dict(zip(self.names, fields, strict=True))


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        [fields] = csv.reader([line], delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise Malformed(f"not a row of fields ({error})") from error
    return fields
