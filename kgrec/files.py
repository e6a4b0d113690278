"""Files that are whole or absent, and one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a draft beside ``path`` that takes its place at the end of the block.

    A block that fails leaves the old file and no draft. Folders that are missing are made.

    Raises:
        OSError: such as of a full disk; it names the file where the system does not.
    """
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
    return path.with_name(f"{path.name}.kgrec.partial")


def exclusive(path: Path) -> FileLock:
    """Return the lock of a file, to be held by ``with``; it ends with its holder, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)
