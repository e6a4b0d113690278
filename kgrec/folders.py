"""Folders that are whole or absent, in a place of the user's."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kgrec.files import ABANDONED, DRAFT
from kgrec.owner import tagged, this_process


@contextmanager
def making(folder: Path, written: frozenset[str]) -> Iterator[Path]:
    """Yield a draft beside ``folder`` that takes its place at the end of the block.

    A block that fails leaves none. What killed processes left beside it is removed first, whatever folder they made:
    of theirs the kinds of files that are written; what somebody put among them stays, with the draft.

    Args:
        folder: is absent or empty; the folder around it is made where it is missing.
        written: suffixes of the files that are written, such as ``".csv"``.

    Raises:
        OSError: such as of a full disk, or a folder that is no longer empty.
    """
    place = folder.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place.parent, written)
    draft = place.with_name(f"{place.name}{DRAFT}-{this_process().tag}")
    draft.mkdir()
    try:
        yield draft
        draft.rename(place)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sweep(around: Path, written: frozenset[str]) -> None:
    for draft in around.glob(f"*{DRAFT}-*"):
        with suppress(OSError):  # another's, or something else is in it
            if draft.is_dir() and not draft.is_symlink() and _abandoned(draft):
                for path in draft.iterdir():
                    if path.suffix in written:
                        path.unlink()
                draft.rmdir()


def _abandoned(draft: Path) -> bool:
    """Whether whoever makes it is gone; of another machine, or of before a boot, whether nobody wrote for a day."""
    owner = tagged(draft.name.rpartition(DRAFT)[2])
    if owner is None:
        return False
    if owner.machine == this_process().machine:
        return owner.gone
    return time.time() - max(path.lstat().st_mtime for path in (draft, *draft.iterdir())) > ABANDONED
