"""With what others chose an item, by hand."""

import scipy.sparse as sp

from recommender.explanations import companion


def chosen(rows: list[list[int]], n_items: int = 6) -> sp.csc_matrix:
    return sp.csc_matrix([[float(item in row) for item in range(n_items + 1)] for row in rows])


def test_the_nearest_item_by_cosine_is_named_not_the_most_popular() -> None:
    """Item 1 goes with 2 for two of three, with 3 for three of eight: cosines 2 / root 3 and 3 / root 8, by item 1."""
    users = [[1, 2, 3], [1, 2, 3], [1, 3], [2]] + [[3]] * 5
    assert companion(chosen(users), 1, [3, 2, 3]) == (2, 2)
    assert companion(chosen(users), 1, [3]) == (3, 3)


def test_one_user_alone_is_not_told_of() -> None:
    assert companion(chosen([[1, 2], [1, 3], [4]]), 1, [2, 3, 4]) is None
    assert companion(chosen([[1, 2], [1, 2]]), 1, [2]) == (2, 2)


def test_what_nobody_had_has_no_companion() -> None:
    assert companion(chosen([[1, 2], [1, 2]]), 5, [1, 2]) is None
