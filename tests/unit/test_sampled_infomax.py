"""HDGI by blocks of users, against the whole graph; and the blocks read ahead."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gnn.features import of_users
from gnn.hops import hops
from gnn.infomax import HDGITraining
from gnn.linear_probe import LinearProbe
from gnn.meta_path import MetaPath
from gnn.sampled_infomax import SampledHDGITraining, blocks_needed, step_bytes
from gnn.settings import HDGISettings
from gnn.trainer import HELD_OUT, learn
from gnn.training_graph import TrainingGraph
from gnn.user_blocks import UserBlock, ahead
from tests.unit.tastes import two_tastes
from tests.unit.walks import by_type, of_chance

SETTINGS = HDGISettings(objective="infomax", dim=16, semantic_dim=4, epochs=120, patience=20, learning_rate=1e-2)


class Cut:
    """The users of a graph, dealt to blocks at random."""

    def __init__(self, graph: TrainingGraph, n_blocks: int):
        self.chosen, self.n_users, self.n_blocks = graph.chosen, len(graph.user_ids), n_blocks
        items = np.searchsorted(graph.items.nodes, graph.purchases.node_ids)
        self.chosen = self.chosen[:, items]
        self.order = np.random.default_rng(0).permutation(self.n_users) if n_blocks > 1 else np.arange(self.n_users)

    def read(self, number: int) -> UserBlock:
        users = np.array_split(self.order, self.n_blocks)[number]
        return UserBlock(users, self.chosen[users])


def graph_of_tables() -> TrainingGraph:
    """Features that are made of the items', two meta-paths, a user without interactions."""
    graph = two_tastes()
    items = torch.randn(len(graph.purchases.node_ids), 6, generator=torch.Generator().manual_seed(3))
    items[torch.from_numpy(graph.purchases.node_ids >= 1_020)] += 2.0
    tables = [items, items.square()[:, :3]]
    return replace(graph, tables=tables, features=of_users(graph.purchases.normalised(), tables))


def of_two_paths() -> TrainingGraph:
    users, relationships = of_chance(60)
    paths = {}
    for text in ("INTERACTED", "INTERACTED > BY|MADE_BY"):
        found = hops(MetaPath.parse(text), users, by_type(relationships))
        assert found is not None
        paths[MetaPath.parse(text)] = found
    first = next(iter(paths.values()))[0]
    tables = [torch.randn(len(first.node_ids), width) for width in (5, 3)]
    graph = two_tastes(60)
    items = replace(graph.items, nodes=first.node_ids)
    features = of_users(first.normalised(), tables)
    return replace(graph, paths=paths, purchases=first, tables=tables, features=features, items=items)


def test_one_block_of_all_users_is_the_whole_graph() -> None:
    graph = of_two_paths()
    assert not graph.features.any(dim=1).all()  # a user without interactions is there as well
    whole = HDGITraining(graph, SETTINGS, HELD_OUT)
    sampled = SampledHDGITraining(graph, SETTINGS, HELD_OUT, Cut(graph, 1))
    for epoch in range(5):
        losses = []
        for training in (whole, sampled):
            torch.manual_seed(epoch)
            losses.append((training.train_epoch(epoch), training.validate()))
        assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert torch.allclose(whole.vectors()[0], sampled.vectors()[0], atol=1e-4)
    assert sampled.shares() == pytest.approx(whole.shares(), abs=1e-5)


@pytest.mark.parametrize("n_blocks", [1, 2, 7])
def test_users_are_encoded_by_the_whole_graph_whatever_the_blocks(n_blocks: int) -> None:
    graph = of_two_paths()
    whole = HDGITraining(graph, SETTINGS, HELD_OUT)
    sampled = SampledHDGITraining(graph, SETTINGS, HELD_OUT, Cut(graph, n_blocks))
    with torch.no_grad():
        for parameter in whole.model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    sampled.model.load_state_dict(whole.model.state_dict())
    assert torch.allclose(sampled.vectors()[0], whole.vectors()[0], atol=1e-5)
    assert sampled.shares() == pytest.approx(whole.shares(), abs=1e-6)


@pytest.mark.parametrize("n_blocks", [1, 2])
def test_blocks_tell_the_tastes_apart_as_well_as_the_whole_graph(n_blocks: int, tmp_path: Path) -> None:
    graph = graph_of_tables()
    taste = np.arange(200) % 2
    parts = np.random.default_rng(0).integers(3, size=200)
    probe = LinearProbe(np.arange(200), taste, parts)
    learned = learn(graph, SETTINGS, tmp_path / "sampled", blocks=Cut(graph, n_blocks))
    whole = learn(graph, SETTINGS, tmp_path / "whole")
    assert probe.most_frequent < 0.7 < probe.accuracy(whole.vectors) - 0.2
    assert probe.accuracy(learned.vectors) == pytest.approx(probe.accuracy(whole.vectors), abs=0.03)
    assert (learned.run_id == whole.run_id) == (n_blocks == 1)


def test_seeded_runs_repeat_exactly_and_go_on_exactly(tmp_path: Path) -> None:
    graph, settings = graph_of_tables(), SETTINGS.model_copy(update={"epochs": 6, "patience": 6})
    first = learn(graph, settings, tmp_path / "one", blocks=Cut(graph, 3))
    assert learn(graph, settings, tmp_path / "two", blocks=Cut(graph, 3)).vectors.equal(first.vectors)


def test_what_validation_leaves_behind_changes_nothing() -> None:
    graph = graph_of_tables()
    with_scores, without = (SampledHDGITraining(graph, SETTINGS, HELD_OUT, Cut(graph, 3)) for _ in range(2))
    for epoch in range(4):
        for training in (with_scores, without):
            torch.manual_seed(epoch)
            training.train_epoch(epoch)
        with_scores.validate()
    weights = without.model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in with_scores.model.state_dict().items())


def test_blocks_are_as_large_as_is_asked_or_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert blocks_needed(1_000, 640, 4, HDGISettings(objective="infomax")) == 1
    assert blocks_needed(1_000, 640, 4, HDGISettings(objective="infomax", users_at_once=300)) == 4
    needed = step_bytes(10**6, 640, 4, SETTINGS)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"total": needed // 3})())
    assert blocks_needed(10**6, 640, 4, SETTINGS) == 6  # each half of a third
    assert blocks_needed(10**6, 640, 4, SETTINGS.model_copy(update={"adjacency": "counts"})) == 1
    with pytest.raises(ValueError, match="users_at_once needs"):
        HDGISettings(users_at_once=300)


def test_the_next_block_is_made_while_one_is_worked_on() -> None:
    made: list[int] = []

    def make(number: int) -> int:
        made.append(number)
        return number

    found = ahead(make, range(5))
    assert next(found) == 0
    for _ in range(100):
        if len(made) >= 3:
            break
        time.sleep(0.05)
    time.sleep(0.2)
    assert made == [0, 1, 2]  # one waits to be taken and one to be put there
    assert list(found) == [1, 2, 3, 4]


def test_the_thread_ends_with_who_takes_and_says_what_went_wrong() -> None:
    before = threading.active_count()
    found = ahead(lambda number: 1 // (2 - number), range(5))
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(found)
    left = ahead(lambda number: number, range(5))
    next(left)
    left.close()
    assert threading.active_count() == before
