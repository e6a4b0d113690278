"""Blocks of rows with several targets each, with what does not count, against PyTorch's softmax over a dense table."""

import numpy as np
import pytest
import torch
from torch import Tensor

from kgrec.training.blocked_softmax import ROWS, Columns, blocked_softmax

WIDTH, DIM = 11, 4


def columns(rows: list[list[int]]) -> Columns:
    return Columns(np.cumsum([0, *map(len, rows)]), torch.tensor([column for row in rows for column in row]).long())


def drawn(n: int) -> tuple[list[list[int]], list[list[int]]]:
    """One to three targets of each row, and none to four columns that do not count, others than these."""
    generator = np.random.default_rng(3)
    orders = [generator.permutation(WIDTH).tolist() for _ in range(n)]
    cuts = [(int(generator.integers(1, 4)), int(generator.integers(0, 5))) for _ in range(n)]
    return [order[:cut] for order, (cut, _) in zip(orders, cuts, strict=True)], [
        order[cut : cut + more] for order, (cut, more) in zip(orders, cuts, strict=True)
    ]


def dense(
    states: Tensor, table: Tensor, targets: list[list[int]], excluded: list[list[int]], correction: Tensor
) -> Tensor:
    """The mean over rows of the mean over a row's targets of minus the logarithm of its share."""
    losses = []
    for state, told, out in zip(states, targets, excluded, strict=True):
        own = torch.isin(torch.arange(WIDTH), torch.tensor(told))
        logits = table @ state + torch.where(own, 0.0, correction)
        logits = logits[[column for column in range(WIDTH) if column not in out]]
        kept = [column - sum(other < column for other in out) for column in told]
        losses.append(-torch.log_softmax(logits, dim=0)[kept].mean())
    return torch.stack(losses).mean()


@pytest.mark.parametrize("n", [1, ROWS, 2 * ROWS + 5])
@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("excluding", [False, True])
def test_value_and_gradient_are_those_of_dense_algebra(n: int, corrected: bool, excluding: bool) -> None:
    generator = torch.Generator().manual_seed(n)
    states = torch.randn(n, DIM, dtype=torch.double, generator=generator).requires_grad_()
    table = torch.randn(WIDTH, DIM, dtype=torch.double, generator=generator).requires_grad_()
    targets, excluded = drawn(n)
    correction = torch.linspace(-2, 3, WIDTH, dtype=torch.double)
    correction[5] = -torch.inf  # counts for nobody but where it is the target
    found = blocked_softmax(
        states, table, columns(targets), columns(excluded) if excluding else None, correction if corrected else None
    )
    expected = dense(
        states,
        table,
        targets,
        excluded if excluding else [[]] * n,
        correction if corrected else torch.zeros(WIDTH, dtype=torch.double),
    )
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)
    gradients = (torch.autograd.grad(one * 2, [states, table]) for one in (found, expected))
    for one, other in zip(*gradients, strict=True):
        assert torch.allclose(one, other, rtol=1e-10, atol=1e-13)


def test_places_are_those_of_a_table_read_row_by_row() -> None:
    some = columns([[4, 0], [], [10], [2, 3]])
    assert some.places(slice(1, 4), WIDTH).tolist() == [WIDTH + 10, 2 * WIDTH + 2, 2 * WIDTH + 3]
    assert some.places(slice(0, 2), WIDTH).tolist() == [4, 0]
