"""Other user vectors in the place of HDGI's, for the ablations: what does the graph neural network add?

All are made of one fit's training graph, are centred and of length 1 as HDGI's vectors are, and zeros for users of whom
the fit knows nothing.
"""

import numpy as np
import scipy.sparse as sp
import torch
from sklearn.decomposition import TruncatedSVD
from torch import Tensor

from gnn.training_graph import TrainingGraph

ITERATION_WEIGHTS = (0.0, 1.0, 1.0)  # GDS's defaults
SPARSITY = 3.0  # the part of entries of the random projection that are not 0 is 1 / SPARSITY


def raw_features(graph: TrainingGraph, dim: int, seed: int) -> Tensor:
    """HDGI's input, without any learning: the features, reduced by a truncated SVD after they are centred.

    Returns:
        ``[n_users, dim]``; columns of zeros at the end where the features are narrower than ``dim``.
    """
    features = graph.features.numpy()
    known = np.asarray(features.any(axis=1))
    centred = features - features[known].mean(axis=0)
    centred[~known] = 0.0
    return _finished(_reduced(centred, dim, seed), known)


def truncated_svd(graph: TrainingGraph, dim: int, seed: int) -> Tensor:
    """Users of a truncated SVD of the binary user-item matrix (PureSVD, Cremonesi et al. 2010, section 3.3.2).

    Returns:
        ``[n_users, dim]``; columns of zeros at the end where the matrix is narrower than ``dim``.
    """
    users, items = graph.purchases.matrix.indices().numpy()
    n_users, n_items = graph.purchases.matrix.shape
    chosen = sp.csr_matrix((np.ones(len(users)), (users, items)), shape=(n_users, n_items))
    known = np.asarray(chosen.sum(axis=1)).ravel() > 0
    return _finished(_reduced(chosen, dim, seed), known)


def fastrp(graph: TrainingGraph, dim: int, seed: int) -> Tensor:
    """Fast random projection of all that the meta-paths walk (FastRP, Chen et al. 2019, algorithm 1), as GDS has it.

    The graph is undirected and has every relationship of any meta-path once. A very sparse random vector a node is
    averaged over neighbours again and again; each iteration's vectors, brought to length 1, are added by
    `ITERATION_WEIGHTS`. There is no normalisation by degree, as by GDS's default.

    Returns:
        ``[n_users, dim]``
    """
    adjacency = _undirected(graph)
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    averaging = sp.diags_array(1.0 / degree.clip(min=1.0)) @ adjacency  # [n_nodes, n_nodes]
    generator = np.random.default_rng(seed)
    half = 0.5 / SPARSITY
    signs = generator.choice([-1.0, 0.0, 1.0], size=(len(degree), dim), p=[half, 1.0 - 2.0 * half, half])
    states = (signs * np.sqrt(SPARSITY)).astype(np.float32)
    vectors = np.zeros((len(graph.user_ids), dim), dtype=np.float32)
    for weight in ITERATION_WEIGHTS:
        states = averaging @ states
        users = states[: len(vectors)]
        vectors += weight * users / np.linalg.norm(users, axis=1, keepdims=True).clip(min=1e-12)
    return _finished(vectors, degree[: len(vectors)] > 0)


def shuffled(vectors: Tensor, seed: int) -> Tensor:
    """Give each user who has a vector ``[n_users, dim]`` that of another, or by chance the own one: a placebo."""
    known = vectors.any(dim=1).nonzero().squeeze(1)
    order = torch.randperm(len(known), generator=torch.Generator().manual_seed(seed))
    placebo = vectors.clone()
    placebo[known] = vectors[known[order]]
    return placebo


def _undirected(graph: TrainingGraph) -> sp.csr_array:
    """Adjacency of users, in their rows, and of all nodes that the meta-paths reach: ``[n_nodes, n_nodes]``."""
    n_users = len(graph.user_ids)
    walks = [[graph.purchases], *graph.paths.values()]
    others = np.unique(np.concatenate([hop.node_ids for hops in walks for hop in hops]))
    sources, targets = [], []
    for hops in walks:
        level = np.arange(n_users)
        for hop in hops:
            rows, columns = hop.matrix.indices().numpy()
            reached = n_users + np.searchsorted(others, hop.node_ids)
            sources.append(level[rows])
            targets.append(reached[columns])
            level = reached
    source, target = np.concatenate(sources), np.concatenate(targets)
    shape = (n_users + len(others), n_users + len(others))
    one_way = sp.csr_array((np.ones(len(source), dtype=np.float32), (source, target)), shape=shape)
    adjacency = sp.csr_array(one_way + one_way.T)
    adjacency.data[:] = 1.0  # however many paths and directions there are
    return adjacency


def _reduced(matrix: "np.ndarray | sp.csr_matrix", dim: int, seed: int) -> np.ndarray:
    """Users by the strongest singular values ``[n_users, dim]``, and zeros behind those that there are."""
    n_components = min(dim, *matrix.shape)
    reduced = np.zeros((matrix.shape[0], dim))
    reduced[:, :n_components] = TruncatedSVD(n_components, random_state=seed).fit_transform(matrix)
    return reduced


def _finished(vectors: np.ndarray, known: np.ndarray) -> Tensor:
    """Centre the users of whom something is known, bring them to length 1, and leave zeros for all others."""
    finished = torch.zeros(vectors.shape, dtype=torch.float32)
    centred = vectors[known] - vectors[known].mean(axis=0)
    finished[torch.from_numpy(known)] = torch.nn.functional.normalize(torch.from_numpy(centred), dim=1).float()
    return finished
