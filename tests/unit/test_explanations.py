"""With what others chose an item, by hand."""

import numpy as np
import pytest
import scipy.sparse as sp

from kgrec.training.fits import Fit
from recommender.explanations import companion, tells
from tests.unit.datasets import dataset


def companion_of(rows: list[list[int]], item: int, history: list[int], ties: sp.csr_matrix | None = None) -> object:
    data = dataset(rows, [0] * len(rows), [0] * len(rows), 6)
    ties = data.require_co_occurrence(Fit.FINAL) if ties is None else ties
    return companion(sp.csr_matrix(ties.T), data.sequences.known(Fit.FINAL).matrix(6).tocsc(), item, history)


def test_the_nearest_item_by_cosine_is_named_not_the_most_popular() -> None:
    """Item 1 goes with 2 for two of three, with 3 for three of eight: cosines 2 / root 3 and 3 / root 8, by item 1."""
    users = [[1, 2, 3], [1, 2, 3], [1, 3], [2]] + [[3]] * 5
    assert companion_of(users, 1, [3, 2, 3]) == (2, 2)
    assert companion_of(users, 1, [3]) == (3, 3)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Salt mines", True),
        ("Chess-related articles", False),
        ("Sea-related lists and ship-related Articles", False),
        ("Chess-related articles of note", True),
        ("Unrelated articles", True),
        ("Short description is different from Wikidata", False),
        ("Salt stubs", False),
    ],
)
def test_what_wikipedia_keeps_house_by_is_no_reason(name: str, told: bool) -> None:
    assert tells(name, 0.1) is told and not tells(name, 0.5)


def test_one_user_alone_is_not_told_of() -> None:
    assert companion_of([[1, 2], [1, 3], [4]], 1, [2, 3, 4]) is None
    assert companion_of([[1, 2], [1, 2]], 1, [2]) == (2, 2)


def test_what_nobody_had_has_no_companion() -> None:
    assert companion_of([[1, 2], [1, 2]], 5, [1, 2]) is None


def test_what_is_not_among_the_nearest_is_no_companion() -> None:
    """As where the graph keeps fewer than all: the second by cosine is named then, or none."""
    users = [[1, 2, 3], [1, 2, 3], [1, 3], [2]]
    ties = dataset(users, [0] * 4, [0] * 4, 6).co_occurrence[Fit.FINAL].toarray()
    assert ties[1, 3] > ties[1, 2] > 0 and companion_of(users, 1, [2, 3]) == (3, 3)
    ties[1, 3] = 0.0
    assert companion_of(users, 1, [2, 3], sp.csr_matrix(ties)) == (2, 2)
    assert companion_of(users, 1, [2, 3], sp.csr_matrix(np.zeros_like(ties))) is None
