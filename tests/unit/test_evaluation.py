"""Evaluation: toy systems by hand, a whole run on a toy data set, and the proof that the final fit is never read."""

import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.training.checkpoint import Checkpoint
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.checkpoint import save as save_checkpoint
from kgrec.training.fits import Fit
from recommender import evaluation, fusion, second_stage
from recommender.asked import Asked, sessions_asked, users_asked
from recommender.baselines import item_knn
from recommender.dataset import Dataset, Personas
from recommender.evaluation import LIST, Answer, Contender, evaluate, measure
from recommender.fusion import Fusion
from recommender.measured import Measured
from recommender.ranking import retrieve, seen_items, target_ranks
from recommender.scoring import score_histories
from recommender.second_stage import Way
from recommender.sequences import TEST, TRAIN, VALIDATION
from recommender.settings import SASRecSettings
from recommender.sources import followers
from recommender.tables import follower_table
from recommender.train import train_models
from recommender.trained import load_model, with_persona
from tests.unit.datasets import dataset, sequences, with_sequences

SMALL = SASRecSettings(
    dim=8, heads=1, blocks=1, max_length=6, epochs=4, patience=2, batch_size=32, n_candidates=12, conditioning="prefix"
)
N_USERS, N_ITEMS = 24, 15


def shop() -> Dataset:
    """Users who walk around the items, with a jump now and then; the last one has no test item."""
    generator = np.random.default_rng(1)
    walks = [
        ((user + np.cumsum(generator.choice([1, 1, 1, 4], size=7))) % N_ITEMS + 1).tolist() for user in range(N_USERS)
    ]
    torch.manual_seed(2)
    return dataset(
        [walk[:5] for walk in walks],
        [walk[5] for walk in walks],
        [walk[6] for walk in walks[:-1]] + [0],
        N_ITEMS,
        personas=torch.randn(N_USERS, 3),
        texts=torch.randn(N_ITEMS + 1, 5),
    )


def without_final(data: Dataset) -> Dataset:
    return dataclasses.replace(data, personas={fit: data.personas[fit] for fit in (Fit.VALIDATION, Fit.TEST)})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(second_stage, "ENOUGH", 5)  # targets, so that an order is learned from these few
        train_models(shop(), run, SMALL, ["add", "prefix"])
    return run


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained run, that a test may change."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


def scoring(score: float) -> Answer:
    """Give the target this score and all other items zero."""

    def answer(asked: Asked) -> tuple[torch.Tensor, torch.Tensor]:
        scores = torch.zeros(len(asked.users), asked.n_items + 1)
        scores[:, 0] = -torch.inf
        targets = torch.from_numpy(asked.targets)
        scores[torch.arange(len(targets)), targets] = score
        seen = seen_items(asked.histories)
        return target_ranks(scores, targets, seen), retrieve(scores, seen, LIST)

    return answer


def example() -> Dataset:
    """Ten items; user 0 is asked for what nobody has learned, user 2 again for an item of the head, user 3 never."""
    rows = [
        [(1, TRAIN), (2, TRAIN), (1, VALIDATION), (9, TEST), (3, TEST)],
        [(1, TRAIN), (3, TEST)],
        [(2, TRAIN), (1, TRAIN), (3, VALIDATION), (2, TEST)],
        [(1, TRAIN), (4, TRAIN)],
    ]
    times = [[1, 2, 3, 4, 5], [1, 1], [1, 2, 3, 4], [1, 2]]
    made = dataset([[]] * 4, [0] * 4, [0] * 4, 10)
    named = Personas("run", torch.ones(4, 2), ["Chess", None, "Go", "Chess"], torch.zeros(11, 2))
    return dataclasses.replace(
        made, sequences=sequences(rows, times), personas={Fit.TEST: named, Fit.FINAL: named}, split="by time"
    )


def test_toy_systems_by_hand() -> None:
    data = example()
    asked = users_asked(data, Fit.TEST)
    contenders = [
        Contender("perfect", "model", lambda: scoring(1.0), [0.5, 0.6]),
        Contender("constant", "baseline", lambda: scoring(0.0)),
    ]
    found = measure(contenders, asked, data, {"seed": 3})
    unseen = [8, 9, np.inf]  # of ten items; the third user has had the target
    assert found.ranks.tolist() == [[1, 1, np.inf], unseen]
    assert [(one.name, one.kind, one.curve) for one in found.systems] == [
        ("perfect", "model", [0.5, 0.6]),
        ("constant", "baseline", []),
    ]
    assert all({"coverage", "Gini", "novelty"} <= set(one.beyond) for one in found.systems)
    assert found.systems[1].beyond["coverage"] == 0.9  # all is unseen by somebody, but for item 1


def test_columns_of_users_by_hand() -> None:
    """Learned from are items 1 five times, 2 twice, 3 and 4 once; the head, a fifth of ten, is items 1 and 2."""
    data = example()
    found = measure([Contender("any", "model", lambda: scoring(0.0))], users_asked(data, Fit.TEST), data, {})
    users = found.users
    assert users["user_id"].tolist() == ["u0", "u1", "u2"] and users["target"].tolist() == ["i08", "i02", "i01"]
    assert users["history"].tolist() == [3, 1, 3] and users["learned"].tolist() == [0, 1, 2]
    assert users["head"].tolist() == [False, False, True]
    assert users["persona"].isna().tolist() == [False, True, False] and users["persona"][2] == "Go"
    about = found.about["data"]
    assert about["users"] == 4 and about["items"] == 10 and about["interactions"] == 13 and about["targets"] == 3
    assert about["test interactions that are no target"] == 1 and found.about["split"] == "by time"
    assert about["repeated targets"] == pytest.approx(1 / 3) and about["tied targets"] == pytest.approx(1 / 3)
    assert about["digest of the interactions"] == data.interactions_digest
    assert found.about["persona runs"] == {"test": "run"}


def test_of_equally_popular_items_the_head_takes_the_first() -> None:
    data = dataset([[3, 2, 1]], [4], [5], 5)
    for target, head in ((1, True), (5, False)):
        asked = dataclasses.replace(users_asked(data, Fit.TEST), targets=np.array([target]))
        found = measure([Contender("any", "model", lambda: scoring(0.0))], asked, data, {})
        assert found.users["head"].tolist() == [head]


def test_parts_are_put_together_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    data = without_final(shop())
    asked = users_asked(data, Fit.TEST)
    contenders = [Contender("constant", "model", lambda: scoring(0.0))]
    whole = measure(contenders, asked, data, {})
    monkeypatch.setattr("recommender.asked.batch_size", lambda n_items: 5)
    parts = measure(contenders, asked, data, {})
    assert np.array_equal(whole.ranks, parts.ranks) and whole.systems == parts.systems


BASELINES = ["popularity", "item-kNN", "item-kNN with recency", "EASE", "EASE with recency"]
STAGES = ["alone", "retrieval", "reranked by base", "learned order", "as served"]
BASES = ["base SASRec", "base SASRec with text", "base SASRec with text, fused"]


def test_a_whole_run(run: Path) -> None:
    found = evaluate(without_final(shop()), run)
    trained_names = [f"persona-{way}, {stage}" for way in ("add", "prefix") for stage in STAGES]
    assert [one.name for one in found.systems] == [*BASELINES, *BASES, *trained_names]
    assert [one.kind for one in found.systems] == ["baseline"] * 5 + ["model"] * 13
    assert found.ranks.shape == (18, N_USERS - 1) and (found.ranks >= 1).all()
    assert (
        found.about["judged"] == "persona-prefix, as served" and found.about["base"] == "base SASRec with text, fused"
    )
    assert found.about["protocol"] == "users" and found.about["seed"] == SMALL.seed
    assert set(found.about["second stage"]) == {"persona-add", "persona-prefix"}
    assert set(found.about["sources"]) == {"base-text", "persona-add", "persona-prefix"}
    kept = Measured.load(run / "evaluation")
    assert np.array_equal(kept.ranks, found.ranks) and kept.systems == found.systems and kept.about == found.about
    repeated = np.isinf(found.ranks).all(axis=0)
    histories = users_asked(shop(), Fit.TEST).histories
    targets = [int(target[1:]) + 1 for target in found.users["target"]]
    assert repeated.tolist() == [target in history for target, history in zip(targets, histories, strict=True)]


def test_as_served_is_the_way_that_validation_chose(run: Path) -> None:
    found = evaluate(without_final(shop()), run)
    ranks = {one.name: found.ranks[row] for row, one in enumerate(found.systems)}
    ways: list[tuple[str, Way, str]] = [
        ("add", "none", "retrieval"),
        ("add", "base", "reranked by base"),
        ("prefix", "learned", "learned order"),
    ]
    for conditioning, way, stage in ways:
        name = f"persona-{conditioning}"
        chosen = {other: second_stage.load(run, other) for other in ("persona-add", "persona-prefix")}
        chosen[name] = dataclasses.replace(chosen[name], way=way)
        second_stage.save(chosen, run)
        again = evaluate(without_final(shop()), run)
        served = {one.name: again.ranks[row] for row, one in enumerate(again.systems)}
        assert np.array_equal(served[f"{name}, as served"], served[f"{name}, {stage}"])
        assert np.array_equal(served[f"{name}, retrieval"], ranks[f"{name}, retrieval"])


def test_sessions_are_kept_beside_users(run: Path) -> None:
    users, found = evaluate(without_final(shop()), run), evaluate(without_final(shop()), run, sessions=True)
    assert found.about["protocol"] == "sessions"
    assert found.users["history"].tolist() == [5] * (N_USERS - 1)  # of six known items, without times
    assert np.array_equal(Measured.load(run / "evaluation" / "sessions").ranks, found.ranks)
    assert np.array_equal(Measured.load(run / "evaluation").ranks, users.ranks)


@pytest.mark.parametrize("sessions", [False, True])
def test_of_many_users_some_are_asked_and_it_is_said(
    run: Path, sessions: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = evaluate(shop(), run, sessions=sessions)
    monkeypatch.setattr(evaluation, "MOST", 9)
    some = evaluate(shop(), run, sessions=sessions)
    assert "Asked are 9 of 23 users" in capsys.readouterr().err
    assert (len(some.users), some.about["data"]["targets"], some.about["data"]["targets that are not asked for"]) == (
        9,
        9,
        14,
    )
    assert whole.about["data"]["targets that are not asked for"] == 0
    rows = [whole.users["user_id"].tolist().index(user_id) for user_id in some.users["user_id"]]
    assert np.array_equal(some.ranks, whole.ranks[:, rows])


@pytest.mark.parametrize("sessions", [False, True])
def test_ranks_are_those_of_the_loaded_models(run: Path, sessions: bool) -> None:
    """The conditioned model's ranks, one user at a time, by hand: with the persona of the test fit."""
    data = without_final(shop())
    found = evaluate(data, run, sessions)
    asked = (sessions_asked if sessions else users_asked)(data, Fit.TEST)
    model = load_model(run, "persona-add", data, Fit.TEST)
    mine = found.ranks[[one.name for one in found.systems].index("persona-add, alone")]
    for row, (history, target) in enumerate(zip(asked.histories, asked.targets.tolist(), strict=True)):
        with torch.no_grad():
            scores = model.next_scores(torch.tensor([history]), asked.personas[row : row + 1])[0]
        rivals = [item for item in range(1, N_ITEMS + 1) if item not in history and item != target]
        expected = np.inf if target in history else 1 + sum((scores[item] > scores[target]).item() for item in rivals)
        assert mine[row] == expected


def test_the_first_stage_has_the_sources_that_validation_chose(run: Path) -> None:
    """Ranks of the sum by hand; the sources are those of the test fit, which knows the validation items."""
    data = without_final(shop())
    weights = {"co-occurrence": 0.0, "co-occurrence, recent": 0.4, "followers": 1.5, "of a graph that once was": 2.0}
    chosen = {name: fusion.load(run, name) for name in ("base-text", "persona-add", "persona-prefix")}
    chosen["persona-add"] = Fusion(weights, 0.6, 0.0, 0.0)
    fusion.save(chosen, run)
    found = evaluate(data, run)
    asked, known = users_asked(data, Fit.TEST), data.sequences.known(Fit.TEST)
    model = load_model(run, "persona-add", data, Fit.TEST)
    with torch.no_grad():
        parts = [
            (1.0, score_histories(model, asked.histories, asked.personas)),
            (0.4, item_knn(known, N_ITEMS, 0.6)(asked.histories)),
            (1.5, followers(follower_table(known, N_ITEMS))(asked)),
        ]
    total = torch.zeros(len(asked.users), N_ITEMS)
    for weight, scores in parts:
        total += (
            weight * (scores[:, 1:] - scores[:, 1:].mean(1, keepdim=True)) / scores[:, 1:].std(1, correction=0)[:, None]
        )
    expected = target_ranks(
        torch.nn.functional.pad(total, (1, 0), value=-torch.inf),
        torch.from_numpy(asked.targets),
        seen_items(asked.histories),
    )
    names = [one.name for one in found.systems]
    mine, alone = (found.ranks[names.index(f"persona-add, {stage}")] for stage in ("retrieval", "alone"))
    assert mine.tolist() == expected.tolist() != alone.tolist()


def test_the_other_fits_are_trained_as_long_as_validation_chose(trained: Path) -> None:
    for name in ("base", "base-text", "persona-add", "persona-prefix"):
        stored = {fit: load_checkpoint(fit.folder(trained) / f"{name}.pt") for fit in Fit}
        chosen, test = stored[Fit.VALIDATION], stored[Fit.TEST]
        assert chosen is not None and test is not None
        assert len(test["losses"]) == chosen["best_epoch"] + 1 and not test["scores"]
        final = stored[Fit.FINAL]
        assert final is None or len(final["losses"]) == chosen["best_epoch"] + 1
    served = {path.stem for path in Fit.FINAL.folder(trained).glob("*.pt")}
    stages = [second_stage.load(trained, name) for name in ("persona-add", "persona-prefix")]
    assert served == {"persona-add", "persona-prefix"} | {stage.base for stage in stages if stage.way != "none"}


OPENED: list[str] = []
RECORDING = False


def record(event: str, arguments: tuple[object, ...]) -> None:
    """Take down what is opened; a hook stays for the life of the process, so the flag makes it inert."""
    if RECORDING and event in ("open", "os.listdir", "os.scandir"):
        OPENED.append(str(arguments[0]))


@contextmanager
def recorded() -> Iterator[list[str]]:
    global RECORDING
    OPENED.clear()
    RECORDING = True
    try:
        yield OPENED
    finally:
        RECORDING = False


@pytest.fixture(scope="module", autouse=True)
def hook() -> None:
    sys.addaudithook(record)


@pytest.mark.parametrize("sessions", [False, True])
def test_the_final_fit_is_never_read(run: Path, sessions: bool) -> None:
    final = Fit.FINAL.folder(run)
    data = without_final(shop())
    with recorded() as opened:
        first = evaluate(data, run, sessions)
    assert any(str(Fit.TEST.folder(run)) in path for path in opened)  # or nothing was recorded
    assert not [path for path in opened if str(final) in path]
    with recorded() as opened:
        load_model(run, "persona-add", shop(), Fit.FINAL)
    assert [path for path in opened if str(final) in path]  # torch's reading would have been seen
    for path in final.iterdir():
        path.write_bytes(b"garbage")
    second = evaluate(data, run, sessions)
    shutil.rmtree(final)
    third = evaluate(shop(), run, sessions)  # nor is anything read of the final personas
    for other in (second, third):
        assert np.array_equal(first.ranks, other.ranks) and first.systems == other.systems
        assert first.about == other.about and first.users.equals(other.users)


def test_what_the_test_holds_does_not_change_what_is_recommended(run: Path) -> None:
    """Other test items: other ranks, the same lists, for each system."""
    data = without_final(shop())
    items = data.sequences.items.copy()
    places = data.sequences.targets(Fit.TEST)
    places = places[places >= 0]
    items[places] = items[places] % N_ITEMS + 1
    changed = with_sequences(data, dataclasses.replace(data.sequences, items=items))
    one, two = evaluate(data, run), evaluate(changed, run)
    assert not np.array_equal(one.ranks, two.ranks) and one.systems == two.systems


def test_what_is_not_trained_is_told(run: Path, tmp_path: Path) -> None:
    data = without_final(shop())
    with pytest.raises(KgrecError, match="has no test fit of base: run `kgrec train sasrec"):
        evaluate(data, tmp_path / "nothing")
    for path in Fit.TEST.folder(run).glob("persona-*.pt"):
        path.unlink()
    with pytest.raises(KgrecError, match="has no test fit of persona-add: run `kgrec train sasrec"):
        evaluate(data, run)
    chosen = run / "evaluation" / second_stage.FILE
    chosen.write_text("{")
    with pytest.raises(KgrecError, match=f"{chosen} is damaged: run `kgrec train sasrec --run {run}` again"):
        evaluate(data, run)
    for nothing in (lambda: chosen.write_text("{}"), chosen.unlink):
        nothing()
        with pytest.raises(KgrecError, match="has no persona-conditioned model: run `kgrec train sasrec"):
            evaluate(data, run)
    with pytest.raises(KgrecError, match="Nobody has a test interaction"):
        evaluate(dataset([[1, 2]], [3], [0], N_ITEMS, torch.ones(1, 3)), run)


def test_the_final_weights_in_the_place_of_the_tests_are_refused(run: Path) -> None:
    name = with_persona("add").name
    shutil.copy(Fit.FINAL.folder(run) / f"{name}.pt", Fit.TEST.folder(run) / f"{name}.pt")
    with pytest.raises(KgrecError, match="is not of the test fit, but of the final"):
        evaluate(without_final(shop()), run)


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["best_model"].update(dict.fromkeys(stored["best_model"], torch.zeros(1))),
        lambda stored: stored["settings"].update(sasrec={"dim": "x"}),
        lambda stored: stored["settings"].pop("catalogue"),
    ],
)
def test_sound_checkpoints_of_foreign_content_are_named(run: Path, change: Callable[[Checkpoint], None]) -> None:
    path = Fit.TEST.folder(run) / "base.pt"
    stored = load_checkpoint(path)
    assert stored is not None
    change(stored)
    save_checkpoint(path, stored)
    with pytest.raises(KgrecError, match=f"{path} does not hold what kgrec writes there: .* --fresh"):
        evaluate(without_final(shop()), run)


def test_personas_of_another_run_are_refused(run: Path) -> None:
    data = without_final(shop())
    other = dataclasses.replace(data.personas[Fit.TEST], run_id="another")
    with pytest.raises(KgrecError, match="but the graph has those of another"):
        evaluate(dataclasses.replace(data, personas=data.personas | {Fit.TEST: other}), run)
