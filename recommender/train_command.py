"""``kgrec train sasrec``."""

from pathlib import Path
from typing import get_args

import click
from rich.console import Console
from rich.table import Table

from kgrec.graph.database import Database
from kgrec.options import RUN, with_database
from kgrec.settings import load_section
from recommender.reading import read_dataset
from recommender.settings import Conditioning, SASRecSettings
from recommender.train import train_models

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
@with_database()
def sasrec(
    database: Database, run: Path, seed: int | None, epochs: int | None, ways: tuple[Conditioning, ...], fresh: bool
) -> None:
    """Train the base SASRec and the persona-conditioned one.

    Both learn to predict the next training interaction and stop when the validation interactions, ranked against all
    items, are predicted no better. The conditioned one starts from the text embeddings and reads the personas that
    `kgrec train personas` wrote. An interrupted training goes on where it stopped and, on a CPU, ends with the
    same result. Other settings can be given in the [sasrec] table of kgrec.toml.

    \b
    Example:
      kgrec train sasrec --conditioning prefix --conditioning add
    """
    settings = load_section("sasrec", SASRecSettings, {"seed": seed, "epochs": epochs})
    trained = train_models(read_dataset(database), run, settings, ways or None, fresh)
    table = Table("Model", "Epochs", "Kept", "Loss", "Validation NDCG@10", title=f"Trained into {run}")
    for one in trained:
        table.add_row(one.name, str(one.epochs), str(one.kept), f"{one.loss:.4f}", f"{one.validation_ndcg:.4f}")
    Console().print(table)
