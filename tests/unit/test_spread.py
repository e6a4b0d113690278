"""Scores of which most are alike against the same ones in full, and the weights of histories against a plain loop."""

import functools

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from recommender import fusion, products
from recommender.asked import Asked, Score
from recommender.baselines import weights
from recommender.first_stage import Part
from recommender.fusion import standard
from recommender.new_items import Given
from recommender.sasrec import SASRec
from recommender.scoring import ByModel, score_at
from recommender.settings import SASRecSettings
from recommender.sources import Reaching
from recommender.spread import add

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


def source(seed: int) -> Reaching:
    return Reaching(lambda _: sp.identity(BATCH, np.float32, "csr"), reached(seed))


@pytest.fixture(autouse=True)
def spread_however_much_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "FEW", 1.0)


def whole(score: Score, asked: Asked) -> torch.Tensor:
    return score(asked)


@pytest.mark.parametrize("new", [None, NEW])
def test_they_are_what_they_would_be_in_full(new: torch.Tensor | None) -> None:
    reaching, asked = source(1), ask()
    given = reaching if new is None else Given(reaching, new, 1.25)
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
    asked = ask()
    model = torch.randn(BATCH, N_ITEMS + 1)
    model[:, 0] = -torch.inf
    sources: dict[str, Score] = {"one": source(1), "other": Given(source(2), NEW, 0.5)}
    weighed = {"one": 0.7, "other": 1.5}
    found = fusion.fused(lambda _: model, sources, weighed)(asked)
    in_full: dict[str, Score] = {name: functools.partial(whole, score) for name, score in sources.items()}
    assert torch.allclose(found, fusion.fused(lambda _: model, in_full, weighed)(asked), atol=1e-5)


def test_where_much_is_reached_the_sum_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """As are the scores of some items, whichever of both ways they are had."""
    monkeypatch.setattr(fusion, "NORM_OF", 7)  # parts of it, the last one shorter
    items = torch.tensor([[1, 7, 60, 33, 2]] * BATCH)
    model, sums = torch.arange(BATCH * (N_ITEMS + 1), dtype=torch.float32).reshape(BATCH, -1), []
    for few in (1.0, 0.0):
        monkeypatch.setattr(products, "FEW", few)
        score, asked = Part(lambda: source(1)), ask()
        assert (score.spread(asked) is None) == (few == 0.0)
        sums.append(fusion.fused(lambda _: model, {"one": score}, {"one": 0.7})(asked))
        expected = torch.from_numpy(reached(1).toarray()).gather(1, items)
        assert torch.allclose(score_at(score, asked, items), expected)
    assert torch.allclose(sums[0], sums[1], atol=1e-5) and torch.isinf(sums[1][:, 0]).all()


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
