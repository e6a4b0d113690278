"""Numbered lines of a text file, plain or gzip, at constant memory."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

from kgrec.errors import KgrecError

GZIP_MAGIC = b"\x1f\x8b"
LONGEST_LINE = 64 * 2**20  # bytes; a whole file on one line would break the promise of constant memory

Record = TypeVar("Record")


class Malformed(Exception):  # noqa: N818 - it never leaves the readers, which add file and line
    """A line is not what its format asks for; the message says in what."""


class Lines:
    """The lines of a UTF-8 file that are not blank, with their numbers from 1.

    The file is read once: an iteration goes on where the one before stopped. Gzip is told by the file's first bytes,
    not by its name.
    """

    def __init__(self, path: Path):
        self.path = path
        self.size = path.stat().st_size
        self.bytes_read = 0
        self._numbered = self._read()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """Yield (line number, text without its line end).

        Raises:
            KgrecError: the file is empty or cut off, or a line is too long or not UTF-8.
        """
        return self._numbered

    def parsed(self, parse: Callable[[str, int], Record], after: int = 0) -> Iterator[tuple[int, Record]]:
        """Yield (line number, record) for every line behind line ``after``.

        Args:
            parse: makes a record of a line and its number, or raises `Malformed`.
            after: number of the last line that is passed over unparsed.

        Raises:
            KgrecError: as in iterating, or a line is malformed; names file and line.
        """
        for number, line in self:
            if number > after:
                try:
                    record = parse(line, number)
                except Malformed as problem:
                    raise self.error(number, problem) from problem
                yield number, record

    def error(self, number: int, problem: object) -> KgrecError:
        """Return the error that says what is wrong with one line of this file."""
        return KgrecError(f"{self.path}, line {number}: {problem}.")

    def _read(self) -> Iterator[tuple[int, str]]:
        number = 0
        seen = False
        with self.path.open("rb") as raw:
            stream = _opened(raw)
            while True:
                number += 1
                try:
                    line = stream.readline(LONGEST_LINE + 1)
                except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                    raise self.error(number, f"the gzip file is cut off or damaged ({error})".rstrip(".")) from error
                self.bytes_read = raw.tell()
                if not line:
                    break
                if len(line) > LONGEST_LINE:
                    raise self.error(number, "longer than 64 MiB: one record per line is expected")
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise self.error(number, f"not UTF-8 text (byte {error.start + 1} of the line)") from error
                if text and not text.isspace():
                    seen = True
                    yield number, text
        if not seen:
            raise KgrecError(f"{self.path} is empty.")


def _opened(raw: BinaryIO) -> BinaryIO:
    magic = raw.read(len(GZIP_MAGIC))
    raw.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if magic == GZIP_MAGIC else raw
