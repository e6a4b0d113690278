"""The plane that shows most of how users differ."""

import numpy as np
from sklearn.decomposition import PCA

from kgrec.personas.places import Plane

USERS = 20_000  # evenly over all, of whom the plane is found


def plane(vectors: np.ndarray) -> Plane:
    """Find the first two principal components of users' vectors ``[n_users, dim]``; the same vectors give the same.

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
