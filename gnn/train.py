"""Personas from a graph in one call: what ``kgrec train personas`` does, for notebooks and scripts."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gnn.evaluation_personas import write_evaluation_personas
from gnn.interests import write_interests
from gnn.meta_path import START, MetaPath
from gnn.personas import Personas, describe
from gnn.projection import stream_graph
from gnn.sampled_infomax import blocks_needed, step_bytes
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors, learn
from gnn.training_graph import training_graph
from gnn.user_blocks import projected_blocks
from gnn.worth import Worth, compare
from gnn.write_back import persona_id, write_back
from kgrec.files import replacing
from kgrec.graph.co_occurrence import RELATIONSHIP, ensure_co_occurrence
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.lock import writing
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.terminal import say
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from kgrec.training.run_lock import training

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
        run_ids: of each fit; that of the final fit is the one that the graph's readers see from now on.
        users: how many users have a vector.
        meta_path_weights: share of each meta-path, and of the texts, in the vectors of the final fit; of HDGI's own
            objective its semantic attention. Sums to 1.
        missing: meta-paths without an instance in the graph.
        history: losses and scores of the validation fit, which chose the number of epochs of the other two.
        worth: what the vectors of the validation fit know of the next item, beside others; empty without validation.
        personas: those of the final fit, those of the most users first.
    """

    run_ids: dict[Fit, str]
    users: int
    meta_path_weights: dict[str, float]
    missing: list[str]
    history: History
    worth: Results[Worth]
    personas: Results[Persona]

    @property
    def run_id(self) -> str:
        """Run of the final fit, which is served."""
        return self.run_ids[Fit.FINAL]

    @property
    def epochs(self) -> int:
        """Epochs behind every fit's vectors."""
        return self.history.best_epoch + 1

    def frame(self) -> "pd.DataFrame":
        """Return one row a persona: ``persona_id``, ``name``, ``users``, ``traits``."""
        return self.personas.frame()


def train_personas(
    database: Database, run: str | Path, settings: HDGISettings | None = None, fresh: bool = False
) -> TrainedPersonas:
    """Learn user personas, once for each fit, and write them back to Neo4j.

    The meta-paths are those of the settings and those of the graph's domains (see `kgrec.graph.domains`).

    The validation fit chooses the number of epochs, for which the test fit and the final fit then learn anew from more
    interactions (see `kgrec.training.fits.Fit`). The final fit's personas are those of the graph; the vectors of the
    other two are kept apart from them, for training and evaluation of the sequence models. Each user's profile and the
    items' co-occurrence, which need no learning, are written beside (see `gnn.profile.Profiles`,
    `kgrec.graph.co_occurrence`).

    An interrupted training goes on where it stopped and, on a CPU, ends with the same result; a finished one is
    written back again.

    Example::

        with connect() as database:
            print(train_personas(database, "runs/default").frame())

    Args:
        database: the graph, with its text embeddings loaded.
        run: folder of the fits, each with its checkpoint and ``personas.json``, the record of what was done.
        settings: how they are learned; without them, the ``[hdgi]`` table of the settings file.
        fresh: train anew instead of going on with the checkpoints.

    Raises:
        KgrecError: the graph cannot be learned from, a checkpoint is of other settings or of another graph, or
            somebody else writes to the graph or trains into the folder.
    """
    run, settings = Path(run), settings or load_section("hdgi", HDGISettings)
    with writing(database, disturbs=False), training(run, "personas"):
        return _train(database, run, settings, fresh)


def _train(database: Database, run: Path, settings: HDGISettings, fresh: bool) -> TrainedPersonas:
    texts = [*settings.meta_paths, *(text for domain in domains(database) for text in domain.meta_paths)]
    meta_paths = list(dict.fromkeys(MetaPath.parse(text) for text in texts))
    ensure_co_occurrence(database)
    streamed = stream_graph(database, meta_paths)
    made: dict[Fit, tuple[UserVectors, Personas]] = {}
    worth: Results[Worth] = Results()
    epochs: int | None = None  # the validation fit, which is the first, chooses them
    n_blocks = _blocks(streamed, meta_paths, settings)
    for fit in Fit:
        graph = training_graph(streamed, fit, meta_paths, settings.structure_dim, settings.seed, whole=n_blocks == 1)
        if n_blocks == 1:
            learned = learn(graph, settings, run, fresh, epochs)
        else:
            with projected_blocks(database, fit, streamed.user_nodes, graph.purchases.node_ids, n_blocks) as blocks:
                learned = learn(graph, settings, run, fresh, epochs, blocks)
        epochs = learned.history.best_epoch + 1
        made[fit] = learned, describe(database, graph, learned, settings)
        if fit is Fit.VALIDATION:
            worth = Results(compare(streamed, graph, learned, settings))
        _record(run, settings, learned)
    for fit in (Fit.VALIDATION, Fit.TEST):
        write_evaluation_personas(database, *made[fit])
    learned, found = made[Fit.FINAL]
    write_back(database, learned, found)
    write_interests(database)
    return TrainedPersonas(
        {fit: vectors.run_id for fit, (vectors, _) in made.items()},
        len(learned.user_ids),
        learned.path_weights,
        [text for text in map(str, meta_paths) if text not in learned.path_weights],
        made[Fit.VALIDATION][0].history,
        worth,
        _listed(learned, found),
    )


def _blocks(streamed: StreamedGraph, meta_paths: list[MetaPath], settings: HDGISettings) -> int:
    """Say in how many blocks the users are learned from, on the terminal too where it is more than one."""
    types = {
        START,
        *(name for name, ties in streamed.facts.items() if len(ties)),
        *([RELATIONSHIP] if streamed.co_occurrence else []),
    }
    walked = sum(all(types.intersection(step) for step in path.steps) for path in meta_paths)
    size = len(streamed.user_ids), streamed.texts.shape[1] + walked * settings.structure_dim, walked
    n_blocks = blocks_needed(*size, settings)
    if n_blocks > 1:
        say(
            f"HDGI learns from {n_blocks} sampled subgraphs of about {size[0] // n_blocks:,} users each, read from the "
            f"server one ahead: a step over the whole graph would take {step_bytes(*size, settings) / 2**30:.1f} GiB."
        )
    return n_blocks


def _record(run: Path, settings: HDGISettings, learned: UserVectors) -> None:
    record = {
        "fit": learned.fit.value,
        "run_id": learned.run_id,
        "epochs": learned.history.best_epoch + 1,
        "settings": settings.model_dump(),
        "meta_path_weights": learned.path_weights,
    }
    with replacing(learned.fit.folder(run) / "personas.json") as draft:
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
