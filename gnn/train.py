"""Personas from a graph in one call: what ``kgrec train personas`` does, for notebooks and scripts."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gnn.meta_path import MetaPath
from gnn.personas import Personas, describe
from gnn.projection import stream_training_graph
from gnn.settings import HDGISettings
from gnn.trainer import UserVectors, learn
from gnn.write_back import persona_id, write_back
from kgrec.files import replacing
from kgrec.graph.database import Database
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.training.loop import History

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Persona:
    """One persona, as it is in the graph.

    Attributes:
        persona_id: key of its node.
        name: of its strongest traits.
        users: how many have it as their strongest.
        traits: what its members have more often than all users do, the strongest first.
    """

    persona_id: str
    name: str
    users: int
    traits: list[str]


@dataclass(frozen=True)
class TrainedPersonas:
    """What a training learned and wrote.

    Attributes:
        run_id: of the run that the graph's readers see from now on.
        users: how many users have a vector.
        meta_path_weights: semantic attention of each meta-path; sums to 1.
        missing: meta-paths without an instance in the graph.
        history: losses and scores of the epochs.
        personas: those of the most users first.
    """

    run_id: str
    users: int
    meta_path_weights: dict[str, float]
    missing: list[str]
    history: History
    personas: Results[Persona]

    def frame(self) -> "pd.DataFrame":
        """Return one row a persona: ``persona_id``, ``name``, ``users``, ``traits``."""
        return self.personas.frame()


def train_personas(
    database: Database, run: str | Path, settings: HDGISettings | None = None, fresh: bool = False
) -> TrainedPersonas:
    """Learn user personas with HDGI and write them back to Neo4j.

    An interrupted training goes on where it stopped and, on a CPU, ends with the same result; a finished one is
    written back again.

    Example::

        with connect() as database:
            print(train_personas(database, "runs/default").frame())

    Args:
        database: the graph, with its text embeddings loaded.
        run: folder of the checkpoint and of ``personas.json``, the record of what was done.
        settings: how they are learned; without them, the ``[hdgi]`` table of the settings file.
        fresh: train anew instead of going on with the checkpoint.

    Raises:
        KgrecError: the graph cannot be learned from, or the checkpoint is of other settings or of another graph.
    """
    run, settings = Path(run), settings or load_section("hdgi", HDGISettings)
    meta_paths = [MetaPath.parse(text) for text in settings.meta_paths]
    graph = stream_training_graph(database, meta_paths, settings.structure_dim, settings.seed)
    learned = learn(graph, settings, run, fresh)
    found = describe(database, graph, learned, settings)
    write_back(database, learned, found)
    _record(run, settings, learned)
    missing = [str(path) for path in graph.missing]
    return TrainedPersonas(
        learned.run_id, len(graph.user_ids), learned.path_weights, missing, learned.history, _listed(learned, found)
    )


def _record(run: Path, settings: HDGISettings, learned: UserVectors) -> None:
    record = {"run_id": learned.run_id, "settings": settings.model_dump(), "meta_path_weights": learned.path_weights}
    with replacing(run / "personas.json") as draft:
        draft.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _listed(learned: UserVectors, found: Personas) -> Results[Persona]:
    personas = [
        Persona(
            persona_id(learned.run_id, number),
            name,
            size,
            list(dict.fromkeys(found.labels[one.node_id] for one in found.features if one.persona == number)),
        )
        for number, (name, size) in enumerate(zip(found.names, found.sizes, strict=True))
    ]
    return Results(sorted(personas, key=lambda persona: -persona.users))
