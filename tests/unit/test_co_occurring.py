"""Co-occurrence that is computed: cosines of dense columns, and the nearest of each."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender import co_occurring


@pytest.mark.parametrize("at_once", [1, 30, 2**24])  # one item at once, some, all
@pytest.mark.parametrize("kept", [2, 100])
def test_the_nearest_by_dense_cosines(kept: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of equally near ones, of which few users make many, those of the lower numbers are kept."""
    monkeypatch.setattr(co_occurring, "AT_ONCE", at_once)
    chosen = (np.random.default_rng(0).random((12, 15)) < 0.3).astype(np.float32)
    chosen[:, [0, 7]] = 0  # padding, and an item that nobody chose
    found = co_occurring.nearest(sp.csr_matrix(chosen), kept)
    lengths = np.linalg.norm(chosen.astype(np.float64), axis=0).clip(min=1)
    expected = chosen.T.astype(np.float64) @ chosen / np.outer(lengths, lengths)
    np.fill_diagonal(expected, 0)
    for row, cosines in enumerate(expected):
        order = np.argsort(-np.round(cosines, 12), kind="stable")[:kept]
        mine = found[[row]].tocoo()
        assert mine.col.tolist() == sorted(place for place in order.tolist() if cosines[place] > 0)
        assert mine.data == pytest.approx(cosines[mine.col])
    assert found.shape == (15, 15) and found.nnz > 20
