"""Relationships as compressed rows: those of SciPy, each pair once where several are joined."""

import numpy as np
import pytest
import scipy.sparse as sp

from gnn.relationships import Relationships

FAR = 2**35  # node ids of a large store, of which two do not fit into one number together


@pytest.mark.parametrize("beyond", [0, FAR])
def test_rows_are_those_of_scipy(beyond: int) -> None:
    generator = np.random.default_rng(0)
    sources, targets = generator.integers(0, 50, 400), generator.integers(0, 70, 400)
    sources[sources == 17] = 18  # a node without any
    found = Relationships.of(beyond + sources, beyond + targets)
    assert (found.sources - beyond).tolist() == np.unique(sources).tolist() and len(found) == 400
    for source, start, end in zip(found.sources - beyond, found.offsets[:-1], found.offsets[1:], strict=True):
        assert found.targets[start:end].tolist() == sorted((beyond + targets[sources == source]).tolist())
    joined = Relationships.together([found, Relationships.of(beyond + sources[:9], beyond + targets[:9])])
    expected = sp.coo_array((np.ones(400), (sources, targets)), shape=(50, 70)).toarray().nonzero()
    assert [(end - beyond).tolist() for end in joined.pairs] == [end.tolist() for end in expected]


def test_nothing_and_what_does_not_fit() -> None:
    nothing = Relationships.of(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    assert len(nothing) == 0 and nothing.offsets.tolist() == [0] and nothing.offsets.dtype == np.int64
    with pytest.raises(ValueError, match="differ in length"):
        Relationships(np.array([1]), np.array([0, 2]), np.array([5]))
