"""What SASRec is taught by: cross-entropy of the next item, over all items or over sampled ones."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from recommender.sequences import PADDING

FULL_SOFTMAX_ITEMS = 50_000  # above, the loss samples negatives
NEGATIVES = 1_024


class Loss(Protocol):
    """Mean loss over places of which the next item is known."""

    def __call__(self, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        """Compute it.

        Args:
            states: ``[n, dim]``
            targets: next items. ``[n]``
            items: the item table; row 0 is padding. ``[n_items + 1, dim]``
        """
        ...


class FullSoftmax:
    """Cross-entropy over the whole catalogue."""

    def __call__(self, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        """As in `Loss`."""
        logits = states @ items.T  # [n, n_items + 1]
        logits[:, PADDING] = -torch.inf
        return F.cross_entropy(logits, targets)


class SampledSoftmax:
    """Cross-entropy over the target and uniformly drawn negatives, the same for the whole batch."""

    def __init__(self, n_negatives: int = NEGATIVES):
        self.n_negatives = n_negatives

    def __call__(self, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        """As in `Loss`."""
        negatives = torch.randint(1, len(items), (self.n_negatives,), device=items.device)
        return self.against(states, targets, items, negatives)

    def against(self, states: Tensor, targets: Tensor, items: Tensor, negatives: Tensor) -> Tensor:
        """Compute the loss against given ``negatives`` ``[m]``; a place's own target does not count among them."""
        positive = (states * F.embedding(targets, items)).sum(dim=-1, keepdim=True)  # [n, 1]
        negative = states @ F.embedding(negatives, items).T  # [n, m]
        negative = negative.masked_fill(negatives[None] == targets[:, None], -torch.inf)
        logits = torch.cat([positive, negative], dim=1)
        return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def loss_for(n_items: int) -> Loss:
    """Choose the loss by the size of the catalogue."""
    return FullSoftmax() if n_items <= FULL_SOFTMAX_ITEMS else SampledSoftmax()
