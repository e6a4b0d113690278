"""Dropout by bytes: the share, the scale, the mean, the gradient."""

import pytest
import torch

from recommender.dropout import LEVELS, Dropout

N = 200_000
SHARES = [0.1, 0.3, 0.5, 0.9]


def dropped(share: float, x: torch.Tensor, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    result: torch.Tensor = Dropout(share).train()(x)
    return result


@pytest.mark.parametrize("share", SHARES)
def test_the_share_is_dropped_and_the_others_are_scaled_exactly(share: float) -> None:
    found = dropped(share, torch.ones(N))
    rounded = round(share * LEVELS) / LEVELS
    assert abs(rounded - share) <= 0.5 / LEVELS
    spread = (rounded * (1 - rounded) / N) ** 0.5
    assert abs((found == 0).double().mean().item() - rounded) < 5 * spread
    assert (found[found != 0] == torch.tensor(1 / (1 - rounded))).all()
    assert abs(found.double().mean().item() - 1) < 5 * spread / (1 - rounded)


@pytest.mark.parametrize("share", SHARES)
def test_values_are_dropped_independently(share: float) -> None:
    """Eight masks are drawn from one word: neighbours, of the word or of the next, tell nothing of each other."""
    kept = (dropped(share, torch.ones(N)) != 0).double() - (1 - round(share * LEVELS) / LEVELS)
    for distance in (1, 2, 3, 4, 7, 8, 16):
        correlation = (kept[distance:] * kept[:-distance]).mean() / kept.square().mean()
        assert correlation.abs() < 5 / N**0.5
    by_byte = kept[: N // 8 * 8].view(-1, 8).mean(dim=0)
    assert (by_byte.abs() < 5 * (kept.square().mean() / (N / 8)) ** 0.5).all()


@pytest.mark.parametrize("shape", [(0,), (1,), (7, 3), (2, 3, 5), (4, 8)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_shape_and_type_stay(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = torch.ones(shape, dtype=dtype)
    found = dropped(0.5, x)
    assert found.shape == x.shape and found.dtype == dtype and set(found.flatten().tolist()) <= {0.0, 2.0}


def test_evaluation_and_a_zero_share_change_nothing() -> None:
    x = torch.randn(50, 3)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(dropped(0.0, x), x)


def test_the_gradient_is_the_mask() -> None:
    x = torch.randn(40, 5, dtype=torch.double, requires_grad=True)
    found = dropped(0.3, x)
    (gradient,) = torch.autograd.grad(found.sum(), x)
    assert torch.equal(gradient * x, found) and 0 < (gradient == 0).sum() < x.numel()


def test_the_same_seed_drops_the_same() -> None:
    x = torch.ones(1000)
    assert torch.equal(dropped(0.3, x, seed=1), dropped(0.3, x, seed=1))
    assert not torch.equal(dropped(0.3, x, seed=1), dropped(0.3, x, seed=2))
    torch.manual_seed(1)
    layer = Dropout(0.3).train()
    assert not torch.equal(layer(x), layer(x))


def test_a_share_next_to_one_still_keeps_something() -> None:
    """Settings allow every share below 1; rounded, it must not become one."""
    found = dropped(0.999, torch.ones(N))
    assert (found == 0).double().mean() > 0.99 and set(found.tolist()) == {0.0, float(LEVELS)}
