"""Training the shared space: half of each user's interactions are hidden, and told from other items by the rest.

The objective of a denoising autoencoder (Liang et al. 2018, Mult-DAE) on the encoder of `gnn.shared_space`. Unlike a
corrupted graph, hidden interactions cannot be told cheaply: what tells them is what recommends.
"""

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn import functional as F

from gnn.meta_path import START
from gnn.settings import HDGISettings
from gnn.shared_space import SharedSpace, summed, users
from gnn.training_graph import TrainingGraph
from kgrec.errors import KgrecError
from kgrec.training.blocked_softmax import Columns, blocked_softmax
from kgrec.training.device import device

HIDDEN = 0.5  # part of a user's interactions
DROPOUT = 0.5  # of the numbers of a user's vector, while learning
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.5  # of AdamW
USERS = 256  # in one step
ALL_ITEMS = 20_000  # items up to which hidden ones are told from all others; from a sample beyond
SAMPLE = 8_192

Hidden = tuple[sp.csr_array, sp.csr_array]  # what is shown of users, and what is hidden: [n, n_items] each


class HiddenInteractionsTraining:
    """One epoch hides interactions anew and goes once through the users.

    Args:
        graph: what is learned from.
        settings: width and seed.
        held_out: part of the users whose loss is the validation score; 0 where nothing is validated.

    Raises:
        KgrecError: nobody has two items.
    """

    def __init__(self, graph: TrainingGraph, settings: HDGISettings, held_out: float):
        torch.manual_seed(settings.seed)
        self.chosen, self.paths, self.ends = graph.chosen, graph.paths, graph.items.ends
        counts = self.chosen.sum(axis=0)
        self.known = np.flatnonzero(counts)
        self.model = SharedSpace(graph.items, settings.dim).to(device())
        self.model.own.data[torch.from_numpy(np.flatnonzero(counts == 0))] = 0.0  # and it stays so: nothing teaches it
        self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
        )
        able = np.flatnonzero(np.diff(self.chosen.indptr) > 1)
        n_held_out = max(1, int(len(able) * held_out)) if held_out else 0
        if len(able) <= n_held_out:
            raise KgrecError("Too few users have two items: there is nothing to hide and to tell by the rest.")
        order = able[torch.randperm(len(able)).numpy()]
        self.taught = order[n_held_out:]
        self.validated = [(self._hidden(part), self._sample()) for part in _parts(order[:n_held_out])]

    def train_epoch(self, epoch: int) -> float:
        """Learn from each user once; one who happens to have nothing hidden, or everything, waits for the next."""
        total = count = 0.0
        for part in _parts(self.taught[torch.randperm(len(self.taught)).numpy()]):
            hidden = self._hidden(part)
            self.optimizer.zero_grad()
            loss = self._loss(hidden, self._sample())
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            total, count = total + loss.item() * hidden[0].shape[0], count + hidden[0].shape[0]
        return total / max(count, 1.0)

    def validate(self) -> float:
        """Return the negative loss of the users held out, with what is hidden of them always the same."""
        sizes = [hidden[0].shape[0] for hidden, _ in self.validated]
        losses = [self._loss(hidden, sample).item() for hidden, sample in self.validated]
        return -float(np.average(losses, weights=sizes)) if sum(sizes) else 0.0

    @torch.no_grad()
    def vectors(self) -> tuple[Tensor, Tensor]:
        """Vectors of the users ``[n_users, dim]``, of length 1, and of the items ``[n_items, dim]``."""
        items = self.model(np.arange(self.chosen.shape[1])).cpu()
        return users(self.chosen, items), items

    @torch.no_grad()
    def shares(self) -> dict[str, float]:
        """What the items' vectors are made of: each part of the mean squared length, as they add up to 1.

        The items' own vectors are what the meta-path has that goes no further than to them.
        """
        everything = np.arange(self.chosen.shape[1])
        own, text, _ = self.model.parts(everything)
        found = {"text of the items": text} | dict.fromkeys(map(str, self.paths), torch.zeros_like(own)) | {START: own}
        for path, columns in self.ends.items():
            found[str(path)] = summed(self.model.features[:, columns], self.model.feature[columns])
        lengths = {name: part.square().sum().item() for name, part in found.items()}
        return {name: length / max(sum(lengths.values()), 1e-12) for name, length in lengths.items()}

    def _hidden(self, rows: np.ndarray) -> Hidden:
        mine = self.chosen[rows]
        hide = torch.rand(mine.nnz).numpy() < HIDDEN
        shown, hidden = (_kept(mine, keep) for keep in (~hide, hide))
        both = np.flatnonzero((np.diff(shown.indptr) > 0) & (np.diff(hidden.indptr) > 0))
        return shown[both], hidden[both]

    def _sample(self) -> np.ndarray | None:
        """Items that hidden ones are told from; ``None`` for all that somebody chose."""
        n_items = len(self.known)
        return None if n_items <= ALL_ITEMS else np.unique(self.known[torch.randint(n_items, (SAMPLE,)).numpy()])

    def _loss(self, parts: Hidden, sample: np.ndarray | None) -> Tensor:
        """Cross-entropy of the hidden items among those that are not shown, the mean over each user's, over users.

        Items that nobody chose are not among them: they would only learn that they are never chosen. An item of a
        sample stands for as many as it was drawn out of; hidden ones stand for themselves.
        """
        shown, hidden = parts
        if sample is None:
            rows, correction = self.known, None
        else:
            rows = np.unique(np.concatenate([sample, shown.indices, hidden.indices]))
            drawn = np.isin(rows, sample, assume_unique=True)
            weights = np.where(drawn, np.log(len(self.known) / len(sample)), -np.inf)
            correction = torch.from_numpy(weights).to(self.model.own)
        shown, hidden = (_columns(one, rows) for one in (shown, hidden))
        vectors = self.model(rows)
        counts = torch.from_numpy(np.diff(shown.indptr)).to(vectors)
        states = F.dropout(summed(shown, vectors) / counts.sqrt()[:, None], DROPOUT, self.model.training)
        told, seen = (Columns(one.indptr, torch.from_numpy(one.indices).to(states.device)) for one in (hidden, shown))
        return blocked_softmax(states, vectors, told, seen, correction) if len(states) else vectors.sum() * 0.0


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return np.array_split(rows, -(-len(rows) // USERS)) if len(rows) else []


def _kept(matrix: sp.csr_array, keep: np.ndarray) -> sp.csr_array:
    """Keep some of the entries of a matrix, in their order."""
    ends = np.concatenate([[0], np.cumsum(keep)])[matrix.indptr]
    return sp.csr_array((matrix.data[keep], matrix.indices[keep], ends), shape=matrix.shape)


def _columns(matrix: sp.csr_array, columns: np.ndarray) -> sp.csr_array:
    """Number the columns anew, of which all that have an entry are kept; ``columns`` rise."""
    places = np.searchsorted(columns, matrix.indices)
    return sp.csr_array((matrix.data, places, matrix.indptr), shape=(matrix.shape[0], len(columns)))
