"""The experiment from saved files to the report, on a shop so small that every system is trained in seconds."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from benchmarks.alternatives import fastrp
from benchmarks.experiment import Experiment, main
from gnn.streamed_graph import StreamedGraph
from kgrec.training.checkpoint import Checkpoint
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from recommender import fusion, second_stage
from recommender.asked import Asked, users_asked
from recommender.baselines import Scorer
from recommender.baselines import choose as choose_baselines
from recommender.dataset import Dataset
from recommender.fusion import Fusion
from recommender.measured import Measured
from recommender.metrics import ndcg
from recommender.report.roles import roles
from recommender.sasrec import SASRec
from recommender.scoring import score_histories
from recommender.sources import sources
from recommender.trained import load_model, with_persona
from tests.unit.datasets import STRANGER, shop, streamed, with_other_tests

N_CANDIDATES = 10
SETTINGS = f"""
[hdgi]
dim = 8
structure_dim = 8
semantic_dim = 4
epochs = 4
learning_rate = 0.01
[sasrec]
dim = 8
blocks = 1
max_length = 8
dropout = 0.1
learning_rate = 0.02
batch_size = 16
epochs = 4
patience = 2
persona_dropout = 0.3
n_candidates = {N_CANDIDATES}
"""
SEEDS = (1, 2)
SOURCE = "a shop that was made up"
JUDGED = with_persona("prefix")
BASELINES = ["popularity", "item-kNN", "item-kNN with recency", "EASE", "EASE with recency"]
MODELS = ["base SASRec", "base SASRec with text", "base SASRec with text, fused"] + [
    f"persona-prefix, {stage}" for stage in ("alone", "retrieval", "reranked by base", "blended", "as served")
]
SHARES = {"co-occurrence": 0.3, "followers": 0.0, "makers and categories": 0.2, "facts of DBpedia": 0.5}
TRAINED = {  # ablations that need a training, and its folder
    "no text": "no-text",
    "no DBpedia": "no-dbpedia",
    "no signatures": "no-signatures",
    "personas shuffled (placebo)": "personas-shuffled",
    "FastRP": "fastrp",
    "truncated SVD": "truncated-svd",
    "raw features": "raw-features",
}
WITHOUT = ["no sources", "no facts among the sources", "no co-occurrence among the sources"]
ABLATIONS = ["no persona", "no rerank", *WITHOUT, *TRAINED]


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of this module, which its tests read as the command does."""
    path = tmp_path_factory.mktemp("settings") / "kgrec.toml"
    path.write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGREC_SETTINGS", str(path))
        yield


def command(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def save(data: Dataset, folder: Path) -> Path:
    data.save(folder / "dataset")
    streamed(data).save(folder / "graph")
    return folder


def run(data: Path, out: Path, seeds: tuple[int, ...], *options: str) -> None:
    command("run", "--data", data, "--out", out, *(f"--seed={seed}" for seed in seeds), "--source", SOURCE, *options)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(shop(), tmp_path_factory.mktemp("saved"))


@pytest.fixture(scope="module")
def out(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything, of both seeds."""
    folder = tmp_path_factory.mktemp("experiment")
    run(saved, folder, SEEDS, "--ablations")
    return folder


def experiment(saved: Path, out: Path, seed: int = 1) -> Experiment:
    """As the command makes it; whatever it trains is there already."""
    dataset, graph = Dataset.load(saved / "dataset"), StreamedGraph.load(saved / "graph")
    return Experiment(dataset, graph, SOURCE, seed, out / f"seed-{seed}")


def measured(out: Path, seed: int = 1) -> Measured:
    return Measured.load(out / f"seed-{seed}" / "evaluation")


def ranks(out: Path, seed: int = 1) -> dict[str, list[float]]:
    found = measured(out, seed)
    return {system.name: own.tolist() for system, own in zip(found.systems, found.ranks, strict=True)}


def checkpoint(path: Path) -> Checkpoint:
    stored = load_checkpoint(path)
    assert stored is not None and stored["finished"]
    return stored


def kept(run: Path, name: str) -> int:
    """Epochs that the validation fit kept."""
    stored = checkpoint(Fit.VALIDATION.folder(run) / f"{name}.pt")
    assert stored["best_epoch"] == int(np.argmax(stored["scores"]))
    return int(stored["best_epoch"]) + 1


def standardised(scores: Tensor) -> np.ndarray:
    """Of real items: ``[batch, n_items]``."""
    real = scores[:, 1:].double().numpy()
    found: np.ndarray = (real - real.mean(axis=1, keepdims=True)) / real.std(axis=1, keepdims=True).clip(min=1e-9)
    return found


def by_hand(
    asked: Asked,
    first: SASRec,
    second: SASRec,
    weight: float,
    personas: Tensor | None = None,
    beside: tuple[dict[str, float], dict[str, Callable[[], Scorer]]] = ({}, {}),
) -> list[float]:
    """Rank of each target among the best candidates of the first model and its sources, ordered by both stages."""
    with torch.no_grad():
        ones = standardised(score_histories(first, asked.histories, personas))
        twos = standardised(score_histories(second, asked.histories, None))
    for source, share in beside[0].items():
        if share:
            ones += share * standardised(beside[1][source]()(asked.histories))
    found = []
    for one, two, history, target in zip(ones, twos, asked.histories, asked.targets.tolist(), strict=True):
        unseen = [item - 1 for item in range(1, asked.n_items + 1) if item not in history]
        candidates = sorted(unseen, key=lambda item: -one[item])[:N_CANDIDATES] if weight else unseen
        parts = [(scores[candidates] - scores[candidates].mean()) / scores[candidates].std() for scores in (one, two)]
        blend = (1 - weight) * parts[0] + weight * parts[1]
        is_there = target - 1 in candidates
        found.append(float((blend >= blend[candidates.index(target - 1)]).sum()) if is_there else float("inf"))
    return found


def test_every_system_is_measured_with_every_seed(out: Path) -> None:
    runs = [measured(out, seed) for seed in SEEDS]
    for one in runs:
        assert [system.name for system in one.systems] == BASELINES + MODELS + ABLATIONS
        expected = ["baseline"] * len(BASELINES) + ["model"] * len(MODELS) + ["ablation"] * len(ABLATIONS)
        assert [system.kind for system in one.systems] == expected
        assert one.users["user_id"].tolist() == shop().user_ids[:-2]  # the last two have no test interaction
    found = roles(runs, {system.name: 0.0 for system in runs[0].systems})
    assert not found.missing_ablations and not found.dropped
    assert found.judged == "persona-prefix, as served" and found.base == "base SASRec with text, fused"
    differing = {name for name in ranks(out, 1) if ranks(out, 1)[name] != ranks(out, 2)[name]}
    assert differing >= {*MODELS[:2], MODELS[3], *TRAINED} and not differing & set(BASELINES)


def test_without_reranking_it_is_the_retrieval(out: Path) -> None:
    for seed in SEEDS:
        found = ranks(out, seed)
        assert found["no rerank"] == found["persona-prefix, retrieval"] != found["persona-prefix, reranked by base"]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_persona_the_bases_are_blended_if_that_is_better_on_validation(
    saved: Path, out: Path, seed: int
) -> None:
    data, folder = Dataset.load(saved / "dataset"), out / f"seed-{seed}"
    chosen = fusion.load(folder, "base-text")

    def blended(fit: Fit, weight: float) -> np.ndarray:
        first, second = (load_model(folder, name, data, fit) for name in ("base-text", "base"))
        beside = chosen.weights, sources(data, fit, chosen.knn_recency)
        return np.array(by_hand(users_asked(data, fit), first, second, weight, beside=beside))

    values = {weight: ndcg(blended(Fit.VALIDATION, weight), 10) for weight in second_stage.WEIGHTS}
    best = max(values, key=lambda weight: values[weight].mean())
    gains = values[best] - values[0.0]
    stands = gains.mean() > 2 * gains.std(ddof=1) / len(gains) ** 0.5
    assert ranks(out, seed)["no persona"] == blended(Fit.TEST, best if stands else 0.0).tolist()


@pytest.mark.parametrize("weight", [None, 0.6])
def test_each_ablation_is_the_judged_system_with_one_part_changed(
    saved: Path, out: Path, tmp_path: Path, weight: float | None
) -> None:
    """As long trained, of the same stages, which may be others; taught and asked with what stands in."""
    shutil.copytree(out / "seed-1", tmp_path / "seed-1")
    made = experiment(saved, tmp_path)
    dataset, epochs = made.with_personas(), kept(made.run, JUDGED.name)
    stage = second_stage.load(made.run, JUDGED.name)
    if weight is not None:
        stage = dataclasses.replace(stage, weight=weight)
        second_stage.save({JUDGED.name: stage}, made.run)
        fusion.save({JUDGED.name: Fusion(SHARES, 0.7, 0.0, 0.0)}, made.run)
    chosen = fusion.load(made.run, JUDGED.name)
    asked = users_asked(dataset, Fit.TEST)
    with torch.no_grad():
        found = {one.name: one.make()(asked)[0].tolist() for one in made.ablations(dataset, JUDGED, epochs)}
    assert list(found) == ABLATIONS[1:]
    if weight is None:
        assert found == {name: own for name, own in ranks(out).items() if name in found}
    base = load_model(made.run, stage.base, dataset, Fit.TEST)
    for name, (data, variant) in made.changed(dataset, JUDGED).items():
        folder, own = made.run / "ablations" / TRAINED[name], data.personas[Fit.TEST]
        trained = checkpoint(Fit.TEST.folder(folder) / "persona-prefix.pt")
        assert len(trained["losses"]) == epochs and trained["settings"]["persona_run"] == own.run_id
        assert (name == "no text") == (not variant.text)
        model = load_model(folder, variant.name, data, Fit.TEST)
        shares = chosen.weights | ({"facts of DBpedia": 0.0} if name == "no DBpedia" else {})
        beside = shares, sources(data, Fit.TEST, chosen.knn_recency)
        assert found[name] == by_hand(asked, model, base, stage.weight, own.vectors[asked.users], beside)
    alone = load_model(made.run, JUDGED.name, dataset, Fit.TEST)
    personas = dataset.personas[Fit.TEST].vectors[asked.users]
    assert found["no sources"] == by_hand(asked, alone, base, stage.weight, personas)


def test_personas_without_facts_or_signatures_are_learned_alike_but_for_them(out: Path) -> None:
    folders = {"whole": "", "facts": "ablations/hdgi-no-dbpedia", "signatures": "ablations/hdgi-no-signatures"}
    learned = {
        name: checkpoint(Fit.TEST.folder(out / "seed-1" / folder) / "personas.pt")["settings"]
        for name, folder in folders.items()
    }
    others = [path for path in learned["whole"]["meta_paths"] if "SAME_AS" not in path]
    assert learned["facts"] == learned["whole"] | {"meta_paths": others} and len(others) == 5
    assert learned["signatures"] == learned["whole"] | {"structure_dim": 0}


def test_everybody_gets_the_own_vector_but_in_the_placebo(saved: Path, out: Path) -> None:
    made = experiment(saved, out)
    dataset = made.with_personas()
    vectors = {name: data.personas[Fit.TEST].vectors for name, (data, _) in made.changed(dataset, JUDGED).items()}
    real = dataset.personas[Fit.TEST].vectors
    placebo = vectors["personas shuffled (placebo)"]
    assert sorted(placebo.tolist()) == sorted(real.tolist()) and not placebo.equal(real)
    assert vectors["no text"].equal(real)
    graph = made.input(Fit.TEST, made.hdgi)
    assert STRANGER in graph.user_ids and STRANGER not in dataset.user_ids
    projected = dict(zip(graph.user_ids, fastrp(graph, made.hdgi.dim, 1), strict=True))
    for row, user_id in enumerate(dataset.user_ids):
        assert vectors["FastRP"][row].equal(projected[user_id])
    assert len({found.numpy().tobytes() for found in [real, *vectors.values()]}) == len(vectors)


def test_stopped_experiment_trains_what_is_missing_and_nothing_again(saved: Path, out: Path) -> None:
    """Whatever is trained is written anew: files that keep their time were only read."""
    before = {seed: ranks(out, seed) for seed in SEEDS}
    cut = out / "seed-2" / "ablations" / "fastrp" / "evaluation" / "test" / "persona-prefix.pt"
    weights = checkpoint(cut)["best_model"]
    cut.unlink()
    for part in ("measured.json", "second_stage.json"):
        (out / "seed-2" / "evaluation" / part).unlink()
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.pt")}
    assert len(written) == 2 * (2 + 2 * 2 + 2 * 3 + len(TRAINED)) - 1  # personas, those of two ablations, models
    run(saved, out, SEEDS, "--ablations")
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.pt") if path != cut} == written
    again = checkpoint(cut)["best_model"]
    assert all(again[name].equal(weights[name]) for name in weights)
    assert {seed: ranks(out, seed) for seed in SEEDS} == before


def test_test_interactions_choose_nothing(saved: Path, out: Path, tmp_path: Path) -> None:
    """With other test items all weights, epochs, second stages and baselines' settings stay; only ranks differ."""
    other = with_other_tests(shop())
    run(save(other, tmp_path / "saved"), tmp_path / "out", (1,))
    ours, theirs = out / "seed-1", tmp_path / "out" / "seed-1"
    files = sorted(path.relative_to(theirs) for path in theirs.rglob("*.pt"))
    assert len(files) == 2 + 2 * 3
    for file in files:
        one, two = checkpoint(ours / file), checkpoint(theirs / file)
        assert one["fingerprint"] == two["fingerprint"] and one["losses"] == two["losses"]
        assert one["scores"] == two["scores"]
        assert all(one["best_model"][key].equal(two["best_model"][key]) for key in one["best_model"])
    for name in ("personas", "base", "base-text", JUDGED.name):
        assert len(checkpoint(Fit.TEST.folder(theirs) / f"{name}.pt")["losses"]) == kept(theirs, name)
    stages = [(folder / "evaluation" / second_stage.FILE).read_text() for folder in (ours, theirs)]
    assert stages[0] == stages[1]
    chosen = [json.loads((folder / "evaluation" / "baselines.json").read_text()) for folder in (ours, theirs)]
    digests = [one.pop("interactions") for one in chosen]
    assert chosen[0] == chosen[1] == dataclasses.asdict(choose_baselines(other)) and digests[0] != digests[1]
    assert all(ranks(tmp_path / "out")[name] != ranks(out)[name] for name in [*BASELINES, *MODELS])


@pytest.mark.parametrize(("option", "folder"), [([], "report"), (["--sessions"], "report-sessions")])
def test_report_names_the_source_the_seeds_and_the_systems(out: Path, option: list[str], folder: str) -> None:
    told = command("report", "--out", out, *option)
    written = [out / folder / name for name in ("report.html", "report.md")]
    assert set(map(str, written)) < set(told.splitlines())
    for path in written:
        text = path.read_text()
        assert SOURCE in text
        assert all(f"seed-{seed}" in text for seed in SEEDS) and "run 1: 1; run 2: 2" in text
        assert all(name in text for name in [*BASELINES, *MODELS])
        assert ("no facts among the sources" in text) == (not option)  # sessions are asked without ablations
