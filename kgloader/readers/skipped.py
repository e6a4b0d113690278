"""Broken lines kept aside in a file, while the load goes on.

The file holds one JSON object a line: ``{"line": 3, "reason": "...", "text": "...", "check": "..."}``, all in ASCII, so
that nothing in it acts on a terminal. It belongs to one load of one data file, and an interrupted load goes on with it:
what a batch left out is on the disk before the batch is in the graph, and what lies behind the last batch is written
anew. The checks are checksums of all that stands before them, and the first line says as ``"entries"`` how many there
are at least: a file that somebody edited does not fit its own, and is moved out of the way, never overwritten.
"""

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Any

from kgloader.readers.opening import require_file
from kgrec.errors import KgrecError, fault
from kgrec.files import replacing
from kgrec.terminal import say

Entry = dict[str, Any]

SUFFIX = ".skipped.jsonl"
LONGEST_TEXT = 2_000  # characters of a broken line that are kept
LONGEST_ENTRY = 2**20  # bytes of a line of the file; kgrec writes shorter ones
BEGIN = b'{"line": '
ENTRIES = b'{"entries": '  # instead, and a number: of the first
DIGITS = 12  # and blanks, in which that number is written over
KINDS = {"line": int, "reason": str, "text": str, "check": str}
FIRST = KINDS | {"entries": int}
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
        after: number of the line behind which the load goes on; what is kept of later lines is dropped. A file that is
            not as kgrec wrote it is moved aside first, to the same name with a number behind it, which is told.

    Attributes:
        path: of the file that keeps them.
        count: of the broken lines, those of the part loaded before included.

    Raises:
        KgrecError: the folder cannot be written to, or a pipe is in the file's place.
    """

    def __init__(self, data: Path, tolerance: Tolerance, after: int = 0):
        self._data = data
        self._most = tolerance.most
        self.path = kept_in(data, tolerance)
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise KgrecError(f"{folder} cannot be written to, so broken lines cannot be kept there: name --skipped.")
        self._file: IO[bytes] | None = None
        self._check = 0
        self.count = self._go_on(after)

    def note(self, number: int, problem: object, text: str, lines: int) -> None:
        """Keep a line aside.

        Args:
            number: of the line.
            problem: what is wrong with it.
            text: what stands there.
            lines: how many were read, this one included.

        Raises:
            KgrecError: they are more than may be, or it cannot be kept.
        """
        shown = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
        with self._explained():
            if self._file is None:
                self._file = self.path.open("ab")
            self._file.write(self._entry(number, str(problem), shown, first=not self._file.tell()))
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
        """Return when all noted lines are on the disk.

        Raises:
            KgrecError: they cannot be kept; said once.
        """
        if self._file is None:
            return
        with self._explained():
            with self._file as file:
                file.flush()
                os.fsync(file.fileno())
            self._file = None
            _promise(self.path, self.count)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say of a file that cannot be written, as on a full disk, whose lines are lost; nothing more is kept in it."""
        try:
            yield
        except OSError as error:
            file, self._file = self._file, None
            if file is not None:
                with suppress(OSError):  # what it still holds cannot be written either
                    file.close()
            raise KgrecError(
                f"The broken lines of {self._data} cannot be kept in {self.path}: {fault(error)}; --skipped names "
                "another folder."
            ) from error

    def _entry(self, number: int, reason: str, text: str, first: bool) -> bytes:
        """Return a line of the file, which is the next one."""
        entry = {"line": number, "reason": reason, "text": text}
        self._check = _checksum(entry, self._check)
        line = json.dumps(entry | {"check": f"{self._check:08x}"}).encode("ascii") + b"\n"
        return ENTRIES + _padded(0) + b", " + line[1:] if first else line

    def _go_on(self, after: int) -> int:
        """Drop what is kept of lines behind ``after``, and return how many are left."""
        if not self.path.exists():
            return 0
        require_file(self.path)
        old = self.path if _as_written(self.path) else self._moved_aside()
        if not after:
            self.path.unlink(missing_ok=True)
            return 0
        with replacing(self.path) as draft:
            kept = 0
            with draft.open("wb") as new:
                for entry in _entries(old):
                    if entry is not None and entry["line"] <= after:
                        new.write(self._entry(entry["line"], entry["reason"], entry["text"], first=not kept))
                        kept += 1
            if kept:
                _promise(draft, kept)
        return kept

    def _moved_aside(self) -> Path:
        """Move the file away, and return where it is."""
        numbered = (self.path.with_name(f"{self.path.name}.{number}") for number in count(1))
        aside = next(path for path in numbered if not os.path.lexists(path))
        self.path.rename(aside)
        say(f"{self.path} was edited since kgrec wrote it, and is kept as {aside}.", err=True)
        return aside


def _as_written(path: Path) -> bool:
    """Whether a file is one that kgrec wrote, maybe cut off by a kill behind what it promises."""
    check = promised = found = 0
    for found, entry in enumerate(_entries(path), start=1):
        if entry is None or ("entries" in entry) != (found == 1):
            return False
        promised = entry.get("entries", promised)
        check = _checksum({name: entry[name] for name in ("line", "reason", "text")}, check)
        if entry["check"] != f"{check:08x}":
            return False
    return found >= promised


def _promise(path: Path, entries: int) -> None:
    """Return when the first line says on the disk how many there are, all of which are there already."""
    with path.open("r+b") as file:
        if file.read(len(ENTRIES)) == ENTRIES:  # it may have been replaced meanwhile
            file.write(_padded(entries))
            file.flush()
            os.fsync(file.fileno())


def _padded(entries: int) -> bytes:
    return f"{entries:<{DIGITS}}".encode("ascii")


def _entries(path: Path) -> Iterator[Entry | None]:
    """Yield what each line of a file says, ``None`` if it is not kgrec's; a last one that a kill cut off is no line."""
    with path.open("rb") as file:
        while line := file.readline(LONGEST_ENTRY):
            found = _entry_of(line)
            begun = any(line[: len(begin)] == begin[: len(line)] for begin in (BEGIN, ENTRIES))
            if found is None and not line.endswith(b"\n") and begun:
                return
            yield found


def _entry_of(line: bytes) -> Entry | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    kinds = {name: type(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return found if kinds in (KINDS, FIRST) else None


def _checksum(entry: Entry, before: int) -> int:
    return zlib.crc32(json.dumps(entry).encode("ascii"), before)
