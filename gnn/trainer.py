"""Learning the vectors of one fit, by either objective: stopped by users held out, or for the epochs so chosen."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from gnn.hidden_interactions import HiddenInteractionsTraining
from gnn.infomax import HDGITraining
from gnn.sampled_infomax import SampledHDGITraining
from gnn.settings import HDGISettings
from gnn.shared_space import Maps
from gnn.training_graph import TrainingGraph
from gnn.user_blocks import UserBlocks
from kgrec.errors import KgrecError
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from kgrec.training.loop import History, fit

HELD_OUT = 0.1  # part of the users whose loss is the validation score
# Of what a seeded run of an objective gives: raised when the same seed gives other vectors.
INFOMAX_VERSION = 3
HIDDEN_VERSION = 2


@dataclass(frozen=True)
class UserVectors:
    """What was learned.

    Attributes:
        fit: which of the three fits it is.
        user_ids: ``[n_users]``
        vectors: of length 1. ``[n_users, dim]``
        item_ids: of the items of the graph. ``[n_items]``
        items: their vectors in the users' space, zeros for one of which too little is told. ``[n_items, dim]``
        path_weights: weight of each meta-path, as it is written, and of what else the vectors are made of; sums to 1.
        run_id: twelve hexadecimal digits that stand for fit, settings and data.
        history: losses and scores.
        maps: what makes the vector of an item that nobody chose; ``None`` where the objective gives such items none.
    """

    fit: Fit
    user_ids: list[str]
    vectors: Tensor
    item_ids: list[str]
    items: Tensor
    path_weights: dict[str, float]
    run_id: str
    history: History
    maps: Maps | None = None

    @property
    def summed(self) -> bool:
        """Whether a user's vector is of the direction of the sum of the vectors of the user's items.

        By HDGI's own objective it is not: that sum is what stands for somebody who was not learned from.
        """
        return self.maps is not None


def learn(
    graph: TrainingGraph,
    settings: HDGISettings,
    run: Path,
    fresh: bool = False,
    epochs: int | None = None,
    blocks: UserBlocks | None = None,
) -> UserVectors:
    """Train, or go on with the checkpoint in the fit's folder of ``run``, and return the vectors.

    Args:
        graph: of one of the three fits.
        settings: how it is learned.
        run: folder of all fits.
        fresh: train anew instead of going on with the checkpoint.
        epochs: to be trained, all users taught; without them, users held out let their loss choose.
        blocks: in which HDGI's objective takes the users; without them all at once.

    Raises:
        KgrecError: there are fewer than two users, or as the objective's training and `kgrec.training.loop.fit`.
    """
    if len(graph.user_ids) < 2:
        raise KgrecError("HDGI tells users apart and needs two at least: load more interactions.")
    digest = graph_digest(graph, settings, epochs, blocks.n_blocks if blocks else 1)
    held_out = HELD_OUT if epochs is None else 0.0
    training: HDGITraining | SampledHDGITraining | HiddenInteractionsTraining
    if settings.objective != "infomax":
        training = HiddenInteractionsTraining(graph, settings, held_out)
    elif blocks:
        training = SampledHDGITraining(graph, settings, held_out, blocks)
    else:
        training = HDGITraining(graph, settings, held_out)
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
    shares, run_id = training.shares(), digest[:12]
    maps = training.model.maps() if isinstance(training, HiddenInteractionsTraining) else None
    return UserVectors(graph.fit, graph.user_ids, vectors, item_ids, items, shares, run_id, history, maps)


def graph_digest(graph: TrainingGraph, settings: HDGISettings, epochs: int | None = None, n_blocks: int = 1) -> str:
    """Digest of all that the personas depend on; settings, meta-paths and texts stand for the features.

    The fit is part of it, so that no two fits share a run, not even on a graph of training interactions alone.
    """
    paths = [
        (str(path), [(tuple(hop.matrix.shape), hop.matrix.indices().numpy(), hop.counts) for hop in found])
        for path, found in graph.paths.items()
    ]
    items = [(str(path), found.indptr, found.indices) for path, found in graph.items.reached.items()]
    made_for: tuple[object, ...] = (graph.fit.value, graph.fit.splits, epochs)
    if settings.objective == "infomax":
        made_for += (INFOMAX_VERSION, n_blocks)
    else:
        made_for += (HIDDEN_VERSION,)
    made_of = (graph.texts, graph.items.item_ids, graph.items.made_of)
    chosen = settings.model_dump(exclude={"users_at_once", "text_model"})  # n_blocks stands for the first
    return fingerprint(made_for, chosen, graph.user_ids, *made_of, paths, items)
