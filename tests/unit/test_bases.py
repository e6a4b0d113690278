"""The bases' table: a row a way, figures that are those of the saved models, peers from their files."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.bases import WAYS, main, of_peers
from benchmarks.peers.split import Split
from benchmarks.peers.two_fits import Outcome, Peer, run
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from recommender.asked import users_asked
from recommender.metrics import hit_rate, ndcg
from recommender.trained import load_model
from tests.unit.datasets import alone, shop
from tests.unit.test_peers import Counting

SMALL = {"DIM": "8", "BLOCKS": "1", "MAX_LENGTH": "8", "LEARNING_RATE": "0.02", "BATCH_SIZE": "16", "EPOCHS": "3"}
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    shop().save(folder / "dataset")
    return folder


def peers(data: Path, out: Path) -> dict[str, list[Outcome]]:
    """Two that count what was had, of two seeds and of one; with the files come the logs of the libraries."""
    split = Split.load(data / "dataset")
    (out / "logs").mkdir(parents=True)
    return {
        name: [run(Peer(Counting, {}, {}, patience=2), name, split, out, seed, epochs) for seed in seeds]
        for name, seeds, epochs in (("counting", SEEDS, 5), ("uncounted", (7,), 1))
    }


def test_peers_are_read_as_they_were_written(data: Path, tmp_path: Path) -> None:
    outcomes = peers(data, tmp_path)
    found = of_peers(tmp_path)
    assert list(found) == list(outcomes)
    for name, own in outcomes.items():
        expected = [[one.validation_ndcg_at_10, one.hr_at_10, one.hr_at_100, one.ndcg_at_10] for one in own]
        assert found[name] == [pytest.approx(figures) for figures in expected]
    assert 0 < found["counting"][0][1] < found["counting"][0][2] == 1  # the catalogue has fewer than a hundred


def cells(line: str) -> list[str]:
    return line.strip("| ").split(" | ")


def test_command_prints_a_row_a_way_and_a_peer(data: Path, tmp_path: Path) -> None:
    outcomes = peers(data, tmp_path / "peers")
    arguments = ["--data", str(data), "--out", str(tmp_path / "out"), "--peers", str(tmp_path / "peers")]
    arguments += [f"--seed={seed}" for seed in SEEDS]
    environment = {f"KGREC_SASREC_{name}": value for name, value in SMALL.items()}
    result = CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)
    assert result.exit_code == 0
    head, _, *lines = result.stdout.splitlines()
    assert cells(head) == ["base", "seeds", "validation NDCG@10", "HR@10", "HR@100", "NDCG@10"]
    told = {cells(line)[0]: cells(line)[1:] for line in lines}
    assert list(told) == [*WAYS, *outcomes] and len(told) == len(lines)
    assert [told[name][0] for name in (*WAYS, *outcomes)] == ["2"] * len(WAYS) + ["2", "1"]
    assert told["uncounted"][1] == f"{outcomes['uncounted'][0].validation_ndcg_at_10:.4f} ±0.0000"
    assert len({tuple(told[way]) for way in WAYS}) == len(WAYS)  # each change changes something

    dataset = shop()
    asked = users_asked(dataset, Fit.TEST)
    for way, (variant, changed) in WAYS.items():
        figures = []
        for seed in SEEDS:
            folder = tmp_path / "out" / way.replace(",", "").replace(" ", "-") / f"seed-{seed}"
            validated = load_checkpoint(Fit.VALIDATION.folder(folder) / f"{variant.name}.pt")
            tested = load_checkpoint(Fit.TEST.folder(folder) / f"{variant.name}.pt")
            assert validated is not None and tested is not None
            assert len(tested["losses"]) == int(np.argmax(validated["scores"])) + 1
            made_by = tested["settings"]["sasrec"]
            assert made_by["seed"] == seed and made_by | changed == made_by and made_by["dim"] == 8
            model = load_model(folder, variant.name, dataset, Fit.TEST)
            found = alone(model, asked)
            means = [values.mean() for values in (hit_rate(found, 10), hit_rate(found, 100), ndcg(found, 10))]
            figures.append([max(validated["scores"]), *means])
        values = np.array(figures)
        spread = np.abs(values[0] - values[1]) / np.sqrt(2)  # of two
        pairs = zip(values.mean(axis=0), spread, strict=True)
        assert told[way][1:] == [f"{mean:.4f} ±{width:.4f}" for mean, width in pairs]
