"""Training HDGI full-graph by its own objective: true users are told from those of a corrupted graph."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gnn.adjacency import adjacency
from gnn.hdgi import HDGI, Related
from gnn.infomax_loss import infomax_loss
from gnn.node_attention import Neighbourhoods
from gnn.settings import HDGISettings
from gnn.training_graph import TrainingGraph
from kgrec.training.device import device


class HDGITraining:
    """One epoch of HDGI is one step over the whole graph, against a newly shuffled corruption.

    Args:
        graph: what is learned from.
        settings: how.
        held_out: part of the users whose loss is the validation score; 0 where nothing is validated.
    """

    def __init__(self, graph: TrainingGraph, settings: HDGISettings, held_out: float):
        target = device()
        torch.manual_seed(settings.seed)
        n_users, in_dim = graph.features.shape
        self.features, self.paths = graph.features.to(target), list(map(str, graph.paths))
        self.related = related(graph, settings, target)
        heads = settings.heads if settings.convolution == "attention" else 0
        self.model = HDGI(in_dim, settings.dim, len(graph.paths), settings.semantic_dim, heads).to(target)
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(self.model.parameters(), lr=settings.learning_rate)
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
        drawn = torch.arange(len(self.features), device=self.features.device)
        for group in (self.taught, self.held_out):
            drawn[group] = group[torch.randperm(len(group)).to(group.device)]
        return drawn

    def train_epoch(self, epoch: int) -> float:
        """Take one step; users held out are encoded like all others but are in neither loss nor summary."""
        self.optimizer.zero_grad()
        loss = self._loss(self.corruption(), self.taught)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self._true_graph = None
        return loss.item()

    def validate(self) -> float:
        """Return the negative loss of the held-out users against a corruption that stays the same."""
        return -self._loss(self.fixed_corruption, self.held_out).item()

    @torch.no_grad()
    def vectors(self) -> tuple[Tensor, Tensor]:
        """Vectors of the users ``[n_users, dim]``, centred and of length 1; items have none: ``[0, dim]``."""
        states, _ = self.model(self.features, self.related)
        # The states share a large common part, which would make all users look alike to the cosine.
        vectors = torch.nn.functional.normalize(states - states.mean(dim=0), dim=1).cpu()
        return vectors, vectors[:0]

    @torch.no_grad()
    def shares(self) -> dict[str, float]:
        """Semantic attention of each meta-path, as it is written."""
        _, weights = self.model(self.features, self.related)
        return dict(zip(self.paths, weights.tolist(), strict=True))

    def _loss(self, corruption: Tensor, chosen: Tensor) -> Tensor:
        projected, positive = self._encoded()
        negative = self.model.convolve(corrupted(projected, corruption), self.related)
        return infomax_loss(self.model, positive, negative, chosen, summarised=self.taught)

    def _encoded(self) -> tuple[list[Tensor], list[Tensor]]:
        """Projected and convolved features of the true graph by the present weights.

        Validation after one epoch and training in the next ask for the same, so they are kept, with what a backward
        pass needs, until the weights change.
        """
        if self._true_graph is None:
            with torch.enable_grad():
                projected = self.model.project(self.features)
                self._true_graph = projected, self.model.convolve(projected, self.related)
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


def related(graph: TrainingGraph, settings: HDGISettings, target: torch.device) -> list[Related]:
    """Make one operator a meta-path, or for the attention its neighbourhoods.

    Raises:
        KgrecError: pairs of users are needed, and a meta-path joins too many.
    """
    if settings.convolution == "attention":
        return [Neighbourhoods.of(str(path), found, target) for path, found in graph.paths.items()]
    return [adjacency(str(path), found, settings.adjacency, target) for path, found in graph.paths.items()]
