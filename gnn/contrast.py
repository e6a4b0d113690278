"""Users of a graph, or of a part of it, against those of its corrupted graphs."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gnn.hdgi import HDGI, Related
from gnn.infomax_loss import infomax_loss


class Contrast:
    """What a loss of HDGI is taken over.

    Args:
        features: of the users. ``[n_users, in_dim]``
        related: how each meta-path relates them.
        held_out: part of the users whose loss is the validation score; 0 where nothing is validated.
    """

    def __init__(self, features: Tensor, related: Sequence[Related], held_out: float):
        self.features, self.related = features, related
        n_users, target = features.shape[0], features.device
        order = torch.randperm(n_users)
        n_held_out = max(1, int(n_users * held_out)) if held_out else 0
        self.held_out, self.taught = order[:n_held_out].to(target), order[n_held_out:].to(target)
        self.fixed_corruption = self.corruption()
        self._true_graph: tuple[list[Tensor], list[Tensor]] | None = None

    def corruption(self) -> Tensor:
        """Draw the user whose features each user gets in the corrupted graph: ``[n_users]``.

        Taught and held-out users swap among themselves. Were they mixed, the features of held-out users would occur in
        the loss as negatives only, and the discriminator would learn to know them by that.
        """
        drawn = torch.arange(self.features.shape[0], device=self.features.device)
        for group in (self.taught, self.held_out):
            drawn[group] = group[torch.randperm(len(group)).to(group.device)]
        return drawn

    def training_loss(self, model: HDGI) -> Tensor:
        """Loss of the taught users, against a corruption that is drawn anew."""
        return self._loss(model, self.corruption(), self.taught)

    def validation_loss(self, model: HDGI) -> float:
        """Loss of the users held out, against the corruption that stays."""
        with torch.no_grad():
            return self._loss(model, self.fixed_corruption, self.held_out).item()

    def forget(self) -> None:
        """Let go of what was computed by weights that have changed."""
        self._true_graph = None

    def _loss(self, model: HDGI, corruption: Tensor, chosen: Tensor) -> Tensor:
        projected, positive = self._convolved(model)
        negative = model.convolve(corrupted(projected, corruption), self.related)
        return infomax_loss(model, positive, negative, chosen, summarised=self.taught)

    def _convolved(self, model: HDGI) -> tuple[list[Tensor], list[Tensor]]:
        """Projected and convolved features of the true graph by the present weights.

        Validation after one epoch and training in the next ask for the same, so they are kept, with what a backward
        pass needs, until the weights change.
        """
        if self._true_graph is None:
            with torch.enable_grad():
                projected = model.project(self.features)
                self._true_graph = projected, model.convolve(projected, self.related)
        return self._true_graph


def corrupted(projected: list[Tensor], order: Tensor) -> list[Tensor]:
    """Give each user the projected features of another, ``order`` being a permutation ``[n_users]``."""
    inverse = torch.empty_like(order)
    inverse[order] = torch.arange(len(order), device=order.device)
    shuffled: list[Tensor] = [_Shuffled.apply(rows, order, inverse) for rows in projected]
    return shuffled


class _Shuffled(torch.autograd.Function):
    """Rows in another order; backwards they are gathered, where indexing would have to add them one by one."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        ctx.inverse = inverse
        return rows.index_select(0, order)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return gradient.index_select(0, ctx.inverse), None, None
