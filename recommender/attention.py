"""Causal attention over sequences that are padded on the right: nothing that is real ever sees a padded place."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from kgrec.training.device import many_small_products
from recommender.dropout import Dropout


class CausalAttention(nn.Module):
    """Multi-head scaled dot-product attention in which a place sees itself and earlier ones (Vaswani et al. 2017).

    Args:
        dim: width of the states; ``heads`` divides it.
        heads: that attend each for itself.
        dropout: share of attention weights dropped in training.
        project_out: whether the heads are mixed by a last linear layer.
    """

    def __init__(self, dim: int, heads: int, dropout: float, project_out: bool = True):
        super().__init__()
        self.heads = heads
        self.query, self.key_value = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim) if project_out else nn.Identity()
        self.dropout = Dropout(dropout)
        for weight in (self.query.weight, *self.key_value.weight.chunk(2)):
            nn.init.xavier_uniform_(weight, gain=1 / math.sqrt(2))  # as PyTorch's MultiheadAttention starts
        for layer in (self.query, self.key_value):
            nn.init.zeros_(layer.bias)
        if isinstance(self.out, nn.Linear):
            nn.init.zeros_(self.out.bias)

    def forward(self, queries: Tensor, memory: Tensor, last: Tensor | None = None) -> Tensor:
        """Attend.

        Args:
            queries: those of all places ``[batch, length, dim]``, or with ``last`` of one place ``[batch, 1, dim]``.
            memory: what is attended to. ``[batch, length, dim]``
            last: the place of each query. ``[batch]``

        Returns:
            The shape of ``queries``.
        """
        q = self._split(self.query(queries))  # [batch, heads, n_queries, head_dim]
        k, v = (self._split(part) for part in self.key_value(memory).chunk(2, dim=-1))
        if self.training and self.dropout.dropped:
            logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])  # [batch, heads, n_queries, length]
            weights = torch.softmax(logits.masked_fill(~_visible(memory, last), -torch.inf), dim=-1)
            attended = self.dropout(weights) @ v
        else:
            mask = None if last is None else _visible(memory, last)
            with many_small_products():
                attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=last is None)
        result: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return result

    def _split(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:2], self.heads, -1).transpose(1, 2)


def _visible(memory: Tensor, last: Tensor | None) -> Tensor:
    """What a query sees: ``[length, length]``, or ``[batch, 1, 1, length]`` for one query a sequence."""
    places = torch.arange(memory.shape[1], device=memory.device)
    return places <= places[:, None] if last is None else places <= last[:, None, None, None]
