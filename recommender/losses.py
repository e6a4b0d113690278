"""What SASRec is taught by: the next item against all items, or by gBCE against sampled ones."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from kgrec.training.device import at_once
from recommender.sampled_softmax import NEGATIVES, logits_against
from recommender.sequences import PADDING

ROWS = 128  # of logits at once: they stay in the cache
HELD = 2**28  # logits at once on CUDA: 1 GiB of them
BFLOAT16 = torch.cpu._is_avx512_bf16_supported()  # no public name for it in all the versions of torch that are allowed
CALIBRATION = 0.75  # gBCE's t, as its authors recommend

# Mean loss over places of which the next item is known: states [n, dim], next items [n], and the item table
# [n_items + 1, dim], whose row 0 is padding.
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


class _FullSoftmax(torch.autograd.Function):
    """Cross-entropy whose logits are never there as a whole: the gradient is made in the same pass, in one buffer.

    Logits are to base 2: PyTorch's `exp2` takes a third of the time of `exp`, and the factor is paid once a state, not
    once a logit. Nor is any logit divided by its row's sum: states and gradients are, which are narrower. The two
    products of the gradient are made in bfloat16 where the processor has it: see `_quick`.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        n, table = len(states), items[PADDING + 1 :]  # padding is no item
        places = (targets - PADDING - 1)[:, None]
        scaled = states / math.log(2)
        total = states.new_zeros(())
        teach = any(ctx.needs_input_grad)
        d_states, d_items = (torch.empty_like(states), torch.zeros_like(items)) if teach else (None, None)
        size = at_once(states.device, ROWS, max(ROWS, HELD // len(table)))
        buffer = states.new_empty(min(size, n), len(table))
        factor = torch.bfloat16 if _quick(states) else states.dtype
        factors = table.to(factor)  # the table itself where it is of that type
        narrow = buffer.to(factor)
        for start in range(0, n, size):
            rows = slice(start, min(start + size, n))
            logits = torch.mm(scaled[rows], table.T, out=buffer[: rows.stop - start])
            hits, highest = logits.gather(1, places[rows]), logits.amax(dim=1, keepdim=True)
            sums = logits.sub_(highest).exp2_().sum(dim=1, keepdim=True)
            total += (sums.log2() + highest - hits).sum()
            if d_states is not None and d_items is not None:
                logits.scatter_add_(1, places[rows], -sums)  # minus one at the target, before anything is rounded
                weights = 1 / (sums * n)  # make of it the gradient of the mean
                part = logits if factor == logits.dtype else narrow[: len(logits)].copy_(logits)
                torch.mul(torch.mm(part, factors), weights, out=d_states[rows])
                _add_product(d_items[PADDING + 1 :], part.T, (states[rows] * weights).to(factor))
        if d_states is not None and d_items is not None:
            ctx.save_for_backward(d_states, d_items)
        return total * (math.log(2) / n)

    @staticmethod
    @once_differentiable  # what was saved does not know what it was made of
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor]:
        d_states, d_items = ctx.saved_tensors
        return d_states * gradients[0], None, d_items * gradients[0]


def _quick(states: Tensor) -> bool:
    """Whether products of the gradient are made in bfloat16: float32 on a processor that multiplies bfloat16 itself.

    Factors and results are rounded to 8 bits, by 0.4 % at most, and summed in float32 in between. Logits and loss are
    float32 throughout.
    """
    return states.dtype == torch.float32 and states.device.type == "cpu" and BFLOAT16


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Add ``left @ right`` to ``total``, of whatever types."""
    if left.dtype == total.dtype:
        total.addmm_(left, right)
    else:
        total.add_(torch.mm(left, right))


def full_softmax(states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
    """Cross-entropy over the whole catalogue; like all of them, differentiable once."""
    result: Tensor = _FullSoftmax.apply(states, targets, items)
    return result


def gbce(states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
    """Generalised binary cross-entropy, which sampling leaves calibrated (Petrov and Macdonald 2023, gSASRec).

    The negatives are the same for the whole batch, where the authors draw some for each place: one product of matrices
    instead of many small ones.
    """
    return gbce_against(states, targets, items, _negatives(items))


def gbce_against(states: Tensor, targets: Tensor, items: Tensor, negatives: Tensor) -> Tensor:
    """Compute it against given ``negatives`` ``[m]``, at a sampling rate of ``m`` in the catalogue (equation 6)."""
    positive, negative = logits_against(states, targets, items, negatives)
    rate = min(1.0, len(negatives) / (len(items) - 2))  # of all items but the target
    power = rate * (CALIBRATION * (1 - 1 / rate) + 1 / rate)
    # softplus(-x) is -log(sigmoid(x)); minus infinity, a place's own target, adds nothing.
    losses = power * F.softplus(-positive).squeeze(1) + F.softplus(negative).sum(dim=1)
    return losses.mean() / (1 + len(negatives))


def _negatives(items: Tensor) -> Tensor:
    return torch.randint(1, len(items), (NEGATIVES,), device=items.device)
