"""The files that ``neo4j-admin database import`` reads, and how it is told of them.

Nodes are numbered through all files, so that a relationship names its ends by numbers. Texts are quoted as RFC 4180 has
it and arrive byte for byte; a field without quotes and text is a property that a node lacks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kgloader.bulk.interactions import ROWS_AT_ONCE

LEAST_BUFFER = 4 * 2**20  # bytes, the tool's own default
Columns = Callable[[slice], dict[str, Any]]


@dataclass
class CsvFiles:
    """Files in a folder, and the arguments that name them.

    Attributes:
        folder: where they are.
        nodes: how many are written.
        relationships: how many are written.
        sources: arguments of the tool, one for each file; paths are relative to the folder.
    """

    folder: Path
    nodes: int = 0
    relationships: int = 0
    sources: list[str] = field(default_factory=list)
    _line_breaks: bool = False
    _longest: int = 0

    def add_nodes(self, label: str, count: int, columns: Columns) -> int:
        """Write nodes, and return the number of the first.

        Args:
            label: of them all.
            count: how many there are.
            columns: returns the columns of a range of them, by name and type as in the tool's header.
        """
        first = self.nodes
        self.nodes += count
        if count:
            self._write(f"nodes={label}", f"{label}.csv", count, lambda rows: _numbered(first, rows) | columns(rows))
        return first

    def add_relationships(self, type_: str, count: int, columns: Columns) -> None:
        """Write relationships, whose columns begin with ``:START_ID`` and ``:END_ID``.

        Args:
            type_: of them all; empty where a column ``:TYPE`` says it.
            count: how many there are.
            columns: returns the columns of a range of them, by name and type as in the tool's header.
        """
        self.relationships += count
        if count:
            option = f"relationships={type_}" if type_ else "relationships"
            self._write(option, f"{type_ or 'FACTS'}.csv", count, columns)

    @property
    def arguments(self) -> list[str]:
        """What the tool is told behind ``database import full NAME``, to be run in the folder."""
        breaks = "true" if self._line_breaks else "false"  # reading them is slower
        buffer = max(LEAST_BUFFER, 4 * self._longest)  # has to hold the longest text, quoted
        return ["--id-type=integer", f"--multiline-fields={breaks}", f"--read-buffer-size={buffer}", *self.sources]

    def _write(self, option: str, name: str, count: int, columns: Columns) -> None:
        writer = None
        try:
            for first in range(0, count, ROWS_AT_ONCE):
                table = pa.table(columns(slice(first, min(count, first + ROWS_AT_ONCE))))
                self._look_at(table)
                writer = writer or csv.CSVWriter(self.folder / name, table.schema)
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()
        self.sources.append(f"--{option}=./{name}")

    def _look_at(self, table: pa.Table) -> None:
        for column in table.columns:
            if pa.types.is_string(column.type) and len(column):
                self._longest = max(self._longest, pc.max(pc.binary_length(column)).as_py() or 0)
                if not self._line_breaks:
                    self._line_breaks = bool(pc.any(pc.match_substring_regex(column, "[\r\n]")).as_py())


def _numbered(first: int, rows: slice) -> dict[str, Any]:
    return {":ID": pa.array(range(first + rows.start, first + rows.stop), pa.int64())}
