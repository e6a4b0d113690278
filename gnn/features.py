"""Features of users: what their items hand on to them, of the items' texts and of what the meta-paths reach."""

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gnn.hops import Hop, profile


def of_users(chosen: Tensor, tables: list[Tensor]) -> Tensor:
    """Sum each part of the features over each user's items, to length 1 a part, side by side.

    Args:
        chosen: weights of the items that each user chose, sparse. ``[n_users, n_items]``
        tables: what each item hands on, a table a part. ``[n_items, width]`` each

    Returns:
        ``[n_users, sum of the widths]``
    """
    return torch.cat([F.normalize(torch.sparse.mm(chosen, table), dim=1) for table in tables], dim=1)


def of_one_item(tables: list[Tensor]) -> Tensor:
    """Features of a user who chose one item, for each item, of tables ``[n_items, width]``: ``[n_items, sum]``."""
    return torch.cat([F.normalize(table, dim=1) for table in tables], dim=1)


def signatures(paths: Iterable[list[Hop]], dim: int, seed: int) -> list[Tensor]:
    """Random projection of what each item reaches by the rest of each meta-path: ``[n_items, dim]`` a path.

    The convolution only averages features over neighbours; without a trace of *which* entity made them neighbours
    the text alone could not tell two themes apart (very sparse random projection, as in FastRP, Chen et al. 2019).
    """
    return [
        _signature(path[1:], path[0].matrix.shape[1], dim, np.random.default_rng([seed, number]))
        for number, path in enumerate(paths)
    ]


def _signature(from_items: list[Hop], n_items: int, dim: int, generator: np.random.Generator) -> Tensor:
    if dim == 0:
        return torch.zeros(n_items, 0)
    n_last = len(from_items[-1].node_ids) if from_items else n_items
    signs = generator.choice([-1.0, 0.0, 1.0], size=(n_last, dim), p=[1 / 6, 2 / 3, 1 / 6])
    return profile(from_items, torch.from_numpy(signs * np.sqrt(3.0)).float())
