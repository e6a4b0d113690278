"""How many of its nearest an item keeps."""

import pytest

from kgrec.graph.co_occurrence import neighbours


@pytest.mark.parametrize(("n_items", "kept"), [(4, 100), (605, 100), (1_500, 250), (2_999, 499), (8_318, 500)])
def test_a_small_catalogue_keeps_a_sixth_of_it(n_items: int, kept: int) -> None:
    assert neighbours(n_items) == kept
