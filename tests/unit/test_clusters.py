"""How many clusters the data bear, whether weights are to be believed, and which persona of before is which."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import make_blobs

from gnn.calibration import calibrate, calibration_error
from gnn.clusters import choose, cluster, stability
from gnn.identity import numbered
from gnn.places import plane


def blobs(n: int, n_clusters: int, spread: float = 0.1) -> np.ndarray:
    """Directions around some corners of a cube, as far from each other as can be."""
    corners = np.eye(8)[:n_clusters]
    points, _ = make_blobs(n, centers=corners, cluster_std=spread, random_state=3)
    found: np.ndarray = points / np.linalg.norm(points, axis=1, keepdims=True)
    return found


def test_fewer_users_than_personas() -> None:
    assert cluster(np.eye(3), 24, seed=0).shape == (3, 3)


@pytest.mark.parametrize("n_clusters", [3, 6])
def test_as_many_clusters_are_chosen_as_there_are(n_clusters: int) -> None:
    chosen, tried = choose(blobs(600, n_clusters), seed=0)
    assert chosen == n_clusters
    by_number = {one.n_personas: one.agreement for one in tried}
    assert by_number[n_clusters] > 0.99 and max(by_number) > n_clusters and by_number[2] < 0.2


def test_noise_has_no_stable_clusters_and_still_a_number() -> None:
    noise = np.random.default_rng(0).standard_normal((400, 30))
    chosen, tried = choose(noise / np.linalg.norm(noise, axis=1, keepdims=True), seed=0)
    assert len(tried) == 13 and all(one.agreement < 0.65 for one in tried)
    assert chosen == max(tried, key=lambda one: one.agreement - one.spread).n_personas
    assert choose(np.eye(3), seed=0)[0] == 2 and stability(np.eye(3), 2, seed=0).n_personas == 2


def test_calibration_error_by_hand() -> None:
    """Twenty weights in ten bins of two: said is 0.8, and it came true of every second one."""
    assert calibration_error(np.full(20, 0.8), np.tile([1.0, 0.0], 10)) == pytest.approx(0.3)
    assert calibration_error(np.array([0.2] * 10 + [0.9] * 10), np.array([0.2] * 10 + [0.9] * 10)) == pytest.approx(0)


def test_weights_are_brought_to_how_often_a_persona_stays_the_same() -> None:
    """Users of two tastes and of every mixture between them: the more even, the less sure is half of their items."""
    generator = np.random.default_rng(1)
    items = np.repeat(np.eye(2), 50, axis=0) + 0.1 * generator.standard_normal((100, 2))
    share = generator.random(2_000)
    first = generator.random((2_000, 100)) < np.where(np.arange(100) < 50, share[:, None], 1 - share[:, None]) * 0.2
    found = calibrate(sp.csr_array(first.astype(float)), items, np.eye(2), 2, seed=0)
    assert found is not None and found.error < 0.03 < found.error_before and 0.6 < found.same < 0.98
    again = calibrate(sp.csr_array(first.astype(float)), items, np.eye(2), 2, seed=0)
    assert again == found
    assert calibrate(sp.csr_array(first[:50].astype(float)), items, np.eye(2), 2, seed=0) is None


def test_personas_keep_the_number_of_those_with_the_same_members() -> None:
    users = [f"u{number}" for number in range(12)]
    before = dict(zip(users, [4] * 4 + [9] * 4 + [2] * 3, strict=False))  # u11 is new
    personas = np.array([1, 1, 1, 0, 0, 0, 0, 2, 2, 2, 3, 3])
    found = numbered(users, personas, 4, before, highest=9)
    # 1 has three of the four of 4; 0 has three of 9 and one of 4, 3 of 5; 2 has two of 2 and one of 9, 2 of 4.
    assert found.numbers == [9, 4, 2, 10] and found.overlaps == pytest.approx([3 / 5, 3 / 4, 2 / 4, 0])
    assert (found.before, found.matched, found.highest) == (3, 3, 10)
    first = numbered(users, personas, 4, {}, 0)
    assert first.numbers == [1, 2, 3, 4] and first.matched == 0  # the largest first
    same = numbered(users, personas, 4, dict(zip(users, personas + 1, strict=True)), 40)
    assert same.numbers == [1, 2, 3, 4] and same.highest == 40 and same.overlaps == [1.0] * 4


def test_plane_shows_the_two_directions_of_most_spread() -> None:
    generator = np.random.default_rng(2)
    vectors = generator.standard_normal((500, 4)) * np.array([0.1, 5.0, 0.2, 2.0]) + 3.0
    found = plane(vectors)
    assert abs(found.axes[0, 1]) > 0.99 and abs(found.axes[1, 3]) > 0.99 and (found.axes.max(axis=1) > 0.99).all()
    places = found.places(vectors)
    assert places.mean(axis=0) == pytest.approx([0, 0], abs=1e-9)
    assert np.abs(places[:, 0]) == pytest.approx(np.abs(vectors[:, 1] - vectors[:, 1].mean()), abs=1.5)
    assert not plane(np.ones((3, 1))).places(np.ones((3, 1))).any()
