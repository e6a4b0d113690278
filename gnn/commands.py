"""``kgrec train personas``."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from gnn.meta_path import MetaPath
from gnn.personas import Personas, describe, write_back
from gnn.projection import TrainingGraph, stream_training_graph
from gnn.settings import HDGISettings
from gnn.trainer import UserVectors, learn
from kgrec.graph.database import Database
from kgrec.options import RUN, with_database
from kgrec.settings import load_section

DEFAULTS = HDGISettings()


@click.command(epilog="Example: kgrec train personas --seed 1 --run runs/first")
@RUN
@click.option("--seed", type=int, help=f"Seed of everything random.  [default: {DEFAULTS.seed}]")
@click.option("--epochs", type=click.IntRange(min=1), help=f"At most so many epochs.  [default: {DEFAULTS.epochs}]")
@click.option(
    "--personas", "n_personas", type=click.IntRange(min=2), help=f"Number of personas.  [default: {DEFAULTS.personas}]"
)
@click.option("--fresh", is_flag=True, help="Train anew instead of going on with the checkpoint in --run.")
@with_database()
def personas(
    database: Database, run: Path, seed: int | None, epochs: int | None, n_personas: int | None, fresh: bool
) -> None:
    """Learn user personas with HDGI and write them back to Neo4j.

    A GDS projection of the training interactions and the facts around them is streamed to PyTorch; no validation or
    test interaction is in it. Each user gets a vector (User.persona) and weighted links to the nearest Persona nodes.
    An interrupted training goes on where it stopped and ends with the same result. The meta-paths and all other
    settings can be given in the [hdgi] table of kgrec.toml.
    """
    settings = load_section("hdgi", HDGISettings, {"seed": seed, "epochs": epochs, "personas": n_personas})
    meta_paths = [MetaPath.parse(text) for text in settings.meta_paths]
    graph = stream_training_graph(database, meta_paths, settings.structure_dim, settings.seed)
    learned = learn(graph, settings, run, fresh)
    found = describe(database, graph, learned, settings)
    write_back(database, learned, found)
    _record(run, settings, learned)
    _report(graph, learned, found)


def _record(run: Path, settings: HDGISettings, learned: UserVectors) -> None:
    record = {"run_id": learned.run_id, "settings": settings.model_dump(), "meta_path_weights": learned.path_weights}
    (run / "personas.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _report(graph: TrainingGraph, learned: UserVectors, found: Personas) -> None:
    console = Console()
    history = learned.history
    console.print(
        f"HDGI run {learned.run_id}: {len(graph.user_ids)} users, {len(history.losses)} epochs, "
        f"kept epoch {history.best_epoch + 1} with validation loss {-history.best_score:.4f}."
    )
    weights = Table("Meta-path", "Attention", title="Meta-paths")
    for text, weight in learned.path_weights.items():
        weights.add_row(text, f"{weight:.3f}")
    for missing in graph.missing:
        weights.add_row(str(missing), "not in the graph")
    table = Table("Persona", "Name", "Users", title="Personas, by the strongest membership of each user")
    sizes = [int((found.nearest[:, 0] == number).sum()) for number in range(len(found.names))]
    for number in sorted(range(len(sizes)), key=lambda number: -sizes[number]):
        table.add_row(f"{learned.run_id}/{number}", found.names[number], str(sizes[number]))
    console.print(weights, table)
