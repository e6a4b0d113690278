"""``kgrec train sasrec``."""

from pathlib import Path
from typing import get_args

import click

from kgrec.counted import counting
from kgrec.graph.co_occurrence import ensure_co_occurrence
from kgrec.graph.database import Database
from kgrec.graph.lock import reading
from kgrec.options import RUN, with_database
from kgrec.records import JSON, write_document
from kgrec.settings import load_section
from kgrec.terminal import DataTable, say, show, waiting
from kgrec.training.distributed import from_leader, leads, together
from recommender.dataset import Dataset
from recommender.encoding import with_new_items
from recommender.reading import read_dataset
from recommender.settings import Conditioning, SASRecSettings
from recommender.snapshot import Snapshot
from recommender.train import TrainedModel, train_models

WAYS = click.Choice(get_args(Conditioning))
DEFAULTS = SASRecSettings()


@click.command()
@RUN
@click.option("--seed", type=int, help=f"Seed of everything random.  [default: {DEFAULTS.seed}]")
@click.option("--epochs", type=click.IntRange(min=1), help=f"At most so many epochs.  [default: {DEFAULTS.epochs}]")
@click.option(
    "--conditioning",
    "ways",
    type=WAYS,
    multiple=True,
    help=f"How the persona comes in; repeat to train several.  [default: {DEFAULTS.conditioning}]",
)
@click.option("--fresh", is_flag=True, help="Train anew instead of going on with the checkpoints in --run.")
@JSON
@together()
@with_database(needed=lambda given: leads())
def sasrec(
    database: Database | None,
    run: Path,
    seed: int | None,
    epochs: int | None,
    ways: tuple[Conditioning, ...],
    fresh: bool,
    format: str,
) -> None:
    """Train the sequence models, and choose what stands beside them.

    All learn to predict the next interaction. Validation chooses how long they are trained, which sources stand beside
    them in the first stage (the persona, co-occurrence, followers, facts), and what orders the candidates; then all
    are trained anew with the validation interactions, to be judged by the test's, and those that are served once more
    with everything. One base starts at random, the other from the text embeddings. With the default conditioning,
    late, the persona that `kgrec train personas` wrote comes in beside the latter; with the others, into a model of its
    own as well. An interrupted training goes on where it stopped and, on a CPU, ends with the same result. Other
    settings can be given in the [sasrec] table of kgrec.toml.

    Several processes train one model together when torchrun starts them, each on its share of every batch.

    \b
    Examples:
      kgrec train sasrec
      kgrec train sasrec --conditioning prefix --conditioning add
      torchrun --nproc-per-node 2 -m -- kgrec train sasrec --run runs/default
    """
    settings = load_section("sasrec", SASRecSettings, {"seed": seed, "epochs": epochs})
    dataset, state = from_leader(lambda: _read(database))
    trained = train_models(dataset, run, settings, ways or None, fresh)
    if leads():
        if database is not None:
            with waiting("Keeping what recommending starts from"):
                Snapshot.of(with_new_items(database, run, dataset), state).save(run)
        if format == "json":
            write_document({"run": str(run), "models": trained.records()})
        else:
            _report(run, trained)


def _read(database: Database | None) -> tuple[Dataset, str]:
    if database is None:
        raise ValueError("the process that leads has a database")
    ensure_co_occurrence(database)
    with reading(database, alone=True), counting("Reading the graph") as counted:
        state = database.state()
        return read_dataset(database, counted=counted), state


def _report(run: Path, trained: list[TrainedModel]) -> None:
    columns = ("Model", "Epochs", "Kept", "Loss", "Validation NDCG@10", "Second stage")
    table = DataTable(*columns, title=f"Trained into {run}")
    for one in trained:
        figures = (str(one.epochs), str(one.kept), f"{one.loss:.4f}", f"{one.validation_ndcg:.4f}")
        table.add_row(one.name, *figures, one.second_stage)
    show(table)
    for one in trained:
        if one.sources:
            say(f"Beside {one.name}: {one.sources}.")
