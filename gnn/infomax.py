"""Training HDGI full-graph by its own objective: true users are told from those of a corrupted graph."""

import torch
from torch import Tensor

from gnn.adjacency import adjacency
from gnn.contrast import Contrast
from gnn.hdgi import HDGI, Related
from gnn.item_rows import item_vectors
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
        self.graph, self.adjacency = graph, settings.adjacency
        self.paths = list(map(str, graph.paths))
        self.model = new_model(graph.features.shape[1], len(graph.paths), settings).to(target)
        self.optimizer = new_optimizer(self.model, settings)
        self.contrast = Contrast(graph.features.to(target), related(graph, settings, target), held_out)

    def train_epoch(self, epoch: int) -> float:
        """Take one step; users held out are encoded like all others but are in neither loss nor summary."""
        return step(self.model, self.optimizer, self.contrast)

    def validate(self) -> float:
        """Return the negative loss of the held-out users against a corruption that stays the same."""
        return -self.contrast.validation_loss(self.model)

    @torch.no_grad()
    def vectors(self) -> tuple[Tensor, Tensor]:
        """Vectors of the users ``[n_users, dim]`` and of the items ``[n_items, dim]``, centred and of length 1."""
        around, users = self.contrast.related, self.model.project(self.contrast.features)
        states, weights = self.model.encode(users, around)
        items = item_vectors(self.model, self.graph, users, weights, around, self.adjacency)
        return centred_directions(states), items

    @torch.no_grad()
    def shares(self) -> dict[str, float]:
        """Semantic attention of each meta-path, as it is written."""
        _, weights = self.model(self.contrast.features, self.contrast.related)
        return dict(zip(self.paths, weights.tolist(), strict=True))


def new_model(in_dim: int, n_paths: int, settings: HDGISettings) -> HDGI:
    """Make a model for features of that width, its weights drawn by torch's generator."""
    heads = settings.heads if settings.convolution == "attention" else 0
    return HDGI(in_dim, settings.dim, n_paths, settings.semantic_dim, heads)


def new_optimizer(model: HDGI, settings: HDGISettings) -> torch.optim.Optimizer:
    """Make what changes a model's weights."""
    return torch.optim.Adam(model.parameters(), lr=settings.learning_rate)


def step(model: HDGI, optimizer: torch.optim.Optimizer, contrast: Contrast) -> float:
    """Take one step by the loss of the taught users, against a corruption that is drawn anew; return that loss."""
    optimizer.zero_grad()
    loss = contrast.training_loss(model)
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    contrast.forget()
    return loss.item()


def centred_directions(states: Tensor) -> Tensor:
    """Bring states of all users ``[n_users, dim]`` to the vectors that are kept."""
    # The states share a large common part, which would make all users look alike to the cosine.
    return torch.nn.functional.normalize(states - states.mean(dim=0), dim=1).cpu()


def related(graph: TrainingGraph, settings: HDGISettings, target: torch.device) -> list[Related]:
    """Make one operator a meta-path, or for the attention its neighbourhoods.

    Raises:
        KgrecError: pairs of users are needed, and a meta-path joins too many.
    """
    if settings.convolution == "attention":
        return [Neighbourhoods.of(str(path), found, target) for path, found in graph.paths.items()]
    return [adjacency(str(path), found, settings.adjacency, target) for path, found in graph.paths.items()]
