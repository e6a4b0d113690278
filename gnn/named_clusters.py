"""Clusters of the users, each with a name: all that is made of a fit of the evaluation."""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from gnn.clusters import cluster
from gnn.hops import Hop, instances
from gnn.identity import Numbers, numbered
from gnn.meta_path import MetaPath
from gnn.names import Characteristic, Strengths, characteristics, names
from gnn.settings import HDGISettings
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph
from gnn.typical import Choices, ChosenItem
from kgrec.graph.co_occurrence import RELATIONSHIP
from kgrec.graph.database import Database
from kgrec.graph.memberships import nearest_personas
from kgrec.housekeeping import keeps_house

LOOKED_AT = 30  # features that a name is looked for in
TAKEN = 2 * LOOKED_AT  # of which those are left out by which Wikipedia keeps house
LEADING_TO_ITEMS = {"INTERACTED", "SIMILAR_TO", RELATIONSHIP, "ALSO_BOUGHT", "ALSO_VIEWED", "SAME_AS"}


@dataclass(frozen=True, eq=False)
class NamedClusters:
    """Clusters of the users, and what their names are made of.

    Attributes:
        centres: of length 1. ``[n_personas, dim]``
        nearest: places of each user's personas, the strongest first. ``[n_users, personas_per_user]``
        cosines: of the users' vectors to the centres of those. ``[n_users, personas_per_user]``
        numbers: by which they are known, those of the run before where they match.
        names: ``[n_personas]``
        choices: of the members.
        strong: what characterises each, the strongest first. ``[n_personas]``
        weak: the same, of what too few members have. ``[n_personas]``
        labels: readable names of those features, by node id.
        typical: items that stand for each, the most typical first. ``[n_personas]``
        titles: of those items, by their ids.
    """

    centres: np.ndarray
    nearest: np.ndarray
    cosines: np.ndarray
    numbers: Numbers
    names: list[str]
    choices: Choices
    strong: list[list[Characteristic]]
    weak: list[list[Characteristic]]
    labels: dict[int, str]
    typical: list[list[ChosenItem]]
    titles: dict[str, str]

    def of_users(self) -> list[str]:
        """Return the name of each user's strongest: ``[n_users]``."""
        return [self.names[place] for place in self.nearest[:, 0].tolist()]


def name_clusters(
    database: Database,
    graph: TrainingGraph,
    learned: UserVectors,
    settings: HDGISettings,
    n_personas: int,
    before: Mapping[str, int] | None = None,
    highest: int = 0,
) -> NamedClusters:
    """Cluster the user vectors, and name the clusters by what their members choose more than others.

    Args:
        database: for names of features and titles of items.
        graph: that was learned from.
        learned: the vectors.
        settings: memberships of a user, and the seed.
        n_personas: how many there are to be.
        before: number of each user's strongest persona in the run before, by user id.
        highest: number that a persona had so far.
    """
    vectors, items = learned.vectors.numpy(), learned.items.numpy()
    centres = cluster(vectors, n_personas, settings.seed)
    nearest, cosines = nearest_personas(vectors, centres, settings.personas_per_user)
    strongest = nearest[:, 0]
    numbers = numbered(learned.user_ids, strongest, len(centres), before or {}, highest)
    choices = Choices(sp.csr_array(graph.chosen), graph.items.item_ids, strongest, centres, items)
    typical = [choices.typical(place) for place in range(len(centres))]
    titles = titles_of(database, typical)
    parts, node_ids = _parts(graph)
    taken = [
        characteristics(parts, node_ids, strongest, len(centres), TAKEN, *least)
        for least in ((), (0.0, 1), (0.0, 1, 0.0))
    ]
    labels = _labels(database, [some for kind in taken for some in kind])
    strong, weak, most = (
        [[one for one in some if not keeps_house(labels[one.node_id])][:LOOKED_AT] for some in kind] for kind in taken
    )
    told = [_telling(labels, titles, *some) for some in zip(strong, typical, weak, most, strict=True)]
    named = names(told, numbers.numbers)
    return NamedClusters(
        centres, nearest, cosines, numbers, named, choices, strong, weak, labels, typical, titles
    )  # fmt: skip


def titles_of(database: Database, found: list[list[ChosenItem]]) -> dict[str, str]:
    """Titles of items; that of one that was removed meanwhile is its id."""
    item_ids = sorted({one.item_id for some in found for one in some})
    titles = {row["item_id"]: row["title"] for row in database.read("project/titles", item_ids=item_ids)}
    return {item_id: titles.get(item_id, item_id) for item_id in item_ids}


def _telling(
    labels: dict[int, str],
    titles: dict[str, str],
    strong: list[Characteristic],
    typical: list[ChosenItem],
    weak: list[Characteristic],
    most: list[Characteristic],
) -> list[Strengths]:
    """What a persona's name is looked for in: traits, typical items, weaker traits, what members have at all."""
    return [
        [(labels[one.node_id], one.strength) for one in strong],
        [(titles[one.item_id], one.strength) for one in typical],
        [(labels[one.node_id], one.strength) for one in weak],
        [(labels[one.node_id], one.share) for one in most],
    ]


def _labels(database: Database, found: list[list[Characteristic]]) -> dict[int, str]:
    wanted = sorted({one.node_id for some in found for one in some})
    return {row["node_id"]: row["label"] for row in database.read("personas/labels", node_ids=wanted)}


def _parts(graph: TrainingGraph) -> tuple[sp.csr_array, np.ndarray]:
    """Part of each user's items that have a feature, ``[n_users, n_features]``, and the features' nodes."""
    described = [hops for path, hops in graph.paths.items() if _names_something(path)]
    if not described:
        return sp.csr_array((len(graph.user_ids), 0)), np.zeros(0, dtype=np.int64)
    node_ids = np.unique(np.concatenate([hops[-1].node_ids for hops in described]))
    ways = sp.csr_array(functools.reduce(operator.add, (_reached(hops, node_ids) for hops in described)))
    n_items = np.diff(graph.chosen.indptr).clip(min=1)
    ways.data = np.minimum(ways.data / np.repeat(n_items, np.diff(ways.indptr)), 1.0)
    return ways, node_ids


def _names_something(path: MetaPath) -> bool:
    """Whether the path ends in features; one that ends in items has nothing that a name could use."""
    return LEADING_TO_ITEMS.isdisjoint(path.steps[-1])


def _reached(hops: list[Hop], node_ids: np.ndarray) -> sp.csr_array:
    reached = sp.coo_array(instances(hops))
    columns = np.searchsorted(node_ids, hops[-1].node_ids)
    return sp.csr_array((reached.data, (reached.row, columns[reached.col])), shape=(reached.shape[0], len(node_ids)))
