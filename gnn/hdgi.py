"""Heterogeneous Deep Graph Infomax (Ren et al. 2019, arXiv 1911.08538)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gnn.adjacency import MetaPathAdjacency
from gnn.node_attention import Neighbourhoods, NodeAttention

LEAK = 0.01  # slope of HDGI-A's LeakyReLU for negative states, which is not learned, as in the authors' code
Related = MetaPathAdjacency | Neighbourhoods  # how a meta-path relates users: for the convolution, for the attention


class SemanticAttention(nn.Module):
    """Weighs the meta-paths against each other (section 4.1.2, after HAN, Wang et al. 2019).

    The weight of a meta-path is the softmax of the mean over users of ``q . tanh(W h + b)``.
    """

    def __init__(self, dim: int, semantic_dim: int):
        super().__init__()
        self.project = nn.Linear(dim, semantic_dim)
        self.query = nn.Linear(semantic_dim, 1, bias=False)

    def forward(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Combine the users' states of each meta-path.

        Args:
            states: ``[n_paths, n_users, dim]``

        Returns:
            The combined states ``[n_users, dim]`` and the meta-path weights ``[n_paths]``, which sum to 1.
        """
        weights = torch.softmax(self.scores(states) / states.shape[1], dim=0)
        return torch.einsum("p,pnd->nd", weights, states), weights

    def scores(self, states: Tensor) -> Tensor:
        """Sum the score over users, of states ``[n_paths, n_users, dim]``: ``[n_paths]``."""
        scores: Tensor = self.query(torch.tanh(self.project(states))).sum(dim=(1, 2))
        return scores


class HDGI(nn.Module):
    """Learns user vectors without labels, by telling them from those of a corrupted graph.

    One graph convolution with PReLU (HDGI-C) or one node-level attention with LeakyReLU (HDGI-A) a meta-path, semantic
    attention over meta-paths, a bilinear discriminator between each user's vector and the summary of all. The
    corruption shuffles the feature rows (section 4.2).

    Args:
        in_dim: width of the features.
        dim: width of the users' vectors.
        n_paths: number of meta-paths.
        semantic_dim: width of the semantic attention.
        heads: of the node-level attention; 0 for the graph convolution.
    """

    def __init__(self, in_dim: int, dim: int, n_paths: int, semantic_dim: int, heads: int = 0):
        super().__init__()
        self.weights = nn.ModuleList(nn.Linear(in_dim, dim, bias=False) for _ in range(n_paths))
        # HDGI-A has none; in it, a bias became a part common to all users that hid what tells them apart.
        self.biases = nn.ParameterList(torch.zeros(dim) for _ in range(0 if heads else n_paths))
        self.activations = nn.ModuleList(
            nn.PReLU(init=LEAK).requires_grad_(False) if heads else nn.PReLU() for _ in range(n_paths)
        )
        self.attention = SemanticAttention(dim, semantic_dim)
        self.discriminator = nn.Parameter(torch.empty(dim, dim))
        for weight in self.weights:
            nn.init.xavier_uniform_(weight.weight)  # type: ignore[arg-type]
        # HDGI-A's begins nearer to 0, at Xavier's bounds for a bilinear layer to one number, as in the authors' code.
        nn.init.xavier_uniform_(self.discriminator.data[None] if heads else self.discriminator)
        self.node_attention = nn.ModuleList(NodeAttention(dim, heads) for _ in range(n_paths if heads else 0))

    def forward(self, x: Tensor, related: Sequence[Related]) -> tuple[Tensor, Tensor]:
        """Encode the users.

        Args:
            x: user features ``[n_users, in_dim]``
            related: an operator a meta-path, or neighbourhoods for the attention.

        Returns:
            User vectors ``[n_users, dim]`` and the meta-path weights ``[n_paths]``.
        """
        return self.encode(self.project(x), related)

    def project(self, x: Tensor) -> list[Tensor]:
        """Multiply the features ``[n_users, in_dim]`` by the weights of each meta-path: ``[n_users, dim]`` each.

        This is most of the work. Corrupted graphs have the same rows in another order, so once is enough for all.
        """
        return [weight(x) for weight in self.weights]

    def encode(self, projected: list[Tensor], related: Sequence[Related]) -> tuple[Tensor, Tensor]:
        """Encode users whose features are projected already; returns as `forward` does."""
        layers = zip(self.convolve(projected, related), self.activations, strict=True)
        states = torch.stack([activate(convolved) for convolved, activate in layers])
        combined, weights = self.attention(states)  # [n_users, dim], [n_paths]
        return combined, weights

    def convolve(self, projected: list[Tensor], related: Sequence[Related]) -> list[Tensor]:
        """Sum projected features over neighbours, before the activation: ``[n_users, dim]`` a meta-path."""
        return [self._convolved(path, rows, by) for path, (rows, by) in enumerate(zip(projected, related, strict=True))]

    def _convolved(self, path: int, rows: Tensor, related: Related) -> Tensor:
        if isinstance(related, MetaPathAdjacency):
            return (related @ rows).add_(self.biases[path])
        summed: Tensor = self.node_attention[path](rows, related)
        return summed
