"""Meta-paths walked through the graph: one sparse matrix a step."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.meta_path import MetaPath
from gnn.relationships import Relationships


@dataclass(frozen=True)
class Hop:
    """One bipartite step.

    Attributes:
        matrix: sparse; relationships between two nodes, mostly 1. ``[n_from, n_to]``
        node_ids: of its columns. ``[n_to]``
    """

    matrix: Tensor
    node_ids: np.ndarray

    @property
    def counts(self) -> np.ndarray:
        """Relationships behind each entry of the matrix, in their order: ``[n_entries]``."""
        counts: np.ndarray = self.matrix.values().to(torch.int32).numpy()
        return counts

    def normalised(self) -> Tensor:
        """Weigh by the degrees at both ends, ``D_from^-1/2 B D_to^-1/2``: sparse ``[n_from, n_to]``.

        A node that everybody reaches (a root category) weighs little.
        """
        row_degree = torch.sparse.sum(self.matrix, dim=1).to_dense().clamp(min=1.0)
        column_degree = torch.sparse.sum(self.matrix, dim=0).to_dense().clamp(min=1.0)
        row, column = self.matrix.indices()
        values = self.matrix.values() * (row_degree[row] * column_degree[column]).rsqrt()
        return torch.sparse_coo_tensor(
            self.matrix.indices(), values, self.matrix.shape, check_invariants=True
        ).coalesce()


def hops(path: MetaPath, user_nodes: np.ndarray, relationships: Mapping[str, Relationships]) -> list[Hop] | None:
    """Follow a meta-path through the streamed relationships.

    Args:
        path: the meta-path.
        user_nodes: node ids of the users, in row order. ``[n_users]``
        relationships: by type.

    Returns:
        One hop a step, or ``None`` where the graph has no instance of the path.
    """
    level = user_nodes
    found: list[Hop] = []
    for step in path.steps:
        place, n_from = pd.Index(level), len(level)
        rows, targets = [], []
        for one in (relationships[name] for name in step if name in relationships):
            row = np.repeat(place.get_indexer(one.sources), np.diff(one.offsets))
            rows.append(row[row >= 0])
            targets.append(one.targets[row >= 0])
        if not any(map(len, rows)):
            return None
        level, columns = np.unique(np.concatenate(targets), return_inverse=True)
        found.append(_hop(np.concatenate(rows), columns, n_from, level))
    return found


def profile(path_hops: list[Hop], features: Tensor) -> Tensor:
    """Carry features of a path's last nodes ``[n_last, dim]`` back to the users ``[n_users, dim]``.

    Each hop sums with its normalised weights, which do not add up to 1: the result is no mean.
    """
    for hop in reversed(path_hops):
        features = torch.sparse.mm(hop.normalised(), features)
    return features


def instances(path_hops: list[Hop]) -> sp.csr_array:
    """Count the ways that lead from each user to each of a path's last nodes: ``[n_users, n_last]``."""
    product: sp.csr_array | None = None
    for hop in path_hops:
        rows, columns = hop.matrix.indices().numpy()
        step = sp.csr_array(
            (hop.matrix.values().double().numpy(), (rows, columns)), shape=(hop.matrix.shape[0], hop.matrix.shape[1])
        )
        product = step if product is None else product @ step
    assert product is not None  # a meta-path has a step at least
    return product


def _hop(rows: np.ndarray, columns: np.ndarray, n_rows: int, node_ids: np.ndarray) -> Hop:
    indices = torch.from_numpy(np.stack([rows, columns]).astype(np.int64))
    ones = torch.ones(indices.shape[1])
    matrix = torch.sparse_coo_tensor(indices, ones, (n_rows, len(node_ids)), check_invariants=True).coalesce()
    return Hop(matrix, node_ids)
