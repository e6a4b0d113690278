"""What stands in HDGI's place, against plain numpy on a graph small enough to be written out."""

from collections.abc import Callable

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from benchmarks.alternatives import ITERATION_WEIGHTS, fastrp, raw_features, shuffled, truncated_svd
from gnn.hops import hops
from gnn.meta_path import MetaPath
from gnn.training_graph import TrainingGraph
from kgrec.training.fits import Fit

N_USERS, N_ITEMS = 40, 24
NOBODY = 17  # of whom nothing is known


def edges() -> list[tuple[int, int, str]]:
    """Users of two tastes; the items of each are by makers of their own, and some are in a category too."""
    generator = np.random.default_rng(3)
    chosen = [
        (user, 1_000 + 2 * int(item) + user % 2, "INTERACTED")
        for user in range(N_USERS)
        if user != NOBODY
        for item in generator.choice(N_ITEMS // 2, 5, replace=False)
    ]
    made = [(1_000 + item, 2_000 + item % 4, "BY") for item in range(N_ITEMS)]
    return chosen + made + [(1_000 + item, 3_000, "IN_CATEGORY") for item in range(0, N_ITEMS, 3)]


@pytest.fixture
def graph() -> TrainingGraph:
    frame = pd.DataFrame(edges(), columns=["sourceNodeId", "targetNodeId", "relationshipType"])
    users = np.arange(N_USERS)
    users[NOBODY] = -1
    texts = ("INTERACTED > BY", "INTERACTED > BY|IN_CATEGORY")
    walked = {MetaPath.parse(text): hops(MetaPath.parse(text), users, frame) for text in texts}
    paths = {path: found for path, found in walked.items() if found is not None}
    purchases = hops(MetaPath.parse("INTERACTED"), users, frame)
    assert purchases is not None and len(paths) == 2
    features = torch.randn(N_USERS, 30, generator=torch.Generator().manual_seed(1)) + 3.0
    features[NOBODY] = 0.0
    user_ids = [f"u{user:02}" for user in range(N_USERS)]
    return TrainingGraph(Fit.VALIDATION, user_ids, features, "texts", paths, [], purchases[0])


def centred(vectors: np.ndarray) -> np.ndarray:
    """Centred and of length 1, without the user of whom nothing is known."""
    vectors = np.delete(vectors, NOBODY, axis=0)
    vectors = vectors - vectors.mean(axis=0)
    finished: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return finished


def cosines(vectors: Tensor) -> np.ndarray:
    """Between all users of whom something is known; they are free of the signs and turns of an SVD."""
    known = np.delete(vectors.double().numpy(), NOBODY, axis=0)
    between: np.ndarray = known @ known.T
    return between


@pytest.mark.parametrize("made", [raw_features, truncated_svd, fastrp])
def test_vectors_have_the_form_of_hdgi(graph: TrainingGraph, made: Callable[[TrainingGraph, int, int], Tensor]) -> None:
    vectors = made(graph, 8, 1)
    assert vectors.shape == (N_USERS, 8) and vectors.dtype == torch.float32
    assert not vectors[NOBODY].any()
    lengths = vectors.norm(dim=1)
    assert lengths[torch.arange(N_USERS) != NOBODY].tolist() == pytest.approx([1.0] * (N_USERS - 1), abs=1e-5)
    assert made(graph, 8, 1).equal(vectors)


def test_raw_features_are_those_of_numpy(graph: TrainingGraph) -> None:
    known = np.delete(graph.features.double().numpy(), NOBODY, axis=0)
    left, values, _ = np.linalg.svd(known - known.mean(axis=0), full_matrices=False)
    reduced = left[:, :8] * values[:8]
    expected = reduced / np.linalg.norm(reduced, axis=1, keepdims=True)
    assert cosines(raw_features(graph, 8, 1)) == pytest.approx(expected @ expected.T, abs=1e-2)


def test_features_narrower_than_asked_for_are_kept_whole(graph: TrainingGraph) -> None:
    vectors = raw_features(graph, 50, 1)
    assert vectors.shape == (N_USERS, 50) and not vectors[:, 30:].any()
    expected = centred(graph.features.double().numpy())
    assert cosines(vectors) == pytest.approx(expected @ expected.T, abs=1e-4)


def test_svd_is_that_of_numpy(graph: TrainingGraph) -> None:
    chosen = np.zeros((N_USERS, N_ITEMS))
    for user, item, kind in edges():
        if kind == "INTERACTED":
            chosen[user, item - 1_000] = 1.0
    left, values, _ = np.linalg.svd(chosen, full_matrices=False)
    expected = centred(left[:, :8] * values[:8])
    assert cosines(truncated_svd(graph, 8, 1)) == pytest.approx(expected @ expected.T, abs=1e-3)


def test_svd_and_fastrp_tell_the_tastes_apart(graph: TrainingGraph) -> None:
    """The raw features are noise here, and cannot."""
    taste = np.delete(np.arange(N_USERS) % 2, NOBODY)
    same = taste[:, None] == taste[None, :]
    for vectors in (truncated_svd(graph, 8, 1), fastrp(graph, 64, 1)):
        assert cosines(vectors)[same].mean() > cosines(vectors)[~same].mean() + 0.5
    noise = cosines(raw_features(graph, 8, 1))
    assert abs(noise[same].mean() - noise[~same].mean()) < 0.3


def test_fastrp_is_the_average_over_neighbours_of_networkx(graph: TrainingGraph) -> None:
    """The same random vectors, carried node by node; a relationship counts once, though two meta-paths walk it."""
    network = nx.Graph([(source, target) for source, target, _ in edges()])
    others = sorted(node for node in network if node >= 1_000)
    order = [*range(N_USERS), *others]
    half = 1 / 6
    signs = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], size=(len(order), 16), p=[half, 1 - 2 * half, half])
    states = dict(zip(order, signs * np.sqrt(3.0), strict=True))
    total = {user: np.zeros(16) for user in range(N_USERS)}
    for weight in ITERATION_WEIGHTS:
        states = {node: np.mean([states[other] for other in network[node]], axis=0) for node in network}
        for user in total:
            if user in network:
                total[user] += weight * states[user] / np.linalg.norm(states[user])
    expected = centred(np.stack(list(total.values())))
    assert np.delete(fastrp(graph, 16, 4).numpy(), NOBODY, axis=0) == pytest.approx(expected, abs=1e-4)


def test_placebo_is_a_permutation_among_users_who_have_a_vector(graph: TrainingGraph) -> None:
    vectors = fastrp(graph, 16, 4)
    placebo = shuffled(vectors, 1)
    assert not placebo.equal(vectors) and not placebo[NOBODY].any()
    assert sorted(placebo.tolist()) == sorted(vectors.tolist())
    assert shuffled(vectors, 1).equal(placebo) and not shuffled(vectors, 2).equal(placebo)
