"""The graph convolution of one meta-path: its normalised adjacency between users, as sparse matrices."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from gnn.hops import Hop, instances
from gnn.neighbours import neighbours
from gnn.settings import AdjacencyName


class MetaPathAdjacency:
    """The operator ``D^-1/2 (A + I) D^-1/2`` of one meta-path between users (Kipf and Welling 2017).

    ``A`` is given as a product of sparse factors, which are applied one after the other: with hops ``B_1 ... B_k`` it
    is ``B_1 ... B_k B_k' ... B_1'``, dense in the worst case and never formed. The operator is symmetric, so its
    gradient is the operator applied to the gradient; the matrices are data and get none.

    Args:
        factors: sparse COO or CSR; their product, from the first to the last, is symmetric. ``[n_users, n]``, ...,
            ``[m, n_users]``
        own: what is added to the diagonal of the product to make that of ``A + I``. ``[n_users]``
        degree: sums of the rows of ``A + I``; without them they are counted here. ``[n_users]``

    Attributes:
        scale: one over the root of each user's degree. ``[n_users]``
    """

    def __init__(self, factors: list[Tensor], own: Tensor, degree: Tensor | None = None):
        self.factors = [rows_compressed(factor) for factor in factors]
        if degree is None:
            degree = self._walk(torch.ones_like(own)[:, None]).squeeze(1) + own
        scale = degree.rsqrt().to(own.dtype)  # [n_users]
        # D^-1/2 at either end is put into the weights there, so that applying it takes no pass over the users.
        first = self.factors[0]
        self.factors[0] = _weighed(first, first.values() * scale.repeat_interleave(first.crow_indices().diff()))
        last = self.factors[-1]
        self.factors[-1] = _weighed(last, last.values() * scale[last.col_indices()])
        self.own = (own * scale.square())[:, None]
        self.scale = scale

    def __matmul__(self, x: Tensor) -> Tensor:
        """Apply the operator to ``x`` ``[n_users, dim]``."""
        result: Tensor = _Symmetric.apply(x, self._applied)
        return result

    def _applied(self, x: Tensor) -> Tensor:
        x = x.detach().contiguous()
        return self._walk(x).addcmul_(self.own, x)

    def _walk(self, x: Tensor) -> Tensor:
        for factor in reversed(self.factors):
            x = multiplied(factor, x)
        return x


def adjacency(path: str, path_hops: list[Hop], name: AdjacencyName, target: torch.device) -> MetaPathAdjacency:
    """Make the operator of a meta-path.

    Of ``counts``, ``A`` is the number of instances of the meta-path between two users, as HDGI has it (Ren et al. 2019,
    section 4.1), and of ``binary`` 1 wherever there is one. As in the adjacencies that its authors publish, the
    diagonal of ``A`` is 0: a user's own ways there and back are not counted, and ``I`` alone stands for the user. Of
    ``hops`` each hop is normalised before they are multiplied, and the diagonal stays.

    Args:
        path: the meta-path, as an error names it.
        path_hops: its hops.
        name: which of the three.
        target: device of the operator.

    Raises:
        KgrecError: ``binary``, and the meta-path joins too many pairs.
    """
    dtype = path_hops[0].matrix.dtype
    ones = torch.ones(path_hops[0].matrix.shape[0], dtype=dtype, device=target)
    if name == "hops":
        return MetaPathAdjacency(_there_and_back([hop.normalised().to(target) for hop in path_hops]), ones)
    if name == "binary":
        joined = neighbours(path, path_hops)
        compressed = compressed_rows(
            torch.from_numpy(joined.indptr), torch.from_numpy(joined.indices), torch.ones(joined.nnz, dtype=dtype)
        )
        return MetaPathAdjacency([compressed.to(target)], ones)
    to_self, to_others = _ways(path_hops)
    # Taking away the many ways to itself would leave a user who has no others with the rounding of large numbers.
    alone = to_others == 0
    first = path_hops[0].matrix
    row, _ = first.indices()
    kept = torch.where(alone[row], 0.0, first.values()).to(dtype)
    outwards = torch.sparse_coo_tensor(first.indices(), kept, first.shape, is_coalesced=True, check_invariants=False)
    factors = _there_and_back([matrix.to(target) for matrix in (outwards, *(hop.matrix for hop in path_hops[1:]))])
    own = 1.0 - torch.where(alone, 0.0, to_self)
    return MetaPathAdjacency(factors, own.to(target, dtype), (to_others + 1.0).to(target))


def _ways(path_hops: list[Hop]) -> tuple[Tensor, Tensor]:
    """Count each user's instances of the meta-path back to itself and to all others, exactly: ``[n_users]`` both."""
    ways = instances(path_hops)
    to_self = np.asarray(ways.multiply(ways).sum(axis=1)).ravel()  # the diagonal of A
    to_all = ways @ np.asarray(ways.sum(axis=0)).ravel()
    return torch.from_numpy(to_self), torch.from_numpy(to_all - to_self)


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


def multiplied(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiply a CSR matrix ``[n, m]`` by ``x`` ``[m, dim]``, contiguous, without a gradient: ``[n, dim]``.

    On a CPU it is FBGEMM's sum of weighted embeddings, which fetches the rows ahead: two to five times as fast as MKL's
    product, whose matrices torch makes anew each time.
    """
    if matrix.is_cuda or not matrix.values().numel():
        product: Tensor = torch.sparse.mm(matrix, x)
        return product
    summed: Tensor = F.embedding_bag(
        matrix.col_indices(),
        x,
        matrix.crow_indices(),
        mode="sum",
        per_sample_weights=matrix.values(),
        include_last_offset=True,
    )
    return summed


def compressed_rows(rows: Tensor, columns: Tensor, values: Tensor, width: int | None = None) -> Tensor:
    """Make a CSR matrix with indices of 32 bits.

    Args:
        rows: where each row begins among the entries, and the end. ``[n + 1]``
        columns: of the entries. ``[n_entries]``
        values: of the entries. ``[n_entries]``
        width: number of columns; without it there are as many as rows.
    """
    n = len(rows) - 1
    return _csr(rows, columns, values, torch.Size((n, n if width is None else width)))


def transposed(matrix: Tensor) -> Tensor:
    """Transpose a sparse matrix ``[n, m]``: CSR ``[m, n]``."""
    if matrix.layout is torch.sparse_csr:
        rows = torch.arange(matrix.shape[0], device=matrix.device).repeat_interleave(matrix.crow_indices().diff())
        places, values = torch.stack([matrix.col_indices().long(), rows]), matrix.values()
        matrix = torch.sparse_coo_tensor(places, values, matrix.shape[::-1], check_invariants=False)
        return rows_compressed(matrix)
    return rows_compressed(matrix.t())


def _csr(rows: Tensor, columns: Tensor, values: Tensor, shape: torch.Size) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        return torch.sparse_csr_tensor(rows.int(), columns.int(), values, shape, check_invariants=False)


def _weighed(matrix: Tensor, values: Tensor) -> Tensor:
    return _csr(matrix.crow_indices(), matrix.col_indices(), values, matrix.shape)


def _there_and_back(matrices: list[Tensor]) -> list[Tensor]:
    return [*matrices, *(matrix.t() for matrix in reversed(matrices))]


def rows_compressed(matrix: Tensor) -> Tensor:
    """Make a CSR matrix with indices of 32 bits of a sparse one ``[n, m]``."""
    if matrix.layout is torch.sparse_csr:
        return matrix
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        csr = matrix.coalesce().to_sparse_csr()
    return _csr(csr.crow_indices(), csr.col_indices(), csr.values(), csr.shape)
