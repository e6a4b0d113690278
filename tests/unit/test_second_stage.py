"""The second stage: three orders by hand, their choice on toy models that know what they are told, its file."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from recommender.asked import Asked
from recommender.first_stage import MODEL, FirstStage
from recommender.learned_order import Candidates, LearnedOrder, learn
from recommender.sasrec import SASRec
from recommender.scoring import ByModel
from recommender.second_stage import ENOUGH, FILE, FOLDS, SecondStage, Stages, Way, choose, load, names, rank, save
from recommender.settings import SASRecSettings

N_ITEMS = 12


class Told(SASRec):
    """A SASRec that scores as it is told, by the last item of a history: ``[n_items + 1, n_items + 1]``."""

    def __init__(self, table: Tensor):
        super().__init__(len(table) - 1, SASRecSettings(dim=2, heads=1))
        self.table = table.clone()
        self.table[:, 0] = -math.inf
        self.items = torch.nn.Embedding(len(table), len(table), _weight=table.T.contiguous())  # a state is one of them

    def next_states(self, sequences: Tensor, personas: Tensor | None = None) -> Tensor:
        last = (sequences != 0).sum(dim=1) - 1
        return torch.nn.functional.one_hot(sequences.gather(1, last[:, None])[:, 0], len(self.table)).float()


def ask(histories: list[list[int]], targets: list[int], n_items: int = N_ITEMS) -> Asked:
    nothing = np.zeros(len(targets), dtype=np.int64)
    return Asked(nothing, histories, np.array(targets), nothing, torch.zeros(len(targets), 3), n_items)


def told(seed: int) -> tuple[Told, Told]:
    """Two models of random opinions."""
    torch.manual_seed(seed)
    return Told(torch.randn(N_ITEMS + 1, N_ITEMS + 1)), Told(torch.randn(N_ITEMS + 1, N_ITEMS + 1))


def both(conditioned: Told, base: Told, n_candidates: int) -> Stages:
    """The one model retrieves, without sources, the other stands behind; an item is as popular as its number."""
    return Stages(
        FirstStage({MODEL: ByModel(conditioned)}, {}), ByModel(base), np.arange(len(base.table)), n_candidates
    )


HISTORIES = [[1, 2], [3], [2, 5, 5, 6], list(range(1, 10)), list(range(1, 12))]
ORDER = LearnedOrder([MODEL, "base", "gone"], [0.7, -0.4, 3.0, 0.2, 0.1, 0.3, 9.0, -0.2, 0.5, 7.0, 0.6], [1, 2], [1, 3])


def scored(first: np.ndarray, second: np.ndarray, items: list[int], length: int) -> np.ndarray:
    """Scores of one user's candidates by `ORDER`; a part that is gone says nothing."""
    popular, long = (np.log1p(np.array(items, dtype=float)) - 1) / 2, (math.log(length) - 1) / 3
    found = 0.2 * popular + 0.6 * popular * long
    for given, weight, by_popularity, by_length in ((first, 0.7, 0.1, -0.2), (second, -0.4, 0.3, 0.5)):
        part = (given - given.mean()) / max(given.std(), 1e-12)
        found = found + part * (weight + by_popularity * popular + by_length * long)
    return np.asarray(found)


@pytest.mark.parametrize("n_candidates", [4, 50])
def test_each_way_orders_what_was_retrieved(n_candidates: int) -> None:
    conditioned, base = told(0)
    asked, stage = ask(HISTORIES, [12] * 5), SecondStage("base", "none", ORDER, {})
    ways: tuple[Way, ...] = ("none", "base", "learned")
    found = {way: rank(asked, both(conditioned, base, n_candidates), stage, way) for way in ways}
    for way, (items, scores) in found.items():
        for row, history in enumerate(HISTORIES):
            first, second = (model.table[history[-1]].double().numpy() for model in (conditioned, base))
            unseen = [item for item in range(1, N_ITEMS + 1) if item not in history]
            mine = sorted(unseen, key=lambda item: -first[item])[:n_candidates]
            assert items[row, : len(mine)].tolist() == mine and not items[row, len(mine) :].any()
            expected = {
                "none": first[mine],
                "base": second[mine],
                "learned": scored(first[mine], second[mine], mine, len(history)),
            }[way]
            assert np.allclose(scores[row, : len(mine)], expected, atol=1e-5)
            assert torch.isinf(scores[row, len(mine) :]).all()


def taught(n_users: int, retrieval_right: int) -> tuple[Asked, Told, Told]:
    """Users with an item each, who all want the item ``n_users + 1`` and never its rival, ``n_users + 2``.

    For the first ``retrieval_right`` of them the conditioned model prefers the target and the base the rival; for the
    others it is the other way round. All else is far behind.
    """
    n_items = n_users + 4
    target, rival = n_users + 1, n_users + 2
    first, second = torch.zeros(n_items + 1, n_items + 1), torch.zeros(n_items + 1, n_items + 1)
    for user in range(1, n_users + 1):
        right, wrong = (first, second) if user <= retrieval_right else (second, first)
        right[user, target], right[user, rival] = 9.0, 8.0
        wrong[user, target], wrong[user, rival] = 8.0, 9.0
    asked = ask([[user] for user in range(1, n_users + 1)], [target] * n_users, n_items)
    return asked, Told(first), Told(second)


SECOND_PLACE = 1 / math.log2(3)


def test_an_order_that_does_not_stand_out_is_not_taken() -> None:
    """Better for five users and worse for four: that may be chance."""
    asked, conditioned, base = taught(9, 4)
    stage = choose(asked, both(conditioned, base, 4), "base-text")
    assert stage.way == "none" and stage.base == "base-text"
    assert stage.validation == pytest.approx({"none": (4 + 5 * SECOND_PLACE) / 9, "base": (5 + 4 * SECOND_PLACE) / 9})


def test_the_base_is_taken_where_it_knows_better() -> None:
    asked, conditioned, base = taught(9, 1)
    stage = choose(asked, both(conditioned, base, 4), "base")
    assert stage.way == "base"
    assert stage.validation == pytest.approx({"none": (1 + 8 * SECOND_PLACE) / 9, "base": (8 + SECOND_PLACE) / 9})


def test_what_was_not_retrieved_cannot_be_reranked() -> None:
    """The base knows the target of everybody, but with one candidate there is nothing to order."""
    asked, conditioned, base = taught(9, 4)
    stage = choose(asked, both(conditioned, base, 1), "base")
    assert stage.way == "none" and stage.validation == pytest.approx({"none": 4 / 9, "base": 4 / 9})


def test_no_order_is_learned_from_too_little() -> None:
    """Targets that were not retrieved do not count."""
    asked, conditioned, base = taught(ENOUGH + 2, ENOUGH - 1)
    few = choose(asked, both(conditioned, base, 1), "base")
    assert few.learned is None and few.ways == ["none", "base"] and list(few.validation) == ["none", "base"]
    asked, conditioned, base = taught(ENOUGH + 2, ENOUGH)
    enough = choose(asked, both(conditioned, base, 1), "base")
    assert enough.learned is not None and enough.ways == list(enough.validation) == ["none", "base", "learned"]


def halves(n: int, seed: int) -> tuple[Asked, Told, Told]:
    """Each model has half of what tells the target of ``n`` users, who have an item each, and noise of its own."""
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(n + 1, n + 1, generator=generator) for _ in range(2))
    wish = first + second + 0.5 * torch.randn(n + 1, n + 1, generator=generator)
    wish[:, 0] = -math.inf
    wish.fill_diagonal_(-math.inf)
    return ask([[user] for user in range(1, n + 1)], wish[1:].argmax(dim=1).tolist(), n), Told(first), Told(second)


def value(place: int) -> float:
    return 1 / math.log2(place + 1) if place <= 10 else 0.0


def test_a_learned_order_is_judged_by_questions_that_it_was_not_learned_from() -> None:
    """And what is told of each way is what brute force finds."""
    n, n_candidates = 200, 30
    asked, conditioned, base = halves(n, 3)
    stage = choose(asked, both(conditioned, base, n_candidates), "base")
    rows = []
    for history, target in zip(asked.histories, asked.targets.tolist(), strict=True):
        first, second = (model.table[history[-1]].double() for model in (conditioned, base))
        items = sorted((item for item in range(1, n + 1) if item not in history), key=lambda item: -first[item])
        rows.append((items[:n_candidates], first[items[:n_candidates]], second[items[:n_candidates]], target))
    candidates = torch.tensor([row[0] for row in rows])
    known = Candidates(
        candidates,
        torch.stack([torch.stack([row[1], row[2]], dim=1) for row in rows]),
        torch.log1p(candidates.double()),
        torch.zeros(n, dtype=torch.float64),
    )
    targets = torch.tensor([row[3] for row in rows])
    hit = np.array([row[3] in row[0] for row in rows])
    fold = np.random.default_rng(0).permutation(n) % FOLDS
    orders = [
        learn(known.rows(np.flatnonzero(hit & (fold != one))), targets[hit & (fold != one)], [MODEL, "base"])
        for one in range(FOLDS)
    ]
    values: dict[str, list[float]] = {"none": [], "base": [], "learned": []}
    for row, (mine, _, second, target) in enumerate(rows):
        learned = orders[fold[row]](known.rows(np.array([row])))[0]
        for way, scores in (("none", -torch.arange(n_candidates)), ("base", second), ("learned", learned)):
            place = int((scores >= scores[mine.index(target)]).sum()) if target in mine else n
            values[way].append(value(place))
    assert stage.validation == pytest.approx({way: float(np.mean(found)) for way, found in values.items()})
    assert (~hit).sum() > 0 and stage.way == "learned" and stage.learned is not None
    whole = learn(known.rows(np.flatnonzero(hit)), targets[hit], [MODEL, "base"])
    assert stage.learned.parts == whole.parts and stage.learned.weights == pytest.approx(whole.weights, abs=1e-4)


STAGES = {
    "persona-add": SecondStage("base", "none", None, {"none": 0.5, "base": 0.4}),
    "persona-prefix": SecondStage("base-text", "base", ORDER, {}),
    "persona-gate": SecondStage("base-text", "learned", ORDER, {}),
}


def test_choices_are_kept_in_the_run(tmp_path: Path) -> None:
    save(STAGES, tmp_path)
    assert {name: load(tmp_path, name) for name in STAGES} == STAGES
    assert names(tmp_path) == ["persona-add", "persona-gate", "persona-prefix"]
    save({"persona-add": STAGES["persona-gate"]}, tmp_path)
    assert load(tmp_path, "persona-add") == STAGES["persona-gate"] and names(tmp_path) == ["persona-add"]
    with pytest.raises(KgrecError, match="has no second stage of persona-gate: run `kgrec train sasrec"):
        load(tmp_path, "persona-gate")


def test_without_a_choice_the_remedy_is_told(tmp_path: Path) -> None:
    assert names(tmp_path) == []
    with pytest.raises(KgrecError, match="has no second stage of persona-add: run `kgrec train sasrec"):
        load(tmp_path, "persona-add")


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "3",
        '{"persona-add": {}}',
        '{"persona-add": 4}',
        '{"persona-add": {"weight": 1}}',
        '{"persona-add": {"base": "base", "weight": 0.4, "blend": 0.4, "validation": {}}}',  # of an earlier kgrec
        '{"persona-add": {"base": "base", "way": "none", "learned": 3, "validation": {}}}',
        '{"persona-add": {"base": "base", "way": "none", "learned": {"parts": []}, "validation": {}}}',
        '{"persona-add": {"base": null, "way": "none", "learned": null, "validation": {}}}',
        '{"persona-add": {"base": "base", "way": "x", "learned": null, "validation": {}}}',
        '{"persona-add": {"base": "base", "way": "none", "learned": null, "validation": {"none": NaN}}}',
        "[" * 100_000,
        "\udcff",
    ],
)
def test_a_damaged_choice_is_named(tmp_path: Path, content: str) -> None:
    save(STAGES, tmp_path)
    (tmp_path / "evaluation" / FILE).write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(KgrecError, match="is damaged: run `kgrec train sasrec"):
        load(tmp_path, "persona-add")


@pytest.mark.parametrize("content", ["{", "", "[]", "3", '["persona-add"]', '"persona-add"', "null", "\udcff"])
def test_names_of_a_damaged_file_are_not_guessed(tmp_path: Path, content: str) -> None:
    save(STAGES, tmp_path)
    path = tmp_path / "evaluation" / FILE
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(KgrecError) as told:
        names(tmp_path)
    assert str(told.value) == f"{path} is damaged: run `kgrec train sasrec --run {tmp_path}` again."
