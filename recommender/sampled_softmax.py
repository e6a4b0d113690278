"""Softmax over the target and sampled items, corrected for how they were sampled: for catalogues of any size."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recommender.sequences import PADDING

NEGATIVES = 1_024  # a part of a batch, the same for all its places


class SampledSoftmax:
    """Cross-entropy whose denominator is estimated without bias (Bengio and Senécal 2008).

    Negatives are drawn as often as they were chosen, each item once more than that: a model errs most in the popular
    ones, but what nobody has chosen has to be told from the target too. The target stands in the denominator with
    certainty and is not corrected; a negative, which is expected there e times, counts 1 / e times, which is a logit
    lower by log e: the logQ correction.

    Args:
        chosen: item numbers of the interactions that are learned from. ``[n_known]``
        n_items: size of the catalogue.
    """

    def __init__(self, chosen: np.ndarray, n_items: int):
        self.lots = torch.cat([torch.from_numpy(chosen), torch.arange(PADDING + 1, n_items + 1)])
        counts = torch.bincount(self.lots, minlength=n_items + 1).float()
        self.log_expected = (counts * (NEGATIVES / len(self.lots))).log()  # [n_items + 1]

    def __call__(self, states: Tensor, targets: Tensor, items: Tensor) -> Tensor:
        """Mean loss of states ``[n, dim]`` whose next items are ``targets`` ``[n]``; ``items`` is the table."""
        self._move(items.device)
        negatives = self.lots[torch.randint(len(self.lots), (NEGATIVES,), device=items.device)]
        return softmax_against(states, targets, items, negatives, self.log_expected[negatives])

    def _move(self, device: torch.device) -> None:
        if self.lots.device != device:
            self.lots, self.log_expected = self.lots.to(device), self.log_expected.to(device)


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
