"""A graph imported offline takes the place of the old one, wherever it is cut short; what the dead left is removed."""

import os
import shutil
from pathlib import Path

import pytest

from kgrec.owner import Owner, this_process
from kgrec.server import offline
from kgrec.server.offline import commit, import_folder, sweep, take_over


def store(folder: Path, says: str) -> None:
    for name in offline.STORES:
        (folder / "data" / name / "neo4j" / "schema").mkdir(parents=True)
        (folder / "data" / name / "neo4j" / "schema" / "file").write_text(says)


def content(home: Path) -> set[str]:
    return {path.read_text() for path in (home / "data").rglob("file")}


@pytest.mark.parametrize("step", range(12))
def test_cut_short_anywhere_it_is_completed_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    store(tmp_path, "old")
    (tmp_path / "data" / "databases" / "system").mkdir()
    taken = -1

    def cut() -> bool:
        nonlocal taken
        taken += 1
        if taken == step:
            raise KeyboardInterrupt
        return True

    with monkeypatch.context() as patch:
        for place, name in ((os, "unlink"), (os, "rmdir"), (Path, "rename")):
            real = getattr(place, name)
            patch.setattr(place, name, lambda *given, real=real, **named: real(*given, **named) if cut() else None)
        committed = cut_short = False
        try:
            with import_folder(tmp_path) as folder:
                store(folder, "new")
                patch.setattr(shutil, "rmtree", _step_by_step)
                commit(tmp_path, folder)
                committed = True
                take_over(tmp_path)
        except KeyboardInterrupt:
            cut_short = True
    assert cut_short or step > 9
    sweep(tmp_path)
    take_over(tmp_path)
    assert content(tmp_path) == {"new" if committed else "old"}
    assert (tmp_path / "data" / "databases" / "system").exists()
    assert {path.name for path in tmp_path.iterdir()} <= {"data", f"import-{this_process().tag}"}


def _step_by_step(folder: Path, ignore_errors: bool = False) -> None:
    """As `shutil.rmtree`, by functions that a test cuts short."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in files:
            (Path(path) / name).unlink()
        for name in folders:
            (Path(path) / name).rmdir()
    if folder.exists():
        folder.rmdir()


def test_what_a_dead_process_left_is_removed_and_what_a_living_one_makes_is_not(tmp_path: Path) -> None:
    me = this_process()
    living, dead = (tmp_path / f"import-{owner.tag}" for owner in (me, Owner(me.machine, me.process, me.started + 1)))
    for folder in (living, dead):
        folder.mkdir()
    sweep(tmp_path)
    assert living.exists() and not dead.exists()
