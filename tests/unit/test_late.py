"""Personas that come in late: no model of their own, a source of the first stage, and what stands without it."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from recommender import fusion, second_stage
from recommender.asked import Asked, sessions_asked, users_asked
from recommender.dataset import Dataset, Personas
from recommender.evaluation import evaluate
from recommender.first_stage import first_stage
from recommender.fusion import Fusion
from recommender.ranking import seen_items, target_ranks
from recommender.scoring import score_histories
from recommender.settings import SASRecSettings
from recommender.train import choose_fusions, choose_second_stages, train_models
from recommender.trained import BASE, BASE_TEXT, load_model, weights_file, with_persona
from recommender.trainer import SASRecTraining
from tests.unit.datasets import dataset

SMALL = SASRecSettings(dim=8, heads=1, blocks=1, max_length=6, epochs=3, patience=2, batch_size=32, n_candidates=12)
LATE = with_persona("late")
N_USERS, N_ITEMS, DIM = 24, 15, 6


def shop() -> Dataset:
    """Users who walk around the items; the persona of each fit tells what it is asked for, as no honest one could."""
    generator = np.random.default_rng(1)
    walks = [
        ((user + np.cumsum(generator.choice([1, 1, 1, 4], size=7))) % N_ITEMS + 1).tolist() for user in range(N_USERS)
    ]
    torch.manual_seed(2)
    items = torch.nn.functional.normalize(torch.randn(N_ITEMS + 1, DIM), dim=1)
    items[0] = 0.0
    targets = {Fit.VALIDATION: 5, Fit.TEST: 6, Fit.FINAL: 6}
    names: list[str | None] = [None] * N_USERS
    made = dataset(
        [walk[:5] for walk in walks],
        [walk[5] for walk in walks],
        [walk[6] for walk in walks],
        N_ITEMS,
        texts=torch.randn(N_ITEMS + 1, 5),
    )
    personas = {
        fit: Personas(f"run-{fit}", items[[walk[place] for walk in walks]], names, items)
        for fit, place in targets.items()
    }
    return dataclasses.replace(made, personas=personas)


def without_items(data: Dataset) -> Dataset:
    """Personas as HDGI gives them: no item has a vector in their space."""
    personas = {
        fit: dataclasses.replace(found, items=torch.zeros_like(found.items)) for fit, found in data.personas.items()
    }
    return dataclasses.replace(data, personas=personas)


def with_other_personas(data: Dataset) -> Dataset:
    """The personas handed round among the users."""
    personas = {
        fit: dataclasses.replace(found, vectors=found.vectors.roll(1, 0)) for fit, found in data.personas.items()
    }
    return dataclasses.replace(data, personas=personas)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained as the settings have it, and nothing else."""
    folder = tmp_path_factory.mktemp("runs") / "late"
    train_models(shop(), folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "both"
    train_models(shop(), folder, SMALL, ["prefix", "late"])
    return folder


def files(run: Path, fit: Fit) -> set[str]:
    return {path.stem for path in fit.folder(run).glob("*.pt")}


def test_late_is_the_default_and_has_no_model_of_its_own(run: Path) -> None:
    assert SASRecSettings().conditioning == "late"
    stage = second_stage.load(run, "persona-late")
    assert files(run, Fit.VALIDATION) == files(run, Fit.TEST) == {"base", "base-text"}
    assert files(run, Fit.FINAL) == {"base-text"} | ({stage.base} if stage.way != "none" else set())
    assert second_stage.names(run) == ["persona-late"] and stage.base == "base"
    for fit in Fit:
        late, base = (load_model(run, name, shop(), fit) for name in ("persona-late", "base-text"))
        assert late.conditioning is None
        assert all(late.state_dict()[name].equal(weights) for name, weights in base.state_dict().items())


def test_weights_file_of_each_variant() -> None:
    folder = Path("folder")
    found = [weights_file(folder, variant.name).name for variant in (BASE, BASE_TEXT, LATE, with_persona("gate"))]
    assert found == ["base.pt", "base-text.pt", "base-text.pt", "persona-gate.pt"]
    for variant in (BASE, BASE_TEXT, with_persona("prefix"), with_persona("add"), with_persona("gate")):
        assert variant.trained_as is variant


def test_without_training_the_base_is_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KgrecError, match="has no test fit of persona-late: run `kgrec train sasrec"):
        load_model(tmp_path, "persona-late", shop(), Fit.TEST)


def test_what_is_told_of_it_is_what_is_told_of_its_base(run: Path) -> None:
    told = {one.name: one for one in train_models(shop(), run, SMALL)}  # goes on with what is there
    late, base = told["persona-late"], told["base-text"]
    assert list(told) == ["base", "base-text", "persona-late"]
    assert [(one.epochs, one.kept, one.loss, one.validation_ndcg) for one in (late, base)] == [
        (base.epochs, base.kept, base.loss, base.validation_ndcg)
    ] * 2
    assert "persona" in late.sources and "persona" not in base.sources
    assert late.second_stage in ("none", "base") and not base.second_stage


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[bool, int, int]]]:
    """Every epoch that is trained: whether it starts from texts, how much is known, and its number."""
    found: list[tuple[bool, int, int]] = []
    start, epoch_of = SASRecTraining.__init__, SASRecTraining.train_epoch
    texts: dict[int, bool] = {}

    def started(self: SASRecTraining, data: Dataset, settings: SASRecSettings, variant: object, of: Fit) -> None:
        start(self, data, settings, variant, of)  # type: ignore[arg-type]
        texts[id(self)] = variant == BASE_TEXT

    def counted(self: SASRecTraining, epoch: int) -> float:
        found.append((texts[id(self)], sum(len(history) for history in self.histories), epoch))
        return epoch_of(self, epoch)

    monkeypatch.setattr(SASRecTraining, "__init__", started)
    monkeypatch.setattr(SASRecTraining, "train_epoch", counted)
    yield found


def test_fresh_trains_every_model_once(tmp_path: Path, taught: list[tuple[bool, int, int]]) -> None:
    train_models(shop(), tmp_path, SMALL)
    first = list(taught)
    known = [sum(len(one) for one in shop().sequences.known(fit).histories) for fit in Fit]
    assert {(text, n) for text, n, _ in first} >= {(text, n) for text in (False, True) for n in known[:2]}
    assert (True, known[2]) in {(text, n) for text, n, _ in first} and len(set(first)) == len(first)
    train_models(shop(), tmp_path, SMALL)
    assert taught == first  # nothing is left to do
    train_models(shop(), tmp_path, SMALL, fresh=True)
    assert taught == first * 2


def test_only_a_model_of_the_persona_has_the_persona_as_a_source(both: Path) -> None:
    """It would help the base as much: it tells the targets."""
    free = fusion.load(both, "persona-late")
    assert free.weights["persona"] > 0 and free.fused > free.alone
    assert "persona" in fusion.load(both, "persona-prefix").weights
    held = fusion.load(both, "base-text")
    assert "persona" not in held.weights and set(held.weights) == set(free.weights) - {"persona"}
    assert held.fused < free.fused and held.alone == free.alone


def questions(data: Dataset, sessions: bool) -> Asked:
    return (sessions_asked if sessions else users_asked)(data, Fit.TEST)


def standardised(scores: Tensor) -> Tensor:
    real = scores[:, 1:].double()
    return (real - real.mean(dim=1, keepdim=True)) / real.std(dim=1, correction=0, keepdim=True).clamp(min=1e-9)


@pytest.mark.parametrize("sessions", [False, True])
def test_the_first_stage_is_the_base_beside_the_persona(both: Path, sessions: bool) -> None:
    """Ranks by hand: scores of the base that starts from texts, and the dot products, a weight of 0.7."""
    data = shop()
    kept = {name: fusion.load(both, name) for name in ("base-text", "persona-late", "persona-prefix")}
    fusion.save(kept | {"persona-late": Fusion({"persona": 0.7, "followers": 0.0}, 1.0, 0.0, 0.0)}, both)
    try:
        found = evaluate(data, both, sessions)
    finally:
        fusion.save(kept, both)
    asked, own = questions(data, sessions), data.personas[Fit.TEST]
    vectors = own.vectors
    if sessions:
        sums = [own.items[sorted(set(history))].sum(dim=0) for history in asked.histories]
        vectors = torch.stack([one / one.norm() for one in sums])
    with torch.no_grad():
        scores = score_histories(load_model(both, "base-text", data, Fit.TEST), asked.histories, None).cpu()
    total = standardised(scores) + 0.7 * standardised(vectors @ own.items.T)
    expected = target_ranks(
        torch.nn.functional.pad(total, (1, 0), value=-torch.inf),
        torch.from_numpy(asked.targets),
        seen_items(asked.histories),
    )
    ranks = {one.name: row.tolist() for one, row in zip(found.systems, found.ranks, strict=True)}
    assert ranks["persona-late, retrieval"] == expected.tolist() != ranks["persona-late, alone"]
    assert ranks["persona-late, alone"] == ranks["base SASRec with text"]


STAGES = ["alone", "retrieval", "reranked by base", "as served"]  # two dozen targets teach no order
BASES = ["base SASRec", "base SASRec with text", "base SASRec with text, fused"]


def test_late_is_evaluated_alone_and_beside_another_way(run: Path, both: Path) -> None:
    for folder, ways in ((run, ["late"]), (both, ["late", "prefix"])):
        found = evaluate(shop(), folder)
        models = [one.name for one in found.systems if one.kind == "model"]
        assert models == BASES + [f"persona-{way}, {stage}" for way in ways for stage in STAGES]
        assert found.about["judged"] == "persona-late, as served" and found.about["base"] == BASES[-1]
        assert list(found.about["second stage"]) == [f"persona-{way}" for way in ways]
        assert list(found.about["sources"]) == ["base-text", *(f"persona-{way}" for way in ways)]
        curves = {one.name: one.curve for one in found.systems}
        assert curves["persona-late, alone"] == curves["base SASRec with text"] != []


def test_other_personas_change_the_lists_of_the_persona_alone(both: Path) -> None:
    """As the placebo is measured: asked for with another's persona, nothing trained or chosen anew."""
    data = shop()
    one, other = (evaluate(made, both) for made in (data, with_other_personas(data)))
    before, after = (dict(zip([s.name for s in found.systems], found.ranks, strict=True)) for found in (one, other))
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert {"persona-late, retrieval", "persona-late, as served", "persona-prefix, alone"} <= changed
    assert not changed & {"persona-late, alone", *BASES, *(s.name for s in one.systems if s.kind == "baseline")}
    asked = users_asked(data, Fit.TEST)
    placebo = asked.with_personas(data.personas[Fit.TEST].vectors.roll(1, 0))
    for name in ("persona-late", "base-text"):
        score = first_stage(both, name, data, Fit.TEST)
        with torch.no_grad():
            assert score(asked).equal(score(placebo)) == (name == "base-text")


@pytest.mark.parametrize("sessions", [False, True])
def test_where_no_item_has_a_vector_late_is_its_base(tmp_path: Path, sessions: bool) -> None:
    """As after HDGI: there is no such source, and sessions have no persona; all else goes on."""
    data = without_items(shop())
    told = {one.name: one for one in train_models(data, tmp_path, SMALL)}
    assert told["persona-late"].sources == told["base-text"].sources
    assert fusion.load(tmp_path, "persona-late") == fusion.load(tmp_path, "base-text")
    assert questions(data, sessions).personas.any() != sessions
    found = evaluate(data, tmp_path, sessions)
    ranks = {one.name: row.tolist() for one, row in zip(found.systems, found.ranks, strict=True)}
    assert ranks["persona-late, retrieval"] == ranks["base SASRec with text, fused"]


def test_items_that_lost_their_vectors_leave_the_source_out(both: Path) -> None:
    """The weight that was chosen stays, but there is nothing that it could weigh."""
    data, asked = shop(), users_asked(shop(), Fit.TEST)
    with torch.no_grad():
        whole, left = (first_stage(both, "persona-late", one, Fit.TEST)(asked) for one in (data, without_items(data)))
    weights = fusion.load(both, "persona-late").weights
    assert weights["persona"] and not whole.equal(left) and torch.isfinite(left[:, 1:]).all()


@pytest.mark.parametrize(("of_base", "of_text"), [(0.2, 0.6), (0.6, 0.2)])
def test_no_model_orders_its_own_candidates(both: Path, of_base: float, of_text: float) -> None:
    """The better base on validation does, unless it is the model itself."""
    scores = {BASE: of_base, BASE_TEXT: of_text, LATE: of_text, with_persona("prefix"): 0.9}
    histories = {variant: History([1.0], [score], 0) for variant, score in scores.items()}
    kept = {name: second_stage.load(both, name) for name in second_stage.names(both)}
    try:
        found = choose_second_stages(shop(), both, SMALL, histories)
    finally:
        second_stage.save(kept, both)
    assert {name: stage.base for name, stage in found.items()} == {
        "persona-late": "base",
        "persona-prefix": "base-text" if of_text > of_base else "base",
    }


def test_no_base_has_the_persona_beside_it(both: Path) -> None:
    """Neither of them: the persona has to show what it adds."""
    kept = {name: fusion.load(both, name) for name in ("base-text", "persona-late", "persona-prefix")}
    try:
        found = choose_fusions(shop(), both, [BASE, BASE_TEXT])
    finally:
        fusion.save(kept, both)
    assert all("persona" not in one.weights for one in found.values())
