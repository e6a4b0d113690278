"""The blocks that SASRec is made of; another block is another class of the same two signatures."""

from collections.abc import Callable

from torch import Tensor, nn

# (dim, heads, dropout) -> a module that maps states [batch, length, dim] and hidden [batch * heads, length, length] to
# states [batch, length, dim].
MakeBlock = Callable[[int, int, float], nn.Module]


class Block(nn.Module):
    """Causal self-attention and a point-wise feed-forward net, each residual (Kang and McAuley 2018, section III-B).

    The queries and the input of the feed-forward net are normalised; keys and values are not, as in the authors' code.
    The residual adds the states as they came, as the paper writes it; the authors' code adds the normalised ones.
    """

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, dropout=dropout, batch_first=True)
        self.feed_norm = nn.LayerNorm(dim)
        self.feed = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: Tensor, hidden: Tensor) -> Tensor:
        """Transform ``[batch, length, dim]``; ``hidden`` ``[batch * heads, length, length]`` hides what is true."""
        queries = self.attention_norm(states)
        attended, _ = self.attention(queries, states, states, attn_mask=hidden, need_weights=False)
        states = states + self.dropout(attended)
        result: Tensor = states + self.dropout(self.feed(self.feed_norm(states)))
        return result
