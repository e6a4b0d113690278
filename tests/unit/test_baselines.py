"""Baselines against closed forms, ridge regressions, scikit-learn, and figures by hand; choices by brute force."""

import dataclasses
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import cosine_similarity

from kgrec.training.fits import Fit
from recommender import baselines as module
from recommender.asked import Asked
from recommender.baselines import (
    EASE_L2,
    NO_RECENCY,
    RECENCY,
    Chosen,
    Scorer,
    baselines,
    choose,
    choose_once,
    ease,
    item_knn,
    popularity,
    weights,
)
from recommender.dataset import Dataset
from recommender.sequences import TEST, TRAIN, VALIDATION, Known, Sequences
from tests.unit.datasets import holding, sequences

N_ITEMS = 12


def shop(n_users: int = 60, seed: int = 0) -> Sequences:
    """Users who walk through the items in steps of one, mostly, with jumps; some repeat, some have no target."""
    generator = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        steps = generator.choice([0, 1, 1, 1, 5], size=generator.integers(3, 8))
        walk = (int(generator.integers(N_ITEMS)) + np.cumsum(steps)) % N_ITEMS + 1
        splits = [TRAIN] * (len(walk) - 2) + ([VALIDATION, TEST] if user % 7 else [TRAIN, TRAIN])
        rows.append(list(zip(walk.tolist(), splits, strict=True)))
    return sequences(rows)


def of(visits: Sequences) -> Dataset:
    return holding(visits, N_ITEMS)


def users_by_items(known: Known) -> np.ndarray:
    """``[n_users, n_items]``, 1 or 0, in double."""
    table = np.zeros((len(known.lengths), N_ITEMS))
    for user, history in enumerate(known.histories):
        table[user, [item - 1 for item in history]] = 1
    return table


def table_of(scorer: Scorer) -> np.ndarray:
    """Scores after a history of one item, for each item: ``[n_items, n_items]``."""
    scores = scorer([[item] for item in range(1, N_ITEMS + 1)])
    assert scores.shape == (N_ITEMS, N_ITEMS + 1) and torch.isinf(scores[:, 0]).all()
    return scores[:, 1:].double().numpy()


@pytest.mark.parametrize("l2", EASE_L2)
def test_ease_is_stecks_closed_form(l2: float) -> None:
    """Algorithm 1 of the paper."""
    known = shop().known(Fit.TEST)
    x = users_by_items(known)
    precision = np.linalg.inv(x.T @ x + l2 * np.eye(N_ITEMS))
    expected = precision / -np.diag(precision)
    np.fill_diagonal(expected, 0)
    found = table_of(ease(known, N_ITEMS, l2))
    assert np.allclose(found, expected, rtol=1e-3, atol=1e-6) and (np.diag(found) == 0).all()


def test_ease_is_a_ridge_regression_of_each_item_on_the_others() -> None:
    known, l2 = shop().known(Fit.TEST), 7.0
    x = users_by_items(known)
    found = table_of(ease(known, N_ITEMS, l2))
    for item in range(N_ITEMS):
        others = [other for other in range(N_ITEMS) if other != item]
        fitted = Ridge(alpha=l2, fit_intercept=False, solver="cholesky").fit(x[:, others], x[:, item])
        assert np.allclose(found[others, item], fitted.coef_, atol=1e-5)


@pytest.mark.parametrize("full", [0.0, 1.0])
def test_item_knn_is_the_cosine_of_users(full: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a table in full, and by one of what is not zero."""
    monkeypatch.setattr("recommender.baselines.FULL", full)
    known = shop().known(Fit.TEST)
    expected = cosine_similarity(users_by_items(known).T)
    np.fill_diagonal(expected, 0)
    assert np.allclose(table_of(item_knn(known, N_ITEMS)), expected, atol=1e-6)


def test_an_item_that_nobody_had_is_like_none() -> None:
    known = Known(np.array([0, 2, 3]), np.array([1, 2, 1]))
    for scorer in (item_knn(known, 3), ease(known, 3, 1.0)):
        scores = scorer([[3], [1]])[:, 1:]
        assert torch.isfinite(scores).all() and (scores[0] == 0).all() and scores[1, 2] == 0 < scores[1, 1]


@pytest.mark.parametrize("recency", [NO_RECENCY, 0.9, 0.6])
@pytest.mark.parametrize(
    "make", [lambda known, recency: item_knn(known, N_ITEMS, recency), lambda known, r: ease(known, N_ITEMS, 5.0, r)]
)
def test_scores_are_weighted_sums_over_the_history(make: Callable[[Known, float], Scorer], recency: float) -> None:
    known = shop().known(Fit.TEST)
    table = table_of(make(known, NO_RECENCY))
    scores = make(known, recency)([[4], [3, 9, 1], [2, 5, 2], []])[:, 1:].numpy()
    assert np.allclose(scores[0], table[3], atol=1e-6)
    assert np.allclose(scores[1], recency**2 * table[2] + recency * table[8] + table[0], atol=1e-5)
    assert np.allclose(scores[2], recency * table[4] + table[1], atol=1e-5)  # of the two, the later counts
    assert (scores[3] == 0).all()


def test_weights_by_hand() -> None:
    found = weights([[3, 1], [2, 2, 2], [1, 3, 1], []], 3, 0.5).toarray()
    assert found.tolist() == [[0, 1, 0, 0.5], [0, 0, 1, 0], [0, 1, 0, 0.5], [0, 0, 0, 0]]
    assert weights([[3, 1, 2, 1]], 3, NO_RECENCY).toarray().tolist() == [[0, 1, 1, 1]]


@given(st.lists(st.lists(st.integers(1, 5), max_size=9), min_size=1, max_size=4), st.sampled_from(RECENCY))
def test_weights_fall_with_each_later_interaction(histories: list[list[int]], recency: float) -> None:
    found = weights(histories, 5, recency).toarray()
    for row, history in enumerate(histories):
        for item in range(6):
            age = history[::-1].index(item) if item in history else None
            assert found[row, item] == pytest.approx(0 if age is None else recency**age)


def test_popularity_counts_what_was_learned_from() -> None:
    known = shop().known(Fit.VALIDATION)
    expected = [sum(history.count(item) for history in known.histories) for item in range(1, N_ITEMS + 1)]
    scores = popularity(known, N_ITEMS)([[1], [2, 3]])
    assert scores[:, 1:].tolist() == [expected, expected] and torch.isinf(scores[:, 0]).all()


def ndcg_by_hand(scorer: Scorer, data: Sequences) -> float:
    """Mean NDCG@10 of the validation targets, user by user."""
    gains = []
    for user, history in enumerate(data.known(Fit.VALIDATION).histories):
        own = slice(data.offsets[user], data.offsets[user + 1])
        targets = [item for item, split in zip(data.items[own], data.splits[own], strict=True) if split == VALIDATION]
        if not targets:
            continue
        scores = scorer([history])[0].tolist()
        rivals = [item for item in range(1, N_ITEMS + 1) if item not in history and item != targets[0]]
        rank = 1 + sum(scores[item] >= scores[targets[0]] for item in rivals)
        gains.append(1 / np.log2(rank + 1) if rank <= 10 and targets[0] not in history else 0)
    return float(np.mean(gains))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_chosen_is_what_brute_force_chooses(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EASE_L2", (0.5, 5.0, 50.0))
    data = shop(seed=seed)
    known = data.known(Fit.VALIDATION)
    knn = {recency: ndcg_by_hand(item_knn(known, N_ITEMS, recency), data) for recency in RECENCY}
    of_ease = {
        (l2, recency): ndcg_by_hand(ease(known, N_ITEMS, l2, recency), data)
        for l2, recency in itertools.product((0.5, 5.0, 50.0), (NO_RECENCY, *RECENCY))
    }
    found = choose(of(data))
    assert found.ease_l2 is not None and found.ease_recency_l2 is not None and found.ease_recency in RECENCY
    plain = {l2: value for (l2, recency), value in of_ease.items() if recency == NO_RECENCY}
    recent = {key: value for key, value in of_ease.items() if key[1] != NO_RECENCY}
    assert len(set(recent.values())) > 3  # or there was nothing to choose
    assert knn[found.knn_recency] == pytest.approx(max(knn.values()))
    assert plain[found.ease_l2] == pytest.approx(max(plain.values()))
    assert recent[found.ease_recency_l2, found.ease_recency] == pytest.approx(max(recent.values()))


def test_the_test_items_choose_nothing() -> None:
    data = shop()
    items = data.items.copy()
    items[data.splits == TEST] = items[data.splits == TEST] % N_ITEMS + 1
    assert choose(of(data)) == choose(of(dataclasses.replace(data, items=items)))


def test_a_sample_of_the_questions_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def first_is_best(scorer: Scorer, questions: Asked) -> float:
        asked.append(len(questions.users))
        return -float(len(asked))

    monkeypatch.setattr(module, "QUESTIONS", 7)
    monkeypatch.setattr(module, "_ndcg", first_is_best)
    choose(of(shop()))
    assert len(asked) > 5 and set(asked) == {7}


def test_choices_are_kept_for_the_same_interactions(tmp_path: Path) -> None:
    path = tmp_path / "evaluation" / "baselines.json"
    chosen = choose_once(of(shop()), path)
    assert chosen == choose(of(shop()))
    kept = json.loads(path.read_text())
    path.write_text(json.dumps(kept | {"knn_recency": 0.123}))
    assert choose_once(of(shop()), path) == dataclasses.replace(chosen, knn_recency=0.123)
    others = of(shop(seed=1))
    found = choose_once(others, path)
    assert found == choose(others) and found.knn_recency != 0.123
    assert json.loads(path.read_text())["interactions"] == others.interactions_digest != kept["interactions"]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"interactions": "DIGEST"}', "\udcff", "[" * 100_000])
def test_a_damaged_choice_is_made_again(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baselines.json"
    content = content.replace("DIGEST", of(shop()).interactions_digest)
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    assert choose_once(of(shop()), path) == choose(of(shop()))


def test_ease_is_left_out_of_a_large_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    data = shop()
    known = data.known(Fit.TEST)
    small = choose(of(data))
    names = ["popularity", "item-kNN", "item-kNN with recency"]
    assert list(baselines(known, N_ITEMS, small)) == [*names, "EASE", "EASE with recency"]
    monkeypatch.setattr(module, "EASE_ITEMS", N_ITEMS)
    assert choose(of(data)) == small
    monkeypatch.setattr(module, "EASE_ITEMS", N_ITEMS - 1)
    large = choose(of(data))
    assert large == Chosen(small.knn_recency, None, None, None)
    assert list(baselines(known, N_ITEMS, large)) == names


def test_baselines_have_what_was_chosen() -> None:
    known = shop().known(Fit.TEST)
    made = baselines(known, N_ITEMS, Chosen(0.8, 2.0, 3.0, 0.7))
    expected = {
        "popularity": popularity(known, N_ITEMS),
        "item-kNN": item_knn(known, N_ITEMS),
        "item-kNN with recency": item_knn(known, N_ITEMS, 0.8),
        "EASE": ease(known, N_ITEMS, 2.0),
        "EASE with recency": ease(known, N_ITEMS, 3.0, 0.7),
    }
    for name, make in made.items():
        assert torch.equal(make()([[1, 2, 3]]), expected[name]([[1, 2, 3]])), name
