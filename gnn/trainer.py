"""Learning the vectors of one fit, by either objective: stopped by users held out, or for the epochs so chosen."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from gnn.hidden_interactions import HiddenInteractionsTraining
from gnn.infomax import HDGITraining
from gnn.settings import HDGISettings
from gnn.training_graph import TrainingGraph
from kgrec.errors import KgrecError
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from kgrec.training.loop import History, fit

HELD_OUT = 0.1  # part of the users whose loss is the validation score


@dataclass(frozen=True)
class UserVectors:
    """What was learned.

    Attributes:
        fit: which of the three fits it is.
        user_ids: ``[n_users]``
        vectors: of length 1. ``[n_users, dim]``
        item_ids: of the items that have a vector in the users' space; none where the objective gives them none.
            ``[n_items]``
        items: their vectors: a user's persona is of the direction of the sum of the vectors of the user's items.
            ``[n_items, dim]``
        path_weights: weight of each meta-path, as it is written, and of what else the vectors are made of; sums to 1.
        run_id: twelve hexadecimal digits that stand for fit, settings and data.
        history: losses and scores.
    """

    fit: Fit
    user_ids: list[str]
    vectors: Tensor
    item_ids: list[str]
    items: Tensor
    path_weights: dict[str, float]
    run_id: str
    history: History


def learn(
    graph: TrainingGraph, settings: HDGISettings, run: Path, fresh: bool = False, epochs: int | None = None
) -> UserVectors:
    """Train, or go on with the checkpoint in the fit's folder of ``run``, and return the vectors.

    Args:
        graph: of one of the three fits.
        settings: how it is learned.
        run: folder of all fits.
        fresh: train anew instead of going on with the checkpoint.
        epochs: to be trained, all users taught; without them, users held out let their loss choose.

    Raises:
        KgrecError: there are fewer than two users, or as the objective's training and `kgrec.training.loop.fit`.
    """
    if len(graph.user_ids) < 2:
        raise KgrecError("HDGI tells users apart and needs two at least: load more interactions.")
    digest = graph_digest(graph, settings, epochs)
    kind = HDGITraining if settings.objective == "infomax" else HiddenInteractionsTraining
    training = kind(graph, settings, HELD_OUT if epochs is None else 0.0)
    history = fit(
        training,
        epochs=settings.epochs if epochs is None else epochs,
        patience=settings.patience if epochs is None else None,
        seed=settings.seed,
        checkpoint=graph.fit.folder(run) / "personas.pt",
        fingerprint=digest,
        settings=settings.model_dump(),
        label=f"personas, {graph.fit} fit",
        fresh=fresh,
    )
    vectors, items = training.vectors()
    item_ids = graph.items.item_ids[: len(items)]
    return UserVectors(graph.fit, graph.user_ids, vectors, item_ids, items, training.shares(), digest[:12], history)


def graph_digest(graph: TrainingGraph, settings: HDGISettings, epochs: int | None = None) -> str:
    """Digest of all that the personas depend on; settings, meta-paths and texts stand for the features.

    The fit is part of it, so that no two fits share a run, not even on a graph of training interactions alone.
    """
    paths = [
        (str(path), [(tuple(hop.matrix.shape), hop.matrix.indices().numpy(), hop.counts) for hop in found])
        for path, found in graph.paths.items()
    ]
    items = [(str(path), found.indptr, found.indices) for path, found in graph.items.reached.items()]
    made_for = (graph.fit.value, graph.fit.splits, epochs)
    made_of = (graph.texts, graph.items.item_ids, graph.items.made_of)
    return fingerprint(made_for, settings.model_dump(), graph.user_ids, *made_of, paths, items)
