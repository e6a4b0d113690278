"""Softmax over the target and sampled items, corrected for how they were sampled: for catalogues of any size.

Half of the negatives are drawn from all items alike and half as often as they were chosen (mixed negative sampling,
Yang et al. 2020): the former teach the items that few have chosen, the latter what a model errs in most.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recommender.sequences import PADDING

NEGATIVES = 1_024  # a part of a batch, the same for all its places


class SampledSoftmax:
    """Cross-entropy whose denominator is estimated without bias (Bengio and Senécal 2008).

    The target stands in it with certainty and is not corrected; a negative, which is drawn with probability q, counts
    1 / (m q) times, which is a logit lower by log(m q): the logQ correction.

    Args:
        chosen: item numbers of the interactions that are learned from; popular ones occur often. ``[n_known]``
        n_items: size of the catalogue.
    """

    def __init__(self, chosen: np.ndarray, n_items: int):
        self.chosen, self.n_items = torch.from_numpy(chosen), n_items
        counts = torch.bincount(self.chosen, minlength=n_items + 1)
        expected = NEGATIVES / 2 * (1 / n_items + counts / len(chosen))  # how often an item is among the negatives
        self.log_expected = expected.log().to(torch.float32)

    def __call__(self, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        """Mean loss of states ``[n, dim]`` whose next items are ``targets`` ``[n]``; ``items`` is the table."""
        self._move(items.device)
        uniform = torch.randint(PADDING + 1, self.n_items + 1, (NEGATIVES // 2,), device=items.device)
        popular = self.chosen[torch.randint(len(self.chosen), (NEGATIVES // 2,), device=items.device)]
        negatives = torch.cat([uniform, popular])
        return softmax_against(states, targets, items, negatives, self.log_expected[negatives])

    def _move(self, device: torch.device) -> None:
        if self.chosen.device != device:
            self.chosen, self.log_expected = self.chosen.to(device), self.log_expected.to(device)


def softmax_against(states: Tensor, targets: Tensor, items: Tensor, negatives: Tensor, correction: Tensor) -> Tensor:
    """Compute it against given negatives, of which a place's own target does not count.

    Args:
        states: ``[n, dim]``
        targets: ``[n]``
        items: the table. ``[n_items + 1, dim]``
        negatives: item numbers. ``[m]``
        correction: logarithm of how often each is expected among them. ``[m]``
    """
    positive, negative = logits_against(states, targets, items, negatives)
    logits = torch.cat([positive, negative - correction], dim=1)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long, device=logits.device))


def logits_against(states: Tensor, targets: Tensor, items: Tensor, negatives: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of the targets ``[n, 1]`` and of the negatives ``[n, m]``, minus infinity for a place's own target.

    The gradient of the item table is sparse where `by_rows` says so.
    """
    sparse = by_rows(items.device)
    positive = (states * F.embedding(targets, items, sparse=sparse)).sum(dim=-1, keepdim=True)
    negative = states @ F.embedding(negatives, items, sparse=sparse).T
    return positive, negative.masked_fill(negatives[None] == targets[:, None], -torch.inf)


def by_rows(device: torch.device) -> bool:
    """Tell whether losses that sample give the item table a gradient of the touched rows alone.

    On a CPU a dense one takes most of the time; CUDA's memory is fast enough, and NCCL sends no sparse ones.
    """
    return device.type == "cpu"
