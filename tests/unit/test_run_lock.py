"""One training in a run folder at a time; whoever reads it reads one training."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kgrec.errors import KgrecError
from kgrec.training.run_lock import Kind, settled, training

ROOT = Path(__file__).parents[2]
READ = ["final/base*.pt", "evaluation/fusion.json"]
HOLDER = """
import sys
from pathlib import Path
from kgrec.training.run_lock import training
with training(Path(sys.argv[1]), "sasrec"):
    print("held", flush=True)
    input()
    (Path(sys.argv[1]) / "final" / "base.pt").write_text("newer")
    print("replaced", flush=True)
    input()
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    train(tmp_path / "run", "old")
    return tmp_path / "run"


def train(run: Path, weights: str) -> None:
    with training(run, "sasrec"):
        (run / "final").mkdir(exist_ok=True)
        (run / "final" / "base.pt").write_text(weights)
        (run / "evaluation" / "test").mkdir(exist_ok=True, parents=True)
        (run / "evaluation" / "test" / "base.pt").write_text(weights)


def test_while_a_first_training_is_at_work_its_reader_is_told_who_trains(tmp_path: Path) -> None:
    """Not that there is no model, and that one has to be trained."""
    (tmp_path / "final").mkdir()
    (tmp_path / "final" / "personas.pt").write_text("of the stage before")
    with training(tmp_path, "sasrec"):
        who = f"^{tmp_path} is being trained by .*process {os.getpid()} "
        with pytest.raises(KgrecError, match=who), settled(tmp_path, "sasrec", READ):
            pass


def test_a_second_training_and_readers_are_told_who_trains_until_it_is_killed(run: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdout is not None and holder.stdin is not None and holder.stdout.readline() == "held\n"
    who = f"is being trained by `-c` .process {holder.pid} of .* since 20"
    try:
        kinds: tuple[Kind, ...] = ("sasrec", "personas")
        for kind in kinds:
            with pytest.raises(KgrecError, match=f"{run} {who}.*--run"), training(run, kind):
                pass
        with settled(run, "sasrec", READ):  # nothing is replaced yet
            pass
        told = f"was trained while it was read, by `-c` .process {holder.pid} "
        with pytest.raises(KgrecError, match=told), settled(run, "sasrec", READ):
            holder.stdin.write("\n")
            holder.stdin.flush()
            assert holder.stdout.readline() == "replaced\n"
            raise RuntimeError("two files that do not fit each other")
        with pytest.raises(KgrecError, match=who), settled(run, "sasrec", READ):
            pass
        with settled(run, "sasrec", ["evaluation/test/base*.pt"]):  # of another fit
            pass
    finally:
        holder.kill()
        holder.communicate()
    interrupted = f"training of {run} was interrupted: run `kgrec train sasrec --run {run}` again"
    with pytest.raises(KgrecError, match=interrupted), settled(run, "sasrec", READ):
        pass
    with pytest.raises(KgrecError, match="other settings"), training(run, "sasrec"):
        raise KgrecError("other settings")  # before anything is replaced
    with pytest.raises(KgrecError, match=interrupted), settled(run, "sasrec", READ):
        pass
    train(run, "newest")
    with settled(run, "sasrec", READ):
        pass


def test_a_training_that_is_refused_leaves_the_run_readable(run: Path) -> None:
    with pytest.raises(KgrecError, match="other settings"), training(run, "sasrec"):
        raise KgrecError("other settings")
    with settled(run, "sasrec", READ):
        pass


def test_a_training_that_came_and_went_is_noticed(run: Path) -> None:
    with (
        pytest.raises(KgrecError, match=f"while it was read, by .*process {os.getpid()} "),
        settled(run, "sasrec", READ),
    ):
        train(run, "new")
    with pytest.raises(KeyError), settled(run, "sasrec", READ):
        raise KeyError("not of the training's making")


def test_a_run_of_before_there_were_records_is_read(tmp_path: Path) -> None:
    (tmp_path / "final").mkdir()
    (tmp_path / "final" / "base.pt").write_text("old")
    with settled(tmp_path, "sasrec", READ):
        pass


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "{",
        lambda _: "[" * 100_000,
        lambda _: "[1]",
        lambda record: json.dumps(record | {"found": [1]}),
        lambda record: json.dumps(record | {"found": None}),
        lambda record: json.dumps(record | {"found": {"final/base.pt": 1}}),
        lambda record: json.dumps(record | {"process": "x"}),
    ],
)
def test_a_damaged_record_is_named(run: Path, change: Callable[[dict[str, object]], str]) -> None:
    path = run / "training-sasrec.json"
    path.write_text(change(json.loads(path.read_text()) | {"state": "at work"}))
    with pytest.raises(KgrecError, match=f"{path} is damaged: delete it"), settled(run, "sasrec", READ):
        pass
    with pytest.raises(KgrecError, match=f"{path} is damaged: delete it"), training(run, "sasrec"):
        pass


def test_a_lock_that_is_no_plain_file_is_named(run: Path) -> None:
    lock = run / "training.lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to(run / "elsewhere")
    with pytest.raises(KgrecError, match=f"{lock} is no plain file: delete it"), training(run, "sasrec"):
        pass
    assert not (run / "elsewhere").exists()
