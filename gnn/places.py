"""Where personas and users are in the plane that shows most of how users differ."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

USERS = 20_000  # evenly over all, of whom the plane is found


@dataclass(frozen=True)
class Plane:
    """The first two principal components of the users' vectors.

    Attributes:
        axes: of length 1. ``[2, dim]``
        origin: of the plane, by its own axes: the place of a vector is ``axes @ vector - origin``. ``[2]``
    """

    axes: np.ndarray
    origin: np.ndarray

    def places(self, vectors: np.ndarray) -> np.ndarray:
        """Return places of vectors ``[n, dim]``: ``[n, 2]``."""
        found: np.ndarray = vectors @ self.axes.T - self.origin
        return found


def plane(vectors: np.ndarray) -> Plane:
    """Find the plane of users' vectors ``[n_users, dim]``; the same vectors give the same.

    The largest number of each axis is positive. Vectors of fewer than two dimensions have zeros for the missing axis.
    """
    rows = np.unique(np.linspace(0, len(vectors) - 1, USERS).astype(np.int64))
    some = vectors[rows].astype(np.float64)
    axes = np.zeros((2, vectors.shape[1]))
    if (some != some[0]).any():
        n_axes = min(2, *some.shape)
        axes[:n_axes] = PCA(n_axes, svd_solver="covariance_eigh").fit(some).components_
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    axes *= np.where(largest < 0, -1.0, 1.0)
    return Plane(axes, axes @ some.mean(axis=0))
