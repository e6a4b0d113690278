"""What a fact weighs: the rarer, the more; the same for the personas, the profiles and the recommender."""

from typing import TypeVar

import numpy as np
import scipy.sparse as sp

Sparse = TypeVar("Sparse", sp.csr_matrix, sp.csr_array)


def weighed(facts: Sparse, n_items: int) -> Sparse:
    """Weigh facts by the logarithm of one over their share of the items: what all have in common counts nothing.

    Args:
        facts: which items have which, 1 or 0; rows beside those of the items are empty. ``[n_rows, n_facts]``
        n_items: how many items there are.
    """
    share = np.asarray(facts.sum(axis=0)).ravel() / n_items
    return type(facts)(facts @ sp.diags_array(-np.log(share.clip(min=1.0 / n_items))).astype(facts.dtype))


def rows_of_length_one(matrix: Sparse) -> Sparse:
    """Bring the rows of a matrix ``[n, m]`` to length 1; an empty one stays empty."""
    lengths = row_lengths(matrix)
    return type(matrix)(sp.diags_array(1.0 / np.where(lengths > 0, lengths, 1.0)).astype(matrix.dtype) @ matrix)


def row_lengths(matrix: Sparse) -> np.ndarray:
    """Lengths of the rows of a matrix: ``[n]``."""
    lengths: np.ndarray = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return lengths
