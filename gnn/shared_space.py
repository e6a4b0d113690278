"""One space for users and items, learned by telling what was hidden of each user's interactions.

An item's vector is the sum of its own, of what its text says, and of the vectors of the nodes that its part of the
meta-paths reaches (Kula 2015, LightFM). A user's is the sum of the vectors of the items that the user chose, brought to
length 1 (Kabbur et al. 2013, FISM): so is that of anybody of whom some items are known.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gnn.items import Items

SPREAD = 0.02  # of the items' own vectors before anything is learned


@dataclass(frozen=True)
class Maps:
    """What was learned of texts and features, apart from the items.

    Attributes:
        text: maps text embeddings. ``[dim, text_dim]``
        features: vectors. ``[n_features, dim]``
    """

    text: Tensor
    features: Tensor


class SharedSpace(nn.Module):
    """Gives items their vectors.

    What the meta-paths reach starts at zero and the rest is drawn in the order of the item ids: node numbers, which
    differ from load to load, change nothing.

    Args:
        items: what is told of them.
        dim: width of the space.
    """

    def __init__(self, items: Items, dim: int):
        super().__init__()
        n_items, n_features = items.features.shape
        self.own = nn.Parameter(torch.randn(n_items, dim) * SPREAD)
        self.text = nn.Linear(items.texts.shape[1], dim, bias=False)
        self.feature = nn.Parameter(torch.zeros(n_features, dim))
        self.texts, self.features = items.texts, items.features

    def forward(self, rows: np.ndarray) -> Tensor:
        """Vectors of the items in some rows: ``[n, dim]``."""
        own, text, features = self.parts(rows)
        return own + text + features

    def maps(self) -> Maps:
        """Return what makes the vector of any item of which something is told: on the CPU."""
        return Maps(self.text.weight.detach().cpu().clone(), self.feature.detach().cpu().clone())

    def parts(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """What makes the vectors of the items in some rows: their own, by text, by features; ``[n, dim]`` each."""
        target = self.own.device
        chosen = torch.from_numpy(rows).to(target)
        own = self.own.index_select(0, chosen)  # its gradient takes half the time of that of `self.own[chosen]`
        return own, self.text(self.texts[rows].to(target)), summed(self.features[rows], self.feature)


def summed(weights: sp.csr_array, vectors: Tensor) -> Tensor:
    """Multiply a sparse matrix ``[n, m]`` by vectors ``[m, dim]``, which learn from it: ``[n, dim]``."""
    if not weights.nnz:
        return torch.zeros(weights.shape[0], vectors.shape[1], device=vectors.device)
    indices, offsets, values = (
        torch.from_numpy(part).to(vectors.device)
        for part in (weights.indices.astype(np.int64), weights.indptr.astype(np.int64), weights.data)
    )
    found: Tensor = F.embedding_bag(
        indices, vectors, offsets, mode="sum", per_sample_weights=values, include_last_offset=True
    )
    return found


def users(chosen: sp.csr_array, vectors: Tensor) -> Tensor:
    """Vectors of users: of the direction of the sum of their items'.

    Args:
        chosen: which items each user has, 1 or 0. ``[n_users, n_items]``
        vectors: of the items. ``[n_items, dim]``

    Returns:
        Of length 1, zeros for a user without items. ``[n_users, dim]``
    """
    return F.normalize(summed(chosen, vectors), dim=1)
