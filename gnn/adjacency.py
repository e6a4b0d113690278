"""Meta-paths walked through the graph: their sparse, never materialised adjacency between users."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gnn.meta_path import MetaPath


@dataclass(frozen=True)
class Hop:
    """One bipartite step.

    Attributes:
        matrix: sparse and normalised. ``[n_from, n_to]``
        counts: relationships behind each of its entries, in their order. ``[n_entries]``
        node_ids: of its columns. ``[n_to]``
    """

    matrix: Tensor
    counts: np.ndarray
    node_ids: np.ndarray


def hops(path: MetaPath, user_nodes: np.ndarray, relationships: pd.DataFrame) -> list[Hop] | None:
    """Follow a meta-path through the streamed relationships.

    Each hop is normalised symmetrically, ``D_from^-1/2 A D_to^-1/2``, so that a node that everybody reaches (a root
    category) weighs little.

    Args:
        path: the meta-path.
        user_nodes: node ids of the users, in row order. ``[n_users]``
        relationships: columns ``sourceNodeId``, ``targetNodeId``, ``relationshipType``, as GDS streams them.

    Returns:
        One hop a step, or ``None`` where the graph has no instance of the path.
    """
    level = user_nodes
    found: list[Hop] = []
    for step in path.steps:
        edges = relationships[relationships["relationshipType"].isin(step)]
        rows = pd.Index(level).get_indexer(edges["sourceNodeId"])
        edges, rows = edges[rows >= 0], rows[rows >= 0]
        if edges.empty:
            return None
        level, columns = np.unique(edges["targetNodeId"].to_numpy(), return_inverse=True)
        n_from = len(user_nodes) if not found else len(found[-1].node_ids)
        found.append(_hop(rows, columns, n_from, level))
    return found


class MetaPathAdjacency:
    """The normalised adjacency of one meta-path between users, as a product of sparse hops.

    With hops ``B_1 ... B_k`` the users' adjacency is ``A = B_1 ... B_k B_k' ... B_1'`` and the operator
    ``D^-1/2 (A + I) D^-1/2``, the graph convolution of HDGI (Ren et al. 2019, section 4.1; Kipf and Welling 2017).
    ``A`` is dense in the worst case and is never formed. The operator is symmetric, so its gradient is the operator
    applied to the gradient; the matrices are data and get none.

    Args:
        matrices: the hops, sparse COO. ``[n_from, n_to]`` each
    """

    def __init__(self, matrices: list[Tensor]):
        self.matrices = [_rows_compressed(matrix) for matrix in matrices]
        self.transposed = [_rows_compressed(matrix.t()) for matrix in matrices]
        n_users = matrices[0].shape[0]
        degree = self._walk(torch.ones(n_users, 1, dtype=matrices[0].dtype, device=matrices[0].device)) + 1.0
        self.scale = degree.rsqrt()  # [n_users, 1]

    def __matmul__(self, x: Tensor) -> Tensor:
        """Apply the operator to ``x`` ``[n_users, dim]``."""
        result: Tensor = _Symmetric.apply(x, self._applied)
        return result

    def _applied(self, x: Tensor) -> Tensor:
        scaled = self.scale * x
        return self._walk(scaled).add_(scaled).mul_(self.scale)

    def _walk(self, x: Tensor) -> Tensor:
        for transposed in self.transposed:
            x = torch.sparse.mm(transposed, x)
        for matrix in reversed(self.matrices):
            x = torch.sparse.mm(matrix, x)
        return x


class _Symmetric(torch.autograd.Function):
    """A symmetric linear operator, which is its own backward."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, operator: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.operator = operator
        return operator(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        result: Tensor = ctx.operator(gradient)
        return result, None


def profile(path_hops: list[Hop], features: Tensor) -> Tensor:
    """Carry features of a path's last nodes ``[n_last, dim]`` back to the users ``[n_users, dim]``.

    Each hop sums with its normalised weights, which do not add up to 1: the result is no mean.
    """
    for hop in reversed(path_hops):
        features = torch.sparse.mm(hop.matrix, features)
    return features


def _hop(rows: np.ndarray, columns: np.ndarray, n_rows: int, node_ids: np.ndarray) -> Hop:
    indices = torch.from_numpy(np.stack([rows, columns]).astype(np.int64))
    shape = (n_rows, len(node_ids))
    adjacency = torch.sparse_coo_tensor(indices, torch.ones(indices.shape[1]), shape, check_invariants=True).coalesce()
    row_degree = torch.sparse.sum(adjacency, dim=1).to_dense().clamp(min=1.0)
    column_degree = torch.sparse.sum(adjacency, dim=0).to_dense().clamp(min=1.0)
    row, column = adjacency.indices()
    values = adjacency.values() * (row_degree[row] * column_degree[column]).rsqrt()
    matrix = torch.sparse_coo_tensor(adjacency.indices(), values, shape, check_invariants=True).coalesce()
    return Hop(matrix, adjacency.values().to(torch.int32).numpy(), node_ids)


def _rows_compressed(matrix: Tensor) -> Tensor:
    """Turn COO into CSR with indices of 32 bits, by which MKL multiplies about twice as fast as torch does COO."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        csr = matrix.coalesce().to_sparse_csr()
        rows, columns = csr.crow_indices().int(), csr.col_indices().int()
        return torch.sparse_csr_tensor(rows, columns, csr.values(), csr.shape, check_invariants=True)
