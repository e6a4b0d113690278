"""The probe of user vectors by hand."""

import numpy as np
import pytest
import torch

import benchmarks.probe
from benchmarks.probe import centred, hit_rates, propagated
from gnn.hops import hops
from gnn.meta_path import MetaPath
from gnn.training_graph import TrainingGraph
from kgrec.training.fits import Fit
from tests.unit.datasets import dataset
from tests.unit.walks import RELATIONSHIPS, USERS


def test_nearest_users_vote_for_what_they_had_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """One neighbour each: 0 and 1 know each other's next item, 2 and 3 do not; test items never vote."""
    monkeypatch.setattr(benchmarks.probe, "NEIGHBOURS", 1)
    train = [[1, 2], [1, 3], [4, 5], [4, 6]]
    data = dataset(train, validation=[3, 2, 7, 8], test=[9, 10, 8, 7], n_items=200)
    vectors = torch.tensor([[1.0, 0.1], [2.0, 0.1], [0.1, 1.0], [0.1, 3.0]])
    assert hit_rates(data, vectors) == (0.5, 0.5)
    # Each user's neighbour is now of the other pair.
    assert hit_rates(data, vectors[[0, 2, 1, 3]]) == (0.0, 0.0)


def test_user_without_a_vector_finds_nothing_and_does_not_vote() -> None:
    data = dataset([[1, 2], [1, 3], [1, 3]], validation=[3, 2, 2], test=[4, 4, 4], n_items=200)
    assert hit_rates(data, torch.tensor([[1.0], [1.0], [0.0]]))[0] == pytest.approx(2 / 3)
    assert hit_rates(data, torch.tensor([[1.0], [0.0], [0.0]]))[0] == 0.0


def test_propagation_is_the_mean_over_meta_paths_by_hand() -> None:
    """By items user 10 has one neighbour, 11, and by authors another, 12; half of each operator is the user's own."""
    texts = ("INTERACTED", "INTERACTED > BY")
    paths = {MetaPath.parse(text): hops(MetaPath.parse(text), USERS, RELATIONSHIPS) for text in texts}
    found = {path: walked for path, walked in paths.items() if walked is not None}
    first = next(iter(found.values()))[0]
    graph = TrainingGraph(Fit.VALIDATION, list("abcd"), torch.eye(4), "", found, [], first)
    assert np.allclose(propagated(graph, "binary")[0].numpy(), [0.5, 0.25, 0.25, 0.0])
    assert len(found) == 2


def test_centring_leaves_out_users_of_whom_nothing_is_known() -> None:
    vectors = torch.tensor([[1.0, 0.0], [3.0, 2.0], [0.0, 0.0]])
    assert centred(vectors).tolist() == [[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]]
