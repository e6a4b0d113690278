"""gSASRec in its author's PyTorch code, imported from a checkout of asash/gSASRec-pytorch.

The model and the negatives are the checkout's. The loss stands in the body of its training script and cannot be
imported: it is written here from the paper (Petrov and Macdonald, "gSASRec", RecSys 2023, section 5).
"""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from benchmarks.peers.two_fits import Peer

MAX_LENGTH, DIM, HEADS, BLOCKS, DROPOUT, BATCH_SIZE, LEARNING_RATE = 50, 64, 2, 2, 0.3, 128, 2e-3
N_NEGATIVES, T, BATCHES = 256, 0.75, 100  # the checkout's own, an epoch's batches too


def gbce(logits: torch.Tensor, n_items: int, t: float) -> torch.Tensor:
    """Binary cross-entropy where the positive's probability is raised to a power that undoes the sampling.

    The power is ``beta = alpha (t (1 - 1 / alpha) + 1 / alpha)`` at the sampling rate ``alpha``.

    Args:
        logits: of the positive, then of the negatives. ``[n, 1 + n_negatives]``
        n_items: how many items there are.
        t: 0 leaves the cross-entropy as it is, 1 undoes the sampling fully.
    """
    alpha = (logits.shape[1] - 1) / (n_items - 1)
    beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
    return -torch.cat([beta * logsigmoid(logits[:, :1]), logsigmoid(-logits[:, 1:])], dim=1).mean()


def padded(histories: list[np.ndarray], length: int, padding: int) -> torch.Tensor:
    """Keep the last items of each history and pad on the left: ``[batch, length]``."""
    batch = torch.full((len(histories), length), padding)
    for row, history in enumerate(histories):
        kept = torch.from_numpy(history[-length:])
        batch[row, -len(kept) :] = kept
    return batch


class GSASRecFit:
    """An epoch is 100 batches, as in the checkout; where the users are fewer, it goes over them several times."""

    def __init__(self, histories: list[np.ndarray], n_items: int, seed: int):
        from dataset_utils import collate_with_random_negatives
        from gsasrec import GSASRec

        torch.manual_seed(seed)
        self.n_items, self.padding = n_items, n_items + 1
        self.collate = collate_with_random_negatives
        self.model = GSASRec(n_items, MAX_LENGTH, DIM, HEADS, BLOCKS, DROPOUT)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE)
        taught = [history for history in histories if len(history) > 1]
        self.taught = padded(taught, MAX_LENGTH + 1, self.padding)
        self.batches = self._shuffled()

    def train_epoch(self) -> None:
        """Teach each item from the ones before it, against its own negatives."""
        self.model.train()
        for rows in islice(self.batches, BATCHES):
            items, negatives = self.collate([(row,) for row in self.taught[rows]], self.padding, N_NEGATIVES)
            inputs = items[:, :-1]
            states, _ = self.model(inputs)  # [batch, length, dim]
            taught = inputs != self.padding
            candidates = torch.cat([items[:, 1:, None], negatives[:, 1:]], dim=-1)[taught]  # [n, 1 + n_negatives]
            # All products, of which few are kept: on small catalogues that is faster than to fetch each one's vectors.
            products = states[taught] @ self.model.get_output_embeddings().weight.T
            self.optimizer.zero_grad()
            loss = gbce(products.gather(1, candidates), self.n_items, T)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    def _shuffled(self) -> Iterator[torch.Tensor]:
        while True:
            yield from torch.split(torch.randperm(len(self.taught)), BATCH_SIZE)

    def scores(self, histories: list[np.ndarray]) -> np.ndarray:
        """Dot products of the last state and the output embeddings."""
        self.model.eval()
        with torch.no_grad():
            states, _ = self.model(padded(histories, MAX_LENGTH, self.padding))
            scores: np.ndarray = (states[:, -1] @ self.model.get_output_embeddings().weight[: self.padding].T).numpy()
        return scores


def peer(checkout: Path) -> Peer:
    """Return gSASRec of a checkout."""
    sys.path.insert(0, str(checkout))
    commit = subprocess.run(["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    return Peer(
        start=GSASRecFit,
        settings={
            "dim": DIM,
            "blocks": BLOCKS,
            "heads": HEADS,
            "max_length": MAX_LENGTH,
            "dropout": DROPOUT,
            "batch_size": BATCH_SIZE,
            "learning_rate": LEARNING_RATE,
            "negatives": N_NEGATIVES,
            "gbce_t": T,
            "batches_of_an_epoch": BATCHES,
        },
        versions={"gSASRec-pytorch": commit.stdout.strip(), "torch": version("torch")},
        patience=50,
    )
