"""Lists of the final fit by models and tables in memory, without a database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import fusion, second_stage
from recommender.asked import Asked
from recommender.first_stage import beside
from recommender.interests import Interest, interesting
from recommender.ranking import best_products
from recommender.scoring import ByModel
from recommender.second_stage import SecondStage, Stages
from recommender.sequences import PADDING
from recommender.settings import SASRecSettings
from recommender.snapshot import Snapshot
from recommender.trained import load_model, with_persona

SMALL, LARGE = 16, 512  # histories that are scored at once, by what a score of all items of each takes:
SCORES_AT_ONCE = 2**22  # 16 MiB, which the allocator gives again without asking the system for them
SCHEMA = pa.schema([("user_id", pa.string()), ("rank", pa.int32()), ("item_id", pa.string()), ("score", pa.float32())])


@dataclass(frozen=True, eq=False)
class Lists:
    """The best items of some histories.

    Attributes:
        items: item numbers, the best first, 0 where no more are unseen. ``[n, k]``
        scores: that gave the order. ``[n, k]``
        retrieved: ranks among the candidates of the first stage, from 1. ``[n, k]``
    """

    items: Tensor
    scores: Tensor
    retrieved: Tensor


@dataclass(frozen=True, eq=False)
class Served:
    """Both stages of the final fit, as validation chose them.

    Attributes:
        snapshot: what they look up.
        model: the sequence model of the first stage.
        stages: the first stage and the base of the second.
        chosen: the second stage.
    """

    snapshot: Snapshot
    model: ByModel
    stages: Stages
    chosen: SecondStage

    @classmethod
    def beside(cls, snapshot: Snapshot, run: str | Path, settings: SASRecSettings | None = None) -> Self:
        """Load the models that were trained for what a snapshot holds.

        Args:
            snapshot: of the graph.
            run: folder with the trained models.
            settings: which conditioning, and how many candidates; those of the settings file and the environment where
                ``None``.

        Raises:
            KgrecError: a stage is not trained, or the items or personas are others now.
        """
        run, settings = Path(run), settings or load_section("sasrec", SASRecSettings)
        name = with_persona(settings.conditioning).name
        chosen, model = second_stage.load(run, name), ByModel(load_model(run, name, snapshot, Fit.FINAL))
        first = beside(model, fusion.load(run, name), snapshot, Fit.FINAL)
        stages = second_stage.beside_base(first, run, chosen.base, snapshot, Fit.FINAL, settings.n_candidates)
        return cls(snapshot, model, stages, chosen)

    @classmethod
    def open(cls, run: str | Path, settings: SASRecSettings | None = None) -> Self:
        """Load models and snapshot from the run folder, of the graph as it was when ``kgrec`` read it last.

        Raises:
            KgrecError: as `beside`, or the folder has no snapshot.
        """
        return cls.beside(Snapshot.load(Path(run)), run, settings)

    @property
    def persona_dim(self) -> int:
        """Width of the personas."""
        return self.snapshot.require_personas(Fit.FINAL).dim

    @torch.no_grad()
    def lists(
        self,
        histories: list[list[int]],
        personas: Tensor,
        k: int,
        hidden: list[list[int]] | None = None,
        interests: sp.csr_matrix | None = None,
    ) -> Lists:
        """Recommend ``k`` unseen items, or as many as there are, for each of a batch of histories.

        Args:
            histories: item numbers, oldest first. ``[n]``
            personas: zeros for none. ``[n, persona_dim]``
            k: how many.
            hidden: item numbers that are not to be recommended either. ``[n]``
            interests: as `Asked.interests`. ``[n, n_items + 1]``
        """
        asked = replace(self._asked(histories, personas, hidden), interests=interests)
        stages = replace(self.stages, n_candidates=max(k, self.stages.n_candidates))
        candidates, scores = second_stage.rank(asked, stages, self.chosen, self.chosen.way)
        best = scores.topk(min(k, candidates.shape[1]), dim=1)
        items = candidates.gather(1, best.indices).masked_fill(torch.isinf(best.values), PADDING)
        return Lists(items.cpu(), best.values.cpu(), best.indices.cpu() + 1)

    @torch.no_grad()
    def lists_by_model(
        self, histories: list[list[int]], personas: Tensor, k: int, hidden: list[list[int]] | None = None
    ) -> Lists:
        """Do the same by the sequence model alone, without sources, interests and second stage."""
        asked, table = self._asked(histories, personas, hidden), self.model.model.items.weight
        allowed = None if self.stages.allowed is None else self.stages.allowed.to(table.device)
        seen = asked.out.to(table.device)
        items, scores = best_products(self.model.states(asked), table, seen, k, allowed)
        ranks = torch.arange(1, items.shape[1] + 1).expand(items.shape)
        return Lists(items.masked_fill(torch.isinf(scores), PADDING).cpu(), scores.cpu(), ranks)

    def _asked(self, histories: list[list[int]], personas: Tensor, hidden: list[list[int]] | None) -> Asked:
        nothing = np.zeros(len(histories), dtype=np.int64)  # no target is asked for
        return Asked(nothing, histories, nothing, nothing, personas, self.snapshot.n_items, hidden)


def recommend_block(
    served: Served,
    user_ids: Sequence[str],
    histories: Sequence[Sequence[str]],
    personas: np.ndarray | None = None,
    k: int = 10,
    with_sources: bool = True,
    disliked: Sequence[Sequence[str]] | None = None,
    interests: Sequence[Sequence[Interest]] | None = None,
) -> pa.Table:
    """Recommend ``k`` unseen items to each user of a block.

    Args:
        served: models and tables.
        user_ids: ``[n]``
        histories: item ids, oldest first; one that the models do not know is left out. ``[n]``
        personas: single precision, zeros for none; of the items of the histories where ``None``. ``[n, persona_dim]``
        k: how many.
        with_sources: whether the sources and the second stage that validation chose take part, or the sequence model
            answers alone.
        disliked: item ids that are not to be recommended. ``[n]``
        interests: what was stated, of which the sequence model alone makes nothing. ``[n]``

    Returns:
        Rows of `SCHEMA`, in the order of the users and of the ranks, from 1.
    """
    known = served.snapshot.numbers(histories)
    if personas is None:
        own = served.snapshot.require_personas(Fit.FINAL)
        vectors = torch.stack([own.of_items(history) for history in known]) if known else torch.zeros(0, own.dim)
    else:
        vectors = torch.from_numpy(np.asarray(personas, dtype=np.float32))
    hidden = [[]] * len(known) if disliked is None else served.snapshot.numbers(disliked)
    items = np.zeros((len(known), k), dtype=np.int64)
    scores = np.zeros((len(known), k), dtype=np.float32)
    # Those with short histories first: a batch of like lengths has little padding.
    order = np.argsort([len(history) for history in known], kind="stable")
    size = max(SMALL, min(LARGE, SCORES_AT_ONCE // served.snapshot.n_items)) if with_sources else LARGE
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        asked = [known[row] for row in rows], vectors[rows], k, [hidden[row] for row in rows]
        if with_sources:
            stated = None if interests is None else interesting(served.snapshot, [interests[row] for row in rows])
            found = served.lists(*asked, stated)
        else:
            found = served.lists_by_model(*asked)
        items[rows, : found.items.shape[1]] = found.items.numpy()
        scores[rows, : found.items.shape[1]] = found.scores.float().numpy()
    return _table(served.snapshot, user_ids, items, scores)


def _table(snapshot: Snapshot, user_ids: Sequence[str], items: np.ndarray, scores: np.ndarray) -> pa.Table:
    places = np.flatnonzero(items)
    rows, ranks = np.divmod(places, items.shape[1])
    users = pa.array(user_ids, pa.string()).take(pa.array(rows))
    item_ids = pa.array([snapshot.item_ids[item - 1] for item in items.ravel()[places].tolist()], pa.string())
    columns = [users, pa.array(ranks + 1, pa.int32()), item_ids, pa.array(scores.ravel()[places], pa.float32())]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
