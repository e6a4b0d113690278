"""Settings beside the defaults, on validation: against what an experiment chooses, and blind to the test."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.defaults import Other, main
from benchmarks.experiment import main as experiment
from tests.unit.datasets import shop, with_other_tests
from tests.unit.test_experiment import save, small_settings

SEEDS = ("--seed=1", "--seed=2")
OTHERS = ("sasrec.block=paper", "hdgi.dim=4", "sasrec.block=authors", "sasrec.conditioning=add", "sasrec.stand_ins=0.5")
ROUNDED = 0.5e-4


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with small_settings(tmp_path_factory.mktemp("settings")):
        yield


def table(data: Path, out: Path) -> dict[str, list[str]]:
    """The row of each setting, without data and name."""
    arguments = ["--data", str(data), "--out", str(out), *SEEDS, *(f"--other={other}" for other in OTHERS)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = [line.strip("| ").split(" | ") for line in result.stdout.splitlines() if line.startswith(f"| {data.name}")]
    return {row[1]: row[2:] for row in rows}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(shop(), tmp_path_factory.mktemp("saved"))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("defaults")


@pytest.fixture(scope="module")
def rows(data: Path, out: Path) -> dict[str, list[str]]:
    return table(data, out)


def test_the_defaults_are_what_an_experiment_chooses(data: Path, rows: dict[str, list[str]], tmp_path: Path) -> None:
    arguments = ["run", "--data", str(data), "--out", str(tmp_path), *SEEDS]
    assert CliRunner().invoke(experiment, arguments, catch_exceptions=False).exit_code == 0
    folders = [tmp_path / f"seed-{seed}" / "evaluation" for seed in (1, 2)]
    fusions = [json.loads((folder / "fusion.json").read_text())["persona-late"] for folder in folders]
    stages = [json.loads((folder / "second_stage.json").read_text())["persona-late"] for folder in folders]
    found = rows["defaults"]
    assert float(found[2]) == pytest.approx(sum(one["fused"] for one in fusions) / 2, abs=ROUNDED)
    served = sum(one["validation"][one["way"]] for one in stages) / 2
    assert float(found[-1]) == pytest.approx(served, abs=ROUNDED)


def test_a_default_is_no_better_than_itself(rows: dict[str, list[str]]) -> None:
    usual, same = rows["defaults"], rows["sasrec.block=paper"]
    assert same[3:5] == ["+0.0000 (+0.0000 to +0.0000)", "0 of 2"]
    assert same[:3] + same[5:] == usual[:3] + usual[5:]


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize(
    ("setting", "learned"),
    [
        ("defaults", {"personas", "base", "base-text"}),
        ("hdgi.dim=4", {"personas"}),
        ("sasrec.block=authors", {"base", "base-text"}),
        ("sasrec.conditioning=add", {"persona-add"}),
        ("sasrec.stand_ins=0.5", {"base-text"}),
    ],
)
def test_what_a_setting_does_not_touch_is_learned_once(data: Path, out: Path, setting: str, learned: set[str]) -> None:
    folder = out / data.name / "seed-1" / setting / "evaluation" / "validation"
    assert {path.stem for path in folder.glob("*.pt")} == learned


def test_what_is_learned_otherwise_ranks_otherwise(rows: dict[str, list[str]]) -> None:
    learned = ["defaults", "sasrec.block=authors", "sasrec.conditioning=add", "sasrec.stand_ins=0.5"]
    assert len({tuple(rows[name][:2]) for name in learned}) == len(learned)
    better = [float(rows[name][3].split(" ")[0]) for name in rows if name != "defaults"]
    means = [float(rows[name][2]) - float(rows["defaults"][2]) for name in rows if name != "defaults"]
    assert better == pytest.approx(means, abs=3 * ROUNDED)


def test_no_test_item_is_looked_at(rows: dict[str, list[str]], tmp_path: Path) -> None:
    others = save(with_other_tests(shop()), tmp_path / "saved")
    assert table(others, tmp_path / "out") == rows


@pytest.mark.parametrize("text", ["sasrec.block", "block=paper", "sasrec.nothing=1", "gnn.dim=8"])
def test_what_is_no_setting_is_refused(text: str, data: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--data", str(data), "--out", str(tmp_path / "out"), f"--other={text}"])
    assert result.exit_code == 2 and text in result.stderr and not (tmp_path / "out").exists()


def test_a_setting_is_read() -> None:
    assert Other.parse("sasrec.block=authors") == Other("sasrec", "block", "authors")
