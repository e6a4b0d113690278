"""Lazy Adam against PyTorch's own: SparseAdam where rows are touched, Adam where all are, and for what is dense."""

import torch
from torch import nn

from kgrec.training.row_adam import RowAdam

RATE, BETAS = 1e-2, (0.9, 0.98)


def trained(sparse: bool, optimizer: type[torch.optim.Optimizer], touched: list[list[int]]) -> torch.Tensor:
    torch.manual_seed(0)
    table = nn.Embedding(9, 4, padding_idx=0, sparse=sparse)
    made = optimizer(table.parameters(), lr=RATE, betas=BETAS)  # type: ignore[call-arg]
    for rows in touched:
        made.zero_grad()
        table(torch.tensor(rows)).exp().sum().backward()
        made.step()
    return table.weight.detach()


def test_touched_rows_change_as_by_sparse_adam() -> None:
    touched = [[1, 2, 2], [5], [2, 0, 8], [1, 5, 5, 5]]
    mine = trained(True, RowAdam, touched)
    assert torch.allclose(mine, trained(True, torch.optim.SparseAdam, touched), atol=1e-6)
    untouched = trained(True, RowAdam, [])
    assert torch.equal(mine[[0, 3, 4, 6, 7]], untouched[[0, 3, 4, 6, 7]])
    assert not torch.allclose(mine[8], untouched[8], atol=RATE / 2)


def test_where_every_row_is_touched_it_is_adam() -> None:
    every = [list(range(1, 9)) + repeated for repeated in ([1], [4, 4], [])]
    assert torch.allclose(trained(True, RowAdam, every), trained(False, torch.optim.Adam, every), atol=1e-6)
    some = [[1, 2], [3]]
    assert torch.equal(trained(False, RowAdam, some), trained(False, torch.optim.Adam, some))  # dense gradients


def test_a_saved_state_goes_on_as_if_never_saved() -> None:
    found = []
    for cut in (None, 3):
        torch.manual_seed(0)
        table, dense = nn.Embedding(9, 4, sparse=True), nn.Linear(4, 1)
        weights = [*table.parameters(), *dense.parameters()]
        optimizer = RowAdam(weights, lr=RATE, betas=BETAS)
        for step in range(5):
            if step == cut:
                stored = optimizer.state_dict()
                optimizer = RowAdam(weights, lr=RATE, betas=BETAS)
                optimizer.load_state_dict(stored)
            optimizer.zero_grad()
            dense(table(torch.tensor([step, step + 1]))).square().sum().backward()
            optimizer.step()
        found.append(torch.cat([one.detach().flatten() for one in weights]))
    assert torch.equal(found[0], found[1])
