"""Cross-entropy over a whole catalogue, without its logits as a whole: the gradient is made together with the value.

Who learns by it spends most of the time here: sequences, whose states have one next item each (`recommender.losses`),
and personas, whose users have several hidden ones (`gnn.hidden_interactions`).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from kgrec.training.device import at_once

ROWS = 128  # of logits at once: they stay in the cache
HELD = 2**28  # logits at once on CUDA: 1 GiB of them
BFLOAT16 = torch.cpu._is_avx512_bf16_supported()  # no public name for it in all the versions of torch that are allowed


@dataclass(frozen=True)
class Columns:
    """Some columns of each row; those of row ``r`` stand at ``offsets[r]`` to ``offsets[r + 1]``, none twice.

    Attributes:
        offsets: ``[n + 1]``
        columns: on the device of what is computed. ``[m]``
    """

    offsets: np.ndarray
    columns: Tensor

    def places(self, rows: slice, width: int) -> Tensor:
        """Where those of some rows stand in a table of these rows, so wide, read row by row: ``[m_of_rows]``."""
        bounds = self.offsets[rows.start : rows.stop + 1]
        starts = np.repeat(np.arange(len(bounds) - 1) * width, np.diff(bounds))
        return torch.from_numpy(starts).to(self.columns.device) + self.columns[bounds[0] : bounds[-1]]


class _BlockedSoftmax(torch.autograd.Function):
    """Logits are made a block of rows at a time, in one buffer, which becomes their gradient.

    Logits are to base 2: PyTorch's `exp2` takes a third of the time of `exp`, and the factor is paid once a state, not
    once a logit. Nor is any logit divided by its row's sum: states and gradients are, which are narrower. The two
    products of the gradient are made in bfloat16 where the processor has it: factors and results are rounded to 8 bits,
    by 0.4 % at most, and summed in float32 in between. Logits and loss are float32 throughout.
    """

    @staticmethod
    def forward(
        ctx: Any, states: Tensor, table: Tensor, targets: Columns, excluded: Columns | None, shift: Tensor | None
    ) -> Tensor:
        n, width = len(states), len(table)
        scaled = states / math.log(2)
        total = states.new_zeros(())
        teach = any(ctx.needs_input_grad)
        d_states, d_table = (torch.empty_like(states), torch.zeros_like(table)) if teach else (None, None)
        size = at_once(states.device, ROWS, max(ROWS, HELD // width))
        buffer = states.new_empty(min(size, n), width)
        quick = BFLOAT16 and states.device.type == "cpu" and states.dtype == torch.float32
        factor = torch.bfloat16 if quick else states.dtype
        factors = table.to(factor)  # the table itself where it is of that type
        narrow = buffer.to(factor)
        parts = torch.from_numpy(1.0 / np.diff(targets.offsets)).to(states)  # of its row that each target is
        for start in range(0, n, size):
            rows = slice(start, min(start + size, n))
            logits = torch.mm(scaled[rows], table.T, out=buffer[: rows.stop - start])
            flat, told = logits.view(-1), targets.places(rows, width)
            own = told // width  # the row of each target
            share, hits = parts[rows][own], flat[told]
            if shift is not None:
                logits.add_(shift)
                flat[told] = hits
            if excluded is not None:
                flat[excluded.places(rows, width)] = -torch.inf
            highest = logits.amax(dim=1, keepdim=True)
            sums = logits.sub_(highest).exp2_().sum(dim=1, keepdim=True)
            losses = sums.log2().add_(highest)[:, 0].index_add_(0, own, hits * -share)  # the small differences first
            total += losses.sum()
            if d_states is not None and d_table is not None:
                flat.index_add_(0, told, sums[:, 0][own] * -share)  # before anything is rounded
                weights = 1 / (sums * n)  # make of it the gradient of the mean
                part = logits if factor == logits.dtype else narrow[: len(logits)].copy_(logits)
                torch.mul(torch.mm(part, factors), weights, out=d_states[rows])
                _add_product(d_table, part.T, (states[rows] * weights).to(factor))
        if d_states is not None and d_table is not None:
            ctx.save_for_backward(d_states, d_table)
        return total * (math.log(2) / n)

    @staticmethod
    @once_differentiable  # what was saved does not know what it was made of
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        d_states, d_table = ctx.saved_tensors
        return d_states * gradients[0], d_table * gradients[0], None, None, None


def blocked_softmax(
    states: Tensor,
    table: Tensor,
    targets: Columns,
    excluded: Columns | None = None,
    correction: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of each row's targets, the mean over them, and over the rows; differentiable once.

    Args:
        states: ``[n, dim]``
        table: a vector for each of what could be the target. ``[width, dim]``
        targets: one at least of each row.
        excluded: what does not count, of each row; no target is among it.
        correction: added to the logits of what is no target of its row. ``[width]``
    """
    shift = None if correction is None else correction / math.log(2)
    result: Tensor = _BlockedSoftmax.apply(states, table, targets, excluded, shift)
    return result


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Add ``left @ right`` to ``total``, of whatever types."""
    if left.dtype == total.dtype:
        total.addmm_(left, right)
    else:
        total.add_(torch.mm(left, right))
