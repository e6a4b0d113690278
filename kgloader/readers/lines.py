"""Numbered lines of a text file, plain or packed, at constant memory."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from kgloader.readers.opening import opened
from kgloader.readers.skipped import LONGEST_TEXT, Skipped
from kgrec.errors import KgrecError

LONGEST_LINE = 64 * 2**20  # bytes; a whole file on one line would break the promise of constant memory
LONGEST_PASSED_OVER = 2**30  # bytes of a line of which only the beginning is kept
PIECE = 2**20  # bytes
TOO_LONG = "longer than 64 MiB: one record per line is expected"
LONGEST_ROW = 2**20  # characters of one that goes on over several lines
LONGEST_BLANK = 2**20  # bytes of blank lines in a row; some kilobytes of gzip unpack to hours of them

Record = TypeVar("Record")
# Whether a row goes on behind a line, told whether it went on behind the one before.
GoesOn = Callable[[str, bool], bool]


class Malformed(Exception):  # noqa: N818 - it never leaves the readers, which add file and line
    """A line is not what its format asks for; the message says in what."""


class Lines:
    """The lines of a UTF-8 file that are not blank, with their numbers from 1.

    The file is read once: an iteration goes on where the one before stopped. How it is packed is told by its first
    bytes, not by its name.

    Args:
        path: the file.
        skipped: where broken lines are kept aside; without it the first one is an error.

    Attributes:
        size: of the file, in bytes.
        number: of the last line read, blank or not.
        count: of the lines read that are not blank.
        checksum: of the content of all lines read, their CRC-32.
    """

    def __init__(self, path: Path, skipped: Skipped | None = None):
        self.path = path
        self.size = path.stat().st_size
        self.number = 0
        self.count = 0
        self.checksum = 0
        self._skipped = skipped
        self._file: BinaryIO | None = None
        self._numbered = self._read()

    @property
    def bytes_read(self) -> int:
        """Bytes read of the file as it lies there, packed or not."""
        if self._file is None:
            return 0
        return self.size if self._file.closed else self._file.tell()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Yield (line number, text without its line end).

        Raises:
            KgrecError: the file is empty, cut off or packed in a way that is not read, or a line is too long or not
                UTF-8.
        """
        for number, text, problem in self._numbered:
            if problem:
                raise self.error(number, problem)
            yield number, text

    def header(self, goes_on: GoesOn | None = None) -> tuple[int, str]:
        """Return (line number, text) of the first line, or row.

        Raises:
            KgrecError: as in iterating.
        """
        number, text, problem = next(self._rows(goes_on))
        if problem:
            raise self.error(number, problem)
        return number, text

    def parsed(
        self, parse: Callable[[str, int], Record], after: int = 0, goes_on: GoesOn | None = None
    ) -> Iterator[tuple[int, Record]]:
        """Yield (line number, record) for every line behind line ``after``.

        Args:
            parse: makes a record of a line and its number, or raises `Malformed`.
            after: number of the last line that is passed over unparsed.
            goes_on: tells of a format whose rows may go on over several lines where they do; ``parse`` is then called
                with whole rows and the number of their first line. All lines of a malformed row count as such.

        Raises:
            KgrecError: as in iterating, or a line is malformed and not to be skipped, or more lines than may be, or a
                row does not end; names file and line.
        """
        for number, text, problem in self._rows(goes_on):
            if number <= after:
                continue
            try:
                if problem:
                    raise Malformed(problem)
                record = parse(text, number)
            except Malformed as malformed:
                of_row = [text] if goes_on is None else text.split("\n")
                last = number + len(of_row) - 1
                rows = f", in the row of lines {number:,} to {last:,} by its quotation marks" if last > number else ""
                if self._skipped is None:
                    raise self.error(number, f"{malformed}{rows}") from malformed
                for place, line in enumerate(of_row, start=number):
                    if line:
                        self._skipped.note(place, f"{malformed}{rows}", line, self.count)
            else:
                yield number, record
        if self._skipped is not None:
            self._skipped.judge(self.count)

    def passed(self, last: int, checksum: int | None) -> bool:
        """Go on behind line ``last``, and tell whether the content up to there has this checksum.

        Raises:
            KgrecError: as in iterating, but for what is within a line.
        """
        while self.number < last and next(self._numbered, None) is not None:
            pass
        return self.number == last and self.checksum == checksum

    def error(self, number: int, problem: object) -> KgrecError:
        """Return the error that says what is wrong with one line of this file."""
        return KgrecError(f"{self.path}, line {number:,}: {problem}.")

    def _rows(self, goes_on: GoesOn | None) -> Iterator[tuple[int, str, str]]:
        """Return the lines, or the rows, as (number of the first line, text, what is wrong with its bytes)."""
        return self._numbered if goes_on is None else self._joined(goes_on)

    def _joined(self, goes_on: GoesOn) -> Iterator[tuple[int, str, str]]:
        """Yield rows; blank lines between the first and the last of one are part of it.

        Raises:
            KgrecError: as in iterating, or a row does not end: it is not skipped, for what follows may be inside it.
        """
        lines = map(self._ended, self._numbered)
        for first, begun, problem in lines:
            parts, last, length, inside = [begun], first, 0, goes_on(begun, False)
            while inside and (further := next(lines, None)) is not None:
                number, line, wrong = further
                parts += [""] * (number - last - 1) + [line]
                problem = problem or (wrong and f"line {number:,} of the row is {wrong}")
                last, length, inside = number, length + number - last + len(line), goes_on(line, True)
                if inside and length > LONGEST_ROW:
                    raise self.error(first, "a quotation mark begins a value here that does not end within 1 MiB")
            yield first, "\n".join(parts), problem

    def _ended(self, line: tuple[int, str, str]) -> tuple[int, str, str]:
        """Return a line, unless only its beginning is left: what follows may be inside its last value."""
        if line[2] == TOO_LONG:
            raise self.error(line[0], TOO_LONG)
        return line

    def _read(self) -> Iterator[tuple[int, str, str]]:
        """Yield (line number, text, what is wrong with its bytes)."""
        blank = 0
        with opened(self.path) as (self._file, stream):
            while True:
                line, too_long = self._line(stream)
                if not line:
                    break
                self.number += 1
                text, problem = _decoded(line, "utf-8-sig" if self.number == 1 else "utf-8")
                problem = too_long or problem
                if problem or (text and not text.isspace()):
                    blank = 0
                    self.count += 1
                    yield self.number, text, problem
                else:
                    blank += len(line)
                    if blank > LONGEST_BLANK:
                        raise self.error(self.number, "the end of more than 1 MiB of blank lines: this is no data")
        if not self.count:
            raise KgrecError(f"{self.path} is empty.")

    def _line(self, stream: BinaryIO) -> tuple[bytes, str]:
        """Read the next line, and what is wrong with it: of one that is too long the beginning is left."""
        try:
            line = piece = stream.readline(LONGEST_LINE + 1)
            self.checksum = zlib.crc32(piece, self.checksum)
            if len(line) <= LONGEST_LINE:
                return line, ""
            line, length = line[: 8 * LONGEST_TEXT], len(line)  # more than is kept of it, whatever its characters
            while piece and not piece.endswith(b"\n"):
                piece = stream.readline(PIECE)
                self.checksum = zlib.crc32(piece, self.checksum)
                length += len(piece)
                if length > LONGEST_PASSED_OVER:
                    raise self.error(self.number + 1, "longer than 1 GiB: this is no line of data")
        except (EOFError, OSError, zlib.error) as error:
            if getattr(error, "errno", None):  # a fault of the disk, not of the file
                raise
            problem = f"the packed file is cut off or damaged ({str(error).rstrip('.')})"
            raise self.error(self.number + 1, problem) from error
        return line, TOO_LONG


def _decoded(line: bytes, encoding: str) -> tuple[str, str]:
    """Text of a line without its end, and what is wrong with its bytes."""
    try:
        return line.decode(encoding).rstrip("\r\n"), ""
    except UnicodeDecodeError as error:
        text = line.decode(encoding, "backslashreplace").rstrip("\r\n")
        return text, f"not UTF-8 text (byte {error.start + 1} of the line)"
