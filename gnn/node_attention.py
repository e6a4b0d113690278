"""Attention among the users that a meta-path joins: the node level of HDGI-A (Ren et al. 2019, section 4.1.1)."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gnn.adjacency import compressed_rows
from gnn.hops import Hop
from gnn.neighbours import neighbours

SLOPE = 0.2  # of the LeakyReLU for negative scores, as in GAT and in the authors' code


@dataclass(frozen=True)
class Neighbourhoods:
    """The users that a meta-path joins with each user, the user among them; sorted by user, then neighbour.

    Attributes:
        starts: where each user's pairs begin, and the end. ``[n_users + 1]``
        users: of the pairs. ``[n_pairs]``
        others: their neighbours. ``[n_pairs]``
        reverse: place of the pair (neighbour, user). ``[n_pairs]``
    """

    starts: Tensor
    users: Tensor
    others: Tensor
    reverse: Tensor

    @classmethod
    def of(cls, path: str, path_hops: list[Hop], target: torch.device) -> Self:
        """Find them on the ``path``.

        Raises:
            KgrecError: the meta-path joins too many pairs.
        """
        joined = neighbours(path, path_hops)
        n_users = joined.shape[0]
        joined = sp.csr_array(joined + sp.eye_array(n_users, dtype=bool, format="csr"))
        joined.sort_indices()
        users = np.repeat(np.arange(n_users, dtype=np.int32), np.diff(joined.indptr))
        reverse = np.argsort(joined.indices, kind="stable")  # the relation is symmetric
        arrays = (joined.indptr, users, joined.indices, reverse)
        return cls(*(torch.from_numpy(array.astype(np.int32)).to(target) for array in arrays))

    def matrix(self, weights: Tensor) -> Tensor:
        """Lay out weights of the pairs ``[n_pairs]`` as a sparse matrix ``[n_users, n_users]``."""
        return compressed_rows(self.starts, self.others, weights)

    def sums(self, weights: Tensor) -> Tensor:
        """Sum weights of the pairs ``[n_pairs]`` over each user's neighbours: ``[n_users]``."""
        return torch.segment_reduce(weights, "sum", offsets=self.starts.long())


class NodeAttention(nn.Module):
    """Each user's weighted sum over the neighbourhood, by several heads side by side (GAT, Velickovic et al. 2018).

    The weights are the softmax over the neighbours ``j`` of ``LeakyReLU(a . [h_i || h_j])``, each head with its own
    part of ``h`` and its own ``a``.
    """

    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.to_user = nn.Parameter(torch.empty(heads, dim // heads))
        self.to_other = nn.Parameter(torch.empty(heads, dim // heads))
        for half in (self.to_user, self.to_other):
            nn.init.xavier_uniform_(half)

    def forward(self, rows: Tensor, around: Neighbourhoods) -> Tensor:
        """Sum up the neighbours' projected features.

        Args:
            rows: projected features, the heads side by side. ``[n_users, dim]``
            around: who is whose neighbour.

        Returns:
            The sums, the heads side by side. ``[n_users, dim]``
        """
        parts = rows.view(len(rows), *self.to_user.shape)  # [n_users, heads, dim / heads]
        of_user = (parts * self.to_user).sum(dim=2)  # [n_users, heads]
        of_other = (parts * self.to_other).sum(dim=2)
        heads = range(len(self.to_user))
        summed = [_Attended.apply(of_user[:, one], of_other[:, one], parts[:, one], around) for one in heads]
        return torch.cat(summed, dim=1)


class _Attended(torch.autograd.Function):
    """One head; its gradient by hand, so that of each pair of users only the weight is kept, no vector."""

    @staticmethod
    def forward(ctx: Any, of_user: Tensor, of_other: Tensor, rows: Tensor, around: Neighbourhoods) -> Tensor:
        scores = F.leaky_relu(_paired(of_user, of_other, around), SLOPE)  # [n_pairs]
        highest = torch.segment_reduce(scores, "max", offsets=around.starts.long())
        weights = scores.sub_(highest.index_select(0, around.users)).exp_()
        weights /= around.sums(weights).index_select(0, around.users)
        ctx.around = around
        ctx.save_for_backward(of_user, of_other, rows, weights)
        summed: Tensor = torch.sparse.mm(around.matrix(weights), rows.contiguous())
        return summed

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        around: Neighbourhoods = ctx.around
        of_user, of_other, rows, weights = ctx.saved_tensors
        gradient = gradient.contiguous()
        # d loss / d weight of a pair is the product of the user's gradient and the neighbour's row.
        of_weights = torch.sparse.sampled_addmm(
            around.matrix(torch.zeros_like(weights)), gradient, rows.t(), beta=0.0
        ).values()
        of_scores = weights * (of_weights - around.sums(weights * of_weights).index_select(0, around.users))
        # Of two plain numbers the slope would be a single-precision one.
        of_scores *= torch.where(_paired(of_user, of_other, around) > 0, weights.new_ones(()), SLOPE)
        reverse = around.reverse
        of_rows = torch.sparse.mm(around.matrix(weights.index_select(0, reverse)), gradient)
        return around.sums(of_scores), around.sums(of_scores.index_select(0, reverse)), of_rows, None


def _paired(of_user: Tensor, of_other: Tensor, around: Neighbourhoods) -> Tensor:
    return of_user.index_select(0, around.users) + of_other.index_select(0, around.others)
