"""Scores of which most are alike against the same ones in full, and the weights of histories against a plain loop."""

import functools

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from recommender import fusion
from recommender.asked import Asked, Score
from recommender.baselines import weights
from recommender.fusion import standard
from recommender.new_items import Given
from recommender.sasrec import SASRec
from recommender.scoring import ByModel, score_at
from recommender.settings import SASRecSettings
from recommender.sources import Reaching
from recommender.spread import add, product

N_ITEMS, BATCH = 60, 5
NEW = torch.zeros(N_ITEMS + 1, dtype=torch.bool)
NEW[[7, 8, 60]] = True


def reached(seed: int) -> sp.csr_matrix:
    """Few items a row, in the second none, in the third a new one as well."""
    generator = np.random.default_rng(seed)
    table = generator.random((BATCH, N_ITEMS + 1)) * (generator.random((BATCH, N_ITEMS + 1)) < 0.2)
    table[:, 0] = table[:, NEW.numpy()] = table[1] = 0.0
    table[2, 7] = 0.9
    return sp.csr_matrix(table.astype(np.float32))


def ask() -> Asked:
    nothing = np.zeros(BATCH, dtype=np.int64)
    return Asked(nothing, [[1]] * BATCH, nothing, nothing, torch.zeros(BATCH, 0), N_ITEMS)


def whole(score: Score, asked: Asked) -> torch.Tensor:
    return score(asked)


@pytest.mark.parametrize("new", [None, NEW])
def test_they_are_what_they_would_be_in_full(new: torch.Tensor | None) -> None:
    source, asked = Reaching(lambda _: reached(1)), ask()
    given = source if new is None else Given(source, new, 1.25)
    spread, full = given.spread(asked), whole(given, asked)
    assert spread is not None
    items = torch.tensor([[1, 7, 60, 33, 2]] * BATCH)
    for one, dense in ((spread, full), (spread.standard(), standard(full))):
        total = torch.zeros(BATCH, N_ITEMS + 1)
        add(total, [(1.0, one)])
        assert torch.allclose(total[:, 1:], dense[:, 1:], atol=1e-5)
        assert torch.allclose(one.at(items), dense.gather(1, items), atol=1e-5)
    total = torch.arange(BATCH * (N_ITEMS + 1), dtype=torch.float32).reshape(BATCH, -1)
    expected = total + 0.5 * full - 2.0 * standard(full)
    add(total, [(0.5, spread), (-2.0, spread.standard())])
    assert torch.allclose(total[:, 1:], expected[:, 1:], atol=1e-4)


def test_the_sum_is_that_of_all_in_full() -> None:
    source, other, asked = Reaching(lambda _: reached(1)), Reaching(lambda _: reached(2)), ask()
    model = torch.randn(BATCH, N_ITEMS + 1)
    model[:, 0] = -torch.inf
    sources: dict[str, Score] = {"one": source, "other": Given(other, NEW, 0.5)}
    weighed = {"one": 0.7, "other": 1.5}
    found = fusion.fused(lambda _: model, sources, weighed)(asked)
    in_full: dict[str, Score] = {name: functools.partial(whole, score) for name, score in sources.items()}
    assert torch.allclose(found, fusion.fused(lambda _: model, in_full, weighed)(asked), atol=1e-5)


@pytest.mark.parametrize("width", [40, 4_000])
def test_a_product_of_few_rows_is_the_product(width: int) -> None:
    """Where little of the table is reached, and where much is; one row is empty, one reaches nothing."""
    generator = np.random.default_rng(5)
    table = generator.random((30, width)) * (generator.random((30, width)) < 4 / width)
    table[7] = 0.0
    rows = np.zeros((4, 30))
    rows[0, [1, 2, 3]], rows[2, 7], rows[3, [3, 29]] = (1.0, 0.5, 2.0), 1.0, (0.25, 1.0)
    found = product(sp.csr_matrix(rows.astype(np.float32)), sp.csr_matrix(table.astype(np.float32)))
    assert found.shape == (4, width) and np.allclose(found.toarray(), rows @ table, atol=1e-6)


@pytest.mark.parametrize("recency", [1.0, 0.7])
def test_weights_are_those_of_a_loop(recency: float) -> None:
    histories = [[3, 1, 3, 2], [], [5], [2, 2, 2]]
    expected = np.zeros((4, 6))
    for row, history in enumerate(histories):
        for place, item in enumerate(history):
            expected[row, item] = recency ** (len(history) - 1 - place)
    assert np.allclose(weights(histories, 5, recency).toarray(), expected)


def test_some_items_have_the_scores_that_they_have_among_all() -> None:
    torch.manual_seed(3)
    score = ByModel(SASRec(N_ITEMS, SASRecSettings(dim=8, heads=1)).eval())
    asked, items = ask(), torch.tensor([[1, 9, 0], [2, 60, 5], [3, 4, 5], [8, 8, 8], [0, 0, 1]])
    assert torch.allclose(score_at(score, asked, items), score(asked).gather(1, items), atol=1e-6)
