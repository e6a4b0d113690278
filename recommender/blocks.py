"""The blocks that SASRec can be made of: the paper's, its authors' own, and LiGR."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recommender.attention import CausalAttention
from recommender.dropout import Dropout
from recommender.settings import BlockName

# (dim, heads, dropout) -> a module that maps states [batch, length, dim] to the same shape, or, called with the last
# place of each sequence [batch] too, to the states of those places alone [batch, 1, dim].
MakeBlock = Callable[[int, int, float], nn.Module]


class PaperBlock(nn.Module):
    """Causal self-attention and a point-wise feed-forward net, each residual (Kang and McAuley 2018, section III-B).

    The queries and the input of the feed-forward net are normalised; keys and values are not, as in the authors' code.
    The residual adds the states as they came, as the paper writes it.
    """

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = CausalAttention(dim, heads, dropout)
        self.feed_norm = nn.LayerNorm(dim)
        self.feed = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), Dropout(dropout), nn.Linear(dim, dim))
        self.dropout = Dropout(dropout)

    def forward(self, states: Tensor, last: Tensor | None = None) -> Tensor:
        """Transform ``[batch, length, dim]``, or the places ``last`` ``[batch]`` of it alone: ``[batch, 1, dim]``."""
        own = at(states, last)
        own = own + self.dropout(self.attention(self.attention_norm(own), states, last))
        result: Tensor = own + self.dropout(self.feed(self.feed_norm(own)))
        return result


class AuthorsBlock(nn.Module):
    """The block of the authors' code (github kang205/SASRec, ``modules.py``).

    It differs from the paper's: the residual adds the normalised states, the attended values are neither mixed by a
    last layer nor dropped, and the feed-forward net has two dropouts.
    """

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = CausalAttention(dim, heads, dropout, project_out=False)
        self.feed_norm = nn.LayerNorm(dim)
        self.feed = nn.Sequential(
            nn.Linear(dim, dim), nn.ReLU(), Dropout(dropout), nn.Linear(dim, dim), Dropout(dropout)
        )

    def forward(self, states: Tensor, last: Tensor | None = None) -> Tensor:
        """Transform ``[batch, length, dim]``, or the places ``last`` ``[batch]`` of it alone: ``[batch, 1, dim]``."""
        queries = self.attention_norm(at(states, last))
        own = self.feed_norm(queries + self.attention(queries, states, last))
        result: Tensor = own + self.feed(own)
        return result


class LiGRBlock(nn.Module):
    """A pre-norm block whose residuals are gated by the states (Borisyuk et al. 2024, LiGR; Tikhonovich et al. 2025).

    As eSASRec has it: queries, keys and values are normalised, the feed-forward net is a SwiGLU four times as wide, and
    a sigmoid of the states weighs what each half adds to them.
    """

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = CausalAttention(dim, heads, dropout)
        self.attention_gate = nn.Linear(dim, dim)
        self.feed_norm = nn.LayerNorm(dim)
        self.feed = SwiGLU(dim, 4 * dim, dropout)
        self.feed_gate = nn.Linear(dim, dim)
        self.dropout = Dropout(dropout)

    def forward(self, states: Tensor, last: Tensor | None = None) -> Tensor:
        """Transform ``[batch, length, dim]``, or the places ``last`` ``[batch]`` of it alone: ``[batch, 1, dim]``."""
        normalised, own = self.attention_norm(states), at(states, last)
        attended = self.dropout(self.attention(at(normalised, last), normalised, last))
        own = own + torch.sigmoid(self.attention_gate(own)) * attended
        result: Tensor = own + torch.sigmoid(self.feed_gate(own)) * self.dropout(self.feed(self.feed_norm(own)))
        return result


class SwiGLU(nn.Module):
    """Feed-forward net whose inner layer is gated by SiLU, without biases (Shazeer 2020)."""

    def __init__(self, dim: int, inner: int, dropout: float):
        super().__init__()
        self.gate, self.up = nn.Linear(dim, inner, bias=False), nn.Linear(dim, inner, bias=False)
        self.down, self.dropout = nn.Linear(inner, dim, bias=False), Dropout(dropout)

    def forward(self, states: Tensor) -> Tensor:
        """Transform ``[..., dim]``."""
        result: Tensor = self.down(self.dropout(F.silu(self.gate(states)) * self.up(states)))
        return result


BLOCKS: dict[BlockName, MakeBlock] = {"paper": PaperBlock, "authors": AuthorsBlock, "ligr": LiGRBlock}


def at(states: Tensor, last: Tensor | None) -> Tensor:
    """Pick one place of each sequence: ``[batch, 1, dim]``; without ``last``, all of ``[batch, length, dim]``."""
    return states if last is None else states[torch.arange(len(states), device=states.device), last][:, None]
