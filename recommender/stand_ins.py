"""Stand-ins: while a sequence model is taught, some items of what came before give place to others that are near.

It is SSE-Graph, stochastic shared embeddings by a graph (Wu et al. 2019, arXiv 1905.10630): what is learned of an item
is learned of those that it co-occurs with as well. The next item, which is asked for, stays itself.
"""

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

NEAREST = 20  # of an item that may stand in for it


class StandIns:
    """Draws which items give place to which others, by torch's generator.

    Args:
        ties: cosines of each item, the row, with its nearest. ``[n_items + 1, n_items + 1]``
        share: of the places of a history that give way; an item without ties never does.
    """

    def __init__(self, ties: sp.csr_matrix, share: float):
        rows = np.repeat(np.arange(ties.shape[0]), np.diff(ties.indptr))
        order = np.lexsort((-ties.data, rows))  # row by row, the nearest first
        kept = order[np.arange(len(rows)) - ties.indptr[rows] < NEAREST]
        self.share = share
        self.items = torch.from_numpy(ties.indices[kept].astype(np.int64))  # [n_ties]
        counts = np.bincount(rows[kept], minlength=ties.shape[0])
        self.ends = torch.from_numpy(np.concatenate([[0], counts.cumsum()]))  # [n_items + 2]
        sums = np.concatenate([[0.0], np.cumsum(ties.data[kept], dtype=np.float64)])
        self.sums = torch.from_numpy(sums)  # [n_ties + 1]

    def __call__(self, items: Tensor) -> Tensor:
        """Put others in the place of some ``items``, of any shape; padding stays padding.

        Who stands in is drawn by the cosine, among the `NEAREST`.
        """
        flat = items.flatten()
        first, end = self.ends[flat], self.ends[flat + 1]
        places = torch.nonzero((torch.rand(len(flat)) < self.share) & (end > first)).squeeze(1)
        first, end = first[places], end[places]
        low, high = self.sums[first], self.sums[end]
        drawn = low + (high - low) * torch.rand(len(places), dtype=torch.float64)
        found = torch.searchsorted(self.sums, drawn, right=True) - 1
        changed = flat.clone()
        changed[places] = self.items[torch.minimum(torch.maximum(found, first), end - 1)]  # the sums are rounded
        return changed.view(items.shape)
