"""Training HDGI full-graph: stopped by the loss of users that the loss never saw, or for the epochs so chosen."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gnn.adjacency import adjacency
from gnn.hdgi import HDGI, Related
from gnn.node_attention import Neighbourhoods
from gnn.settings import HDGISettings
from gnn.training_graph import TrainingGraph
from kgrec.errors import KgrecError
from kgrec.training.device import device
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from kgrec.training.loop import History, fit

HELD_OUT = 0.1  # part of the users whose discriminator loss is the validation score


@dataclass(frozen=True)
class UserVectors:
    """What HDGI learned.

    Attributes:
        fit: which of the three fits it is.
        user_ids: ``[n_users]``
        vectors: centred and of length 1. ``[n_users, dim]``
        path_weights: semantic attention of each meta-path, as it is written; sums to 1.
        run_id: twelve hexadecimal digits that stand for fit, settings and data.
        history: losses and scores.
    """

    fit: Fit
    user_ids: list[str]
    vectors: Tensor
    path_weights: dict[str, float]
    run_id: str
    history: History


class HDGITraining:
    """One epoch of HDGI is one step over the whole graph, against a newly shuffled corruption.

    Args:
        graph: what is learned from.
        settings: how.
        held_out: part of the users whose loss is the validation score; 0 where nothing is validated.
    """

    def __init__(self, graph: TrainingGraph, settings: HDGISettings, held_out: float = HELD_OUT):
        target = device()
        torch.manual_seed(settings.seed)
        n_users, in_dim = graph.features.shape
        self.features = graph.features.to(target)
        self.related = related(graph, settings, target)
        heads = settings.heads if settings.convolution == "attention" else 0
        self.model = HDGI(in_dim, settings.dim, len(graph.paths), settings.semantic_dim, heads).to(target)
        self.optimizer: torch.optim.Optimizer = torch.optim.Adam(self.model.parameters(), lr=settings.learning_rate)
        order = torch.randperm(n_users)
        n_held_out = max(1, int(n_users * held_out)) if held_out else 0
        self.held_out, self.taught = order[:n_held_out].to(target), order[n_held_out:].to(target)
        self.fixed_corruption = self.corruption()
        self._true_graph: tuple[list[Tensor], Tensor] | None = None

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

    def _loss(self, corruption: Tensor, chosen: Tensor) -> Tensor:
        projected, positive = self._encoded()
        negative, _ = self.model.encode([rows[corruption] for rows in projected], self.related)
        return self.model.loss(positive, negative, chosen, summarised=self.taught)

    def _encoded(self) -> tuple[list[Tensor], Tensor]:
        """Projected features and states of the true graph by the present weights.

        Validation after one epoch and training in the next ask for the same, so they are kept, with what a backward
        pass needs, until the weights change.
        """
        if self._true_graph is None:
            with torch.enable_grad():
                projected = self.model.project(self.features)
                self._true_graph = projected, self.model.encode(projected, self.related)[0]
        return self._true_graph


def related(graph: TrainingGraph, settings: HDGISettings, target: torch.device) -> list[Related]:
    """Make one operator a meta-path, or for the attention its neighbourhoods.

    Raises:
        KgrecError: pairs of users are needed, and a meta-path joins too many.
    """
    if settings.convolution == "attention":
        return [Neighbourhoods.of(str(path), found, target) for path, found in graph.paths.items()]
    return [adjacency(str(path), found, settings.adjacency, target) for path, found in graph.paths.items()]


def learn(
    graph: TrainingGraph, settings: HDGISettings, run: Path, fresh: bool = False, epochs: int | None = None
) -> UserVectors:
    """Train HDGI, or go on with the checkpoint in the fit's folder of ``run``, and return the users' vectors.

    Args:
        graph: of one of the three fits.
        settings: how it is learned.
        run: folder of all fits.
        fresh: train anew instead of going on with the checkpoint.
        epochs: exactly so many, on all users; ``None`` to hold users out and let their loss choose.

    Raises:
        KgrecError: there are fewer than two users, or as `related` and `kgrec.training.loop.fit`.
    """
    if len(graph.user_ids) < 2:
        raise KgrecError("HDGI tells users apart and needs two at least: load more interactions.")
    digest = graph_digest(graph, settings, epochs)
    training = HDGITraining(graph, settings, HELD_OUT if epochs is None else 0.0)
    history = fit(
        training,
        epochs=settings.epochs if epochs is None else epochs,
        patience=settings.patience if epochs is None else None,
        seed=settings.seed,
        checkpoint=graph.fit.folder(run) / "personas.pt",
        fingerprint=digest,
        settings=settings.model_dump(),
        label=f"HDGI, {graph.fit} fit",
        fresh=fresh,
    )
    with torch.no_grad():
        states, weights = training.model(training.features, training.related)
    # The states share a large common part, which would make all users look alike to the cosine.
    vectors = torch.nn.functional.normalize(states - states.mean(dim=0), dim=1).cpu()
    named = dict(zip((str(path) for path in graph.paths), weights.tolist(), strict=True))
    return UserVectors(graph.fit, graph.user_ids, vectors, named, digest[:12], history)


def graph_digest(graph: TrainingGraph, settings: HDGISettings, epochs: int | None = None) -> str:
    """Digest of all that the personas depend on; settings, meta-paths and texts stand for the features.

    The fit is part of it, so that no two fits share a run, not even on a graph of training interactions alone.
    """
    paths = [
        (str(path), [(tuple(hop.matrix.shape), hop.matrix.indices().numpy(), hop.counts) for hop in found])
        for path, found in graph.paths.items()
    ]
    made_for = (graph.fit.value, graph.fit.splits, epochs)
    return fingerprint(made_for, settings.model_dump(), graph.user_ids, graph.texts, paths)
