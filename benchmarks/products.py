"""The matrix products of SASRec's training alone: what no trainer in float32 on this machine can go below.

Counted are, for each batch of an epoch, forward and both of backward, written into memory that is there already:

- for each block, query, key, value, output and the two layers of the feed-forward net: six products of the batch's real
  places ``[n, dim]`` with ``[dim, dim]``, six for the gradient of the input, six for that of the weights;
- for each block, the attention's logits and what is attended to, and the four products of their gradient, by users of
  like length, of as many parts as the trainer makes, each padded to its longest:
  ``[users * heads, length, dim / heads]``;
- the logits of all items for the places that have a target, the gradient of the states and that of the item table,
  by as many rows at once as the trainer takes.

Not counted is all else: embedding, norms, softmax, dropout, activations, Adam, and padding outside of the attention.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from kgrec.training.blocked_softmax import ROWS
from recommender.settings import SASRecSettings
from recommender.trainer import PARTS

LINEAR = 6  # of a block


class Products:
    """The products of one epoch over users who have ``lengths`` targets, ``[n_users]``, in batches as they stand."""

    def __init__(self, lengths: np.ndarray, n_items: int, settings: SASRecSettings):
        self.settings = settings
        self.lengths = np.minimum(lengths, settings.max_length)
        most = max(int(batch.sum()) for batch in self._batches())
        self.states, self.other = torch.randn(most, settings.dim), torch.randn(most, settings.dim)
        self.weight = torch.randn(settings.dim, settings.dim)
        self.items, self.d_items = torch.randn(n_items, settings.dim), torch.zeros(n_items, settings.dim)
        self.logits = torch.empty(ROWS, n_items)

    def run(self) -> None:
        """Compute them."""
        for batch in self._batches():
            n = int(batch.sum())
            for _ in range(self.settings.blocks):
                self._linear(n)
                for part in np.array_split(np.sort(batch), PARTS):
                    if len(part):
                        self._attention(len(part), int(part[-1]))
            self._loss(n)

    def operations(self) -> int:
        """Multiplications and additions of one epoch."""
        dim, total = self.settings.dim, 0
        for batch in self._batches():
            n, n_items = int(batch.sum()), len(self.items)
            attention = sum(
                len(part) * int(part[-1]) ** 2 for part in np.array_split(np.sort(batch), PARTS) if len(part)
            )
            total += self.settings.blocks * (3 * LINEAR * 2 * n * dim * dim + 6 * 2 * attention * dim)
            total += 3 * 2 * n * dim * n_items
        return total

    def _batches(self) -> Iterator[np.ndarray]:
        size = self.settings.batch_size
        return (self.lengths[start : start + size] for start in range(0, len(self.lengths), size))

    def _linear(self, n: int) -> None:
        states, other, gradient = self.states[:n], self.other[:n], torch.empty_like(self.weight)
        for _ in range(LINEAR):
            torch.mm(states, self.weight.T, out=other)
            torch.mm(states, self.weight, out=other)
            torch.mm(states.T, other, out=gradient)

    def _attention(self, users: int, length: int) -> None:
        heads = self.settings.heads
        queries = torch.zeros(users * heads, length, self.settings.dim // heads)
        weights = torch.zeros(users * heads, length, length)
        turned = queries.transpose(1, 2)
        result = torch.empty_like(queries)
        for _ in range(2):  # the logits, and the gradient of the weights
            torch.bmm(queries, turned, out=weights)
        for _ in range(2):  # what is attended to, and the gradient of the queries
            torch.bmm(weights, queries, out=result)
        for _ in range(2):  # the gradients of keys and of values
            torch.bmm(weights.transpose(1, 2), queries, out=result)

    def _loss(self, n: int) -> None:
        for start in range(0, n, ROWS):
            rows: Tensor = self.states[start : min(start + ROWS, n)]
            logits = torch.mm(rows, self.items.T, out=self.logits[: len(rows)])
            torch.mm(logits, self.items, out=self.other[: len(rows)])
            torch.mm(logits.T, rows, out=self.d_items)
