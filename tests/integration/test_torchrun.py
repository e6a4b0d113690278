"""SASRec trained by processes of torchrun, as a user types it: the curve of one, and one sentence where one fails."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.distributed import together
from kgrec.training.fits import Fit
from kgrec.training.run_lock import training
from tests.conftest import CommandLine
from tests.integration.test_personas import fill, rows

pytestmark = pytest.mark.slow

SETTINGS = """
[sasrec]
dim = 16
epochs = 4
dropout = 0.0
batch_size = 7
n_candidates = 12
[hdgi]
epochs = 2
dim = 8
structure_dim = 8
personas = 2
"""
FAILING = """
import os, signal, sys, time
from kgrec.errors import KgrecError
from kgrec.terminal import say
from kgrec.training.distributed import from_leader, rank, summed, together
try:
    with together():
        leader = from_leader(os.getpid)
        if rank() == 1:
            {failure}
        summed(1.0)
except KgrecError as error:
    say(f"Error: {{error}}", err=True)
    sys.exit(1)
"""
TERMINATED = "os.kill(leader, signal.SIGTERM); time.sleep({seconds}); os._exit(9)"  # as torchrun ends what is left


def failing(failure: str, folder: Path) -> Path:
    """Write a script of which the second process ends itself in some way."""
    script = folder / "failing.py"
    script.write_text(FAILING.format(failure=failure))
    return script


def torchrun(*words: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Start two processes; the environment is the test's own but for what is given."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def environment(
    database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The small graph of the persona tests, with personas; what a process needs to reach it."""
    ensure_schema(database)
    fill(database, rows())
    folder = tmp_path_factory.mktemp("torchrun")
    (folder / "kgrec.toml").write_text(SETTINGS)
    command_line.environment["KGREC_SETTINGS"] = str(folder / "kgrec.toml")
    command_line("train", "personas", "--run", str(folder))
    return os.environ | command_line.environment | {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}


def curves(run: Path) -> tuple[list[float], list[float]]:
    """Losses, and scores, of all fits of both bases."""
    losses: list[float] = []
    scores: list[float] = []
    for fit in Fit:
        for path in sorted(fit.folder(run).glob("*.pt")):
            stored = load_checkpoint(path)
            assert stored is not None and stored["finished"]
            losses += stored["losses"]
            scores += stored["scores"]
    return losses, scores


def test_two_processes_have_the_curve_of_one_and_one_of_them_talks(
    environment: dict[str, str], command_line: CommandLine, tmp_path: Path
) -> None:
    alone = command_line("train", "sasrec", "--run", str(tmp_path / "one")).output
    both = torchrun("-m", "--", "kgrec", "train", "sasrec", "--run", str(tmp_path / "two"), environment=environment)
    assert both.returncode == 0, both.stderr
    (losses, scores), (losses_of_both, scores_of_both) = curves(tmp_path / "one"), curves(tmp_path / "two")
    # The gradient of each part of a batch is rounded for itself, to bfloat16 where the processor has it.
    assert losses and losses_of_both == pytest.approx(losses, rel=1e-3)
    assert scores_of_both == pytest.approx(scores, abs=0.01)  # of ranks, which may change places
    assert both.stderr.count("The loss is ") == both.stdout.count("Second stage") == 1 == alone.count("The loss is ")


def test_a_leader_that_is_refused_says_so_once(environment: dict[str, str], tmp_path: Path) -> None:
    with training(tmp_path, "sasrec"):
        ended = torchrun("-m", "--", "kgrec", "train", "sasrec", "--run", str(tmp_path), environment=environment)
    assert ended.returncode != 0
    (told,) = re.findall("^Error: .*", ended.stderr, re.MULTILINE)  # torchrun's own report follows
    assert "is being trained by" in told


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        ("raise KgrecError('No room is left.')", "Error: No room is left."),
        ("os._exit(9)", "Error: One of the 2 processes ended before the training did: "),
        (TERMINATED.format(seconds=0.5), "Error: One of the 2 processes ended before the training did: "),
    ],
)
def test_one_that_fails_ends_all(failure: str, sentence: str, tmp_path: Path) -> None:
    ended = torchrun(str(failing(failure, tmp_path)))
    assert ended.returncode != 0
    (told,) = re.findall("^Error: .*", ended.stderr, re.MULTILINE)
    assert told.startswith(sentence)


def test_sigterm_is_obeyed_in_the_middle_of_an_operation_that_waits_for_another(tmp_path: Path) -> None:
    ended = torchrun(str(failing(TERMINATED.format(seconds=3_600), tmp_path)))
    assert re.search(r"exitcode\s*: -15\b", ended.stderr) and "\nError: " not in ended.stderr


def test_without_torchrun_sigterm_is_obeyed_at_once() -> None:
    with together():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
