"""The experiment from saved files to the report, on a shop so small that every system is trained in seconds."""

import dataclasses
import functools
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor

from benchmarks.experiment import Experiment, main
from benchmarks.placebo import shuffled
from gnn.streamed_graph import StreamedGraph
from kgrec.errors import KgrecError
from kgrec.training.checkpoint import Checkpoint
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from recommender import fusion, second_stage
from recommender.asked import Asked, Score, sessions_asked, users_asked
from recommender.baselines import choose as choose_baselines
from recommender.dataset import Dataset
from recommender.fusion import Fusion
from recommender.measured import Measured
from recommender.metrics import ndcg
from recommender.report.roles import KNOWN_ABLATIONS, roles
from recommender.sasrec import SASRec
from recommender.scoring import ByModel, score_histories
from recommender.second_stage import Way
from recommender.slices import head_items
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
JUDGED = with_persona("late")
BASELINES = ["popularity", "item-kNN", "item-kNN with recency", "EASE", "EASE with recency"]
BASES = ["base SASRec", "base SASRec with text", "base SASRec with text, fused"]
STAGES = ["alone", "retrieval", "reranked by base", "as served"]  # so few targets teach no order
MODELS = BASES + [f"persona-late, {stage}" for stage in STAGES]
COUNTED, FACTS = ["co-occurrence", "co-occurrence, recent", "followers"], ["makers and categories", "facts of DBpedia"]
WITHOUT = {  # what each ablation has not among its sources
    "no persona": ["persona"],
    "neither vector nor profile of the persona": ["persona", *FACTS],
    "no facts among the sources": FACTS,
    "no co-occurrence among the sources": COUNTED,
    "no sources": ["persona", *COUNTED, *FACTS],
    "no DBpedia": ["facts of DBpedia"],
    "no text in the sequence model": [],
    "truncated SVD": [],
}
ABLATIONS = [*WITHOUT, "no rerank", "personas shuffled (placebo)"]
SHARES = {"persona": 0.7, "co-occurrence": 0.3, "followers": 0.0, "makers and categories": 0.2, "facts of DBpedia": 0.5}


@contextmanager
def small_settings(folder: Path) -> Iterator[None]:
    path = folder / "kgrec.toml"
    path.write_text(SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGREC_SETTINGS", str(path))
        yield


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Settings of this module, which its tests read as the command does."""
    with small_settings(tmp_path_factory.mktemp("settings")):
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


def told(source: str, asked: Asked, data: Dataset, fit: Fit, recency: float) -> Tensor:
    """Scores of a source; of the persona by hand."""
    if source == "persona":
        return torch.from_numpy(asked.personas.numpy() @ data.personas[fit].items.numpy().T)
    return sources(data, fit, recency)[source]()(asked)


def by_hand(
    asked: Asked, models: tuple[SASRec, SASRec], way: Way, chosen: Fusion, data: Dataset, fit: Fit
) -> list[float]:
    """Rank of each target by the first model and its sources, or among their best candidates by the second model."""
    with torch.no_grad():
        ones, twos = (standardised(score_histories(model, asked.histories, None)) for model in models)
    for source, share in chosen.weights.items():
        if share:
            ones = ones + share * standardised(told(source, asked, data, fit, chosen.knn_recency))
    found = []
    for one, two, history, target in zip(ones, twos, asked.histories, asked.targets.tolist(), strict=True):
        unseen = [item - 1 for item in range(1, asked.n_items + 1) if item not in history]
        candidates = sorted(unseen, key=lambda item: -one[item])[:N_CANDIDATES] if way == "base" else unseen
        order = (two if way == "base" else one)[candidates]
        is_there = target - 1 in candidates
        found.append(float((order >= order[candidates.index(target - 1)]).sum()) if is_there else float("inf"))
    return found


def test_every_system_is_measured_with_every_seed(out: Path) -> None:
    runs = [measured(out, seed) for seed in SEEDS]
    for one in runs:
        assert [system.name for system in one.systems] == BASELINES + MODELS + ABLATIONS
        expected = ["baseline"] * len(BASELINES) + ["model"] * len(MODELS) + ["ablation"] * len(ABLATIONS)
        assert [system.kind for system in one.systems] == expected
        assert one.users["user_id"].tolist() == shop().user_ids[:-2]  # the last two have no test interaction
    found = roles(runs, {system.name: 0.0 for system in runs[0].systems})
    assert not found.missing_ablations and not found.dropped and list(KNOWN_ABLATIONS) == ABLATIONS
    assert found.judged == "persona-late, as served" and found.base == "base SASRec with text, fused"
    differing = {name for name in ranks(out, 1) if ranks(out, 1)[name] != ranks(out, 2)[name]}
    assert differing >= {*MODELS, *ABLATIONS} and not differing & set(BASELINES)


def test_without_reranking_it_is_the_retrieval(out: Path) -> None:
    for seed in SEEDS:
        found = ranks(out, seed)
        assert found["no rerank"] == found["persona-late, retrieval"] != found["persona-late, reranked by base"]


def more_is_better(gains: np.ndarray) -> bool:
    return bool(gains.mean() > 0)


@pytest.fixture(params=[False, True], ids=["as it is", "whatever helps is taken"])
def stands_out(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[np.ndarray], bool]:
    """The rule by which sources and second stages are chosen, and one by which more of them are."""
    if not request.param:
        return lambda gains: bool(gains.mean() > 2 * gains.std(ddof=1) / len(gains) ** 0.5)
    monkeypatch.setattr(fusion, "stands_out", more_is_better)
    monkeypatch.setattr(second_stage, "stands_out", more_is_better)
    return more_is_better


def chosen_by_hand(
    run: Path, name: str, data: Dataset, stands_out: Callable[[np.ndarray], bool], chosen: Fusion
) -> list[float]:
    """Ranks on the test of an ablation with these sources, in the better order of both models on validation."""
    names = ["base", "base-text"] if name == "no text in the sequence model" else ["base-text", "base"]

    def found(fit: Fit, way: Way) -> list[float]:
        first, second = (load_model(run, one, data, fit) for one in names)
        return by_hand(users_asked(data, fit), (first, second), way, chosen, data, fit)

    ways: tuple[Way, Way] = ("none", "base")
    retrieved, reordered = (ndcg(np.array(found(Fit.VALIDATION, way)), 10) for way in ways)
    gains = reordered - retrieved
    return found(Fit.TEST, "base" if gains.mean() > 0 and stands_out(gains) else "none")


def test_each_ablation_is_chosen_anew_on_validation_without_its_part(
    saved: Path, out: Path, stands_out: Callable[[np.ndarray], bool]
) -> None:
    """Sources of what is left, the better order of both models, and ranks on the test, all by hand."""
    made = experiment(saved, out)
    dataset = made.with_personas(made.hdgi, made.run)
    stood_in = {"no DBpedia": made.without_dbpedia(), "truncated SVD": made.by_svd(dataset)}
    recency = json.loads((made.run / "evaluation" / "baselines.json").read_text())["knn_recency"]
    asked, taken = users_asked(dataset, Fit.TEST), {}
    with torch.no_grad():
        found = {one.name: one.make()(asked)[0].tolist() for one in made.ablations(dataset, JUDGED)}
        assert list(found) == ABLATIONS
        for name, without in WITHOUT.items():
            data = stood_in.get(name, dataset)
            tried: dict[str, Score] = {
                source: functools.partial(asked_on_validation, source, data, recency)
                for source in ["persona", *COUNTED, *FACTS]
                if source not in without
            }
            first = "base" if name == "no text in the sequence model" else "base-text"
            model = ByModel(load_model(made.run, first, data, Fit.VALIDATION))
            popular = head_items(data.counts(Fit.VALIDATION))
            chosen = fusion.choose(users_asked(data, Fit.VALIDATION), model, tried, recency, popular)
            assert found[name] == chosen_by_hand(made.run, name, data, stands_out, chosen), name
            taken[name] = {source for source, weight in chosen.weights.items() if weight}
    if stands_out is more_is_better:
        assert {name for name in WITHOUT if not taken[name]} == {"no sources"}
        assert len({str(own) for own in found.values()}) > 7  # most parts matter
    else:
        assert found == {name: own for name, own in ranks(out).items() if name in found}


def asked_on_validation(source: str, data: Dataset, recency: float, asked: Asked) -> Tensor:
    return told(source, asked, data, Fit.VALIDATION, recency)


def never(gains: np.ndarray) -> bool:
    return False


def test_an_ablation_is_asked_with_what_stands_in_the_place_of_the_personas(
    saved: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The questions come with the judged personas; with vectors of items of another space these would be nonsense."""

    def all_taken(run: Path, name: str, data: Dataset, without: frozenset[str] = frozenset()) -> Fusion:
        return Fusion({source: share for source, share in SHARES.items() if source not in without}, 0.7, 0.0, 0.0)

    monkeypatch.setattr("benchmarks.experiment.choose_fusion", all_taken)
    monkeypatch.setattr(second_stage, "stands_out", never)
    made = experiment(saved, out)
    dataset = made.with_personas(made.hdgi, made.run)
    stood_in = {"no DBpedia": made.without_dbpedia(), "truncated SVD": made.by_svd(dataset)}
    asked = users_asked(dataset, Fit.TEST)
    with torch.no_grad():
        found = {one.name: one.make()(asked)[0].tolist() for one in made.ablations(dataset, JUDGED)}
        for name, without in WITHOUT.items():
            data, chosen = stood_in.get(name, dataset), all_taken(made.run, name, dataset, frozenset(without))
            assert found[name] == chosen_by_hand(made.run, name, data, never, chosen), name
            if name in stood_in:
                assert found[name] != chosen_by_hand(made.run, name, dataset, never, chosen)


def test_the_placebo_and_the_lists_that_are_not_reordered_keep_what_was_chosen(
    saved: Path, out: Path, tmp_path: Path
) -> None:
    """Weights of sources and of the second stage are the judged system's; with the placebo the personas are others'."""
    shutil.copytree(out / "seed-1", tmp_path / "seed-1")
    made = experiment(saved, tmp_path)
    dataset, chosen = made.with_personas(made.hdgi, made.run), Fusion(SHARES, 0.7, 0.0, 0.0)
    stage = dataclasses.replace(second_stage.load(made.run, JUDGED.name), way="base")
    second_stage.save({JUDGED.name: stage}, made.run)
    fusion.save({JUDGED.name: chosen}, made.run)
    asked = users_asked(dataset, Fit.TEST)
    with torch.no_grad():
        found = {one.name: one.make()(asked)[0].tolist() for one in made.ablations(dataset, JUDGED)}
    first, second = (load_model(made.run, name, dataset, Fit.TEST) for name in ("base-text", "base"))
    assert stage.base == "base"
    assert found["no rerank"] == by_hand(asked, (first, second), "none", chosen, dataset, Fit.TEST)
    placebo = shuffled(dataset.personas[Fit.TEST].vectors, 1)
    served = by_hand(asked, (first, second), "base", chosen, dataset, Fit.TEST)
    others = by_hand(asked.with_personas(placebo), (first, second), "base", chosen, dataset, Fit.TEST)
    assert found["personas shuffled (placebo)"] == others != served


def test_personas_without_facts_are_learned_alike_but_for_them(saved: Path, out: Path) -> None:
    for fit in (Fit.VALIDATION, Fit.TEST):
        whole, without = (
            checkpoint(fit.folder(out / "seed-1" / folder) / "personas.pt")["settings"]
            for folder in ("", "ablations/no-dbpedia")
        )
        others = [path for path in whole["meta_paths"] if "SAME_AS" not in path]
        assert without == whole | {"meta_paths": others} and len(others) == 5
    folder = out / "seed-1" / "ablations" / "no-dbpedia"
    assert len(checkpoint(Fit.TEST.folder(folder) / "personas.pt")["losses"]) == kept(folder, "personas")
    made = experiment(saved, out)
    dataset, left = made.with_personas(made.hdgi, made.run), made.without_dbpedia()
    for fit in (Fit.VALIDATION, Fit.TEST):
        assert left.personas[fit].run_id != dataset.personas[fit].run_id
        assert not left.personas[fit].items.equal(dataset.personas[fit].items)


def test_everybody_gets_the_own_vector_but_in_the_placebo(saved: Path, out: Path) -> None:
    """Of the singular vectors, numpy's; of the personas, the direction of the sum of the own items' vectors."""
    made = experiment(saved, out)
    dataset = made.with_personas(made.hdgi, made.run)
    real = dataset.personas[Fit.TEST].vectors
    placebo = shuffled(real, 1)
    assert sorted(placebo.tolist()) == sorted(real.tolist()) and not placebo.equal(real)
    assert STRANGER in made.input(Fit.TEST, made.hdgi).user_ids and STRANGER not in dataset.user_ids
    by_svd = made.by_svd(dataset)
    for fit in (Fit.VALIDATION, Fit.TEST):
        known, own, other = dataset.sequences.known(fit), dataset.personas[fit], by_svd.personas[fit]
        matrix = known.matrix(dataset.n_items).toarray()[:, 1:].astype(float)
        sums = matrix @ own.items[1:].double().numpy()
        assert np.allclose(own.vectors, sums / np.linalg.norm(sums, axis=1, keepdims=True), atol=1e-4)
        left, values, right = np.linalg.svd(matrix, full_matrices=False)
        users = left[:, : other.dim] * values[: other.dim]
        expected = users / np.linalg.norm(users, axis=1, keepdims=True) @ right[: other.dim]
        assert other.dim == 8 and np.allclose(other.vectors @ other.items[1:].T, expected, atol=0.02)
        assert not own.items[0].any() and not other.items[0].any()
    assert by_svd.personas[Fit.TEST].run_id == "truncated SVD, seed 1"


def test_personas_of_infomax_are_a_source_and_sessions_have_one(saved: Path, out: Path, tmp_path: Path) -> None:
    """Its items have vectors, of which that of a session is made; those that nobody had chosen have none."""
    made = experiment(saved, out)
    dataset = made.with_personas(made.hdgi.model_copy(update={"objective": "infomax"}), tmp_path)
    for fit in (Fit.VALIDATION, Fit.TEST):
        known = torch.from_numpy(dataset.counts(fit) > 0)
        assert dataset.personas[fit].items.any(dim=1).equal(known) and not known.all()
        assert list(sources(dataset, fit, 1.0)) == ["persona", *COUNTED, *FACTS]
        assert sessions_asked(dataset, fit).personas.any(dim=1).all() and users_asked(dataset, fit).personas.any()
    whole = made.with_personas(made.hdgi, made.run)
    assert list(sources(whole, Fit.TEST, 1.0)) == ["persona", *COUNTED, *FACTS]


def test_other_ways_are_measured_besides(saved: Path, out: Path, tmp_path: Path) -> None:
    """They change neither what is judged nor its figures."""
    run(saved, tmp_path, (1,), "--conditioning", "prefix", "--conditioning", "late")
    found = measured(tmp_path)
    others = [f"persona-prefix, {stage}" for stage in STAGES]
    assert [system.name for system in found.systems] == BASELINES + MODELS + others
    assert found.about["judged"] == "persona-late, as served"
    assert {path.name for path in Fit.TEST.folder(tmp_path / "seed-1").glob("*.pt")} == {
        "personas.pt",
        "base.pt",
        "base-text.pt",
        "persona-prefix.pt",
    }
    assert {name: own for name, own in ranks(tmp_path).items() if name not in others} == {
        name: own for name, own in ranks(out).items() if name not in ABLATIONS
    }


def test_ablations_of_a_model_that_has_learned_with_the_personas_are_refused_before_anything_is_trained(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGREC_SASREC_CONDITIONING", "prefix")
    with pytest.raises(KgrecError, match="Ablations are of a persona that comes in late"):
        run(saved, tmp_path, (1,), "--ablations")
    assert not list(tmp_path.rglob("*.pt"))


def test_stopped_experiment_trains_what_is_missing_and_nothing_again(saved: Path, out: Path) -> None:
    """Whatever is trained is written anew: files that keep their time were only read."""
    before = {seed: ranks(out, seed) for seed in SEEDS}
    cut = out / "seed-2" / "ablations" / "no-dbpedia" / "evaluation" / "test" / "personas.pt"
    weights = checkpoint(cut)["best_model"]
    cut.unlink()
    for part in ("measured.json", "second_stage.json"):
        (out / "seed-2" / "evaluation" / part).unlink()
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*.pt")}
    assert len(written) == 2 * (2 + 2 + 2 * 2) - 1  # personas, those without DBpedia, models
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
    assert len(files) == 2 + 2 * 2
    for file in files:
        one, two = checkpoint(ours / file), checkpoint(theirs / file)
        assert one["fingerprint"] == two["fingerprint"] and one["losses"] == two["losses"]
        assert one["scores"] == two["scores"]
        assert all(one["best_model"][key].equal(two["best_model"][key]) for key in one["best_model"])
    for name in ("personas", "base", "base-text"):
        assert len(checkpoint(Fit.TEST.folder(theirs) / f"{name}.pt")["losses"]) == kept(theirs, name)
    for name in (second_stage.FILE, fusion.FILE):
        assert (ours / "evaluation" / name).read_text() == (theirs / "evaluation" / name).read_text()
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
        absent = f"Not among the runs: {', '.join(ABLATIONS)}." in text
        assert absent == bool(option)  # sessions are asked without ablations
        assert ("All known ablations are among the runs." in text) == (not option)
