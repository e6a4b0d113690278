"""Clusters, memberships and names on examples worked by hand."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from gnn.names import characteristics, names
from gnn.personas import TEMPERATURE, cluster


def test_characteristics_by_hand() -> None:
    # Eight users, two personas of four; feature 100: three of persona 0 and nobody else; 101: everybody.
    table = np.zeros((8, 3), dtype=int)
    table[:3, 0] = 1
    table[:, 1] = 1
    table[4, 2] = 1  # one member only: below the minimum
    found = characteristics(sp.csr_matrix(table), np.array([100, 101, 102]), np.array([0] * 4 + [1] * 4), 2, top=5)
    assert [(item.persona, item.node_id) for item in found] == [(0, 100)]
    assert found[0].share == pytest.approx(0.75) and found[0].lift == pytest.approx(0.75 / (3 / 8))


def test_strongest_feature_is_by_share_times_log_lift() -> None:
    table = np.zeros((40, 2), dtype=int)
    table[:4, 0] = 1  # share 0.4, lift 4: 0.4 log 4 = 0.55
    table[:9, 1] = 1  # share 0.9, lift 0.9 / (18 / 40) = 2: 0.9 log 2 = 0.62
    table[10:19, 1] = 1
    found = characteristics(sp.csr_matrix(table), np.array([7, 8]), np.array([0] * 10 + [1] * 30), 2, top=2)
    assert [item.node_id for item in found if item.persona == 0] == [8, 7]


def test_names_are_distinct() -> None:
    table = np.zeros((9, 1), dtype=int)
    table[:6] = 1
    found = characteristics(sp.csr_matrix(table), np.array([5]), np.array([0] * 3 + [1] * 3 + [2] * 3), 3, top=1)
    assert names(found, {5: "Lighthouses"}, 3) == ["Lighthouses", "Lighthouses (2)", "Persona 3"]


def test_memberships_by_hand() -> None:
    vectors = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]] * 3)
    centres, nearest, weights = cluster(vectors, 2, 2, seed=0)
    assert np.allclose(np.sort(centres, axis=0), [[0, 0], [1, 1]])
    assert nearest[0, 0] != nearest[5, 0]
    strong = 1 / (1 + math.exp(-1 / TEMPERATURE))
    assert weights == pytest.approx(np.tile([strong, 1 - strong], (6, 1)))


def test_fewer_users_than_personas() -> None:
    centres, nearest, weights = cluster(np.eye(3), 24, 3, seed=0)
    assert centres.shape == (3, 3) and nearest.shape == (3, 3) and weights.sum(axis=1) == pytest.approx(np.ones(3))
