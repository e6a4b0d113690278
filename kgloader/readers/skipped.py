"""Broken lines kept aside in a file, while the load goes on.

The file holds one JSON object a line: ``{"line": 3, "reason": "...", "text": "..."}``, all in ASCII, so that nothing in
it acts on a terminal. It belongs to one load of one data file, and an interrupted load goes on with it: what a batch
left out is on the disk before the batch is in the graph, and what lies behind the last batch is written anew.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kgrec.errors import KgrecError
from kgrec.files import replacing

SUFFIX = ".skipped.jsonl"
LONGEST_TEXT = 2_000  # characters of a broken line that are kept
JUDGED_FROM = 1_000  # lines; a share of fewer says little before the end of the file


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How many broken lines are let pass.

    Attributes:
        most: their share of the lines, from 0 to 1.
        folder: where they are kept; beside the data where it is None.
    """

    most: float
    folder: Path | None = None


def kept_in(data: Path, tolerance: Tolerance) -> Path:
    """Return the file that keeps the broken lines of a data file."""
    return (data.parent if tolerance.folder is None else tolerance.folder) / f"{data.name}{SUFFIX}"


class Skipped:
    """The broken lines of one data file.

    Args:
        data: the data file.
        tolerance: how many may be broken, and where they are kept; the folder is made where it is missing.
        after: number of the line behind which the load goes on; what is kept of later lines is dropped.

    Attributes:
        path: of the file that keeps them.
        count: of the broken lines, those of the part loaded before included.

    Raises:
        KgrecError: the folder cannot be written to.
    """

    def __init__(self, data: Path, tolerance: Tolerance, after: int = 0):
        self._data = data
        self._most = tolerance.most
        self.path = kept_in(data, tolerance)
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise KgrecError(f"{folder} cannot be written to, so broken lines cannot be kept there: name --skipped.")
        self._file: IO[str] | None = None
        self.count = self._go_on(after)

    def note(self, number: int, problem: object, text: str, lines: int) -> None:
        """Keep a line aside.

        Args:
            number: of the line.
            problem: what is wrong with it.
            text: what stands there.
            lines: how many were read, this one included.

        Raises:
            KgrecError: they are more than may be.
        """
        if self._file is None:
            self._file = self.path.open("a", encoding="ascii")
        shown = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
        self._file.write(json.dumps({"line": number, "reason": str(problem), "text": shown}) + "\n")
        self.count += 1
        if lines >= JUDGED_FROM:
            self.judge(lines)

    def judge(self, lines: int) -> None:
        """Refuse to go on where too many of the lines read are broken.

        Raises:
            KgrecError: they are more than may be.
        """
        if self.count > self._most * lines:
            self.keep()
            raise KgrecError(
                f"{self.count:,} of the first {lines:,} lines of {self._data} are broken ({self.count / lines:.1%}), "
                f"where max_skipped of [load] allows {self._most:.1%}: {self.path} says what is wrong with each."
            )

    def keep(self) -> None:
        """Return when all noted lines are on the disk."""
        if self._file is not None:
            with self._file as file:
                file.flush()
                os.fsync(file.fileno())
            self._file = None

    def _go_on(self, after: int) -> int:
        """Drop what is kept of lines behind ``after``, and return how many are left."""
        if not self.path.exists():
            return 0
        if not after:
            self.path.unlink()
            return 0
        with self.path.open(encoding="ascii", errors="replace") as old, replacing(self.path) as draft:
            kept = 0
            with draft.open("w", encoding="ascii") as new:
                for line in old:
                    if _number(line) > after:
                        break
                    new.write(line)
                    kept += 1
        return kept


def _number(line: str) -> float:
    """Number of the line that is kept in this one; infinity where a kill has cut it off."""
    try:
        return int(json.loads(line)["line"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
