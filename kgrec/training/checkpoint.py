"""Checkpoints: written whole or not at all, read with the reason when they do not fit.

A file begins with a line that names kgrec, the version of the format and the SHA-256 of that and of all that follows,
which is what `torch.save` writes. Files of before there was such a line are read as they are.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import torch

from kgrec.errors import KgrecError, fault
from kgrec.files import replacing

Checkpoint = dict[str, Any]

FORMAT_VERSION = 1
HEADER = re.compile(rb"kgrec checkpoint (\d{4}) ([0-9a-f]{64})\n")
HEADER_BYTES = 87
TORCH_FILE = b"PK"  # torch writes zip archives
BLOCK = 1 << 20


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint beside its place and move it there, so that a crash leaves the old one.

    Raises:
        KgrecError: the disk is full, the file would be too large, or the folder cannot be written.
    """
    try:
        with replacing(path) as draft, draft.open("w+b") as file:
            file.write(bytes(HEADER_BYTES))
            torch.save(checkpoint, file)
            file.seek(HEADER_BYTES)
            digest = _digest(file, FORMAT_VERSION)
            file.seek(0)
            file.write(f"kgrec checkpoint {FORMAT_VERSION:04} {digest}\n".encode())
    except (OSError, RuntimeError) as error:
        raise KgrecError(
            f"The checkpoint {path} cannot be written ({fault(error)}): what was saved before is kept, and the same "
            "command goes on from there."
        ) from error


def load(path: Path) -> Checkpoint | None:
    """Read a checkpoint onto the CPU; ``None`` when there is none.

    Raises:
        KgrecError: the file is not a checkpoint of kgrec, is damaged, holds weights that are no numbers, or a later
            kgrec wrote it.
    """
    try:
        with path.open("rb") as file:
            _check(path, file)
            checkpoint: Checkpoint = torch.load(file, map_location="cpu", weights_only=True)
        checkpoint["fingerprint"], checkpoint["settings"].keys(), checkpoint["finished"]
        sound = all(bool(torch.isfinite(weights).all()) for weights in checkpoint["best_model"].values())
    except FileNotFoundError:
        return None
    except (KgrecError, PermissionError):
        raise
    except Exception as error:  # of a file that is not its own, torch says anything
        raise _refusal(path, "is not a readable checkpoint of kgrec") from error
    if not sound:
        raise _refusal(path, "holds weights that are not numbers")
    return checkpoint


@contextmanager
def restoring(path: Path) -> Iterator[None]:
    """Name the checkpoint whose contents do not fit what is made of them in the block.

    Raises:
        KgrecError: they are not what kgrec writes there, or as the block.
    """
    try:
        yield
    except (KgrecError, torch.OutOfMemoryError):
        raise
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _refusal(path, "does not hold what kgrec writes there") from error


def _check(path: Path, file: IO[bytes]) -> None:
    """Leave the file at the beginning of what torch wrote.

    Raises:
        KgrecError: it is damaged, or of a later kgrec.
    """
    start = file.read(HEADER_BYTES)
    if start.startswith(TORCH_FILE):
        file.seek(0)
        return
    header = HEADER.fullmatch(start)
    if header is None:
        raise _refusal(path, "is not a readable checkpoint of kgrec")
    version = int(header[1])
    if _digest(file, version) != header[2].decode():
        raise _refusal(path, "is damaged, as its checksum tells")
    if version != FORMAT_VERSION:
        raise KgrecError(f"A later kgrec wrote {path}, in format {version}: update kgrec, or train with --fresh.")
    file.seek(HEADER_BYTES)


def _digest(file: IO[bytes], version: int) -> str:
    """SHA-256 of the version and of the rest of a file, in hexadecimal digits."""
    digest = hashlib.sha256(f"{version}\n".encode())
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _refusal(path: Path, what: str) -> KgrecError:
    return KgrecError(f"{path} {what}: train it again with --fresh.")
