"""The second stage: blends by hand, the choice of an order on toy models that know what they are told, its file."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from recommender.asked import Asked
from recommender.sasrec import SASRec
from recommender.scoring import by_model
from recommender.second_stage import FILE, WEIGHTS, SecondStage, blended, choose, load, names, rank, save
from recommender.settings import SASRecSettings

N_ITEMS = 12


class Told(SASRec):
    """A SASRec that scores as it is told, by the last item of a history: ``[n_items + 1, n_items + 1]``."""

    def __init__(self, table: Tensor):
        super().__init__(len(table) - 1, SASRecSettings(dim=2, heads=1))
        self.table = table.clone()
        self.table[:, 0] = -math.inf

    def next_scores(self, sequences: Tensor, personas: Tensor | None = None) -> Tensor:
        last = (sequences != 0).sum(dim=1) - 1
        return self.table[sequences.gather(1, last[:, None])[:, 0]]


def ask(histories: list[list[int]], targets: list[int], n_items: int = N_ITEMS) -> Asked:
    nothing = np.zeros(len(targets), dtype=np.int64)
    return Asked(nothing, histories, np.array(targets), nothing, torch.zeros(len(targets), 3), n_items)


def test_blend_by_hand() -> None:
    """Mean and spread are those of the three candidates: the fourth place is none, whatever stands there."""
    first, second = torch.tensor([[1.0, 2.0, 3.0, 99.0]]), torch.tensor([[10.0, 10.0, 40.0, -99.0]])
    candidates = torch.tensor([[7, 3, 5, 0]])
    spread = math.sqrt(2 / 3)
    one, two = [-1 / spread, 0.0, 1 / spread], [-1 / math.sqrt(2), -1 / math.sqrt(2), math.sqrt(2)]
    for weight in (0.0, 0.3, 1.0):
        expected = [(1 - weight) * a + weight * b for a, b in zip(one, two, strict=True)]
        found = blended(first, second, candidates, weight)[0].tolist()
        assert found[:3] == pytest.approx(expected, abs=1e-6) and found[3] == -math.inf


def test_each_user_is_blended_alone() -> None:
    torch.manual_seed(0)
    first, second, candidates = torch.randn(5, 8), torch.randn(5, 8), torch.ones(5, 8, dtype=torch.long)
    candidates[1, 3:] = 0
    candidates[2] = 0
    whole = blended(first, second, candidates, 0.4)
    assert not whole.isnan().any() and torch.isinf(whole[2]).all()
    for row in range(5):
        alone = blended(first[[row]] * 100 + 7, second[[row]] / 3, candidates[[row]], 0.4)  # the units do not matter
        assert torch.allclose(whole[row], alone[0], atol=1e-5)


def test_one_who_scores_all_alike_says_nothing() -> None:
    first, alike = torch.tensor([[3.0, 1.0, 2.0]]), torch.full((1, 3), 5.0)
    candidates = torch.tensor([[4, 5, 6]])
    assert blended(first, alike, candidates, 0.9).argsort(dim=1).tolist() == first.argsort(dim=1).tolist()
    assert blended(first, alike, candidates, 1.0).tolist() == [[0.0, 0.0, 0.0]]


def told(seed: int) -> tuple[Told, Told]:
    """Two models of random opinions."""
    torch.manual_seed(seed)
    return Told(torch.randn(N_ITEMS + 1, N_ITEMS + 1)), Told(torch.randn(N_ITEMS + 1, N_ITEMS + 1))


HISTORIES = [[1, 2], [3], [2, 5, 5, 6], list(range(1, 10)), list(range(1, 12))]


@pytest.mark.parametrize("n_candidates", [4, 50])
def test_no_weight_keeps_the_order_of_retrieval_and_a_full_one_takes_that_of_the_base(n_candidates: int) -> None:
    conditioned, base = told(0)
    asked = ask(HISTORIES, [12] * 5)
    retrieved, first, everything = rank(asked, by_model(conditioned), by_model(base), n_candidates, 0.0)
    again, zero, _ = rank(asked, by_model(conditioned), by_model(base), n_candidates, 1e-9)
    reranked, last, _ = rank(asked, by_model(conditioned), by_model(base), n_candidates, 1.0)
    assert torch.equal(retrieved, again) and torch.equal(retrieved, reranked)
    for row, history in enumerate(HISTORIES):
        n = min(n_candidates, N_ITEMS - len(set(history)))
        mine = retrieved[row, :n].tolist()
        scores, bases = conditioned.table[history[-1]], base.table[history[-1]]
        assert 0 not in mine and not retrieved[row, n:].any() and torch.equal(everything[row], scores)
        assert first[row, :n].tolist() == scores[mine].tolist() == sorted(scores[mine].tolist(), reverse=True)
        assert zero[row, :n].argsort(descending=True).tolist() == list(range(n))
        ordered = [mine[place] for place in last[row, :n].argsort(descending=True)]
        assert ordered == sorted(mine, key=lambda item: -bases[item].item())
        assert torch.isinf(first[row, n:]).all() and torch.isinf(last[row, n:]).all()


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
    stage = choose(asked, by_model(conditioned), by_model(base), "base-text", 4)
    assert stage.weight == 0.0 and stage.name == "none" and stage.base == "base-text"
    assert stage.blend == 0.6  # the least weight that follows the base
    for_retrieval, for_base = (4 + 5 * SECOND_PLACE) / 9, (5 + 4 * SECOND_PLACE) / 9
    for weight in (0.0, 0.1, 0.4):
        assert stage.validation[f"{weight:.1f}"] == pytest.approx(for_retrieval)
    for weight in (0.6, 0.9, 1.0):
        assert stage.validation[f"{weight:.1f}"] == pytest.approx(for_base)
    assert list(stage.validation) == [f"{weight:.1f}" for weight in WEIGHTS]


def test_a_blend_that_stands_out_is_taken() -> None:
    asked, conditioned, base = taught(9, 1)
    stage = choose(asked, by_model(conditioned), by_model(base), "base", 4)
    assert stage.weight == stage.blend == 0.6 and stage.name == "blend"


def test_the_base_is_taken_alone_where_it_alone_knows() -> None:
    """It prefers the target by a hair, so that any word of the conditioned model, which is wrong, is too much."""
    asked, conditioned, base = taught(9, 0)
    base.table[1:10, 10:12] = torch.tensor([9.0, 8.999])
    stage = choose(asked, by_model(conditioned), by_model(base), "base", 4)
    assert stage.weight == 1.0 and stage.name == "base"
    assert stage.validation["1.0"] == pytest.approx(1.0) and stage.validation["0.0"] == pytest.approx(SECOND_PLACE)


def test_what_was_not_retrieved_cannot_be_reranked() -> None:
    """The base knows the target of everybody, but with one candidate there is nothing to order."""
    asked, conditioned, base = taught(9, 4)
    stage = choose(asked, by_model(conditioned), by_model(base), "base", 1)
    assert stage.weight == 0.0 and list(stage.validation.values()) == pytest.approx([4 / 9] * len(WEIGHTS))


def ndcg_by_hand(asked: Asked, conditioned: Told, base: Told, n: int, weight: float) -> list[float]:
    """NDCG@10 of each user, one after the other."""
    found = []
    for history, target in zip(asked.histories, asked.targets.tolist(), strict=True):
        first, second = conditioned.table[history[-1]].double().numpy(), base.table[history[-1]].double().numpy()
        unseen = [item for item in range(1, N_ITEMS + 1) if item not in history]
        candidates = sorted(unseen, key=lambda item: -first[item])[:n]
        scores = np.zeros(len(candidates))
        for share, given in ((1 - weight, first[candidates]), (weight, second[candidates])):
            scores += share * (given - given.mean()) / max(given.std(), 1e-12)
        if target not in candidates:
            found.append(0.0)
            continue
        place = 1 + int((scores > scores[candidates.index(target)]).sum())
        found.append(1 / math.log2(place + 1) if place <= 10 else 0.0)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_the_choice_is_never_worse_on_validation_than_retrieval(seed: int) -> None:
    """And what is told of each weight is what brute force finds."""
    conditioned, base = told(seed)
    generator = np.random.default_rng(seed)
    histories = [[*generator.integers(1, 13, size=3).tolist(), last] for last in range(1, 13)]
    targets = generator.integers(1, 13, size=12).tolist()
    asked = ask(histories, targets)
    stage = choose(asked, by_model(conditioned), by_model(base), "base", 6)
    values = {weight: ndcg_by_hand(asked, conditioned, base, 6, weight) for weight in WEIGHTS}
    for weight, mine in values.items():
        assert stage.validation[f"{weight:.1f}"] == pytest.approx(np.mean(mine))
    assert np.mean(values[stage.weight]) >= np.mean(values[0.0])
    assert np.mean(values[stage.blend]) == pytest.approx(max(np.mean(values[weight]) for weight in WEIGHTS[1:-1]))
    best = max(np.mean(mine) for mine in values.values())
    if stage.weight:
        gains = np.array(values[stage.weight]) - np.array(values[0.0])
        assert np.mean(values[stage.weight]) == pytest.approx(best) and gains.mean() > gains.std() / math.sqrt(12)


STAGES = {
    "persona-add": SecondStage("base", 0.0, 0.4, {"0.0": 0.5, "0.4": 0.4}),
    "persona-prefix": SecondStage("base-text", 1.0, 0.9, {}),
    "persona-gate": SecondStage("base-text", 0.3, 0.3, {}),
}


def test_choices_are_kept_in_the_run(tmp_path: Path) -> None:
    save(STAGES, tmp_path)
    assert {name: load(tmp_path, name) for name in STAGES} == STAGES
    assert [stage.name for stage in STAGES.values()] == ["none", "base", "blend"]
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
    "content", ["{", "[]", "3", '{"persona-add": {}}', '{"persona-add": 4}', '{"persona-add": {"weight": 1}}', "\udcff"]
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
