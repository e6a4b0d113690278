"""Fusion: sums by hand, weights against brute force over all items, a floor that keeps chance out, its file."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from recommender import fusion as module
from recommender.asked import Asked, Score, ranks
from recommender.fusion import FILE, WEIGHTS, Fusion, choose, fused, load, save, standard
from recommender.metrics import ndcg


def by_user(table: Tensor) -> Score:
    """A system that has its opinion of every item for each user: ``[n_users, n_items + 1]``."""
    return lambda asked: table[torch.from_numpy(asked.users)].clone()


def ask(n_users: int, n_items: int, seed: int = 0) -> Asked:
    generator = np.random.default_rng(seed)
    histories = [generator.choice(n_items, 3, replace=False) + 1 for _ in range(n_users)]
    targets = np.array([int(generator.choice(np.setdiff1d(np.arange(1, n_items + 1), one))) for one in histories])
    users = np.arange(n_users)
    return Asked(users, [one.tolist() for one in histories], targets, users, torch.zeros(n_users, 0), n_items)


def opinions(asked: Asked, hint: float, seed: int) -> Tensor:
    """Noise, and so much more for the target."""
    table = torch.randn(len(asked.users), asked.n_items + 1, generator=torch.Generator().manual_seed(seed))
    table[torch.arange(len(asked.users)), torch.from_numpy(asked.targets)] += hint
    table[:, 0] = -math.inf
    return table


def no_head(asked: Asked) -> np.ndarray:
    return np.zeros(asked.n_items + 1, dtype=bool)


def value(asked: Asked, score: Score) -> float:
    return float(ndcg(ranks(asked, score).numpy(), module.RETRIEVED).mean())


def test_standard_by_hand() -> None:
    found = standard(torch.tensor([[-math.inf, 1.0, 2.0, 3.0], [-math.inf, 5.0, 5.0, 5.0]]))
    spread = math.sqrt(2 / 3)
    assert found[0].tolist() == pytest.approx([-math.inf, -1 / spread, 0.0, 1 / spread])
    assert found[1].tolist() == [-math.inf, 0.0, 0.0, 0.0]


def test_sum_by_hand_and_a_model_alone_keeps_its_scores() -> None:
    asked = ask(4, 9)
    model, one, two = (opinions(asked, 0.0, seed) for seed in (1, 2, 3))
    others = {"one": by_user(one), "two": by_user(two)}
    z = [
        (part[:, 1:] - part[:, 1:].mean(1, keepdim=True)) / part[:, 1:].std(1, correction=0, keepdim=True)
        for part in (model, one, two)
    ]
    found = fused(by_user(model), others, {"one": 0.3, "two": 1.5})(asked)
    assert torch.allclose(found[:, 1:], z[0] + 0.3 * z[1] + 1.5 * z[2], atol=1e-5)
    assert torch.isinf(found[:, 0]).all()
    off = fused(by_user(model), others, {"one": 0.0, "two": 0.0})(asked)
    assert torch.equal(off, model)


def test_a_source_that_knows_comes_in_and_one_that_does_not_is_off() -> None:
    asked = ask(300, 40)
    model, knows, noise = opinions(asked, 1.0, 1), opinions(asked, 1.5, 2), opinions(asked, 0.0, 3)
    sources = {"noise": by_user(noise), "knows": by_user(knows)}
    found = choose(asked, by_user(model), sources, 0.7, no_head(asked))
    assert found.weights["noise"] == 0.0 and found.weights["knows"] >= 0.5
    assert found.alone == pytest.approx(value(asked, by_user(model)))
    assert found.fused == pytest.approx(value(asked, fused(by_user(model), sources, found.weights)))
    assert found.fused > found.alone and found.knn_recency == 0.7
    assert found.name == f"{found.weights['knows']:g} knows (off: noise)"
    assert Fusion({"a": 0.1, "b": 0.0}, 0.7, 0.1, 0.2, 1.5).name == "0.1 a (off: b), new items at 1.5"


@pytest.mark.parametrize("seed", range(4))
def test_one_source_gets_the_weight_of_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all items, where the choice looks at a few best of each only, in batches that do not come out even."""
    monkeypatch.setattr("recommender.asked.batch_size", lambda n_items: 77)
    monkeypatch.setattr(module, "POOL", 20)
    monkeypatch.setattr(module, "RETRIEVED", 10)
    asked = ask(200, 60, seed)
    model, other = by_user(opinions(asked, 1.0, 10 + seed)), by_user(opinions(asked, 1.2, 20 + seed))
    values = {weight: value(asked, fused(model, {"other": other}, {"other": weight})) for weight in WEIGHTS}
    found = choose(asked, model, {"other": other}, 1.0, no_head(asked))
    assert found.fused == pytest.approx(max(values.values())) == pytest.approx(values[found.weights["other"]])


def test_chance_is_kept_out() -> None:
    """Noise often looks better by a little; by two standard errors it seldom does."""
    taken = 0
    for seed in range(12):
        asked = ask(60, 30, seed)
        model, noise = opinions(asked, 1.0, 100 + seed), opinions(asked, 0.0, 200 + seed)
        found = choose(asked, by_user(model), {"noise": by_user(noise)}, 1.0, no_head(asked))
        taken += bool(found.weights["noise"])
        assert found.fused >= found.alone
    assert taken <= 3


@pytest.mark.parametrize("of_head", [True, False])
def test_what_some_items_gain_others_do_not_pay_for(of_head: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The source tells targets among the first half of the items, and puts the other half below all of those."""
    monkeypatch.setattr(module, "RETRIEVED", 10)
    asked = ask(600, 40, 3)
    model, favours = opinions(asked, 1.5, 1), opinions(asked, 0.0, 2)
    first = asked.targets <= 20
    favours[:, 1:21] += 2.0
    favours[torch.from_numpy(np.flatnonzero(first)), torch.from_numpy(asked.targets[first])] += 3.0
    popular = (np.arange(41) <= 20) == of_head
    sources = {"favours": by_user(favours)}

    def retrieved(weights: dict[str, float]) -> np.ndarray:
        """Whether each target of the other half is among the first ten."""
        hits = ranks(asked, fused(by_user(model), sources, weights)).numpy() <= 10
        return np.asarray(hits[~first], dtype=float)

    free, floor = (choose(asked, by_user(model), sources, 1.0, head) for head in (no_head(asked), popular))
    alone, lower, held = (retrieved(weights).mean() for weights in ({}, free.weights, floor.weights))
    assert lower < alone - 0.1 and held >= alone
    assert floor.weights["favours"] < free.weights["favours"]


def test_a_source_that_another_one_makes_needless_goes_again() -> None:
    """The first to come in is the sum of two others, with noise; once both of them are in, it adds nothing."""
    asked = ask(500, 40, 5)
    left, right = opinions(asked, 1.6, 1), opinions(asked, 1.6, 2)
    both = left + right + opinions(asked, 0.0, 3)
    both[:, 0] = -math.inf
    sources = {"both": by_user(both), "left": by_user(left), "right": by_user(right)}
    found = choose(asked, by_user(opinions(asked, 0.2, 4)), sources, 1.0, no_head(asked))
    assert found.weights["left"] and found.weights["right"]
    assert found.weights["both"] < min(found.weights["left"], found.weights["right"])


def test_repeated_targets_are_missed_whatever_the_weights() -> None:
    asked = ask(50, 20)
    asked.histories[0] = [int(asked.targets[0]), 1]
    knows = by_user(opinions(asked, 20.0, 1))
    found = choose(asked, by_user(opinions(asked, 0.0, 2)), {"knows": knows}, 1.0, no_head(asked))
    assert found.fused == pytest.approx(49 / 50)


def test_questions_are_drawn_where_they_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUESTIONS", 30)
    asked = ask(80, 20)
    model = by_user(opinions(asked, 1.0, 1))
    part = asked.sample(30)
    assert choose(asked, model, {}, 1.0, no_head(asked)).alone == pytest.approx(value(part, model))
    assert len(set(part.users.tolist())) == 30 and asked.sample(80) is asked
    assert part.users.tolist() == asked.sample(30).users.tolist()


def test_choices_are_kept_by_model(tmp_path: Path) -> None:
    made = {"base-text": Fusion({"a": 0.1, "b": 0.0}, 0.7, 0.1, 0.2), "persona-prefix": Fusion({}, 0.9, 0.3, 0.3)}
    save(made, tmp_path)
    assert load(tmp_path, "base-text") == made["base-text"] and made["persona-prefix"].name == "none"
    assert made["base-text"].name == "0.1 a (off: b)"
    with pytest.raises(KgrecError, match="has no fusion of base: run `kgrec train sasrec"):
        load(tmp_path, "base")
    for weights in ("3", "null", '{"a": "x"}', '{"a": NaN}', '{"a": Infinity}'):
        told = f'{{"base": {{"weights": {weights}, "knn_recency": 1.0, "alone": 0.1, "fused": 0.2}}}}'
        (tmp_path / "evaluation" / FILE).write_text(told)
        with pytest.raises(KgrecError, match="is damaged"):
            load(tmp_path, "base")
    with pytest.raises(KgrecError, match="has no fusion"):
        load(tmp_path / "elsewhere", "base")
