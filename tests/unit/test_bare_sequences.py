"""A data set of bare sequences: split and co-occurrence by hand, and every system trains on it."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import experiment, sequences
from kgrec.training.fits import Fit
from recommender.dataset import Dataset
from recommender.measured import Measured

LINES = ["3 1 2", "1 3", "2 3 1 4", ""]


def test_split_and_co_occurrence_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "input.txt"
    file.write_text("\n".join(LINES), encoding="utf-8")
    done = CliRunner().invoke(sequences.main, ["--sequences", str(file), "--out", str(tmp_path / "saved")])
    assert done.exit_code == 0, done.output
    data = Dataset.load(tmp_path / "saved" / "dataset")
    assert (data.item_ids, len(data.user_ids)) == (["1", "2", "3", "4"], 3)
    known = {fit: data.sequences.known(fit).histories for fit in Fit}
    assert known[Fit.VALIDATION] == [[3], [1, 3], [2, 3]]
    assert known[Fit.TEST] == [[3, 1], [1, 3], [2, 3, 1]]
    assert known[Fit.FINAL] == [[3, 1, 2], [1, 3], [2, 3, 1, 4]]
    ties = data.co_occurrence[Fit.VALIDATION].toarray()
    expected = np.zeros((5, 5))
    expected[1, 3] = expected[3, 1] = expected[2, 3] = expected[3, 2] = 1 / 3**0.5  # 3 is everybody's, 1 and 2 one's
    assert ties == pytest.approx(expected)


def test_every_system_trains_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    lines = [" ".join(map(str, generator.permutation(20)[:8])) for _ in range(60)]
    file = tmp_path / "input.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("KGREC_SASREC_EPOCHS", "1")
    monkeypatch.setenv("KGREC_HDGI_EPOCHS", "1")
    for command, arguments in (
        (sequences.main, ["--sequences", str(file), "--out", str(tmp_path / "saved")]),
        (experiment.main, ["run", "--data", str(tmp_path / "saved"), "--out", str(tmp_path / "runs"), "--seed", "1"]),
    ):
        done = CliRunner().invoke(command, arguments)
        assert done.exit_code == 0, done.output
    measured = Measured.load(tmp_path / "runs" / "seed-1" / "evaluation")
    assert measured.ranks.shape[1] == 60 and "persona-late, as served" in [one.name for one in measured.systems]
