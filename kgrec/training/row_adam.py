"""Adam that changes only the rows of a table that a batch has touched."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class RowAdam(torch.optim.Adam):
    """Adam (Kingma and Ba 2015), lazy where a gradient is sparse by rows, as `torch.optim.SparseAdam` is.

    Of a table with such a gradient the rows in it are changed, and their moments; the others stay as they are, where
    Adam would shrink their moments and move them on. A step then costs what the batch holds, not what the table holds.
    Parameters with a dense gradient are Adam's own.
    """

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; the sparse gradients are used up by it."""
        for group in self.param_groups:
            for table in group["params"]:
                if table.grad is not None and table.grad.is_sparse:
                    self._step_rows(table, table.grad.coalesce(), group)
                    table.grad = None  # nothing of it is left to Adam
        result: float | None = super().step(closure)
        return result

    def _step_rows(self, table: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        """Change the rows of ``table`` ``[n, dim]`` that a coalesced gradient has."""
        first, second = group["betas"]
        state = self.state[table]
        if not state:
            state["step"] = torch.zeros(())
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(table), torch.zeros_like(table)
        state["step"] += 1
        steps = state["step"].item()
        rows, values = gradient.indices()[0], gradient.values()  # [m], [m, dim]
        mean = state["exp_avg"][rows].lerp_(values, 1 - first)
        square = state["exp_avg_sq"][rows].mul_(second).addcmul_(values, values, value=1 - second)
        state["exp_avg"].index_copy_(0, rows, mean)
        state["exp_avg_sq"].index_copy_(0, rows, square)
        spread = square.sqrt_().div_((1 - second**steps) ** 0.5).add_(group["eps"])
        table.index_add_(0, rows, mean.div_(spread), alpha=-group["lr"] / (1 - first**steps))
