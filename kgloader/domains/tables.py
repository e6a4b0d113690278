"""Rows of a file that somebody else laid out, as values by column: .csv, .tsv and .jsonl, plain or gzip.

A .csv is read as RFC 4180 has it, its first line names the columns; in a .tsv nothing is quoted. In a .jsonl, one
object a line, a column is a key, or a way through objects, such as ``author.name``.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from kgloader.readers.columns import fields_of, quoted_on
from kgloader.readers.fields import shown
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.opening import require_file
from kgrec.errors import KgrecError

JSON_LINES = (".jsonl", ".json")
FORMATS = (".csv", ".tsv", *JSON_LINES)

Cells = dict[str, Any]  # of one row: what the asked columns hold, ``None`` where there is nothing
Record = TypeVar("Record")


class Table:
    """The columns that are asked for of one file.

    Args:
        path: of the file, whose name tells the format.
        columns: that are asked for.
        delimiter: between the values of a .csv.

    Attributes:
        empty: those of the columns in which no row so far had anything.

    Raises:
        KgrecError: there is no such file, it is a pipe, or its name tells no format.
    """

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str = ","):
        suffixes = [suffix for suffix in path.suffixes if suffix != ".gz"]
        self.format = suffixes[-1] if suffixes else ""
        if self.format not in FORMATS:
            raise KgrecError(f"{path} is no table that kgrec reads: give {', '.join(FORMATS)}, plain or .gz.")
        if not path.exists() or path.is_dir():
            raise KgrecError(f"{path} is missing: --data names the folder of a domain's files.")
        require_file(path)
        self.path, self.columns, self.empty = path, tuple(dict.fromkeys(columns)), set(columns)
        self.delimiter = "\t" if self.format == ".tsv" else delimiter
        self._goes_on = quoted_on(self.delimiter) if self.format == ".csv" else None

    def records(
        self, lines: Lines, make: Callable[[Cells, int], Record], after: int = 0
    ) -> Iterator[tuple[int, Record]]:
        """Yield (line number, record) for every row behind line ``after``.

        Args:
            lines: of the file.
            make: makes a record of the cells of a row and its line number, or raises `Malformed`.
            after: number of the last line that is passed over.

        Raises:
            KgrecError: a column is missing, or a line is wrong; names file and line.
        """
        cells = self._object if self.format in JSON_LINES else self._row(self._header(lines))

        def parse(line: str, number: int) -> Record:
            found = cells(line)
            self.empty.difference_update([column for column, value in found.items() if value is not None])
            return make(found, number)

        return lines.parsed(parse, after, self._goes_on)

    def ensure_columns(self) -> None:
        """Refuse a file whose first line does not name all columns; in a .jsonl a row may lack any.

        Raises:
            KgrecError: the file is empty, or its header is wrong; names file and line.
        """
        if self.format not in JSON_LINES:
            self._header(Lines(self.path))

    def _header(self, lines: Lines) -> list[str]:
        number, line = lines.header(self._goes_on)
        try:
            header = self._values(line)
        except Malformed as problem:
            raise lines.error(number, problem) from problem
        twice = [column for column, count in Counter(header).items() if count > 1]
        if twice:
            raise lines.error(number, f"the header names {shown(twice[0])} twice")
        missing = [column for column in self.columns if column not in header]
        if missing:
            raise lines.error(number, f"the header has no column {shown(missing[0])}")
        return header

    def _row(self, header: list[str]) -> Callable[[str], Cells]:
        places = {column: header.index(column) for column in self.columns}

        def cells(line: str) -> Cells:
            values = self._values(line)
            if len(values) != len(header):
                raise Malformed(f"{len(values)} fields where the header has {len(header)}")
            return {column: values[place] if values[place].strip() else None for column, place in places.items()}

        return cells

    def _values(self, line: str) -> list[str]:
        if self.format == ".tsv":
            return line.split("\t")
        return fields_of(line, self.delimiter)

    def _object(self, line: str) -> Cells:
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Malformed(f"not JSON ({error})") from error
        if not isinstance(found, dict):
            raise Malformed(f"{shown(found)} is not an object with keys")
        return {column: _reached(found, column) for column in self.columns}


def _reached(found: Any, column: str) -> Any:
    if column in found:
        return found[column]
    for key in column.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    return found
