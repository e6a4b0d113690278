"""HDGI's pieces against PyTorch Geometric and examples worked by hand."""

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from torch_geometric.nn.conv.han_conv import group

from gnn.adjacency import adjacency
from gnn.features import signatures
from gnn.hdgi import HDGI, SemanticAttention
from gnn.hops import Hop, hops
from gnn.infomax import HDGITraining
from gnn.meta_path import MetaPath
from gnn.settings import HDGISettings, ObjectiveName
from gnn.trainer import HELD_OUT, graph_digest, learn
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit
from tests.unit.tastes import two_tastes
from tests.unit.walks import RELATIONSHIPS, USERS, by_type

CPU = torch.device("cpu")


def follow(text: str) -> list[Hop]:
    found = hops(MetaPath.parse(text), USERS, by_type(RELATIONSHIPS))
    assert found is not None
    return found


def test_every_setting_is_described() -> None:
    assert all(field.description for field in HDGISettings.model_fields.values())


def test_settings_are_read_without_torch() -> None:
    code = "import sys, gnn.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("text", ["BY > INTERACTED", "INTERACTED > ", "INTERACTED > DROP (n)"])
def test_meta_path_that_cannot_be_walked_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="meta-path"):
        HDGISettings(meta_paths=[text])


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


def test_corrupted_states_are_those_of_shuffled_features() -> None:
    model, order = HDGI(3, 4, 2, 4), torch.tensor([2, 0, 3, 1])
    paths = [adjacency(text, follow(text), "hops", CPU) for text in ("INTERACTED", "INTERACTED > BY")]
    x = torch.randn(4, 3)
    negative, _ = model.encode([rows[order] for rows in model.project(x)], paths)
    assert torch.allclose(negative, model(x[order], paths)[0], atol=1e-6)


def test_corruption_keeps_taught_and_held_out_users_apart() -> None:
    """Else a held-out user's features would be seen as negatives only, and known by that."""
    training = HDGITraining(two_tastes(), HDGISettings(), HELD_OUT)
    for _ in range(3):
        drawn = training.contrast.corruption()
        for users in (training.contrast.taught, training.contrast.held_out):
            assert drawn[users].sort().values.equal(users.sort().values) and not drawn[users].equal(users)
    assert set(training.contrast.taught.tolist()).isdisjoint(training.contrast.held_out.tolist())


def test_what_validation_leaves_to_the_next_epoch_changes_nothing() -> None:
    """Neither the weights, against a training that never validates, nor a score, against one computed anew."""
    with_scores, without = (HDGITraining(two_tastes(), HDGISettings(dim=8), HELD_OUT) for _ in range(2))
    for epoch in range(3):
        for training in (with_scores, without):
            torch.manual_seed(epoch)
            training.train_epoch(epoch)
        with torch.no_grad():
            score = with_scores.validate()
            assert with_scores.validate() == score
            with_scores.contrast.forget()
            assert with_scores.validate() == score
    weights = without.model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in with_scores.model.state_dict().items())


def test_learns_to_tell_true_users_from_corrupted_ones(tmp_path: Path) -> None:
    """The loss of users that it was not taught falls far below that of guessing, ln 2 = 0.693."""
    settings = HDGISettings(objective="infomax", epochs=120, patience=20, dim=16, learning_rate=1e-2)
    learned = learn(two_tastes(), settings, tmp_path)
    assert learned.item_ids == [] and learned.items.shape == (0, 16)
    assert list(learned.path_weights) == ["INTERACTED"]
    assert -learned.history.best_score < 0.5
    same = learned.vectors @ learned.vectors.T  # cosine
    taste = torch.arange(200) % 2
    assert same[taste == 0][:, taste == 0].mean() > same[taste == 0][:, taste == 1].mean() + 0.5


def test_fit_that_is_not_validated_learns_from_everybody_for_just_the_epochs_given(tmp_path: Path) -> None:
    graph = replace(two_tastes(), fit=Fit.FINAL)
    settings = HDGISettings(objective="infomax", epochs=9, patience=1, dim=8)
    learned = learn(graph, settings, tmp_path, epochs=12)  # neither the settings' epochs nor their patience count
    assert len(learned.history.losses) == 12 and learned.history.best_epoch == 11 and learned.history.scores == []
    assert learned.fit is Fit.FINAL and (tmp_path / "final" / "personas.pt").exists()
    training = HDGITraining(graph, settings, held_out=0.0)
    assert len(training.contrast.held_out) == 0 and sorted(training.contrast.taught.tolist()) == list(range(200))
    assert sorted(training.contrast.corruption().tolist()) == list(range(200))
    with pytest.raises(KgrecError, match="--fresh"):
        learn(graph, settings, tmp_path, epochs=11)


@pytest.mark.parametrize("objective", get_args(ObjectiveName))
def test_one_user_is_too_few(objective: ObjectiveName, tmp_path: Path) -> None:
    graph = two_tastes()
    with pytest.raises(KgrecError, match="two at least"):
        learn(replace(graph, user_ids=graph.user_ids[:1]), HDGISettings(objective=objective), tmp_path)


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
    assert graph_digest(graph, HDGISettings(objective="infomax")) != before
    assert graph_digest(replace(graph, user_ids=graph.user_ids[::-1]), settings) != before
    made_for = [graph_digest(replace(graph, fit=fit), settings, epochs) for fit in Fit for epochs in (None, 4, 5)]
    assert len(set(made_for)) == 9 and made_for[0] == before


def test_fingerprint_knows_what_is_told_of_the_items() -> None:
    graph, settings = two_tastes(), HDGISettings()
    path, items = MetaPath.parse("INTERACTED > BY"), graph.items
    reached = sp.csr_array(np.eye(len(items.item_ids), 2, dtype=np.float32))
    fewer = sp.csr_array(np.eye(len(items.item_ids), 1, dtype=np.float32))
    changed = [
        items,
        replace(items, item_ids=items.item_ids[::-1]),
        replace(items, made_of=["a text", *items.made_of[1:]]),
        replace(items, reached={path: reached}),
        replace(items, reached={path: fewer}),
        replace(items, reached={MetaPath.parse("INTERACTED > MADE_BY"): reached}),
    ]
    digests = [graph_digest(replace(graph, items=one), settings) for one in changed]
    assert len(set(digests)) == len(changed) and digests[0] == graph_digest(graph, settings)
    renumbered = replace(items, nodes=items.nodes + 1, texts=items.texts * 1.0001)
    assert graph_digest(replace(graph, items=renumbered), settings) == digests[0]


def test_fingerprint_knows_every_relationship() -> None:
    """Also one that only repeats another, by a second type, and so adds to a weight and not to the entries."""
    graph, settings = two_tastes(), HDGISettings()
    path = MetaPath.parse("INTERACTED > BY|MADE_BY")
    more = pd.DataFrame([(21, 30, "BY")], columns=RELATIONSHIPS.columns)
    twice = pd.DataFrame([(20, 30, "MADE_BY")], columns=RELATIONSHIPS.columns)
    digests = set()
    for added in (None, more, twice):
        found = hops(path, USERS, by_type(pd.concat([RELATIONSHIPS, added])))
        assert found is not None
        digests.add(graph_digest(replace(graph, paths={path: found}), settings))
    renamed = MetaPath.parse("INTERACTED > BY")
    digests.add(graph_digest(replace(graph, paths={renamed: follow("INTERACTED > BY")}), settings))
    assert len(digests) == 4
