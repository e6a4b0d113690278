"""Users and items by the truncated SVD of the interactions: what the graph's other parts have to add to."""

import scipy.sparse as sp
import torch
from sklearn.decomposition import TruncatedSVD
from torch import Tensor
from torch.nn.functional import normalize

from gnn.training_graph import TrainingGraph


def truncated_svd(graph: TrainingGraph, dim: int, seed: int) -> tuple[Tensor, Tensor]:
    """Reduce the binary user-item matrix to its strongest singular values (PureSVD, Cremonesi et al. 2010).

    Returns:
        Users of length 1, zeros for those without items ``[n_users, k]``, and items of the same space ``[n_items, k]``:
        their dot products order a user's items as PureSVD does. ``k`` is ``dim``, or less where the matrix is less.
    """
    reduction = TruncatedSVD(min(dim, *graph.chosen.shape), random_state=seed)
    users = torch.from_numpy(reduction.fit_transform(sp.csr_matrix(graph.chosen))).float()
    return normalize(users, dim=1), torch.from_numpy(reduction.components_.T.copy()).float()
