"""Files read by many lines at once."""

from collections.abc import Iterator
from pathlib import Path

from kgloader.readers.opening import opened

BLOCK = 32 * 2**20  # bytes read at once


def blocks(path: Path) -> Iterator[tuple[bytes, int]]:
    """Yield whole lines, and how far the file has been read."""
    with opened(path) as (file, content):
        rest = b""
        while chunk := content.read(BLOCK):
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
