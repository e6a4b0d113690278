"""Co-occurrence of the fits that nobody is served by, computed of their interactions: the graph need not hold it.

It is what `kgrec.graph.co_occurrence` has GDS write for the final fit, and for others where a meta-path walks it: the
cosine over users, the nearest of each item.
"""

import numpy as np
import scipy.sparse as sp

AT_ONCE = 2**24  # cosines of some items with all others: at most 200 MiB


def nearest(chosen: sp.csr_matrix, kept: int) -> sp.csr_matrix:
    """Find those that most of an item's users chose too, of equally near ones those of the lower numbers.

    Users with ``n`` items cost the square of it, so the time is linear in the users.

    Args:
        chosen: which users had which items, 1 or 0. ``[n_users, n_items + 1]``
        kept: of an item at most.

    Returns:
        Cosines over users, above 0, of each item, the row, with its nearest. ``[n_items + 1, n_items + 1]``
    """
    size = chosen.shape[1]
    users = sp.csr_matrix(chosen.T)  # of each item
    lengths = np.sqrt(np.diff(users.indptr))
    columns, cosines = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.float32)]
    ends = np.zeros(size + 1, dtype=np.int64)
    at_once = max(1, AT_ONCE // size)
    for start in range(0, size, at_once):
        together = sp.csr_matrix(users[start : start + at_once] @ chosen)  # how many users had both
        together.sort_indices()
        for row in range(together.shape[0]):
            mine = slice(together.indptr[row], together.indptr[row + 1])
            others = together.indices[mine]
            near = together.data[mine] / (lengths[start + row] * lengths[others])
            near[others == start + row] = 0.0  # itself
            places = _largest(near, kept)
            columns.append(others[places])
            cosines.append(near[places].astype(np.float32))
            ends[start + row + 1] = len(places)
    return sp.csr_matrix((np.concatenate(cosines), np.concatenate(columns), ends.cumsum()), (size, size))


def _largest(values: np.ndarray, kept: int) -> np.ndarray:
    """Places of the largest values above 0, in their order; of equal ones at the border the first."""
    above = np.flatnonzero(values > 0)
    if len(above) <= kept:
        return above
    border = np.partition(values[above], -kept)[-kept]
    larger, equal = above[values[above] > border], above[values[above] == border]
    return np.sort(np.concatenate([larger, equal[: kept - len(larger)]]))
