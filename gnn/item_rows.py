"""Vectors of items by HDGI's own encoder: of each item the vector of a user who chose it and nothing else.

Such a user is one more row of the graph that was trained on. What is there stays as it was, its degrees among it; the
row is joined with the users whom the meta-paths lead to from the item, and with itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn import functional as F

from gnn import neighbours
from gnn.adjacency import MetaPathAdjacency, compressed_rows, multiplied, rows_compressed, transposed
from gnn.features import of_one_item
from gnn.hdgi import HDGI, Related
from gnn.hops import Hop, instances
from gnn.node_attention import Neighbourhoods, NodeAttention
from gnn.settings import AdjacencyName
from gnn.training_graph import TrainingGraph


@torch.no_grad()
def item_vectors(
    model: HDGI,
    graph: TrainingGraph,
    users: list[Tensor],
    weights: Tensor,
    related: Sequence[Related],
    adjacency: AdjacencyName,
) -> Tensor:
    """Encode the items.

    Args:
        model: that was trained.
        graph: that it was trained on.
        users: their features, projected. ``[n_users, dim]`` a meta-path
        weights: of the meta-paths, as they are for the users. ``[n_paths]``
        related: how each meta-path relates them.
        adjacency: by which it does, where it is no attention.

    Returns:
        On the CPU, as `placed` has them. ``[n_items, dim]``
    """
    if not graph.tables:  # the users' features are not made of the items': a row would have none
        return torch.zeros(0, model.discriminator.shape[0])
    rows = model.project(of_one_item([table.to(weights.device) for table in graph.tables]))
    states = torch.zeros_like(rows[0])
    for path, (hops, how) in enumerate(zip(graph.paths.values(), related, strict=True)):
        if isinstance(how, MetaPathAdjacency):
            sums, degree, own = _reached(hops, users[path], how.scale, adjacency)
            found = convolved(sums, degree, own, rows[path]) + model.biases[path]
        else:
            attention = model.node_attention[path]
            assert isinstance(attention, NodeAttention)
            found = _attended(attention, hops, users[path], rows[path])
        states += weights[path] * model.activations[path](found)
    return placed(states, graph)


def placed(states: Tensor, graph: TrainingGraph) -> Tensor:
    """Bring states of the items that somebody chose to vectors among those of all items.

    The mean over all that was chosen is taken away, so that the sum of several has no common part, and they are brought
    to length 1.

    Args:
        states: of the items of ``graph.purchases``. ``[n, dim]``
        graph: that was trained on.

    Returns:
        On the CPU; zeros for an item that nobody chose. ``[n_items, dim]``
    """
    vectors = torch.zeros(len(graph.items.nodes), states.shape[1])
    places = pd.Index(graph.items.nodes).get_indexer(graph.purchases.node_ids)
    often = popularity(graph.purchases).to(states)
    mean = (often * states).sum(dim=0) / often.sum()
    vectors[torch.from_numpy(places)] = F.normalize(states - mean, dim=1).cpu()
    return vectors


def convolved(sums: Tensor, degree: Tensor, own: Tensor, rows: Tensor) -> Tensor:
    """Convolve one more row for each item, as ``D^-1/2 (A + I) D^-1/2`` does with the users' rows.

    Args:
        sums: over the users that a row is joined with, of what each sends: projected features over the root of its
            degree, by the weight between the two. ``[n, dim]``
        degree: sum of these weights. ``[n, 1]``
        own: weight of the row with itself, without ``I``. ``[n, 1]``
        rows: its own projected features. ``[n, dim]``
    """
    scale = (degree + own + 1.0).rsqrt()
    return sums * scale + rows * ((own + 1.0) * scale.square())


def behind(outwards: list[Tensor]) -> list[Tensor]:
    """Lead from the items outwards and back: factors that follow one another, of hops behind the first."""
    compressed = [rows_compressed(matrix) for matrix in outwards]
    return [*compressed, *(transposed(matrix) for matrix in reversed(compressed))]


def back_to_itself(hops: list[Hop]) -> Tensor:
    """Weight of all ways from each item by hops behind the first, each normalised, and back to it: ``[n, 1]``."""
    weighed = [replace(hop, matrix=hop.normalised()) for hop in hops[1:]]
    if not weighed:
        return torch.ones(hops[0].matrix.shape[1], 1)
    ways = instances(weighed)
    return torch.from_numpy(np.asarray(ways.multiply(ways).sum(axis=1))).float().reshape(-1, 1)


def popularity(purchases: Hop) -> Tensor:
    """How many users chose each item: ``[n, 1]``."""
    return torch.sparse.sum(purchases.matrix, dim=0).to_dense().clamp(min=1.0)[:, None]


def _reached(hops: list[Hop], users: Tensor, scale: Tensor, name: AdjacencyName) -> tuple[Tensor, Tensor, Tensor]:
    """Sums, degrees and own weights of the items' rows, as `convolved` takes them."""
    sent = torch.cat([users * scale[:, None], torch.ones_like(users[:, :1])], dim=1)
    if name == "binary":
        parts = [multiplied(_weights(joined).to(sent.device), sent) for joined in _joined(hops)]
        found = torch.cat(parts)
        return found[:, :-1], found[:, -1:], torch.zeros_like(found[:, :1])
    matrices = [(hop.normalised() if name == "hops" else hop.matrix).to(sent.device) for hop in hops]
    found = multiplied(transposed(matrices[0]), sent)
    for matrix in reversed(behind(matrices[1:])):
        found = multiplied(matrix, found)
    if name == "counts":
        return found[:, :-1], found[:, -1:], torch.zeros_like(found[:, :1])
    weight = popularity(hops[0]).rsqrt().to(found)  # of the one step to the item, as `Hop.normalised` has it
    found = found * weight
    return found[:, :-1], found[:, -1:], back_to_itself(hops).to(found) * weight.square()


def _attended(attention: NodeAttention, hops: list[Hop], users: Tensor, rows: Tensor) -> Tensor:
    """Have one more row for each item attend to its users and to itself: ``[n, dim]``."""
    found, start, n_users = [], 0, len(users)
    for joined in _joined(hops):
        n = joined.shape[0]
        eyes = [sp.eye_array(size, dtype=bool, format="csr") for size in (n, n_users)]
        pairs = sp.csr_array(sp.block_array([[eyes[0], joined], [None, eyes[1]]], format="csr"))
        pairs.sort_indices()
        ends = np.repeat(np.arange(n + n_users), np.diff(pairs.indptr))
        unasked = np.zeros(0)  # places of the reverse pairs, which only a gradient needs
        parts = (pairs.indptr, ends, pairs.indices, unasked)
        around = Neighbourhoods(*(torch.from_numpy(part.astype(np.int32)).to(rows.device) for part in parts))
        found.append(attention(torch.cat([rows[start : start + n], users]), around)[:n])
        start += n
    return torch.cat(found)


def _joined(hops: list[Hop]) -> Iterator[sp.csr_array]:
    """Users whom each item's row is joined with, some items at a time: True ``[n, n_users]``."""
    ways = instances(hops)
    back, n_users = ways.T.tocsr(), ways.shape[0]
    outwards = instances(hops[1:]) if hops[1:] else sp.eye_array(ways.shape[1], format="csr")
    at_a_time = max(1, neighbours.MAX_PAIRS // n_users)
    for start in range(0, outwards.shape[0], at_a_time):
        joined = sp.csr_array(outwards[start : start + at_a_time] @ back).astype(bool)
        joined.sort_indices()
        yield joined


def _weights(joined: sp.csr_array) -> Tensor:
    rows, columns = torch.from_numpy(joined.indptr), torch.from_numpy(joined.indices)
    return compressed_rows(rows, columns, torch.ones(joined.nnz), joined.shape[1])
