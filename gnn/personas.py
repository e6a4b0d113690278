"""From user vectors to personas: clusters, soft memberships, and what sets each apart."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from more_itertools import unique_everseen

from gnn.calibration import Calibration, calibrate
from gnn.evidence import Evidence
from gnn.identity import Numbers
from gnn.named_clusters import NamedClusters, titles_of
from gnn.names import LONGEST, SEPARATOR, Characteristic, dated, shortened
from gnn.places import plane
from gnn.settings import HDGISettings
from gnn.summaries import summary
from gnn.trainer import UserVectors
from gnn.training_graph import TrainingGraph
from gnn.typical import ChosenItem, CounterExample
from gnn.wording import TextModel
from kgrec.counted import Counted, uncounted
from kgrec.graph.database import Database
from kgrec.graph.memberships import TEMPERATURE, softmax
from kgrec.personas.places import Plane

TOP_FEATURES = 10  # that are kept of a persona
TOP_ITEMS = 5


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
        worded_by: name of the text model that worded each; ``None`` where the template did. ``[n_personas]``
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
    worded_by: list[str | None]
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
    clusters: NamedClusters,
    model: TextModel | None = None,
    counted: Counted = uncounted,
) -> Personas:
    """Say of named clusters how surely one is a member, and what their members choose more than others.

    Args:
        database: for titles of items.
        graph: that was learned from.
        learned: the vectors.
        settings: memberships of a user, and the seed.
        clusters: of the vectors.
        model: words the summaries; without it, and where it says more than the evidence, the template does.
        counted: yields what the model words, and may show how much it has worded.
    """
    items, places = learned.items.numpy(), range(len(clusters.centres))
    chosen, centres = sp.csr_array(graph.chosen), clusters.centres
    per_user = settings.personas_per_user
    calibration = calibrate(chosen, items, centres, per_user, settings.seed) if learned.summed else None
    counters = [clusters.choices.counter_example(place) for place in places]
    titles = clusters.titles | titles_of(database, [[one.chosen] for one in counters if one])
    sizes = np.bincount(clusters.nearest[:, 0], minlength=len(centres)).tolist()
    known = [
        Evidence(
            clusters.names[place],
            sizes[place],
            len(clusters.nearest),
            told([(clusters.labels[one.node_id], one) for one in clusters.strong[place]], clusters.names[place]),
            [titles[one.item_id] for one in clusters.typical[place]],
            _counter(counters[place], titles, clusters.names),
        )
        for place in places
    ]
    worded = [model.word(one) for one in counted(known, "summaries", len(known))] if model else [None] * len(known)
    return Personas(
        centres=centres,
        nearest=clusters.nearest,
        weights=softmax(clusters.cosines, calibration.temperature if calibration else TEMPERATURE),
        calibration=calibration,
        numbers=clusters.numbers,
        names=clusters.names,
        summaries=[text or summary(evidence) for text, evidence in zip(worded, known, strict=True)],
        worded_by=[model.name if model and text else None for text in worded],
        features=[(some or weak)[:TOP_FEATURES] for some, weak in zip(clusters.strong, clusters.weak, strict=True)],
        labels=clusters.labels,
        typical=[some[:TOP_ITEMS] for some in clusters.typical],
        counter_examples=counters,
        plane=plane(learned.vectors.numpy()),
    )


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
