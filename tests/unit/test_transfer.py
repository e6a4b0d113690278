"""What validation chooses and the test takes back: borders by hand, weights against plain numpy, the table."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.transfer import WEIGHTS, earlier, main, sweep, transfer
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from recommender.asked import users_asked
from recommender.baselines import item_knn
from recommender.metrics import ndcg
from recommender.scoring import score_histories
from recommender.sequences import TEST, TRAIN, VALIDATION
from recommender.settings import SASRecSettings
from recommender.trained import load_model
from tests.unit.datasets import alone, sequences, shop, with_other_tests

# Trained for so long that the last window and both choose weights of their own, and neither the best one.
SMALL = SASRecSettings(dim=8, blocks=1, max_length=8, learning_rate=0.02, batch_size=16, epochs=20, patience=20, seed=4)
Rows = list[dict[str, float | str]]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transfer")


@pytest.fixture(scope="module")
def rows(out: Path) -> Rows:
    return transfer(shop(), SMALL, out)


def test_every_border_moves_one_interaction_back() -> None:
    made = sequences(
        [
            [(1, TRAIN), (2, TRAIN), (3, TRAIN), (4, VALIDATION), (5, TEST)],
            [(6, TRAIN), (7, VALIDATION), (8, TEST)],  # two are left: nothing can be asked before both
            [(1, TRAIN), (2, TRAIN)],
            [],
            [(9, TEST)],
            [(3, TRAIN), (3, TRAIN), (2, VALIDATION), (5, TEST), (6, TEST)],  # a split by time tests with several
        ],
        [[10, 20, 30, 40, 50], [1, 2, 3], [5, 6], [], [7], [1, 2, 3, 4, 5]],
    )
    moved = earlier(made)
    assert moved.offsets.tolist() == [0, 4, 6, 8, 8, 8, 11]
    assert moved.items.tolist() == [1, 2, 3, 4, 6, 7, 1, 2, 3, 3, 2]
    assert moved.times.tolist() == [10, 20, 30, 40, 1, 2, 5, 6, 1, 2, 3]
    three, four = [TRAIN, VALIDATION, TEST], [TRAIN, TRAIN, VALIDATION, TEST]
    assert moved.splits.tolist() == [*four, TRAIN, TRAIN, TRAIN, TRAIN, *three]
    assert moved.known(Fit.VALIDATION).histories == [[1, 2], [6, 7], [1, 2], [], [], [3]]
    assert moved.targets(Fit.VALIDATION).tolist() == [2, -1, -1, -1, -1, 9]


def test_earlier_test_targets_are_the_validation_targets() -> None:
    data = shop()
    before = replace(data, sequences=earlier(data.sequences))
    asked, then = users_asked(data, Fit.VALIDATION), users_asked(before, Fit.TEST)
    long = np.array([len(history) > 1 for history in asked.histories])
    assert 0 < long.sum() < len(long)
    assert then.users.tolist() == asked.users[long].tolist() and then.targets.tolist() == asked.targets[long].tolist()
    assert then.histories == [history for history in asked.histories if len(history) > 1]


def test_weights_are_those_of_plain_numpy(rows: Rows, out: Path) -> None:
    """Without the neighbours it is the model alone, as it was validated in training."""
    data = shop()
    model, asked = load_model(out, "base-text", data, Fit.VALIDATION), users_asked(data, Fit.VALIDATION)
    swept = sweep(data, model, Fit.VALIDATION, asked)
    assert swept.shape == (len(WEIGHTS), len(asked.users)) and WEIGHTS[0] == 0
    assert swept[0].tolist() == ndcg(alone(model, asked), 10).tolist()

    neighbours = item_knn(data.sequences.known(Fit.VALIDATION), data.n_items)
    for place, weight in enumerate(WEIGHTS):
        found = []
        for history, target in zip(asked.histories, asked.targets.tolist(), strict=True):
            scores = np.zeros(data.n_items)
            for share, given in ((1.0, score_histories(model, [history], None)), (weight, neighbours([history]))):
                own = given[0, 1:].detach().double().numpy()
                scores += share * (own - own.mean()) / own.std()
            scores[[item - 1 for item in history]] = -np.inf
            rank = int((scores >= scores[target - 1]).sum())
            found.append(1 / np.log2(rank + 1) if rank <= 10 else 0.0)
        assert swept[place] == pytest.approx(found)
    assert len({values.tobytes() for values in swept}) > 4  # the weight matters


def test_table_tells_choice_and_regret(rows: Rows, out: Path) -> None:
    stale, refit, windows = rows
    assert [row["way"] for row in rows] == ["no refit", "refit", "two windows"]
    stored = load_checkpoint(out / "evaluation" / "validation" / "base-text.pt")
    assert stored is not None and refit["NDCG@10 validation"] == pytest.approx(max(stored["scores"]))
    assert stale["weight chosen"] == refit["weight chosen"]
    assert refit["NDCG@10 test, best"] == windows["NDCG@10 test, best"]
    data = shop()
    before = replace(data, sequences=earlier(data.sequences))
    means = []
    for known, folder in ((data, out), (before, out / "earlier")):
        model = load_model(folder, "base-text", known, Fit.VALIDATION)
        means.append(sweep(known, model, Fit.VALIDATION, users_asked(known, Fit.VALIDATION)).mean(axis=1))
    for row, validated in ((refit, means[0]), (windows, (means[0] + means[1]) / 2)):
        assert row["weight chosen"] == WEIGHTS[validated.argmax()]
        assert row["NDCG@10 validation"] == pytest.approx(validated[0])
    for row in rows:
        chosen, best, regret = (float(row[name]) for name in ("NDCG@10 test, chosen", "NDCG@10 test, best", "regret"))
        assert regret == pytest.approx(1 - chosen / best) and regret >= 0
        assert row["weight chosen"] != row["weight best on test"] or regret == 0
    asked = users_asked(data, Fit.TEST)
    for row, fit in ((stale, Fit.VALIDATION), (refit, Fit.TEST)):
        learned = [item for history in data.sequences.known(fit).histories for item in history]
        counts = [learned.count(target) for target in asked.targets.tolist()]
        assert row["median count, test"] == np.median(counts)
        assert row["never learned, test"] == counts.count(0) / len(counts)
        model = load_model(out, "base-text", data, fit)
        assert row["NDCG@10 test"] == pytest.approx(ndcg(alone(model, asked), 10).mean())


def test_other_test_items_train_nothing_and_choose_nothing_anew(rows: Rows, out: Path) -> None:
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.pt")}
    assert len(written) == 3
    again = transfer(with_other_tests(shop()), SMALL, out)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.pt")} == written
    for before, after in zip(rows, again, strict=True):
        assert all(after[name] == before[name] for name in before if "validation" in name or name == "weight chosen")
        assert after["NDCG@10 test"] != before["NDCG@10 test"]


def test_command_prints_a_table_a_seed(rows: Rows, out: Path, tmp_path: Path) -> None:
    shop().save(tmp_path / "dataset")
    small = SMALL.model_dump(
        include={"dim", "blocks", "max_length", "learning_rate", "batch_size", "epochs", "patience"}
    )
    environment = {f"KGREC_SASREC_{name.upper()}": str(value) for name, value in small.items()}
    arguments = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--seed", "4", "--seed", "3"]
    result = CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)
    assert re.findall(r"Seed \d", result.stdout) == ["Seed 4", "Seed 3"]
    cells = [line.strip("| ").split(" | ") for line in result.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in cells] == ["way", "no refit", "refit", "two windows"] * 2 and cells[0] == list(rows[0])
    for row, told in zip(rows, cells[1:4], strict=True):
        assert told[1:] == [f"{value:.4g}" for value in list(row.values())[1:]]
