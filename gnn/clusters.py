"""Clusters of the users' vectors, as many as the data bear."""

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from kgrec.counted import Counted, uncounted
from kgrec.graph.memberships import directions

USERS = 10_000  # that are drawn, for each look at how stable clusters are
RESAMPLES = 5
GRID = (2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64)
STABLE = 0.65  # adjusted Rand index from which clusters count as found again (Steinley 2004: moderate recovery)
LOSS = 0.05  # of that index against the next smaller number: more is lost where a real cluster is split anyhow
UNSTABLE = 3  # numbers one after the other, after which no larger one is tried where one was stable


@dataclass(frozen=True)
class Stability:
    """How far a clustering is that of the data, and not of the sample.

    Attributes:
        n_personas: number of clusters.
        agreement: adjusted Rand index of the clusterings that two halves of the users give, over the users of both; the
            mean over several draws. 1 is the same clusters, 0 is chance.
        spread: standard deviation over the draws.
    """

    n_personas: int
    agreement: float
    spread: float


def cluster(vectors: np.ndarray, n_personas: int, seed: int, n_init: int = 10) -> np.ndarray:
    """Cluster users.

    Ordinary k-means on vectors of length 1, not spherical k-means: a centre is the mean of its users, and only the
    finished centres are brought to length 1.

    Returns:
        Centres, fewer where fewer vectors differ. ``[n_personas, dim]``
    """
    n_personas = min(n_personas, len(np.unique(vectors, axis=0)))
    return directions(KMeans(n_personas, n_init=n_init, random_state=seed).fit(vectors).cluster_centers_)


def stability(vectors: np.ndarray, n_personas: int, seed: int, counted: Counted = uncounted) -> Stability:
    """Cluster two halves of the users apart and compare (Lange et al. 2004), several times, which may be shown."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in counted(range(RESAMPLES), "draws", RESAMPLES):
        some = vectors[generator.permutation(len(vectors))[:USERS]]
        one, other = (
            np.argmax(some @ cluster(half, n_personas, seed, n_init=3).T, axis=1) for half in np.array_split(some, 2)
        )
        found.append(adjusted_rand_score(one, other))
    return Stability(n_personas, float(np.mean(found)), float(np.std(found)))


def choose(vectors: np.ndarray, seed: int, counted: Counted = uncounted) -> tuple[int, list[Stability]]:
    """Choose the number of clusters: the largest that is stable, also against the next smaller, or the most stable one.

    Where none is stable, the index less its spread decides: of two clusters, halves agree by chance or not at all.

    Args:
        vectors: of the users, of length 1. ``[n_users, dim]``
        seed: of the draws.
        counted: yields the numbers, and may show how many were tried.

    Returns:
        The number, and how stable each one was that was tried.
    """
    tried: list[Stability] = []
    for n_personas in counted(GRID, "numbers of personas", len(GRID)):
        if tried and 2 * n_personas > len(vectors):  # the halves would have no such clusters
            break
        tried.append(stability(vectors, n_personas, seed))
        if max(one.agreement for one in tried) >= STABLE > max(one.agreement for one in tried[-UNSTABLE:]):
            break
    stable = [
        one.n_personas
        for one, smaller in zip(tried, [tried[0], *tried], strict=False)
        if one.agreement >= max(STABLE, smaller.agreement - LOSS)
    ]
    return (max(stable) if stable else max(tried, key=lambda one: one.agreement - one.spread).n_personas), tried
