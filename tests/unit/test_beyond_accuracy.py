"""Coverage, Gini, novelty and intra-list similarity against independent formulas."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import cosine_similarity

from recommender import beyond_accuracy as module
from recommender.beyond_accuracy import beyond_accuracy, coverage, gini, intra_list_similarity, novelty

N_ITEMS, N_USERS, K = 40, 70, 10


@pytest.fixture
def lists() -> np.ndarray:
    """Lists without repetition; one ends early, one is empty."""
    generator = np.random.default_rng(3)
    weights = 1 / np.arange(1, N_ITEMS - 4)  # the last five items are never recommended
    rows = [generator.choice(N_ITEMS - 5, K, replace=False, p=weights / weights.sum()) + 1 for _ in range(N_USERS)]
    drawn = np.array(rows)
    drawn[5, 3:] = 0
    drawn[6] = 0
    return drawn


@pytest.fixture
def texts() -> np.ndarray:
    """Some items have no text; there is something in the padding's place, which must not count."""
    drawn = np.random.default_rng(4).normal(0.5, 1, size=(N_ITEMS + 1, 8)).astype(np.float32)
    drawn[[2, 9, 17]] = 0
    return drawn


def test_coverage_by_sets(lists: np.ndarray) -> None:
    recommended = set(lists.ravel().tolist()) - {0}
    assert 0 < len(recommended) < N_ITEMS
    assert coverage(lists, N_ITEMS) == pytest.approx(len(recommended) / N_ITEMS)


def test_gini_by_the_area_under_the_lorenz_curve(lists: np.ndarray) -> None:
    frequencies = sorted((lists == item).sum() for item in range(1, N_ITEMS + 1))
    lorenz = np.concatenate(([0], np.cumsum(frequencies))) / sum(frequencies)
    area = np.trapezoid(lorenz, dx=1 / N_ITEMS)
    assert gini(lists, N_ITEMS) == pytest.approx(1 - 2 * area)


def test_gini_at_its_ends() -> None:
    assert gini(np.arange(1, 21).reshape(10, 2), 20) == pytest.approx(0)
    assert gini(np.full((10, 1), 7), 20) == pytest.approx(1 - 1 / 20)


def test_novelty_worked_example() -> None:
    counts = np.array([99, 6, 0, 0, 2])  # with one more each: 7, 1, 1, 3 of 12; the padding's count is not looked at
    first = (-math.log2(7 / 12) - math.log2(1 / 12)) / 2
    second = -math.log2(3 / 12)
    assert novelty(np.array([[1, 3], [4, 0], [0, 0]]), counts) == pytest.approx((first + second) / 2)


def test_popular_items_are_less_novel(lists: np.ndarray) -> None:
    counts = np.arange(N_ITEMS + 1)
    popular, rare = novelty(np.array([[40, 39]]), counts), novelty(np.array([[1, 2]]), counts)
    assert popular is not None and rare is not None and popular < rare


@pytest.mark.parametrize("batch", [512, 7])
def test_similarity_is_that_of_scikit_learn(
    lists: np.ndarray, texts: np.ndarray, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    means = []
    for row in lists:
        items = [item for item in row if item and texts[item].any()]
        if len(items) >= 2:
            cosines = cosine_similarity(texts[items])
            means.append(cosines[np.triu_indices(len(items), k=1)].mean())
    assert len(means) < N_USERS
    assert intra_list_similarity(lists, texts) == pytest.approx(np.mean(means), abs=1e-6)


def test_similarity_of_equal_and_of_opposite_texts() -> None:
    texts = np.array([[0.0, 0], [2, 0], [3, 0], [-1, 0]])
    assert intra_list_similarity(np.array([[1, 2]]), texts) == pytest.approx(1)
    assert intra_list_similarity(np.array([[1, 3]]), texts) == pytest.approx(-1)
    assert intra_list_similarity(np.array([[1, 3], [1, 2], [1, 0]]), texts) == pytest.approx(0)


def test_all_of_them_from_torch_too(lists: np.ndarray, texts: np.ndarray) -> None:
    counts = np.arange(N_ITEMS + 1)
    described = beyond_accuracy(lists, counts, texts)
    assert described == {
        "coverage": coverage(lists, N_ITEMS),
        "Gini": gini(lists, N_ITEMS),
        "novelty": novelty(lists, counts),
        "intra-list similarity": intra_list_similarity(lists, texts),
    }
    assert beyond_accuracy(lists, counts, torch.from_numpy(texts)) == described


def test_what_cannot_be_computed_is_left_out(lists: np.ndarray) -> None:
    counts = np.zeros(N_ITEMS + 1, dtype=int)
    for without in (torch.zeros(N_ITEMS + 1, 0), torch.zeros(N_ITEMS + 1, 4)):
        assert list(beyond_accuracy(lists, counts, without)) == ["coverage", "Gini", "novelty"]
    texts = np.ones((N_ITEMS + 1, 4))
    assert beyond_accuracy(np.zeros((3, K), dtype=int), counts, texts) == {"coverage": 0.0}
    assert beyond_accuracy(np.zeros((0, K), dtype=int), counts, texts) == {"coverage": 0.0}
    assert beyond_accuracy(np.zeros((3, K), dtype=int), np.zeros(1, dtype=int), np.ones((1, 4))) == {}
