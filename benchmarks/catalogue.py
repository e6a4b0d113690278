"""What a catalogue costs to learn: one epoch at ten thousand, a hundred thousand and a million items.

    python -m benchmarks.catalogue [--json catalogue.json]

Each size is trained in a process of its own: the base that starts from the texts, dim 64, with one validation
and one checkpoint, as `kgrec train sasrec` does it. The sequences are made up: users who choose by popularity (Zipf)
around a place in the catalogue. Told are the seconds of the whole, and of the epoch alone, and the peak of the whole
process's memory; the checkpoint is loaded at the end, as serving does. On CUDA the peak of its memory is told
too.
"""

import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import scipy.sparse as sp
import torch

from kgrec.training.fits import Fit
from recommender import trainer
from recommender.dataset import Dataset
from recommender.objective import chosen_loss
from recommender.sequences import NO_TIME, TEST, TRAIN, VALIDATION, Sequences
from recommender.settings import SASRecSettings
from recommender.trained import BASE_TEXT, load_model
from recommender.trainer import SASRecTraining, train

SIZES = (10_000, 100_000, 1_000_000)
USERS, LENGTH = 4_000, 50  # interactions of each
TEXT_DIM = 384  # the default encoder's
LIMIT = 6.0  # GiB


def made_up(n_items: int) -> Dataset:
    """Users who choose by popularity near a place of their own, with texts at random."""
    generator = np.random.default_rng(0)
    ranks = generator.zipf(1.1, (USERS, LENGTH)) % n_items
    items = (ranks + generator.integers(0, n_items, (USERS, 1))) % n_items + 1
    splits = np.full((USERS, LENGTH), TRAIN, dtype=np.int8)
    splits[:, -2:] = VALIDATION, TEST
    texts = torch.randn(n_items + 1, TEXT_DIM)
    texts[0] = 0.0
    offsets = np.arange(USERS + 1) * LENGTH
    return holding(Sequences(offsets, items.ravel(), splits.ravel(), np.full(items.size, NO_TIME)), texts)


def holding(sequences: Sequences, texts: torch.Tensor) -> Dataset:
    """A data set of these sequences, of items that have ``texts`` ``[n_items + 1, text_dim]`` and nothing else."""
    nothing = sp.csr_matrix(np.zeros((len(texts), 0), dtype=np.float32))
    names = [f"{number:07}" for number in range(len(texts) - 1)]
    return Dataset(
        item_ids=names,
        titles=names,
        user_ids=[f"{user:07}" for user in range(len(sequences))],
        sequences=sequences,
        texts=texts,
        texts_digest="at random",
        facts={"catalogue": nothing, "DBpedia": nothing},
        co_occurrence={},
        split="leave-one-out",
        personas={},
    )


def one_epoch(n_items: int) -> dict[str, Any]:
    """Train, validate, save and load a model of so many items."""
    dataset, settings = made_up(n_items), SASRecSettings(dim=64)
    epochs: list[float] = []

    class Timed(SASRecTraining):
        def train_epoch(self, epoch: int) -> float:
            start = time.perf_counter()
            loss = super().train_epoch(epoch)
            epochs.append(time.perf_counter() - start)
            return loss

    trainer.SASRecTraining = Timed  # type: ignore[misc]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        train(Path(folder), BASE_TEXT, dataset, settings.model_copy(update={"epochs": 1}))
        seconds = time.perf_counter() - start
        size = next(Path(folder).rglob("*.pt")).stat().st_size
        load_model(Path(folder), BASE_TEXT.name, dataset, Fit.VALIDATION)
    return {
        "name": f"{n_items:,} items",
        "loss": chosen_loss(settings.loss, n_items),
        "seconds": seconds,
        "epoch_seconds": epochs[0],
        "users_per_second": USERS / epochs[0],
        "checkpoint_gib": size / 2**30,
        "cuda_gib": torch.cuda.max_memory_allocated() / 2**30 if torch.cuda.is_available() else 0.0,
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


@click.command()
@click.option("--items", "sizes", type=click.IntRange(min=1), multiple=True, default=SIZES, show_default=True)
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the rows.")
def main(sizes: tuple[int, ...], path: Path | None) -> None:
    """Train every size and print a table."""
    rows = []
    print("| catalogue | loss | whole, s | epoch, s | users/s | checkpoint, GiB | CUDA, GiB | peak, GiB |")
    print("|---|---|---|---|---|---|---|---|")
    for n_items in sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            row = pool.apply(one_epoch, (n_items,))
        rows.append(row)
        figures = f"{row['seconds']:.1f} | {row['epoch_seconds']:.1f} | {row['users_per_second']:,.0f}"
        memory = f"{row['checkpoint_gib']:.2f} | {row['cuda_gib']:.2f} | {row['peak_gib']:.2f}"
        print(f"| {row['name']} | {row['loss']} | {figures} | {memory} |", flush=True)
    if path is not None:
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    worst = max(row["peak_gib"] for row in rows)
    print(f"The peak is {worst:.2f} GiB; {'within' if worst <= LIMIT else 'beyond'} {LIMIT:g} GiB.")


if __name__ == "__main__":
    main()
