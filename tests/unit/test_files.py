"""Files that are whole or absent, and the lock that its holder's death gives back."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import Timeout

from kgrec.errors import KgrecError
from kgrec.files import exclusive, replacing


def test_a_failed_block_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.json"
    with replacing(path) as draft:
        draft.write_text("old")
        assert not path.exists()
    with pytest.raises(KeyboardInterrupt), replacing(path) as draft:
        draft.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.json"]


def test_a_file_of_a_user_is_no_draft(tmp_path: Path) -> None:
    own = tmp_path / "a.csv.partial"
    own.write_text("precious")
    with replacing(tmp_path / "a.csv") as draft:
        draft.write_text("new")
    assert own.read_text() == "precious" and (tmp_path / "a.csv").read_text() == "new"


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    """Nor a device: by root's `--out /dev/null` there was none any more."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(KgrecError, match=f"^{pipe} is no plain file"), replacing(pipe) as draft:
        draft.write_text("new")
    assert pipe.is_fifo() and [*tmp_path.iterdir()] == [pipe]


HOLDER = """
import sys, time
from pathlib import Path
from kgrec.files import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_one_process_at_a_time_until_the_holder_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "home" / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    try:
        with pytest.raises(Timeout):
            exclusive(lock).acquire(blocking=False)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with exclusive(lock):
        pass
