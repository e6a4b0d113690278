"""Items as one more row of the graph, against such a row that is walked, and convolved by PyTorch Geometric."""

import math
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import GATConv, GCNConv

import gnn.neighbours
from gnn.features import of_users
from gnn.hops import hops
from gnn.infomax import HDGITraining
from gnn.meta_path import MetaPath
from gnn.node_attention import NodeAttention
from gnn.sampled_infomax import SampledHDGITraining
from gnn.settings import AdjacencyName, HDGISettings
from gnn.shared_space import users as of_items
from gnn.trainer import learn
from gnn.training_graph import TrainingGraph
from tests.unit.tastes import SHELF, bare_items, two_tastes
from tests.unit.test_sampled_infomax import Cut
from tests.unit.walks import COLUMNS, by_type, counted, of_chance, weighed

PATHS = ["INTERACTED", "INTERACTED > BY|MADE_BY"]
ROW = 99  # a user more, in front of none
SETTINGS = HDGISettings(objective="infomax", dim=8, semantic_dim=4, heads=2)


def graph_of(users: np.ndarray, relationships: pd.DataFrame) -> TrainingGraph:
    """Two meta-paths, features that are made of the items', and an item in front that nobody chose."""
    found = {MetaPath.parse(text): hops(MetaPath.parse(text), users, by_type(relationships)) for text in PATHS}
    paths = {path: walked for path, walked in found.items() if walked is not None}
    first = next(iter(paths.values()))[0]
    generator = torch.Generator().manual_seed(5)
    tables = [torch.randn(len(first.node_ids), width, generator=generator) for width in (5, 3)]
    features = of_users(first.normalised(), tables)
    items = bare_items(np.array([50, *first.node_ids]))
    some = two_tastes(len(users))
    return replace(some, features=features, paths=paths, purchases=first, items=items, tables=tables)


def trained(graph: TrainingGraph, changed: dict[str, object]) -> HDGITraining:
    """Weights that are not those of the beginning, biases and slopes among them."""
    training = HDGITraining(graph, SETTINGS.model_copy(update=changed), 0.1)
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in filter(lambda one: one.requires_grad, training.model.parameters()):
            parameter.add_(0.3 * torch.randn_like(parameter))
    return training


def ways_to_users(
    users: np.ndarray, relationships: pd.DataFrame, path: str, name: AdjacencyName
) -> dict[int, dict[int, float]]:
    """Weight of each chosen item's row with each user, and under -1 with itself; walked, without a matrix of gnn's."""
    chosen = relationships[relationships["relationshipType"] == "INTERACTED"]
    had: dict[int, set[int]] = {user: set() for user in users.tolist()}
    for user, item, _ in chosen.itertuples(index=False):
        had[user].add(item)
    items = sorted(set(chosen["targetNodeId"]))
    if name != "hops":
        found: dict[int, dict[int, float]] = {}
        for item in items:
            more = pd.DataFrame([(ROW, item, "INTERACTED")], columns=COLUMNS)
            counts = counted(np.array([*users, ROW]), pd.concat([relationships, more], ignore_index=True), path)
            reached = {other: count for (user, other), count in counts.items() if user == ROW and other != ROW}
            found[item] = (reached if name == "counts" else dict.fromkeys(reached, 1.0)) | {-1: 0.0}
        return found
    rest = path.partition(" > ")[2]
    between = weighed(np.array(items), relationships, rest) if rest else {(item, item): 1.0 for item in items}
    popularity = {item: sum(item in mine for mine in had.values()) for item in items}

    def step(item: int, mine: int) -> float:
        return 1.0 / math.sqrt(mine * popularity[item])

    return {
        item: {
            user: step(item, 1) * sum(between.get((item, one), 0.0) * step(one, len(mine)) for one in mine)
            for user, mine in had.items()
        }
        | {-1: step(item, 1) ** 2 * between.get((item, item), 0.0)}
        for item in items
    }


def degrees_of_users(users: np.ndarray, relationships: pd.DataFrame, path: str, name: AdjacencyName) -> list[float]:
    """Of ``A + I`` in the graph without any more rows."""
    pairs = (weighed if name == "hops" else counted)(users, relationships, path)
    kept = {pair: weight for pair, weight in pairs.items() if name == "hops" or pair[0] != pair[1]}
    return [
        1.0 + sum((weight > 0 if name == "binary" else weight) for pair, weight in kept.items() if pair[0] == user)
        for user in users.tolist()
    ]


def convolved(layer: GCNConv, x: Tensor, row: Tensor, reached: dict[int, float], degrees: list[float]) -> Tensor:
    """PyG's sum over the row's neighbours and itself, weighed by the roots of both degrees."""
    mine = 1.0 + sum(reached.values())
    users = [user for user in reached if user >= 0]
    weights = [reached[user] / math.sqrt(mine * degrees[user]) for user in users] + [(1.0 + reached[-1]) / mine]
    edges = torch.tensor([[*users, len(x)], [len(x)] * (len(users) + 1)])
    found: Tensor = layer(torch.cat([x, row]), edges, torch.tensor(weights))[-1]
    return found


def attended(layer: GATConv, x: Tensor, row: Tensor, reached: dict[int, float]) -> Tensor:
    """PyG's attention to the row's neighbours; it adds the row itself."""
    users = [user for user in reached if user >= 0]
    edges = torch.tensor([users, [len(x)] * len(users)], dtype=torch.long)
    found: Tensor = layer(torch.cat([x, row]), edges)[-1]
    return found


def as_kept(states: dict[int, Tensor], relationships: pd.DataFrame) -> Tensor:
    """Centre over all that was chosen, to length 1; in front, zeros for the item that nobody chose."""
    chosen = [item for _, item, kind in relationships.itertuples(index=False) if kind == "INTERACTED"]
    mean = torch.stack([states[item] for item in chosen]).mean(dim=0)
    return torch.stack([torch.zeros_like(mean), *(F.normalize(state - mean, dim=0) for state in states.values())])


@pytest.mark.parametrize("name", get_args(AdjacencyName))
def test_an_item_is_a_user_more_who_chose_it_alone(name: AdjacencyName, monkeypatch: pytest.MonkeyPatch) -> None:
    users, relationships = of_chance()
    monkeypatch.setattr(gnn.neighbours, "MAX_PAIRS", 500)  # binary: some items at a time
    graph = graph_of(users, relationships)
    training = trained(graph, {"adjacency": name})
    model = training.model
    _, shares = model(graph.features, training.contrast.related)
    parts = [F.normalize(table, dim=1) for table in graph.tables]
    states: dict[int, Tensor] = {}
    for number, text in enumerate(PATHS):
        layer = GCNConv(8, 8, normalize=False)
        layer.lin.weight, layer.bias = model.weights[number].weight, model.biases[number]
        degrees = degrees_of_users(users, relationships, text, name)
        for place, (item, reached) in enumerate(ways_to_users(users, relationships, text, name).items()):
            row = torch.cat([part[place] for part in parts])[None]
            state = model.activations[number](convolved(layer, graph.features, row, reached, degrees))
            states[item] = states.get(item, torch.zeros(8)) + shares[number] * state
    expected = as_kept(states, relationships).detach()
    vectors, items = training.vectors()
    assert len(states) == len(items) - 1 == 12 and torch.allclose(items, expected, atol=1e-5)
    assert vectors.shape == (14, 8) and not items[0].any()


def test_an_item_attends_to_the_users_that_a_user_of_it_alone_would() -> None:
    users, relationships = of_chance()
    graph = graph_of(users, relationships)
    training = trained(graph, {"convolution": "attention"})
    model = training.model
    _, shares = model(graph.features, training.contrast.related)
    parts = [F.normalize(table, dim=1) for table in graph.tables]
    states: dict[int, Tensor] = {}
    for number, text in enumerate(PATHS):
        layer, attention = GATConv(8, 4, heads=2, bias=False), model.node_attention[number]
        assert isinstance(attention, NodeAttention)
        layer.lin.weight = model.weights[number].weight
        layer.att_dst.data, layer.att_src.data = attention.to_user.data[None], attention.to_other.data[None]
        for place, (item, reached) in enumerate(ways_to_users(users, relationships, text, "binary").items()):
            row = torch.cat([part[place] for part in parts])[None]
            state = F.leaky_relu(attended(layer, graph.features, row, reached), 0.01)
            states[item] = states.get(item, torch.zeros(8)) + shares[number] * state
    expected = as_kept(states, relationships).detach()
    with pytest.MonkeyPatch.context() as patch:
        whole = training.vectors()[1]
        patch.setattr(gnn.neighbours, "MAX_PAIRS", 30)  # two items at a time
        parts_of_it = training.vectors()[1]
    assert torch.allclose(whole, expected, atol=1e-5) and torch.allclose(parts_of_it, whole, atol=1e-6)


@pytest.mark.parametrize("n_blocks", [1, 3])
def test_by_blocks_of_users_the_items_are_the_same(n_blocks: int) -> None:
    graph = graph_of(*of_chance(60))
    whole = trained(graph, {})
    sampled = SampledHDGITraining(graph, SETTINGS, 0.1, Cut(graph, n_blocks))
    sampled.model.load_state_dict(whole.model.state_dict())
    found, expected = sampled.vectors()[1], whole.vectors()[1]
    assert expected.any() and torch.allclose(found, expected, atol=1e-5)


def test_sums_of_items_tell_the_tastes_apart(tmp_path: Path) -> None:
    """So that a session is near to users of its taste, and nearer to the items of it."""
    generator = torch.Generator().manual_seed(3)
    graph = two_tastes()
    shelf = torch.from_numpy(graph.purchases.node_ids >= 1_000 + SHELF)
    table = torch.randn(len(shelf), 6, generator=generator) + 2.0 * shelf[:, None]
    graph = replace(graph, tables=[table], features=of_users(graph.purchases.normalised(), [table]))
    settings = HDGISettings(objective="infomax", epochs=60, patience=20, dim=16, learning_rate=1e-2)
    learned = learn(graph, settings, tmp_path)
    assert learned.item_ids == graph.items.item_ids and not learned.summed
    mine, taste = of_items(graph.chosen, learned.items), torch.arange(200) % 2
    same = mine @ learned.vectors.T
    assert same[taste == 0][:, taste == 0].mean() > same[taste == 0][:, taste == 1].mean() + 0.5
    dots = learned.vectors @ learned.items.T
    assert dots[taste == 1][:, shelf].mean() > dots[taste == 1][:, ~shelf].mean() + 0.5


def test_features_that_are_not_made_of_the_items_give_these_no_vectors() -> None:
    vectors, items = HDGITraining(two_tastes(), SETTINGS, 0.1).vectors()
    assert vectors.shape == (200, 8) and items.shape == (0, 8)
