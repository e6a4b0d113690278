"""HDGI's pieces against PyTorch Geometric and examples worked by hand."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch_geometric.data import HeteroData
from torch_geometric.nn import DeepGraphInfomax, GCNConv
from torch_geometric.nn.conv.han_conv import group
from torch_geometric.transforms import AddMetaPaths

from gnn.adjacency import Hop, MetaPathAdjacency, hops
from gnn.hdgi import HDGI, SemanticAttention
from gnn.meta_path import MetaPath
from gnn.settings import HDGISettings
from gnn.trainer import HDGITraining, graph_digest, learn
from gnn.training_graph import TrainingGraph, signatures
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit

USERS = np.array([10, 11, 12, 13])
RELATIONSHIPS = pd.DataFrame(
    [
        (10, 20, "INTERACTED"),
        (10, 21, "INTERACTED"),
        (11, 21, "INTERACTED"),
        (12, 22, "INTERACTED"),
        (20, 30, "BY"),
        (22, 30, "BY"),
        (21, 31, "IN_CATEGORY"),
    ],
    columns=["sourceNodeId", "targetNodeId", "relationshipType"],
)


def follow(text: str) -> list[Hop]:
    found = hops(MetaPath.parse(text), USERS, RELATIONSHIPS)
    assert found is not None
    return found


def test_hops_by_hand() -> None:
    first, second = follow("INTERACTED > BY")
    assert first.node_ids.tolist() == [20, 21, 22] and second.node_ids.tolist() == [30]
    # Degrees: user 10 has two items, item 21 has two users; D^-1/2 A D^-1/2 entry by entry.
    half, root = 0.5, 1 / math.sqrt(2)
    expected = torch.tensor([[root, half, 0], [0, root, 0], [0, 0, 1], [0, 0, 0]])
    assert torch.allclose(first.matrix.to_dense(), expected)
    assert torch.allclose(second.matrix.to_dense(), torch.tensor([[root], [0], [root]]))


def test_alternatives_join_at_one_step() -> None:
    assert follow("INTERACTED > BY|IN_CATEGORY")[1].node_ids.tolist() == [30, 31]


def test_two_relationships_between_the_same_nodes_count_twice() -> None:
    twice = pd.concat([RELATIONSHIPS, RELATIONSHIPS[4:5].assign(relationshipType="MADE_BY")])
    found = hops(MetaPath.parse("INTERACTED > BY|MADE_BY"), USERS, twice)
    assert found is not None and found[0].counts.tolist() == [1, 1, 1, 1] and found[1].counts.tolist() == [2, 1]


def test_every_setting_is_described() -> None:
    assert all(field.description for field in HDGISettings.model_fields.values())


def test_settings_are_read_without_torch() -> None:
    code = "import sys, gnn.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_path_without_instances_is_none() -> None:
    assert hops(MetaPath.parse("INTERACTED > SAME_AS"), USERS, RELATIONSHIPS) is None


@pytest.mark.parametrize("text", ["BY > INTERACTED", "INTERACTED > ", "INTERACTED > DROP (n)"])
def test_meta_path_that_cannot_be_walked_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="meta-path"):
        HDGISettings(meta_paths=[text])


@pytest.mark.parametrize("text", ["INTERACTED", "INTERACTED > BY", "INTERACTED > BY|IN_CATEGORY"])
def test_adjacency_is_the_graph_convolution_of_pyg(text: str) -> None:
    """The product of hops, never formed here, is formed for GCNConv, which adds loops and normalises itself."""
    matrices = [hop.matrix for hop in follow(text)]
    reached = torch.linalg.multi_dot([m.to_dense() for m in matrices]) if len(matrices) > 1 else matrices[0].to_dense()
    dense = reached @ reached.T
    source, target = dense.nonzero(as_tuple=True)
    x = torch.randn(4, 5)
    # GCNConv merges given loops with its own, so that they are given with the 1 of "A + I" in them.
    weights = dense[source, target] + (source == target).float()
    isolated = torch.tensor([u for u in range(4) if dense[u, u] == 0], dtype=torch.long)
    edges = torch.cat([torch.stack([source, target]), torch.stack([isolated, isolated])], dim=1)
    weights = torch.cat([weights, torch.ones(len(isolated))])
    layer = GCNConv(5, 3, add_self_loops=False)
    expected = layer(x, edges, weights)
    assert torch.allclose(MetaPathAdjacency(matrices) @ layer.lin(x) + layer.bias, expected, atol=1e-6)


def test_users_joined_by_a_meta_path_are_those_of_pyg() -> None:
    data = HeteroData()
    data["user"].num_nodes, data["item"].num_nodes, data["author"].num_nodes = 4, 3, 1
    data["user", "buys", "item"].edge_index = torch.tensor([[0, 0, 1, 2], [0, 1, 1, 2]])
    data["item", "by", "author"].edge_index = torch.tensor([[0, 2], [0, 0]])
    data["author", "of", "item"].edge_index = torch.tensor([[0, 0], [0, 2]])
    data["item", "bought", "user"].edge_index = torch.tensor([[0, 1, 1, 2], [0, 0, 1, 2]])
    path = [("user", "item"), ("item", "author"), ("author", "item"), ("item", "user")]
    joined = AddMetaPaths([path])(data)["user", "metapath_0", "user"].edge_index
    expected = torch.zeros(4, 4, dtype=torch.bool)
    expected[joined[0], joined[1]] = True
    adjacency = MetaPathAdjacency([hop.matrix for hop in follow("INTERACTED > BY")])
    mine = (adjacency @ torch.eye(4)) > 0
    assert torch.equal(mine | torch.eye(4, dtype=torch.bool), expected | torch.eye(4, dtype=torch.bool))
    assert not mine[0, 1] and mine[0, 2]


ALL_PATHS = ["INTERACTED", "INTERACTED > BY", "INTERACTED > BY|IN_CATEGORY"]


@pytest.mark.parametrize("text", ALL_PATHS)
def test_gradient_of_the_operator_is_numerically_right(text: str) -> None:
    adjacency = MetaPathAdjacency([hop.matrix.double() for hop in follow(text)])
    x = torch.randn(4, 2, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda value: adjacency @ value, x)


@pytest.mark.parametrize("text", ALL_PATHS)
def test_operator_and_its_gradient_are_those_that_autograd_finds_on_dense_matrices(text: str) -> None:
    matrices = [hop.matrix.double() for hop in follow(text)]
    reached = torch.eye(4, dtype=torch.double)
    for matrix in matrices:
        reached = reached @ matrix.to_dense()
    dense = reached @ reached.T
    scale = (dense.sum(dim=1, keepdim=True) + 1).rsqrt()
    operator = scale * (dense + torch.eye(4)) * scale.T
    x, gradient = torch.randn(4, 3, dtype=torch.double), torch.randn(4, 3, dtype=torch.double)
    mine, expected = x.clone().requires_grad_(), x.clone().requires_grad_()
    out = MetaPathAdjacency(matrices) @ mine
    assert torch.allclose(out, operator @ expected, atol=1e-12)
    out.backward(gradient)  # type: ignore[no-untyped-call]
    (operator @ expected).backward(gradient)  # type: ignore[no-untyped-call]
    assert mine.grad is not None and expected.grad is not None and mine.grad.any()
    assert torch.allclose(mine.grad, expected.grad, atol=1e-12)


def test_nothing_is_said_of_how_matrices_are_kept() -> None:
    """Torch warns once a process that its CSR is young: here it is a process of its own."""
    code = """
import torch
from gnn.adjacency import MetaPathAdjacency
matrix = torch.sparse_coo_tensor([[0, 1], [0, 0]], [1.0, 1.0], (2, 1), check_invariants=True).coalesce()
(MetaPathAdjacency([matrix]) @ torch.ones(2, 1, requires_grad=True)).sum().backward()
"""
    result = subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True)
    assert result.stderr == ""


def test_semantic_attention_is_that_of_pyg() -> None:
    attention, states = SemanticAttention(6, 6), torch.randn(3, 5, 6)
    expected, weights = group(list(states), attention.query.weight, attention.project)
    mine, my_weights = attention(states)
    assert torch.allclose(mine, expected, atol=1e-6) and torch.allclose(my_weights, weights, atol=1e-6)


def test_semantic_attention_by_hand() -> None:
    attention = SemanticAttention(1, 1)
    with torch.no_grad():
        attention.project.weight.fill_(1.0)
        attention.project.bias.fill_(0.0)
        attention.query.weight.fill_(2.0)
    mine, weights = attention(torch.tensor([[[0.0], [1.0]], [[0.0], [0.0]]]))
    first = 2 * math.tanh(1.0) / 2  # mean over the two users of q * tanh(h); the other path scores 0
    share = math.exp(first) / (math.exp(first) + 1)
    assert weights.tolist() == pytest.approx([share, 1 - share])
    assert mine.squeeze().tolist() == pytest.approx([0.0, share])


def test_loss_is_that_of_pyg_deep_graph_infomax() -> None:
    model, rows = HDGI(5, 4, 1, 4), torch.arange(6)
    reference = DeepGraphInfomax(4, torch.nn.Identity(), lambda z: torch.sigmoid(z.mean(0)), lambda x: x)
    with torch.no_grad():
        reference.weight.copy_(model.discriminator)
    positive, negative = torch.randn(6, 4), torch.randn(6, 4)
    expected = reference.loss(positive, negative, torch.sigmoid(positive.mean(0)))
    # PyG adds the means of both halves, the paper's equation 9 divides the sum by N + M.
    assert model.loss(positive, negative, rows, rows).item() == pytest.approx(expected.item() / 2, abs=1e-5)


def test_loss_by_hand() -> None:
    model = HDGI(1, 1, 1, 1)
    with torch.no_grad():
        model.discriminator.fill_(2.0)
    positive, negative = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [-1.0]])
    summary = 1 / (1 + math.exp(-2.0))
    logits = [2 * summary * value for value in (1.0, 3.0, 0.0, -1.0)]
    terms = [math.log(1 + math.exp(-z)) for z in logits[:2]] + [math.log(1 + math.exp(z)) for z in logits[2:]]
    assert model.loss(positive, negative, torch.arange(2), torch.arange(2)).item() == pytest.approx(sum(terms) / 4)


def test_isolated_user_keeps_its_own_features() -> None:
    adjacency = MetaPathAdjacency([hop.matrix for hop in follow("INTERACTED")])
    x = torch.randn(4, 2)
    assert torch.allclose((adjacency @ x)[3], x[3])


def test_corrupted_states_are_those_of_shuffled_features() -> None:
    model, order = HDGI(3, 4, 2, 4), torch.tensor([2, 0, 3, 1])
    paths = [MetaPathAdjacency([hop.matrix for hop in follow(text)]) for text in ("INTERACTED", "INTERACTED > BY")]
    x = torch.randn(4, 3)
    negative, _ = model.encode([rows[order] for rows in model.project(x)], paths)
    assert torch.allclose(negative, model(x[order], paths)[0], atol=1e-6)


def two_tastes(n_users: int = 200) -> TrainingGraph:
    """Users of two tastes who buy from two shelves; features tell the taste, under noise."""
    generator = np.random.default_rng(2)
    taste = np.arange(n_users) % 2
    chosen = [(user, 1_000 + 20 * taste[user] + item) for user in range(n_users) for item in generator.choice(20, 5)]
    frame = pd.DataFrame(chosen, columns=["sourceNodeId", "targetNodeId"]).drop_duplicates()
    frame["relationshipType"] = "INTERACTED"
    path = MetaPath.parse("INTERACTED")
    found = hops(path, np.arange(n_users), frame)
    assert found is not None
    features = torch.from_numpy(generator.normal(size=(n_users, 16)) + 2.0 * (2 * taste - 1)[:, None]).float()
    user_ids = [f"u{user}" for user in range(n_users)]
    return TrainingGraph(Fit.VALIDATION, user_ids, features, "texts", {path: found}, [], found[0])


def test_corruption_keeps_taught_and_held_out_users_apart() -> None:
    """Else a held-out user's features would be seen as negatives only, and known by that."""
    training = HDGITraining(two_tastes(), HDGISettings())
    for _ in range(3):
        drawn = training.corruption()
        for users in (training.taught, training.held_out):
            assert drawn[users].sort().values.equal(users.sort().values) and not drawn[users].equal(users)
    assert set(training.taught.tolist()).isdisjoint(training.held_out.tolist())


def test_what_validation_leaves_to_the_next_epoch_changes_nothing() -> None:
    """Neither the weights, against a training that never validates, nor a score, against one computed anew."""
    with_scores, without = (HDGITraining(two_tastes(), HDGISettings(dim=8)) for _ in range(2))
    for epoch in range(3):
        for training in (with_scores, without):
            torch.manual_seed(epoch)
            training.train_epoch(epoch)
        with torch.no_grad():
            score = with_scores.validate()
            assert with_scores.validate() == score
            with_scores._true_graph = None
            assert with_scores.validate() == score
    weights = without.model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in with_scores.model.state_dict().items())


def test_learns_to_tell_true_users_from_corrupted_ones(tmp_path: Path) -> None:
    """The loss of users that it was not taught falls far below that of guessing, ln 2 = 0.693."""
    settings = HDGISettings(epochs=120, dim=16, learning_rate=1e-2)
    learned = learn(two_tastes(), settings, tmp_path)
    assert -learned.history.best_score < 0.5
    same = learned.vectors @ learned.vectors.T  # cosine
    taste = torch.arange(200) % 2
    assert same[taste == 0][:, taste == 0].mean() > same[taste == 0][:, taste == 1].mean() + 0.5


def test_fit_that_is_not_validated_learns_from_everybody_for_just_the_epochs_given(tmp_path: Path) -> None:
    graph, settings = replace(two_tastes(), fit=Fit.FINAL), HDGISettings(epochs=9, patience=1, dim=8)
    learned = learn(graph, settings, tmp_path, epochs=12)  # neither the settings' epochs nor their patience count
    assert len(learned.history.losses) == 12 and learned.history.best_epoch == 11 and learned.history.scores == []
    assert learned.fit is Fit.FINAL and (tmp_path / "final" / "personas.pt").exists()
    training = HDGITraining(graph, settings, held_out=0.0)
    assert len(training.held_out) == 0 and sorted(training.taught.tolist()) == list(range(200))
    assert sorted(training.corruption().tolist()) == list(range(200))
    with pytest.raises(KgrecError, match="--fresh"):
        learn(graph, settings, tmp_path, epochs=11)


def test_one_user_is_too_few(tmp_path: Path) -> None:
    graph = two_tastes()
    with pytest.raises(KgrecError, match="two at least"):
        learn(replace(graph, user_ids=graph.user_ids[:1]), HDGISettings(), tmp_path)


def test_every_path_and_seed_has_random_numbers_of_its_own() -> None:
    """Were they drawn from seed + number, path 1 of seed 1 would have those of path 0 of seed 2."""
    drawn = [part for seed in (1, 2, 3) for part in signatures([follow("INTERACTED")] * 3, 16, seed)]
    assert all(not one.equal(other) for number, one in enumerate(drawn) for other in drawn[:number])
    again = signatures([follow("INTERACTED")] * 3, 16, 2)
    assert all(one.equal(other) for one, other in zip(again, drawn[3:6], strict=True))


def test_fingerprint_is_of_what_made_the_features_not_of_their_last_bits() -> None:
    graph, settings = two_tastes(), HDGISettings()
    before = graph_digest(graph, settings)
    noisy = graph.features * (1 + torch.finfo(torch.float32).eps)
    assert not noisy.equal(graph.features)
    assert graph_digest(replace(graph, features=noisy), settings) == before
    assert graph_digest(replace(graph, texts="of other texts"), settings) != before
    assert graph_digest(graph, HDGISettings(seed=8)) != before
    assert graph_digest(replace(graph, user_ids=graph.user_ids[::-1]), settings) != before
    made_for = [graph_digest(replace(graph, fit=fit), settings, epochs) for fit in Fit for epochs in (None, 4, 5)]
    assert len(set(made_for)) == 9 and made_for[0] == before


def test_fingerprint_knows_every_relationship() -> None:
    """Also one that only repeats another, by a second type, and so adds to a weight and not to the entries."""
    graph, settings = two_tastes(), HDGISettings()
    path = MetaPath.parse("INTERACTED > BY|MADE_BY")
    more = pd.DataFrame([(21, 30, "BY")], columns=RELATIONSHIPS.columns)
    twice = pd.DataFrame([(20, 30, "MADE_BY")], columns=RELATIONSHIPS.columns)
    digests = set()
    for added in (None, more, twice):
        found = hops(path, USERS, pd.concat([RELATIONSHIPS, added]))
        assert found is not None
        digests.add(graph_digest(replace(graph, paths={path: found}), settings))
    renamed = MetaPath.parse("INTERACTED > BY")
    digests.add(graph_digest(replace(graph, paths={renamed: follow("INTERACTED > BY")}), settings))
    assert len(digests) == 4
