"""Soft memberships: how much a user belongs to each of the nearest personas."""

import numpy as np

TEMPERATURE = 0.1  # of runs that noted none: the nearest of 24 personas gets about half the weight


def memberships(
    vectors: np.ndarray, centres: np.ndarray, per_user: int, temperature: float = TEMPERATURE
) -> tuple[np.ndarray, np.ndarray]:
    """Weigh the nearest personas of each vector by the softmax of the cosine to their centres.

    Args:
        vectors: of length 1, or zeros. ``[n, dim]``
        centres: of the personas, of length 1. ``[n_personas, dim]``
        per_user: at most so many personas each.
        temperature: of the softmax; the current run's is `kgrec.graph.personas.CurrentRun.temperature`.

    Returns:
        Places of the personas, the strongest first, and their weights; each row of those sums to 1.
        ``[n, min(per_user, n_personas)]`` each
    """
    nearest, cosines = nearest_personas(vectors, centres, per_user)
    return nearest, softmax(cosines, temperature)


def nearest_personas(vectors: np.ndarray, centres: np.ndarray, per_user: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places of the nearest personas of each vector, the strongest first, and the cosines to their centres."""
    cosine = vectors @ centres.T  # [n, n_personas]
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, : min(per_user, len(centres))]
    return nearest, np.take_along_axis(cosine, nearest, axis=1)


def directions(vectors: np.ndarray) -> np.ndarray:
    """Bring vectors ``[n, dim]`` to length 1; zeros stay zeros."""
    found: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-12)
    return found


def softmax(cosines: np.ndarray, temperature: float) -> np.ndarray:
    """Return weights of cosines ``[n, k]``, of which the first is the largest; each row sums to 1."""
    weights: np.ndarray = np.exp((cosines - cosines[:, :1]) / temperature)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights
