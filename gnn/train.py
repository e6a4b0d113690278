"""Personas from a graph in one call: what ``kgrec train personas`` does, for notebooks and scripts."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gnn.calibration import Calibration
from gnn.clusters import Stability, choose, stability
from gnn.evaluation_personas import write_evaluation_personas
from gnn.identity import Numbers
from gnn.interests import write_interests
from gnn.item_encoder import item_encoder, keys_in
from gnn.meta_path import START, MetaPath
from gnn.named_clusters import name_clusters
from gnn.personas import Personas, describe
from gnn.projection import stream_graph
from gnn.sampled_infomax import blocks_needed, step_bytes
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors, learn
from gnn.training_graph import training_graph
from gnn.user_blocks import projected_blocks
from gnn.wording import TextModel
from gnn.worth import Worth, compare
from gnn.write_back import persona_ids, write_back
from kgrec.counted import counting
from kgrec.feedback.training import encode_told, split_feedback
from kgrec.files import replacing
from kgrec.graph.co_occurrence import RELATIONSHIP, ensure_co_occurrence
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.lock import learning, writing
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.terminal import note, waiting
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from kgrec.training.run_lock import training

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 3_600.0  # seconds for which what was learned for so long waits for feedback that is being written


@dataclass(frozen=True)
class Persona:
    """One persona, as it is in the graph.

    Attributes:
        persona_id: key of its node.
        number: by which it is known; that of the persona of the run before with the same members, where there is one.
        name: of its strongest traits.
        users: how many have it as their strongest.
        worded_by: name of the text model that worded its summary; ``None`` where the template did.
        traits: what its members have more often than all users do, the strongest first.
    """

    persona_id: str
    number: int
    name: str
    users: int
    worded_by: str | None
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
        tried: how stable each number of personas was that was tried on the validation fit; empty where it was given.
        stability: of the personas of the final fit.
        calibration: of their soft memberships; ``None`` where too little tells of it.
        numbers: how many of the run before were found again, and under which numbers; like `history` it tells of this
            call, and a training that is written back again finds itself.
    """

    run_ids: dict[Fit, str]
    users: int
    meta_path_weights: dict[str, float]
    missing: list[str]
    history: History
    worth: Results[Worth]
    personas: Results[Persona]
    tried: Results[Stability]
    stability: Stability
    calibration: Calibration | None
    numbers: Numbers

    @property
    def run_id(self) -> str:
        """Run of the final fit, which is served."""
        return self.run_ids[Fit.FINAL]

    @property
    def epochs(self) -> int:
        """Epochs behind every fit's vectors."""
        return self.history.best_epoch + 1

    def frame(self) -> "pd.DataFrame":
        """Return one row a persona: ``persona_id``, ``number``, ``name``, ``users``, ``worded_by``, ``traits``."""
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
        run: folder of the fits, each with its checkpoint and ``personas.json``, the record of what was done; that of
            the final fit also has what encodes items that come later (`kgrec.item_encoder`).
        settings: how they are learned; without them, the ``[hdgi]`` table of the settings file.
        fresh: train anew instead of going on with the checkpoints.

    Raises:
        KgrecError: the graph cannot be learned from, a checkpoint is of other settings or of another graph, the text
            model cannot be loaded, or somebody else writes to the graph or trains into the folder.
    """
    run, settings = Path(run), settings or load_section("hdgi", HDGISettings)
    if settings.text_model:
        TextModel(settings.text_model)  # refused now rather than after hours; it is in no one's way meanwhile
    with learning(database), training(run, "personas"):
        return _train(database, run, settings, fresh)


def _train(database: Database, run: Path, settings: HDGISettings, fresh: bool) -> TrainedPersonas:
    texts = [*settings.meta_paths, *(text for domain in domains(database) for text in domain.meta_paths)]
    meta_paths = list(dict.fromkeys(MetaPath.parse(text) for text in texts))
    walked = any(RELATIONSHIP in path.types for path in meta_paths)
    with writing(database, disturbs=False):
        with counting("Marking what came by feedback") as counted:
            split_feedback(database, counted)
        ensure_co_occurrence(database, tuple(Fit) if walked else (Fit.FINAL,))
        streamed = stream_graph(database, meta_paths)
    made: dict[Fit, UserVectors] = {}
    named: dict[Fit, list[str]] = {}  # personas of the users, in the fits of the evaluation
    worth: Results[Worth] = Results()
    epochs: int | None = None  # the validation fit, which is the first, chooses them
    n_blocks = _blocks(streamed, meta_paths, settings)
    n_personas, tried = settings.personas, Results[Stability]()
    for fit in Fit:
        with waiting("Preparing what is learned from"):
            whole = n_blocks == 1
            graph = training_graph(streamed, fit, meta_paths, settings.structure_dim, settings.seed, whole)
        if n_blocks == 1:
            learned = learn(graph, settings, run, fresh, epochs)
        else:
            with projected_blocks(database, fit, streamed.user_nodes, graph.purchases.node_ids, n_blocks) as blocks:
                learned = learn(graph, settings, run, fresh, epochs, blocks)
        epochs = learned.history.best_epoch + 1
        if not n_personas:  # the validation fit chooses it for all three, as it does the epochs
            with counting("How many personas are stable") as counted:
                n_personas, found_stable = choose(learned.vectors.numpy(), settings.seed, counted)
            tried = Results(found_stable)
        made[fit] = learned
        if fit is not Fit.FINAL:
            with counting("Describing the personas") as counted:
                named[fit] = name_clusters(database, graph, learned, settings, n_personas).of_users()
                if fit is Fit.VALIDATION:
                    worth = Results(compare(streamed, graph, learned, settings, counted))
        _record(run, settings, learned)
    with counting("Describing the personas") as counted:
        model = TextModel(settings.text_model) if settings.text_model else None
        known = _known(database)
        clusters = name_clusters(database, graph, learned, settings, n_personas, *known)
        found = describe(database, graph, learned, settings, clusters, model, counted)
        del clusters  # of which what is behind the names grows with the interactions
    if learned.maps is not None:
        item_encoder(graph.items, learned.maps, learned.run_id, keys_in(database)).save(run)
    with counting("How stable the personas are") as counted:
        stable = stability(learned.vectors.numpy(), len(found.centres), settings.seed, counted)
    with ExitStack() as held:
        with waiting("Waiting to write the personas"):
            held.enter_context(writing(database, disturbs=False, wait=PATIENCE))
        for fit, names in named.items():
            write_evaluation_personas(database, made[fit], names)
        write_back(database, learned, found, stable)
        with counting("Encoding what users told") as counted:
            encode_told(database, run, counted)
        write_interests(database)
    return TrainedPersonas(
        {fit: vectors.run_id for fit, vectors in made.items()},
        len(learned.user_ids),
        learned.path_weights,
        [text for text in map(str, meta_paths) if text not in learned.path_weights],
        made[Fit.VALIDATION].history,
        worth,
        _listed(learned, found),
        tried,
        stable,
        found.calibration,
        found.numbers,
    )


def _known(database: Database) -> tuple[dict[str, int], int]:
    """Number of each user's strongest persona in the run that is to be replaced, and the highest one that was given."""
    before = {row["user_id"]: row["number"] for row in database.stream("personas/numbers")}
    rows = database.read("personas/about")
    return before, (rows[0]["highest_number"] or 0) if rows else 0


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
        note(
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
        Persona(key, number, name, size, model, list(dict.fromkeys(found.labels[one.node_id] for one in features)))
        for key, number, name, size, model, features in zip(
            persona_ids(learned.run_id, found),
            found.numbers.numbers,
            found.names,
            found.sizes,
            found.worded_by,
            found.features,
            strict=True,
        )
    ]
    return Results(sorted(personas, key=lambda persona: -persona.users))
