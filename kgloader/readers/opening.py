"""Files opened by what they are: plain, gzip, bzip2, or packed in a way that is not read; pipes are no files."""

import bz2
import gzip
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from kgrec.errors import KgrecError

# By the first bytes of a file; none of them begins a text.
READ: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
}
REFUSED = {  # the kind, and the command that unpacks it
    b"PK\x03\x04": ("zip", "unzip"),
    b"\xfd7zXZ\x00": ("xz", "unxz"),
    b"\x28\xb5\x2f\xfd": ("zstd", "unzstd"),
    b"7z\xbc\xaf\x27\x1c": ("7z", "7z x"),
}
LONGEST_MAGIC = 6
KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


def require_file(path: Path) -> None:
    """Refuse what is no file before it is opened: a pipe would be waited for, and can be read only once.

    Raises:
        KgrecError: it is a pipe, a device or a socket.
    """
    kind = KINDS.get(stat.S_IFMT(path.stat().st_mode))
    if kind is not None:
        raise KgrecError(
            f"{path} is {kind}, and a load reads its files more than once and goes on in them after a stop: write what "
            "comes from there to a file, and give that."
        )


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Open a file and yield it as it lies there, and its content; how it is packed is told by the first bytes.

    Raises:
        KgrecError: it is no file, or packed in another way than gzip or bzip2; says with which command it is unpacked.
    """
    require_file(path)
    with path.open("rb") as file:
        start = file.read(LONGEST_MAGIC)
        file.seek(0)
        for magic, (kind, command) in REFUSED.items():
            if start.startswith(magic):
                raise KgrecError(
                    f"{path} is packed by {kind}; kgrec reads plain files, gzip and bzip2: unpack it with "
                    f"`{command} {path}`."
                )
        unpack = next((unpack for magic, unpack in READ.items() if start.startswith(magic)), None)
        yield file, cast(BinaryIO, unpack(file)) if unpack else file
