"""Fast random projection of the graph, as GDS has it: what vectors are worth that nothing was learned for."""

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.training_graph import TrainingGraph

ITERATION_WEIGHTS = (0.0, 1.0, 1.0)  # GDS's defaults
SPARSITY = 3.0  # the part of entries of the random projection that are not 0 is 1 / SPARSITY


def fastrp(graph: TrainingGraph, dim: int, seed: int) -> Tensor:
    """Fast random projection of all that the meta-paths walk (FastRP, Chen et al. 2019, algorithm 1), as GDS has it.

    The graph is undirected and has every relationship of any meta-path once. A very sparse random vector a node is
    averaged over neighbours again and again; each iteration's vectors, brought to length 1, are added by
    `ITERATION_WEIGHTS`. There is no normalisation by degree, as by GDS's default. Unlike there, the random vectors do
    not follow the numbers that Neo4j gave the nodes: two loads of the same files give the same vectors.

    Returns:
        Zeros for a user of whom the graph knows nothing. ``[n_users, dim]``
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
    return torch.from_numpy(vectors)


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
    places = pd.Index(others).get_indexer(graph.items.nodes)
    order = _by_neighbours(adjacency, [*range(n_users), *(n_users + places[places >= 0])])
    ordered = sp.csr_array(adjacency[order][:, order])
    ordered.sort_indices()  # sums are rounded in their order
    return ordered


def _by_neighbours(adjacency: sp.csr_array, known: list[int]) -> np.ndarray:
    """Order nodes: first those that are ``known`` by their ids, then each by its neighbours among those before it.

    Whose neighbours are the same are alike: it does not matter which of them comes first.
    """
    order, places = list(known), np.full(adjacency.shape[0], -1)
    new = known
    while len(new):
        places[new] = np.arange(len(order) - len(new), len(order))
        near = np.unique(adjacency[new].indices)
        reached = near[places[near] < 0]
        neighbours = [places[adjacency.indices[slice(*adjacency.indptr[node : node + 2])]] for node in reached]
        keys = [sorted(one[one >= 0].tolist()) for one in neighbours]
        new = [int(reached[row]) for row in sorted(range(len(reached)), key=keys.__getitem__)]
        order += new
    return np.array(order)
