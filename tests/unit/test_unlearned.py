"""Vectors that nothing was learned for, and the placebo, against plain numpy on a graph that is written out."""

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.placebo import shuffled
from gnn.fastrp import ITERATION_WEIGHTS, fastrp
from gnn.hops import hops
from gnn.meta_path import MetaPath
from gnn.training_graph import TrainingGraph
from gnn.truncated_svd import truncated_svd
from gnn.worth import centred
from kgrec.training.fits import Fit
from tests.unit.tastes import bare_items
from tests.unit.walks import by_type

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
    relationships = by_type(edges())
    users = np.arange(N_USERS)
    users[NOBODY] = -1
    texts = ("INTERACTED > BY", "INTERACTED > BY|IN_CATEGORY")
    walked = {MetaPath.parse(text): hops(MetaPath.parse(text), users, relationships) for text in texts}
    paths = {path: found for path, found in walked.items() if found is not None}
    purchases = hops(MetaPath.parse("INTERACTED"), users, relationships)
    assert purchases is not None and len(paths) == 2
    features = torch.randn(N_USERS, 30, generator=torch.Generator().manual_seed(1)) + 3.0
    features[NOBODY] = 0.0
    user_ids = [f"u{user:02}" for user in range(N_USERS)]
    items = bare_items(1_000 + np.arange(N_ITEMS))
    return TrainingGraph(Fit.VALIDATION, user_ids, features, "texts", paths, [], purchases[0], items)


def chosen_items() -> np.ndarray:
    """Who chose what, as it is written out: ``[n_users, n_items]``."""
    chosen = np.zeros((N_USERS, N_ITEMS))
    for user, item, kind in edges():
        if kind == "INTERACTED":
            chosen[user, item - 1_000] = 1.0
    return chosen


def cosines(vectors: Tensor) -> np.ndarray:
    """Between all users of whom something is known; they are free of the signs and turns of an SVD."""
    known = normalize(vectors.double(), dim=1).numpy()[np.arange(N_USERS) != NOBODY]
    between: np.ndarray = known @ known.T
    return between


def test_who_chose_what_is_what_was_written_out(graph: TrainingGraph) -> None:
    assert (graph.chosen.toarray() == chosen_items()).all()


def test_seeds_give_the_same_vectors_again_and_nobody_gets_none(graph: TrainingGraph) -> None:
    for made in (fastrp(graph, 8, 1), truncated_svd(graph, 8, 1)[0]):
        assert made.shape == (N_USERS, 8) and made.dtype == torch.float32
        assert not made[NOBODY].any() and made.any(dim=1).sum() == N_USERS - 1
    assert fastrp(graph, 8, 1).equal(fastrp(graph, 8, 1)) and not fastrp(graph, 8, 1).equal(fastrp(graph, 8, 2))
    first, second = (truncated_svd(graph, 8, 1) for _ in range(2))
    assert first[0].equal(second[0]) and first[1].equal(second[1])


def test_svd_is_that_of_numpy(graph: TrainingGraph) -> None:
    """Users by the cosine; and all items of a user in the order of the matrix of rank 8 that is nearest to theirs."""
    left, values, right = np.linalg.svd(chosen_items(), full_matrices=False)
    users, items = truncated_svd(graph, 8, 1)
    directions = normalize(torch.from_numpy(left[:, :8] * values[:8]), dim=1)
    assert cosines(users) == pytest.approx(cosines(directions), abs=1e-3)
    assert users.norm(dim=1).tolist() == pytest.approx([float(user != NOBODY) for user in range(N_USERS)], abs=1e-5)
    nearest = left[:, :8] * values[:8] @ right[:8]
    lengths = np.linalg.norm(left[:, :8] * values[:8], axis=1, keepdims=True)
    assert (users @ items.T).numpy() * lengths == pytest.approx(nearest, abs=1e-3)


def test_svd_is_no_wider_than_the_matrix(graph: TrainingGraph) -> None:
    users, items = truncated_svd(graph, 50, 1)
    assert users.shape == (N_USERS, N_ITEMS) and items.shape == (N_ITEMS, N_ITEMS)


def test_svd_and_fastrp_tell_the_tastes_apart(graph: TrainingGraph) -> None:
    """The features are noise here, and cannot."""
    taste = np.delete(np.arange(N_USERS) % 2, NOBODY)
    same = taste[:, None] == taste[None, :]
    for vectors in (truncated_svd(graph, 8, 1)[0], centred(fastrp(graph, 64, 1))):
        assert cosines(vectors)[same].mean() > cosines(vectors)[~same].mean() + 0.5
    noise = cosines(centred(graph.features))
    assert abs(noise[same].mean() - noise[~same].mean()) < 0.3


def test_fastrp_is_the_average_over_neighbours_of_networkx(graph: TrainingGraph) -> None:
    """The same random vectors, carried node by node; a relationship counts once, though two meta-paths walk it."""
    network = nx.Graph([(source, target) for source, target, _ in edges()])
    items = [node for node in sorted(network) if 1_000 <= node < 2_000]
    order = [
        *range(N_USERS),
        *items,
        *sorted((node for node in network if node >= 2_000), key=lambda of: sorted(network[of])),
    ]
    half = 1 / 6
    signs = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], size=(len(order), 16), p=[half, 1 - 2 * half, half])
    states = dict(zip(order, signs * np.sqrt(3.0), strict=True))
    total = {user: np.zeros(16) for user in range(N_USERS)}
    for weight in ITERATION_WEIGHTS:
        states = {node: np.mean([states[other] for other in network[node]], axis=0) for node in network}
        for user in total:
            if user in network:
                total[user] += weight * states[user] / np.linalg.norm(states[user])
    assert fastrp(graph, 16, 4).numpy() == pytest.approx(np.stack(list(total.values())), abs=1e-4)


def test_fastrp_does_not_follow_the_numbers_of_the_nodes(graph: TrainingGraph) -> None:
    """Neo4j numbers nodes anew in each load; ids stay."""
    number = np.random.default_rng(5).permutation(4_000)
    hops_of = {
        path: [replace(hop, node_ids=number[hop.node_ids]) for hop in hops] for path, hops in graph.paths.items()
    }
    purchases = replace(graph.purchases, node_ids=number[graph.purchases.node_ids])
    items = replace(graph.items, nodes=number[graph.items.nodes])
    other = replace(graph, paths=hops_of, purchases=purchases, items=items)
    assert fastrp(other, 16, 4).equal(fastrp(graph, 16, 4))


def test_placebo_is_a_permutation_among_users_who_have_a_vector(graph: TrainingGraph) -> None:
    vectors = fastrp(graph, 16, 4)
    placebo = shuffled(vectors, 1)
    assert not placebo.equal(vectors) and not placebo[NOBODY].any()
    assert sorted(placebo.tolist()) == sorted(vectors.tolist())
    assert shuffled(vectors, 1).equal(placebo) and not shuffled(vectors, 2).equal(placebo)
