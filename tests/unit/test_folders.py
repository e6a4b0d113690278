"""Folders that are whole or absent, and what killed processes leave of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kgrec.files import ABANDONED
from kgrec.folders import making
from kgrec.owner import this_process

CSV = frozenset({".csv"})
KILLED = """
import os, signal, sys
from pathlib import Path
from kgrec.folders import making
with making(Path(sys.argv[1]), frozenset({".csv"})) as draft:
    (draft / "User.csv").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def left(folder: Path) -> Path:
    """Have a process killed while it makes a folder, and return what it leaves."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder)], cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL and not folder.exists()
    (draft,) = folder.parent.glob(f"{folder.name}.kgrec.partial-*")
    return draft


def test_a_failed_block_leaves_nothing_and_a_whole_one_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "files"
    with pytest.raises(KeyboardInterrupt), making(folder, CSV) as draft:
        (draft / "User.csv").write_text("half")
        raise KeyboardInterrupt
    assert not list(folder.parent.iterdir())
    with making(folder, CSV) as draft:
        (draft / "User.csv").write_text("whole")
        assert not folder.exists()
    assert [path.name for path in folder.parent.iterdir()] == ["files"]
    assert (folder / "User.csv").read_text() == "whole"


def test_what_a_killed_process_left_goes_whatever_folder_is_made_next(tmp_path: Path) -> None:
    one, two = left(tmp_path / "one"), left(tmp_path / "two")
    assert not one.exists() and two.exists()  # the second has removed what the first left
    with making(tmp_path / "three", CSV):
        assert not two.exists()


def test_what_another_process_makes_or_somebody_put_there_stays(tmp_path: Path) -> None:
    of_user = tmp_path / "files.kgrec.partial"
    of_user.mkdir()
    (of_user / "a.csv").write_text("precious")
    killed = left(tmp_path / "files")
    (killed / "notes.txt").write_text("precious")
    foreign, old = (tmp_path / f"{name}.kgrec.partial-{'0' * 12}-{os.getpid()}-1" for name in ("foreign", "old"))
    for draft in (foreign, old):
        draft.mkdir()
    moment = old.stat().st_mtime - 2 * ABANDONED
    os.utime(old, (moment, moment))
    with making(tmp_path / "other", CSV) as ours, making(tmp_path / "another", CSV):
        assert ours.exists() and str(this_process().process) in ours.name
    assert foreign.exists() and not old.exists()
    assert [path.name for path in killed.iterdir()] == ["notes.txt"]
    assert (of_user / "a.csv").read_text() == "precious"
