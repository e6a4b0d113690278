"""From user vectors to personas: clusters, soft memberships, and what sets each apart."""

import functools
import operator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.cluster import KMeans

from gnn.hops import Hop, instances
from gnn.meta_path import MetaPath
from gnn.names import Characteristic, characteristics, names
from gnn.settings import HDGISettings
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph
from kgrec.graph.co_occurrence import RELATIONSHIP
from kgrec.graph.database import Database

TEMPERATURE = 0.1  # of the softmax over cosine similarities: the nearest persona gets about half the weight
TOP_FEATURES = 10
LEADING_TO_ITEMS = {"INTERACTED", "SIMILAR_TO", RELATIONSHIP, "ALSO_BOUGHT", "ALSO_VIEWED", "SAME_AS"}


@dataclass(frozen=True)
class Personas:
    """Clusters of the users.

    Attributes:
        centres: of length 1. ``[n_personas, dim]``
        nearest: numbers of each user's personas, the strongest first. ``[n_users, personas_per_user]``
        weights: of those; each row sums to 1. ``[n_users, personas_per_user]``
        names: ``[n_personas]``
        features: what characterises them, the strongest of each persona first.
        labels: readable names of those features, by node id.
    """

    centres: np.ndarray
    nearest: np.ndarray
    weights: np.ndarray
    names: list[str]
    features: list[Characteristic]
    labels: dict[int, str]

    @property
    def sizes(self) -> list[int]:
        """Users whose strongest persona it is: ``[n_personas]``."""
        sizes: list[int] = np.bincount(self.nearest[:, 0], minlength=len(self.centres)).tolist()
        return sizes


def cluster(vectors: np.ndarray, n_personas: int, per_user: int, seed: int) -> tuple[np.ndarray, ...]:
    """Cluster the users and give each a soft membership.

    Ordinary k-means on vectors of length 1, not spherical k-means: a centre is the mean of its users, and only the
    finished centres are brought to length 1. Memberships are the softmax of the cosine similarity to the nearest ones.

    Returns:
        Centres, nearest and weights, as in :class:`Personas`.
    """
    distinct = len(np.unique(vectors, axis=0))
    n_personas = min(n_personas, distinct)
    centres = KMeans(n_personas, n_init=10, random_state=seed).fit(vectors).cluster_centers_
    centres /= np.linalg.norm(centres, axis=1, keepdims=True).clip(min=1e-12)
    cosine = vectors @ centres.T  # [n_users, n_personas]
    nearest = np.argsort(-cosine, axis=1, kind="stable")[:, : min(per_user, n_personas)]
    close = np.take_along_axis(cosine, nearest, axis=1)
    weights = np.exp((close - close[:, :1]) / TEMPERATURE)
    return centres, nearest, weights / weights.sum(axis=1, keepdims=True)


def describe(database: Database, graph: TrainingGraph, learned: UserVectors, settings: HDGISettings) -> Personas:
    """Cluster the user vectors and name the clusters by what the items of their members have in common."""
    centres, nearest, weights = cluster(
        learned.vectors.numpy(), settings.personas, settings.personas_per_user, settings.seed
    )
    described = [hops for path, hops in graph.paths.items() if _names_something(path)]
    found: list[Characteristic] = []
    if described:
        node_ids = np.unique(np.concatenate([hops[-1].node_ids for hops in described]))
        matrix = functools.reduce(operator.add, (_reached(hops, node_ids) for hops in described))
        found = characteristics(matrix, node_ids, nearest[:, 0], len(centres), TOP_FEATURES)
    wanted = sorted({item.node_id for item in found})
    labels = {row["node_id"]: row["label"] for row in database.read("personas/labels", node_ids=wanted)}
    return Personas(centres, nearest, weights, names(found, labels, len(centres)), found, labels)


def _names_something(path: MetaPath) -> bool:
    """Whether the path ends in features; one that ends in items has nothing that a name could use."""
    return LEADING_TO_ITEMS.isdisjoint(path.steps[-1])


def _reached(hops: list[Hop], node_ids: np.ndarray) -> sp.csr_matrix:
    reached = sp.coo_array(instances(hops))
    columns = np.searchsorted(node_ids, hops[-1].node_ids)
    return sp.csr_matrix((reached.data, (reached.row, columns[reached.col])), shape=(reached.shape[0], len(node_ids)))
