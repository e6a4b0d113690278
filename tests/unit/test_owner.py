"""Whose a thing is: the living are left alone, the dead are cleared up after, whoever has their number now."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kgrec.owner import Owner, tagged, temporary_folder, this_process

HOLDER = """
from kgrec.owner import temporary_folder, this_process
folder = temporary_folder("dump")
(open(folder.name + "/index", "w")).close()
print(folder.name, flush=True)
input()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path


@pytest.fixture
def holder(temporary: Path) -> Iterator["tuple[subprocess.Popen[str], Path]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    yield process, Path(process.stdout.readline().strip())
    process.kill()
    process.communicate()


def test_folders_of_the_dead_are_removed_and_others_left(
    holder: "tuple[subprocess.Popen[str], Path]", temporary: Path
) -> None:
    process, folder = holder
    before = temporary / "kgrec-dump-abc123"  # of an earlier kgrec: nobody knows whose
    before.mkdir()
    aside = temporary / "kept"
    aside.mkdir()
    link = temporary / f"kgrec-dump-{replace(this_process(), started=1).tag}-x"  # of a dead one, but not a folder
    link.symlink_to(aside)
    with temporary_folder("dump") as mine:
        assert folder.is_dir() and mine != str(folder)  # it lives
        process.kill()
        process.wait()
        assert (folder / "index").exists()  # nobody could clear up
        with temporary_folder("dump"):
            assert not folder.exists() and Path(mine).is_dir()
    assert before.is_dir() and aside.is_dir() and link.is_symlink()


def test_a_process_is_known_by_its_start_too(holder: "tuple[subprocess.Popen[str], Path]") -> None:
    process, folder = holder
    owner = tagged(folder.name)
    assert owner is not None and owner.process == process.pid and not owner.gone
    assert replace(owner, started=owner.started - 1).gone  # the number has come again
    assert not replace(owner, machine="0" * 12).gone and not Owner("0" * 12, 2**22 + 1, 1).gone  # who could know?
    assert replace(owner, process=2**63 - 1).gone  # a number that no process can have
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owner.gone  # ended, though nobody has waited for it
    assert tagged("kgrec-dump-abc") is None and tagged(this_process().tag) == this_process()
