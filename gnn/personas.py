"""From user vectors to personas: clusters, soft memberships, and what sets each apart."""

import functools
import operator
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from more_itertools import unique_everseen

from gnn.calibration import Calibration, calibrate
from gnn.clusters import cluster
from gnn.hops import Hop, instances
from gnn.identity import Numbers, numbered
from gnn.meta_path import MetaPath
from gnn.names import LONGEST, SEPARATOR, Characteristic, Strengths, characteristics, dated, names, shortened
from gnn.places import plane
from gnn.settings import HDGISettings
from gnn.summaries import summary
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph
from gnn.typical import Choices, ChosenItem, CounterExample
from kgrec.graph.co_occurrence import RELATIONSHIP
from kgrec.graph.database import Database
from kgrec.graph.memberships import TEMPERATURE, memberships
from kgrec.personas.places import Plane

TOP_FEATURES = 10  # that are kept of a persona
TOP_ITEMS = 5
LOOKED_AT = 30  # features that a name is looked for in
LEADING_TO_ITEMS = {"INTERACTED", "SIMILAR_TO", RELATIONSHIP, "ALSO_BOUGHT", "ALSO_VIEWED", "SAME_AS"}


@dataclass(frozen=True)
class Personas:
    """Clusters of the users.

    Attributes:
        centres: of length 1. ``[n_personas, dim]``
        nearest: places of each user's personas, the strongest first. ``[n_users, personas_per_user]``
        weights: of those; each row sums to 1. ``[n_users, personas_per_user]``
        calibration: of the weights; ``None`` where too little tells how often personas stay the same.
        numbers: by which they are known, those of the run before where they match.
        names: ``[n_personas]``
        summaries: in two sentences. ``[n_personas]``
        features: what characterises each, the strongest first. ``[n_personas]``
        labels: readable names of those features, by node id.
        typical: items that stand for each, the most typical first. ``[n_personas]``
        counter_examples: an item that members of each seldom choose. ``[n_personas]``
        plane: that shows most of how users differ.
    """

    centres: np.ndarray
    nearest: np.ndarray
    weights: np.ndarray
    calibration: Calibration | None
    numbers: Numbers
    names: list[str]
    summaries: list[str]
    features: list[list[Characteristic]]
    labels: dict[int, str]
    typical: list[list[ChosenItem]]
    counter_examples: list[CounterExample | None]
    plane: Plane

    @property
    def sizes(self) -> list[int]:
        """Users whose strongest persona it is: ``[n_personas]``."""
        sizes: list[int] = np.bincount(self.nearest[:, 0], minlength=len(self.centres)).tolist()
        return sizes

    @property
    def temperature(self) -> float:
        """Of the weights."""
        return self.calibration.temperature if self.calibration else TEMPERATURE


def describe(
    database: Database,
    graph: TrainingGraph,
    learned: UserVectors,
    settings: HDGISettings,
    n_personas: int,
    before: Mapping[str, int] | None = None,
    highest: int = 0,
) -> Personas:
    """Cluster the user vectors and say of the clusters what their members choose more than others.

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
    chosen, per_user = sp.csr_array(graph.chosen), settings.personas_per_user
    calibration = calibrate(chosen, items, centres, per_user, settings.seed) if len(items) else None
    temperature = calibration.temperature if calibration else TEMPERATURE
    nearest, weights = memberships(vectors, centres, per_user, temperature)
    strongest, places = nearest[:, 0], range(len(centres))
    numbers = numbered(learned.user_ids, strongest, len(centres), before or {}, highest)
    choices = Choices(chosen, graph.items.item_ids, strongest, centres, items)
    typical, counters = (
        [choices.typical(place) for place in places],
        [choices.counter_example(place) for place in places],
    )
    titles = _titles(database, [*typical, *([one.chosen] for one in counters if one)])
    parts, node_ids = _parts(graph)
    strong, weak, most = (
        characteristics(parts, node_ids, strongest, len(centres), LOOKED_AT, *least)
        for least in ((), (0.0, 1), (0.0, 1, 0.0))
    )
    labels = _labels(database, [*strong, *weak, *most])
    named = names(
        [_telling(labels, titles, *some) for some in zip(strong, typical, weak, most, strict=True)], numbers.numbers
    )
    sizes = np.bincount(strongest, minlength=len(centres)).tolist()
    summaries = [
        summary(
            sizes[place],
            len(strongest),
            told([(labels[one.node_id], one) for one in strong[place]], named[place]),
            [titles[one.item_id] for one in typical[place]],
            _counter(counters[place], titles, named),
        )
        for place in places
    ]
    return Personas(
        centres=centres,
        nearest=nearest,
        weights=weights,
        calibration=calibration,
        numbers=numbers,
        names=named,
        summaries=summaries,
        features=[(some or weaker)[:TOP_FEATURES] for some, weaker in zip(strong, weak, strict=True)],
        labels=labels,
        typical=[some[:TOP_ITEMS] for some in typical],
        counter_examples=counters,
        plane=plane(vectors),
    )


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


def told(traits: list[tuple[str, Characteristic]], name: str) -> list[tuple[str, Characteristic]]:
    """Order traits as they are told of: that which the name begins with, and what begins with a number last.

    Of features that are called alike, as an author and the entity that is the same, the strongest is told.
    """
    several = unique_everseen(traits, key=lambda trait: trait[0].casefold())
    return sorted(several, key=lambda trait: (not name.startswith(shortened(trait[0], LONGEST)), dated(trait[0])))


def _counter(
    found: CounterExample | None, titles: dict[str, str], named: list[str]
) -> tuple[str, float, str | None] | None:
    if found is None:
        return None
    typical_of = None if found.typical_of is None else named[found.typical_of].split(SEPARATOR)[0]
    return titles[found.chosen.item_id], found.chosen.lift, typical_of


def _labels(database: Database, found: list[list[Characteristic]]) -> dict[int, str]:
    wanted = sorted({one.node_id for some in found for one in some})
    return {row["node_id"]: row["label"] for row in database.read("personas/labels", node_ids=wanted)}


def _titles(database: Database, found: list[list[ChosenItem]]) -> dict[str, str]:
    """Titles of items; that of one that was removed meanwhile is its id."""
    item_ids = sorted({one.item_id for some in found for one in some})
    titles = {row["item_id"]: row["title"] for row in database.read("project/titles", item_ids=item_ids)}
    return {item_id: titles.get(item_id, item_id) for item_id in item_ids}


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
