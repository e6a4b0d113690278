"""The space of users and items against dense algebra and dense autograd."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.items import Items
from gnn.meta_path import MetaPath
from gnn.shared_space import SPREAD, SharedSpace, summed, users

PATHS = [MetaPath.parse(text) for text in ("INTERACTED > BY", "INTERACTED > IN_CATEGORY")]


def sparse(rows: int, columns: int, seed: int) -> sp.csr_array:
    """Half of the entries are zero; so are all of row 1."""
    generator = np.random.default_rng(seed)
    dense = generator.normal(size=(rows, columns)) * (generator.random((rows, columns)) < 0.5)
    dense[1] = 0.0
    return sp.csr_array(dense.astype(np.float32))


def items(n_items: int = 7) -> Items:
    texts = torch.randn(n_items, 4, generator=torch.Generator().manual_seed(1))
    reached = {path: abs(sparse(n_items, 3 + number, number)) for number, path in enumerate(PATHS)}
    return Items([f"i{row}" for row in range(n_items)], np.arange(n_items), texts, ["text"] * n_items, reached)


def space(told: Items, dim: int = 5) -> SharedSpace:
    """With features that have learned something."""
    model = SharedSpace(told, dim)
    with torch.no_grad():
        model.feature.normal_()
    return model


def test_items_are_the_sum_of_three_parts() -> None:
    told = items()
    model, rows = space(told), np.array([4, 1, 4, 6])
    own, text = (part.detach().numpy() for part in (model.own, model.text.weight))
    feature = model.feature.detach().numpy()
    parts = [own[rows], told.texts.numpy()[rows] @ text.T, told.features.toarray()[rows] @ feature]
    assert [part.detach().numpy() for part in model.parts(rows)] == [pytest.approx(one, abs=1e-6) for one in parts]
    assert model(rows).detach().numpy() == pytest.approx(sum(parts), abs=1e-6)
    assert not parts[2][1].any() and parts[2][0].any()  # item 1 has no facts


def test_at_first_features_say_nothing_and_items_are_small() -> None:
    model = SharedSpace(items(400), 50)
    assert not model.feature.any() and model.own.std().item() == pytest.approx(SPREAD, rel=0.05)


def test_a_catalogue_without_facts() -> None:
    told = Items(["a", "b"], np.arange(2), torch.eye(2), ["", ""], {})
    model = SharedSpace(told, 3)
    expected = model.own + model.text.weight.T
    assert torch.allclose(model(np.arange(2)), expected)
    model(np.arange(2)).sum().backward()
    assert model.own.grad is not None


def test_sums_and_their_gradients_are_those_of_dense_algebra() -> None:
    weights, gradient = sparse(6, 8, 2), torch.randn(6, 3)
    vectors = torch.randn(8, 3, requires_grad=True)
    found, expected = summed(weights, vectors), torch.from_numpy(weights.toarray()) @ vectors
    assert torch.allclose(found, expected, atol=1e-6) and not found[1].any()
    (mine,), (dense,) = (torch.autograd.grad(one, [vectors], gradient) for one in (found, expected))
    assert torch.allclose(mine, dense, atol=1e-6) and mine.any()


def test_a_sum_of_nothing_is_zero() -> None:
    nothing = sp.csr_array(np.zeros((3, 4), dtype=np.float32))
    assert summed(nothing, torch.ones(4, 2)).tolist() == [[0.0, 0.0]] * 3
    assert summed(sp.csr_array(np.zeros((3, 0), dtype=np.float32)), torch.ones(0, 2)).tolist() == [[0.0, 0.0]] * 3


def test_the_whole_gradient_is_that_of_dense_algebra() -> None:
    """Through the sum of the parts and of a user's items, to all that is learned."""
    told = items()
    model, chosen = space(told), abs(sparse(6, 7, 3)).ceil()
    wanted = [model.own, model.text.weight, model.feature]
    dense = model.own + told.texts @ model.text.weight.T + torch.from_numpy(told.features.toarray()) @ model.feature
    both: list[Tensor] = [
        summed(chosen, model(np.arange(7))).square().sum(),
        (torch.from_numpy(chosen.toarray()) @ dense).square().sum(),
    ]
    mine, expected = (torch.autograd.grad(one, wanted) for one in both)
    for one, other in zip(mine, expected, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5) and one.any()


def test_users_are_of_length_1_along_the_sum_of_their_items() -> None:
    vectors = torch.tensor([[3.0, 0.0], [0.0, 4.0], [-3.0, 0.0]])
    chosen = sp.csr_array(np.array([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 0, 1]], dtype=np.float32))
    expected = [[0.6, 0.8], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    assert users(chosen, vectors).numpy() == pytest.approx(np.array(expected), abs=1e-6)
