"""Losses against PyTorch's own cross-entropy and against the papers' formulas in numpy."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from kgrec.training import blocked_softmax
from kgrec.training.blocked_softmax import ROWS
from recommender import losses
from recommender.losses import full_softmax, gbce, gbce_against
from recommender.sampled_softmax import NEGATIVES

N_ITEMS, DIM = 30, 6


def given(n: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """States, targets and an item table, in double; row 0 of the table is not zero, to see whether it counts."""
    generator = torch.Generator().manual_seed(seed)
    states = torch.randn(n, DIM, generator=generator, dtype=torch.double).requires_grad_()
    items = torch.randn(N_ITEMS + 1, DIM, generator=generator, dtype=torch.double).requires_grad_()
    return states, torch.randint(1, N_ITEMS + 1, (n,), generator=generator), items


def by_pytorch(states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
    """Cross-entropy over all items but padding."""
    return F.cross_entropy(states @ items[1:].T, targets - 1)


@pytest.mark.parametrize("n", [1, 5, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS + 7])
def test_full_softmax_is_cross_entropy_in_value_and_gradient(n: int) -> None:
    states, targets, items = given(n)
    mine, theirs = full_softmax(states, targets, items), by_pytorch(states, targets, items)
    assert mine.item() == pytest.approx(theirs.item(), rel=1e-12)
    my_gradients = torch.autograd.grad(3 * mine, [states, items])  # the gradient of what comes behind counts too
    for mine_of, theirs_of in zip(my_gradients, torch.autograd.grad(3 * theirs, [states, items]), strict=True):
        assert torch.allclose(mine_of, theirs_of, rtol=1e-10, atol=1e-14)
    assert (my_gradients[1][0] == 0).all()  # padding is no item


def test_full_softmax_holds_against_differences() -> None:
    states, targets, items = given(7)
    assert torch.autograd.gradcheck(lambda s, i: full_softmax(s, targets, i), (states, items))


def test_full_softmax_tells_that_it_is_differentiable_once() -> None:
    states, targets, items = given(3)
    squared = full_softmax(states, targets, items) ** 2  # a second derivative would silently lack a part
    (gradient,) = torch.autograd.grad(squared, states, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()  # type: ignore[no-untyped-call]


def test_full_softmax_of_large_logits_is_finite() -> None:
    states, targets, items = given(4)
    huge = full_softmax(states * 1e4, targets, items)
    assert torch.isfinite(huge) and huge.item() == pytest.approx(by_pytorch(states * 1e4, targets, items).item())


@pytest.mark.parametrize(("bfloat16", "tolerance"), [(False, 1e-4), (True, 2e-2)])
@pytest.mark.parametrize("size", [1.0, 12.0])  # of states: unsure of the target, and sure of it
def test_the_gradient_of_every_place_holds_in_float32_and_in_bfloat16(
    bfloat16: bool, tolerance: float, size: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a target is all but certain, what is left of softmax minus one is small: it must not be rounded away."""
    monkeypatch.setattr(blocked_softmax, "BFLOAT16", bfloat16)
    states, _, items = given(2 * ROWS + 9)
    with torch.no_grad():
        states *= size
        states, items = (part.float().requires_grad_() for part in (states, items))
        targets = (states @ items[1:].T).argmax(dim=1) + 1
    mine = full_softmax(states, targets, items)
    exact = [part.detach().double().requires_grad_() for part in (states, items)]
    theirs = by_pytorch(exact[0], targets, exact[1])
    assert mine.item() == pytest.approx(theirs.item(), rel=1e-5, abs=1e-6)
    found, expected = torch.autograd.grad(mine, [states, items]), torch.autograd.grad(theirs, exact)
    for one, other in zip(found, expected, strict=True):
        apart, length = (one - other).norm(dim=1), other.norm(dim=1)
        assert (apart <= tolerance * length + 1e-8).all()


@pytest.mark.parametrize("n", [5, ROWS + 1])
def test_without_gradients_there_is_the_value_alone(n: int) -> None:
    states, targets, items = given(n)
    value = full_softmax(states.detach(), targets, items.detach())
    assert not value.requires_grad and value.item() == pytest.approx(by_pytorch(states, targets, items).item())
    with torch.no_grad():
        assert full_softmax(states, targets, items).item() == value.item()


@pytest.mark.parametrize("learned", [0, 1])
def test_a_gradient_of_one_side_alone(learned: int) -> None:
    states, targets, items = given(9)
    parts = [states.detach(), items.detach()]
    parts[learned].requires_grad_()
    full_softmax(parts[0], targets, parts[1]).backward()  # type: ignore[no-untyped-call]
    expected = torch.autograd.grad(by_pytorch(states, targets, items), [states, items])[learned]
    found, other = parts[learned].grad, parts[1 - learned].grad
    assert found is not None and torch.allclose(found, expected) and other is None


def gbce_by_hand(states: np.ndarray, targets: np.ndarray, items: np.ndarray, negatives: list[int], t: float) -> float:
    """As section 5.1 of gSASRec's paper writes it: log of a power of a sigmoid, place by place."""
    alpha = min(1.0, len(negatives) / (len(items) - 2))
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    found = []
    for state, target in zip(states, targets, strict=True):
        sigmoid = 1 / (1 + np.exp(-(items @ state)))
        others = [negative for negative in negatives if negative != target]
        found.append(-np.log(sigmoid[target] ** beta) - sum(np.log(1 - sigmoid[other]) for other in others))
    return float(np.mean(found) / (len(negatives) + 1))


@pytest.mark.parametrize("t", [0.0, 0.75, 1.0])
@pytest.mark.parametrize("negatives", [[2], [5, 9, 9, 30, 1], list(range(1, 31))])
def test_gbce_is_that_of_its_paper(t: float, negatives: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(losses, "CALIBRATION", t)
    states, targets, items = given(12)
    found = gbce_against(states, targets, items, torch.tensor(negatives))
    arrays = states.detach().numpy(), targets.numpy(), items.detach().numpy()
    assert found.item() == pytest.approx(gbce_by_hand(*arrays, negatives, t), rel=1e-9)


def test_gbce_weighs_the_target_by_the_sampling_rate_when_calibrated_and_by_one_when_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Paper: t = 0 is the plain binary cross-entropy, t = 1 gives the target the power alpha; with all items both."""
    states, targets, items = given(12)
    scores, few = states @ items.T, torch.tensor([1, 2, 3])
    alpha = 3 / (N_ITEMS - 1)
    positive = F.softplus(-scores.gather(1, targets[:, None])[:, 0])

    def target_part(t: float, negatives: Tensor) -> float:
        monkeypatch.setattr(losses, "CALIBRATION", t)
        own = negatives[None] == targets[:, None]
        negative = F.softplus(scores[:, negatives]).masked_fill(own, 0.0).sum(dim=1)
        total = gbce_against(states, targets, items, negatives) * (1 + len(negatives))
        return (total - negative.mean()).item()

    everything = torch.arange(1, N_ITEMS + 1)
    assert target_part(0.0, few) == pytest.approx(positive.mean().item())
    assert target_part(1.0, few) == pytest.approx(alpha * positive.mean().item())
    assert target_part(0.0, everything) == pytest.approx(positive.mean().item())
    assert target_part(1.0, everything) == pytest.approx(positive.mean().item())


def test_a_target_among_its_own_negatives_adds_no_gradient() -> None:
    """Where all negatives are the target itself, the gradient is that of the target's own score alone."""
    states, _, items = given(1)
    (gradient,) = torch.autograd.grad(gbce_against(states, torch.tensor([4]), items, torch.tensor([4, 4, 4])), states)
    rate = 3 / (N_ITEMS - 1)
    power = rate * (losses.CALIBRATION * (1 - 1 / rate) + 1 / rate)
    expected = -power / (1 + np.exp((states[0] @ items[4]).item())) * items[4] / 4
    assert torch.allclose(gradient[0], expected)


def test_negatives_are_items_alike_often_and_repeat_with_the_seed() -> None:
    states, targets, items = given(9)
    values = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        values.append(gbce(states, targets, items).item())
    assert values[0] == values[1] != values[2]
    torch.manual_seed(0)
    drawn = torch.bincount(losses._negatives(items), minlength=N_ITEMS + 1)
    expected = NEGATIVES / N_ITEMS
    assert drawn[0] == 0 and drawn.sum() == NEGATIVES
    assert ((drawn[1:] - expected).abs() < 5 * expected**0.5).all()
