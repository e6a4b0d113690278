"""Files read by many lines at once, into columns."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from kgloader.readers import fields
from kgloader.readers.lines import LONGEST_LINE, TOO_LONG, Malformed
from kgloader.readers.opening import opened
from kgloader.writers.resume import Progress
from kgrec.errors import KgrecError

BLOCK = 32 * 2**20  # bytes read at once
# What is raised by a file that has to be read line by line: not packed as it should be, or a value is not in order.
NOT_PLAIN = (KgrecError, EOFError, OSError, zlib.error, pa.ArrowInvalid, Malformed)

# Makes the columns of whole lines, told how many these are and whether the file begins with them; None where a line is
# not plainly in order.
MakeTable = Callable[[bytes, int, bool], pa.Table | None]


def read_table(path: Path, moved: Callable[[int, int], None], make: MakeTable) -> tuple[pa.Table, Progress] | None:
    """Read a whole file, and how far it goes; ``None`` where it is empty or a line is not plainly in order.

    Args:
        path: the file.
        moved: is told how many rows more were read, and up to which byte of the file.
        make: makes the columns of each block.

    Raises:
        One of `NOT_PLAIN`: the file has to be read line by line.
    """
    tables: list[pa.Table] = []
    number, checksum = 0, 0
    for block, bytes_read in blocks(path):
        count = block.count(b"\n") + (not block.endswith(b"\n"))
        table = make(block, count, not number)
        if table is None:
            return None
        checksum = zlib.crc32(block, checksum)
        number += count
        tables.append(table)
        moved(len(table), bytes_read)
    return (pa.concat_tables(tables), Progress(number, checksum)) if tables else None


def identifiers(name: str, column: pa.ChunkedArray) -> pa.DictionaryArray:
    """Join the codes of a column of ids.

    Raises:
        Malformed: an id is not in order.
    """
    codes = column.unify_dictionaries().combine_chunks()
    for key in codes.dictionary.to_pylist():
        fields.identifier(name, key)
    return codes


def blocks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield whole lines, and how far the file has been read.

    Raises:
        Malformed: a line is too long.
    """
    with opened(path) as (file, content):
        rest = b""
        while chunk := content.read(BLOCK):
            if len(rest) + (chunk.find(b"\n") + 1 or len(chunk)) > LONGEST_LINE:
                raise Malformed(TOO_LONG)
            end = chunk.rfind(b"\n") + 1
            if end:
                yield rest + chunk[:end], file.tell()
                rest = b""
            rest += chunk[end:]
        if rest:
            yield rest, file.tell()


def plain(block: bytes) -> bool:
    """Whether lines are UTF-8, end in a line feed alone, and have no mark of the byte order before them."""
    try:
        str(block, "utf-8")
    except UnicodeDecodeError:
        return False
    return b"\r" not in block and not block.startswith(b"\xef\xbb\xbf")
