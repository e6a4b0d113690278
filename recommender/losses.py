"""What SASRec is taught by: the next item against all items, or by gBCE against sampled ones."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from kgrec.training.blocked_softmax import Columns, blocked_softmax
from recommender.sampled_softmax import NEGATIVES, logits_against
from recommender.sequences import PADDING

CALIBRATION = 0.75  # gBCE's t, as its authors recommend

# Mean loss over places of which the next item is known: states [n, dim], next items [n], and the item table
# [n_items + 1, dim], whose row 0 is padding.
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def full_softmax(states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
    """Cross-entropy over the whole catalogue; like all of them, differentiable once."""
    one_each = Columns(np.arange(len(states) + 1), targets - PADDING - 1)
    return blocked_softmax(states, items[PADDING + 1 :], one_each)  # padding is no item


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
