"""What SASRec is taught by: the next item against all items, or by gBCE against sampled ones."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from recommender.sampled_softmax import NEGATIVES, logits_against
from recommender.sequences import PADDING

ROWS = 128  # of logits at once: they stay in the cache
CALIBRATION = 0.75  # gBCE's t, as its authors recommend

# Mean loss over places of which the next item is known: states [n, dim], next items [n], and the item table
# [n_items + 1, dim], whose row 0 is padding.
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


class _FullSoftmax(torch.autograd.Function):
    """Cross-entropy whose logits are never there as a whole: the gradient is made in the same pass, in one buffer."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        n = len(states)
        total = states.new_zeros(())
        teach = any(ctx.needs_input_grad)
        d_states = torch.empty_like(states) if teach else None
        d_items = torch.zeros_like(items) if teach else None
        buffer = states.new_empty(min(ROWS, n), len(items))
        for start in range(0, n, ROWS):
            rows, wanted = states[start : start + ROWS], targets[start : start + ROWS, None]
            logits = torch.mm(rows, items.T, out=buffer[: len(rows)])
            logits[:, PADDING] = -torch.inf
            hits = logits.gather(1, wanted)
            highest = logits.amax(dim=1, keepdim=True)
            logits.sub_(highest).exp_()
            sums = logits.sum(dim=1, keepdim=True)
            total += (sums.log() + highest - hits).sum()
            if d_states is not None and d_items is not None:
                logits.div_(sums * n)  # the gradient of the mean: softmax minus one at the target
                logits.scatter_add_(1, wanted, torch.full_like(hits, -1 / n))
                torch.mm(logits, items, out=d_states[start : start + ROWS])
                d_items.addmm_(logits.T, rows)
        if d_states is not None and d_items is not None:
            ctx.save_for_backward(d_states, d_items)
        return total / n

    @staticmethod
    @once_differentiable  # what was saved does not know what it was made of
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor]:
        d_states, d_items = ctx.saved_tensors
        return d_states * gradients[0], None, d_items * gradients[0]


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
