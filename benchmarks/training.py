"""How fast SASRec is trained: against RecTools, and on a CPU against the matrix products alone.

    python -m benchmarks.training [--length 200] [--full] [--users 2560] [--rounds 3] [--json FILE]

A round is an epoch of kgrec, one of RecTools, in its own environment (`benchmarks.peers.run`) and in a process of its
own that waits meanwhile, and on a CPU one of the products that `benchmarks.products` counts. Both models have the same
sizes, dropout 0.3, softmax over all items, batches of 128 users, Adam at 1e-3. A first round warms up and is not
counted.

Histories are made up: 11 items on average, or with --full as many as the model looks at. Both keep the memory that they
free; kgrec multiplies by oneDNN where that is exact (`kgrec.training.device`), RecTools by what PyTorch takes. Printed
are the ratios of the rounds by the clock and by processor seconds, the share of the products in kgrec's time, and for
each epoch what both models make of the last items, which they have not seen: cross-entropy over all items, and NDCG@10.
On a machine that others use too, look at the processor seconds.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import IO

import click
import numpy as np
import torch

from benchmarks.catalogue import holding
from benchmarks.peers.run import ROOT, VARIABLES, environment
from benchmarks.products import Products
from benchmarks.training_data import SHORTEST, Histories, judged, made_up
from kgrec.allocation import keep_freed_memory
from kgrec.training.device import device
from kgrec.training.fits import Fit
from recommender.dataset import Dataset
from recommender.sequences import NO_TIME, TRAIN, VALIDATION, Sequences, padded
from recommender.settings import SASRecSettings
from recommender.trained import BASE
from recommender.trainer import SASRecTraining

Answer = dict[str, float]  # of an epoch: seconds, processor, and of a model, loss and ndcg


class Ours:
    """kgrec's trainer, an epoch a call."""

    def __init__(self, histories: Histories, settings: SASRecSettings):
        self.histories, self.length = histories, settings.max_length
        self.training = SASRecTraining(dataset(histories), settings, BASE, Fit.VALIDATION)

    def __call__(self) -> Answer:
        """Train an epoch, then ask for the last items."""
        model = self.training.model.train()
        answer = timed(lambda: self.training.train_epoch(0))
        with torch.no_grad():
            asked = padded([history.tolist() for history in self.histories.asked], self.length)
            scores = model.eval().next_scores(asked.to(device())).cpu().numpy()
        loss, gain = judged(scores, self.histories.wanted)
        return answer | {"loss": loss, "ndcg": gain}


class Theirs:
    """RecTools in a process of its own, an epoch a call."""

    def __init__(self, python: Path, data: Path, length: int, seed: int, threads: int):
        count = str(threads)
        variables = os.environ | VARIABLES | {"OMP_NUM_THREADS": count, "MKL_NUM_THREADS": count}
        command = [str(python), "-W", "ignore", "-m", "benchmarks.peers.rectools_epochs", str(data)]
        self.process = subprocess.Popen(
            [*command, "--length", str(length), "--seed", str(seed)],
            env=variables | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self) -> Answer:
        """Ask for an epoch."""
        asked, answers = self.process.stdin, self.process.stdout
        assert asked is not None and answers is not None
        asked.write("\n")
        asked.flush()
        return answer_of(answers)

    def end(self) -> None:
        """End the process."""
        self.process.communicate()


def answer_of(lines: IO[str]) -> Answer:
    """Read on to the line that is JSON; what the library says besides is left out."""
    for line in lines:
        if line.startswith("{"):
            answer: Answer = json.loads(line)
            return answer
    raise click.ClickException("RecTools ended without an answer: run benchmarks.peers.rectools_epochs by hand.")


def timed(work: Callable[[], object]) -> Answer:
    """Time it by the clock and by the processor."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return {"seconds": time.perf_counter() - start, "processor": time.process_time() - used}


def dataset(histories: Histories) -> Dataset:
    """The histories as kgrec has them: their last items are those of validation."""
    lengths = np.array([len(history) for history in histories.whole])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    items = np.concatenate(histories.whole)
    splits = np.full(len(items), TRAIN, dtype=np.int8)
    splits[offsets[1:] - 1] = VALIDATION
    times = np.full(len(items), NO_TIME)
    return holding(Sequences(offsets, items, splits, times), torch.zeros(histories.n_items + 1, 0))


def ratios(rounds: list[dict[str, Answer]], above: str, below: str, clock: str) -> dict[str, float]:
    """Median and extremes of one time over another."""
    found = [one[above][clock] / one[below][clock] for one in rounds]
    return {"ratio_median": median(found), "ratio_min": min(found), "ratio_max": max(found), "rounds": len(found)}


@click.command()
@click.option("--length", type=click.IntRange(2), default=50, show_default=True, help="Items that are looked at.")
@click.option("--full", is_flag=True, help="Make all histories so long.")
@click.option("--users", type=click.IntRange(1), default=2_560, show_default=True)
@click.option("--items", type=click.IntRange(2), default=8_000, show_default=True)
@click.option("--data", type=click.Path(exists=True, path_type=Path), help="A saved data set instead of made-up data.")
@click.option("--rounds", "n_rounds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--python", type=click.Path(path_type=Path), help="Of an environment that has RecTools already.")
@click.option("--json", "written", type=click.Path(path_type=Path), help="File for the figures.")
def main(
    length: int,
    full: bool,
    users: int,
    items: int,
    data: Path | None,
    n_rounds: int,
    seed: int,
    threads: int,
    python: Path | None,
    written: Path | None,
) -> None:
    """Train both, a round after another, and print the table."""
    torch.set_num_threads(threads)
    keep_freed_memory()  # as the command `kgrec` does
    if data:
        whole = [np.array(history) for history in Dataset.load(data).sequences.known(Fit.FINAL).histories]
        whole = [history for history in whole if len(history) >= SHORTEST][:users]
    else:
        whole = made_up(users, items, length if full else 11, full)
    made = Histories.of_known_items(whole, length)
    what = f"length {length}, " + ("all of it" if full else data.name if data else "11 on average")
    settings = SASRecSettings(max_length=length, dropout=0.3, loss="full", learning_rate=1e-3, seed=seed)
    products = Products(np.array([len(history) - 1 for history in made.before]), made.n_items, settings)
    torch.manual_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "histories.npz"
        made.save(file)
        theirs = Theirs(python or environment("rectools"), file, length, seed, threads)
        ours = Ours(made, settings)
        rounds = []
        try:
            for number in range(n_rounds + 1):
                found = {"kgrec": ours(), "RecTools": theirs()}
                if device().type == "cpu":
                    found["products"] = timed(products.run)
                rounds.append(found)
                for name, answer in found.items():
                    said = "  ".join(f"{key} {value:.4g}" for key, value in answer.items())
                    print(f"round {number}  {name:<10}{said}", flush=True)
        finally:
            theirs.end()
    rows = []
    for clock in ("seconds", "processor"):
        for name, above, below in (
            ("RecTools' time over kgrec's", "RecTools", "kgrec"),
            ("share of the matrix products in kgrec's time", "products", "kgrec"),
        ):
            if above not in rounds[0]:
                continue
            row = {"name": f"SASRec training, {what}: {name}, {clock}"} | ratios(rounds[1:], above, below, clock)
            rows.append(row)
            print(f"{row['name']:<92}{row['ratio_median']:>6.2f}  ({row['ratio_min']:.2f} to {row['ratio_max']:.2f})")
    print(
        f"{len(made.whole):,} users, {made.n_items:,} items, {threads} threads, {device()}, torch {torch.__version__}"
    )
    print(f"{products.operations() / 1e9:,.0f} thousand million operations an epoch")
    if written:
        written.write_text(json.dumps({"rows": rows, "rounds": rounds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
