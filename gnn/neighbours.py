"""Which users a meta-path joins: pairs, where a product of hops does not do."""

import numpy as np
import scipy.sparse as sp

from gnn.hops import Hop, instances
from kgrec.errors import KgrecError

MAX_PAIRS = 20_000_000  # of one meta-path; 8 bytes each for the binary adjacency, 12 for the attention and 8 a head


def neighbours(path: str, path_hops: list[Hop]) -> sp.csr_array:
    """Find the pairs of users that a meta-path joins, each in both directions, nobody with themselves.

    They are found for some users at a time, so that never more than twice `MAX_PAIRS` are held.

    Args:
        path: the meta-path, as the error names it.
        path_hops: its hops.

    Returns:
        True where two users are joined; columns in order. ``[n_users, n_users]``

    Raises:
        KgrecError: there are more than `MAX_PAIRS`.
    """
    outwards = instances(path_hops)
    back, n_users = outwards.T.tocsr(), outwards.shape[0]
    at_a_time = max(1, MAX_PAIRS // n_users)
    pairs, blocks = 0, []
    for start in range(0, n_users, at_a_time):
        block = sp.coo_array(outwards[start : start + at_a_time] @ back)
        others = block.row + start != block.col
        row, column = block.row[others], block.col[others]
        pairs += len(row)
        if pairs > MAX_PAIRS:
            raise KgrecError(
                f"The meta-path {path} joins more than {MAX_PAIRS:,} pairs of users, too many for the binary adjacency "
                'or the attention: leave it out of meta_paths, or set adjacency to "counts" and convolution to "gcn".'
            )
        joined = sp.csr_array((np.ones(len(row), dtype=bool), (row, column)), shape=(block.shape[0], n_users))
        joined.sort_indices()
        blocks.append(joined)
    return sp.csr_array(sp.vstack(blocks, format="csr"))
