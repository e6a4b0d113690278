"""Files that are whole or absent, and one process at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from kgrec.errors import KgrecError

DRAFT = ".kgrec.partial"
ABANDONED = 86_400.0  # seconds since a draft was written to


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a draft beside ``path`` that takes its place at the end of the block.

    A block that fails leaves the old file and no draft. Folders that are missing are made.

    Raises:
        KgrecError: a device or a pipe is in its place, which a file would take for all who use it.
        OSError: such as of a full disk; it names the file where the system does not.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise KgrecError(f"{path} is no plain file, and is not replaced by one: name another.")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(path)
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        draft.unlink(missing_ok=True)


def draft_of(path: Path) -> Path:
    """Return where `replacing` drafts a file: a name that no file of a user's has."""
    return path.with_name(f"{path.name}{DRAFT}")


def sweep_drafts(folder: Path) -> None:
    """Remove the drafts that killed processes left in a folder: those that nobody has written to for a day."""
    with suppress(OSError):  # not a folder of ours, or another sweeps it too
        for draft in folder.glob(f"*{DRAFT}"):
            if time.time() - draft.lstat().st_mtime > ABANDONED:
                draft.unlink()


def exclusive(path: Path) -> FileLock:
    """Return the lock of a file, to be held by ``with``; it ends with its holder, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)
