"""Products of sparse matrices: what histories lead to in a table, be it few items of a million or many of all."""

import warnings

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

SORTED = 16  # times as long as a column of a product takes what is reached, to be sorted
FEW = 1 / 16  # share of a product: less is reached faster without the places between


def reaches_few(rows: sp.csr_matrix, table: sp.csr_matrix) -> bool:
    """Tell whether rows ``[batch, n]`` reach little of what they could in a table ``[n, m]``."""
    reached = _lengths(rows, table).sum()  # ways, of which several may lead to one place
    return bool(reached < FEW * rows.shape[0] * table.shape[1])


def product(rows: sp.csr_matrix, table: sp.csr_matrix) -> sp.csr_matrix:
    """Multiply rows ``[batch, n]`` by a table ``[n, m]``, in the time that what they reach takes where that is little.

    SciPy's own product takes memory and time for all ``m`` columns, however few are reached.
    """
    starts, width = table.indptr[rows.indices].astype(np.int64), table.shape[1]
    lengths = _lengths(rows, table)
    n_reached = int(lengths.sum())
    if n_reached * SORTED > width:
        return sp.csr_matrix(rows @ table)
    places = np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(n_reached)
    owners = np.repeat(np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)), lengths)
    keys, which = np.unique(owners * width + table.indices[places], return_inverse=True)
    values = np.bincount(which, table.data[places] * np.repeat(rows.data, lengths), len(keys)).astype(np.float32)
    owners, columns = np.divmod(keys, width)
    bounds = np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=rows.shape[0]))])
    return sp.csr_matrix((values, columns, bounds), shape=(rows.shape[0], width))


def product_in_full(rows: sp.csr_matrix, table: sp.csr_matrix) -> Tensor:
    """Multiply rows ``[batch, n]`` by a table ``[n, m]``, zeros where nothing is reached: ``[batch, m]``.

    MKL adds up in place, in a fifth of the time that SciPy takes to find out first what is reached.
    """
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return torch.from_numpy((rows @ table).toarray())
    found = torch.empty(rows.shape[0], table.shape[1])
    torch.addmm(found, _of_torch(rows), _of_torch(table), beta=0, out=found)
    return found


def _lengths(rows: sp.csr_matrix, table: sp.csr_matrix) -> np.ndarray:
    """How much each entry of the rows reaches: ``[n_entries]``."""
    found: np.ndarray = table.indptr[rows.indices + 1].astype(np.int64) - table.indptr[rows.indices]
    return found


def _of_torch(matrix: sp.csr_matrix) -> Tensor:
    """The same matrix, with the same memory."""
    bounds, columns, values = (torch.from_numpy(part) for part in (matrix.indptr, matrix.indices, matrix.data))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta state")
        return torch.sparse_csr_tensor(bounds, columns, values, matrix.shape, check_invariants=False)
