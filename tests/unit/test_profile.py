"""Profiles against figures by hand, dense arithmetic, and the profile by which the recommender scores items."""

import math
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
import scipy.sparse as sp

from gnn.profile import Profiles
from tests.unit.datasets import by_profile, scores_of


def matrix(rows: list[list[int]], n_columns: int) -> sp.csr_matrix:
    dense = np.zeros((len(rows), n_columns))
    for row, columns in enumerate(rows):
        dense[row, columns] = 1.0
    return sp.csr_matrix(dense)


class Interest(NamedTuple):
    feature: int
    weight: float
    items: int


def interests(facts: sp.csr_matrix, chosen: sp.csr_matrix, top: int = 20) -> list[list[Interest]]:
    """A list for each user."""
    found = Profiles(facts).interests(chosen, top)
    all_of_them = [
        Interest(*one)
        for one in zip(found.features.tolist(), found.weights.tolist(), found.items.tolist(), strict=True)
    ]
    return [all_of_them[first:last] for first, last in pairwise(found.offsets.tolist())]


def test_profile_by_hand() -> None:
    """Five items: 0 is a fact of all, 1 of three, 2 of two, 3 of one."""
    facts = matrix([[0, 1, 2], [0, 2, 3], [0, 1], [0, 1], [0]], 4)
    (found,) = interests(facts, matrix([[0, 1]], 5))
    one, two, three = (math.log(5 / n) for n in (3, 2, 1))
    first, second = math.hypot(one, two), math.hypot(two, three)  # lengths of the items' facts
    profile = {1: one / first, 2: two / first + two / second, 3: three / second}
    length = math.sqrt(sum(weight**2 for weight in profile.values()))
    # 0 weighs nothing; 1, a fact of more than half of the items, counts in the length and is no interest.
    assert [(one.feature, one.items) for one in found] == [(2, 2), (3, 1)]
    assert [one.weight for one in found] == pytest.approx([profile[2] / length, profile[3] / length], abs=1e-6)


def random_matrix(seed: int, n_rows: int, n_columns: int, at_most: int) -> sp.csr_matrix:
    generator = np.random.default_rng(seed)
    return matrix(
        [generator.choice(n_columns, generator.integers(0, at_most), replace=False).tolist() for _ in range(n_rows)],
        n_columns,
    )


def test_profiles_are_those_of_dense_arithmetic() -> None:
    facts, chosen = random_matrix(1, 40, 30, 9), random_matrix(2, 25, 40, 7)
    dense, users = facts.toarray(), chosen.toarray()
    with np.errstate(divide="ignore", invalid="ignore"):
        told = dense * np.where(dense.sum(axis=0) > 0, np.log(40 / dense.sum(axis=0)), 0.0)
        told = np.nan_to_num(told / np.linalg.norm(told, axis=1, keepdims=True))
        expected = users @ told
        expected = np.nan_to_num(expected / np.linalg.norm(expected, axis=1, keepdims=True))
    weights, items = np.zeros_like(expected), np.zeros_like(expected)
    for user, found in enumerate(interests(facts, chosen, top=30)):
        for one in found:
            weights[user, one.feature], items[user, one.feature] = one.weight, one.items
        assert [one.weight for one in found] == sorted((one.weight for one in found), reverse=True)
    assert dense.sum(axis=0).max() < 20  # none of the facts is common
    assert np.allclose(weights, expected, atol=1e-6) and (items == users @ dense).all()


def test_profiles_are_those_by_which_the_recommender_scores() -> None:
    facts = random_matrix(1, 40, 30, 9)
    histories = [[1, 2, 5], [7, 7, 3], [40], [9, 11, 13, 20]]  # items from 1, one of them twice
    chosen = matrix([[item - 1 for item in history] for history in histories], 40)
    made = Profiles(facts)
    scores = np.zeros((4, 40))
    for user, found in enumerate(interests(facts, chosen, top=30)):
        for one in found:
            scores[user] += one.weight * made.told[:, [one.feature]].toarray().ravel()
    padded = sp.csr_matrix(sp.vstack([sp.csr_matrix((1, 30)), facts]).astype(np.float32))
    assert np.allclose(scores, scores_of(by_profile(padded), histories, 40)[:, 1:].numpy(), atol=1e-5)


def test_equal_interests_are_in_the_order_of_their_numbers_and_the_weakest_left_out() -> None:
    facts = matrix([[0, 1, 2, 3], [4], [], []], 5)
    (found,) = interests(facts, matrix([[0]], 4), top=3)
    assert found == [Interest(number, 0.5, 1) for number in (0, 1, 2)]
    (found,) = interests(facts, matrix([[0, 1]], 4), top=2)
    assert [one.feature for one in found] == [4, 0]


@pytest.mark.parametrize("n_items", [0, 3])
def test_nothing_is_told(n_items: int) -> None:
    assert interests(matrix([[]] * n_items, 0), matrix([[0], []] if n_items else [[]], n_items)) == (
        [[], []] if n_items else [[]]
    )


def test_who_chose_nothing_or_what_nothing_is_told_of_has_no_interests() -> None:
    facts = matrix([[0], [1], [], []], 2)
    assert interests(facts, matrix([[], [2, 3], [0]], 4)) == [[], [], [Interest(0, 1.0, 1)]]
