"""Meta-paths and their operators against PyTorch Geometric, on graphs that are walked without a matrix."""

import math
import subprocess
import sys
from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor
from torch_geometric.data import HeteroData
from torch_geometric.nn import GCNConv
from torch_geometric.transforms import AddMetaPaths

import gnn.neighbours
from gnn.adjacency import adjacency
from gnn.hops import Hop, hops, instances, profile
from gnn.meta_path import MetaPath
from gnn.settings import AdjacencyName
from kgrec.errors import KgrecError
from tests.unit.walks import RELATIONSHIPS, USERS, Weights, by_type, counted, of_chance, weighed

CPU = torch.device("cpu")
NAMES: tuple[AdjacencyName, ...] = get_args(AdjacencyName)
PATHS = ["INTERACTED", "INTERACTED > BY", "INTERACTED > BY|MADE_BY"]


def follow(text: str, users: np.ndarray = USERS, relationships: pd.DataFrame = RELATIONSHIPS) -> list[Hop]:
    found = hops(MetaPath.parse(text), users, by_type(relationships))
    assert found is not None
    return found


def doubled(found: list[Hop]) -> list[Hop]:
    return [replace(hop, matrix=hop.matrix.double()) for hop in found]


def convolved(layer: GCNConv, x: Tensor, weights: Weights) -> Tensor:
    """PyG's graph convolution over weighted pairs; it adds a loop of weight 1 where there is none."""
    edges = torch.tensor(list(weights), dtype=torch.long).T.reshape(2, -1)
    result: Tensor = layer(x, edges, torch.tensor(list(weights.values()), dtype=x.dtype))
    return result


def test_hops_by_hand() -> None:
    first, second = follow("INTERACTED > BY")
    assert first.node_ids.tolist() == [20, 21, 22] and second.node_ids.tolist() == [30]
    assert first.matrix.to_dense().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert second.matrix.to_dense().tolist() == [[1], [0], [1]]
    # Degrees: user 10 has two items, item 21 has two users; D^-1/2 A D^-1/2 entry by entry.
    half, root = 0.5, 1 / math.sqrt(2)
    expected = torch.tensor([[root, half, 0], [0, root, 0], [0, 0, 1], [0, 0, 0]])
    assert torch.allclose(first.normalised().to_dense(), expected)
    assert torch.allclose(second.normalised().to_dense(), torch.tensor([[root], [0], [root]]))
    assert torch.allclose(profile([first], torch.eye(3)), expected)


def test_alternatives_join_at_one_step() -> None:
    assert follow("INTERACTED > BY|IN_CATEGORY")[1].node_ids.tolist() == [30, 31]


def test_two_relationships_between_the_same_nodes_count_twice() -> None:
    twice = pd.concat([RELATIONSHIPS, RELATIONSHIPS[4:5].assign(relationshipType="MADE_BY")])
    first, second = follow("INTERACTED > BY|MADE_BY", relationships=twice)
    assert first.counts.tolist() == [1, 1, 1, 1] and second.counts.tolist() == [2, 1]
    assert instances([first, second]).toarray().tolist() == [[2], [0], [1], [0]]


def test_path_without_instances_is_none() -> None:
    assert hops(MetaPath.parse("INTERACTED > SAME_AS"), USERS, by_type(RELATIONSHIPS)) is None


@pytest.mark.parametrize("name", ["counts", "binary"])
@pytest.mark.parametrize("text", PATHS)
def test_operator_is_the_graph_convolution_of_pyg_on_the_raw_meta_path(text: str, name: AdjacencyName) -> None:
    """Each instance is walked; ``I`` is all that a user's own row gets, and the sum is normalised once."""
    users, relationships = of_chance()
    pairs = {pair: count for pair, count in counted(users, relationships, text).items() if pair[0] != pair[1]}
    assert max(pairs.values()) > 1 and (13, 13) not in pairs
    weights = pairs if name == "counts" else dict.fromkeys(pairs, 1.0)
    layer, x = GCNConv(5, 3).double(), torch.randn(len(users), 5, dtype=torch.double)
    mine = adjacency(text, doubled(follow(text, users, relationships)), name, CPU) @ layer.lin(x) + layer.bias
    assert torch.allclose(mine, convolved(layer, x, weights), atol=1e-12)


@pytest.mark.parametrize("text", PATHS)
def test_operator_of_hops_weighs_each_step_by_its_degrees(text: str) -> None:
    """Each instance has the product of its steps' weights, and a user's own instances stay beside ``I``."""
    users, relationships = of_chance()
    weights = {
        (user, other): weight + (user == other)
        for (user, other), weight in weighed(users, relationships, text).items()
        if weight or user == other
    }
    layer, x = GCNConv(5, 3).double(), torch.randn(len(users), 5, dtype=torch.double)
    mine = adjacency(text, doubled(follow(text, users, relationships)), "hops", CPU) @ layer.lin(x) + layer.bias
    assert torch.allclose(mine, convolved(layer, x, weights), atol=1e-12)


def test_counts_are_those_of_pyg_meta_paths() -> None:
    data = HeteroData()
    data["user"].num_nodes, data["item"].num_nodes, data["author"].num_nodes = 4, 3, 1
    data["user", "buys", "item"].edge_index = torch.tensor([[0, 0, 1, 2], [0, 1, 1, 2]])
    data["item", "by", "author"].edge_index = torch.tensor([[0, 2], [0, 0]])
    data["author", "of", "item"].edge_index = torch.tensor([[0, 0], [0, 2]])
    data["item", "bought", "user"].edge_index = torch.tensor([[0, 1, 1, 2], [0, 0, 1, 2]])
    path = [("user", "item"), ("item", "author"), ("author", "item"), ("item", "user")]
    joined = AddMetaPaths([path], weighted=True)(data)["user", "metapath_0", "user"]
    others = joined.edge_index[0] != joined.edge_index[1]
    layer, x = GCNConv(2, 3), torch.randn(4, 2)
    expected = layer(x, joined.edge_index[:, others], joined.edge_weight[others])
    mine = adjacency("", follow("INTERACTED > BY"), "counts", CPU) @ layer.lin(x) + layer.bias
    assert torch.allclose(mine, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "own"), [("counts", 1 / 2), ("binary", 1 / 2), ("hops", 1.75 / (1.75 + 1 / math.sqrt(8)))]
)
def test_share_of_a_user_in_its_own_row_by_hand(name: AdjacencyName, own: float) -> None:
    """User 10 shares item 21 with user 11; by hops, 1/2 + 1/4 goes to its items and back, and 1/sqrt(8) across."""
    operator = adjacency("", follow("INTERACTED"), name, CPU) @ torch.eye(4)
    assert operator[0, 0].item() == pytest.approx(own)


@pytest.mark.parametrize("name", NAMES)
def test_isolated_user_keeps_its_own_features(name: AdjacencyName) -> None:
    x = torch.randn(4, 2)
    assert torch.allclose((adjacency("", follow("INTERACTED"), name, CPU) @ x)[3], x[3])


@pytest.mark.parametrize("name", ["counts", "binary"])
def test_user_with_ways_to_itself_alone_keeps_its_own_features(name: AdjacencyName) -> None:
    """Its many ways to itself are no neighbours, and leave no rounding behind."""
    many = pd.DataFrame([(10, item, "INTERACTED") for item in range(500)], columns=RELATIONSHIPS.columns)
    shelf = pd.DataFrame([(item, 900, "BY") for item in range(500)], columns=RELATIONSHIPS.columns)
    found = follow("INTERACTED > BY", USERS[:1], pd.concat([many, shelf]))
    x = torch.randn(1, 2)
    assert torch.allclose(adjacency("", found, name, CPU) @ x, x)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", PATHS)
def test_gradient_of_the_operator_is_numerically_right(text: str, name: AdjacencyName) -> None:
    users, relationships = of_chance()
    operator = adjacency(text, doubled(follow(text, users, relationships)), name, CPU)
    x = torch.randn(len(users), 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda value: operator @ value, x)


def test_pairs_are_the_same_however_many_users_are_looked_at_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    users, relationships = of_chance()
    found = follow("INTERACTED > BY", users, relationships)
    whole = gnn.neighbours.neighbours("", found)
    pairs = {pair for pair in counted(users, relationships, "INTERACTED > BY") if pair[0] != pair[1]}
    assert {(int(user), int(other)) for user, other in zip(*whole.nonzero(), strict=True)} == pairs
    monkeypatch.setattr(gnn.neighbours, "MAX_PAIRS", whole.nnz)
    few = gnn.neighbours.neighbours("", found)
    assert np.array_equal(few.toarray(), whole.toarray()) and len(users) > whole.nnz // len(users)


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    users, relationships = of_chance()
    found = follow("INTERACTED > BY", users, relationships)
    monkeypatch.setattr(gnn.neighbours, "MAX_PAIRS", gnn.neighbours.neighbours("", found).nnz - 1)
    with pytest.raises(KgrecError, match="INTERACTED > BY joins more than"):
        adjacency("INTERACTED > BY", found, "binary", CPU)


def test_nothing_is_said_of_how_matrices_are_kept() -> None:
    """Torch warns once a process that its CSR is young: here it is a process of its own."""
    code = """
import numpy, torch
from gnn.adjacency import adjacency
from gnn.hops import Hop
matrix = torch.sparse_coo_tensor([[0, 1], [0, 0]], [1.0, 1.0], (2, 1), check_invariants=True).coalesce()
for name in ("hops", "counts", "binary"):
    operator = adjacency("", [Hop(matrix, numpy.array([5]))], name, torch.device("cpu"))
    (operator @ torch.ones(2, 1, requires_grad=True)).sum().backward()
"""
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True)
    assert result.stderr == ""
