"""Products of sparse matrices against NumPy's of the same in full."""

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from recommender.products import FEW, product, product_in_full, reaches_few


def drawn(width: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows ``[4, 30]`` of which one is empty and one reaches nothing, and a table ``[30, width]`` of few values."""
    generator = np.random.default_rng(5)
    table = generator.random((30, width)) * (generator.random((30, width)) < 4 / width)
    table[7] = 0.0
    rows = np.zeros((4, 30))
    rows[0, [1, 2, 3]], rows[2, 7], rows[3, [3, 29]] = (1.0, 0.5, 2.0), 1.0, (0.25, 1.0)
    return rows.astype(np.float32), table.astype(np.float32)


@pytest.mark.parametrize("width", [40, 4_000])
def test_a_product_is_that_of_the_same_in_full(width: int) -> None:
    """Where little of the table is reached, and where much is."""
    rows, table = drawn(width)
    found = product(sp.csr_matrix(rows), sp.csr_matrix(table))
    assert found.shape == (4, width) and np.allclose(found.toarray(), rows @ table, atol=1e-6)


@pytest.mark.parametrize("by_mkl", [True, False])
def test_a_product_in_full_is_that_of_the_same_in_full(by_mkl: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With indices of 64 bits too, whose order is not theirs, and where there is nothing to multiply."""
    if not by_mkl:
        monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    rows, table = drawn(40)
    sparse, other = sp.csr_matrix(rows), sp.csr_matrix(table)
    assert np.allclose(product_in_full(sparse, other), rows @ table, atol=1e-6)
    long = sp.csr_matrix(other[:, ::-1])
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    assert not long.has_sorted_indices
    assert np.allclose(product_in_full(sparse, long), rows @ table[:, ::-1], atol=1e-6)
    assert not product_in_full(sparse * 0, other).any() and not product_in_full(sparse, other * 0).any()
    assert product_in_full(sparse[:0], other).shape == (0, 40)


def test_few_are_those_below_a_share_of_all_that_there_are() -> None:
    """Of 64 columns one row of a table leads to one and the other to four: two ways to the same count twice."""
    table = sp.csr_matrix((np.arange(64) < [[1], [4]]).astype(np.float32))
    assert FEW == 4 / 64
    one, other, both = [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]
    asked = [one], [other], [both], [one, other], [other, other]
    assert [reaches_few(sp.csr_matrix(rows), table) for rows in asked] == [True, False, False, True, False]
