"""Does what validation chooses hold on the test? A weight is chosen on validation and judged on the test, three ways.

    python -m benchmarks.transfer --data real-data/books-saved --out runs/transfer --seed 1 --seed 2 --seed 3

The choice is the weight of item-kNN beside the base SASRec (scores standardised per user and added), which is a good
one to look at, as the two fail on different targets. The models are:

- ``no refit``: learned from training interactions, for the validation targets and for the test targets alike. Between
  what they learned and a test target lies an interaction that they never saw.
- ``refit``: learned anew from training and validation interactions before the test, for the epochs that validation
  chose, so that a test target follows what was learned as a validation target does.
- ``two windows``: as refit, but the weight is the best on the mean of two validation windows, the last and the one
  before (models that learned from all but the last interaction of training, judged by that one).

Told are the targets' counts in what was learned, NDCG@10 of validation and test, the weight that validation chooses,
the best on the test, and what the choice loses against it (the regret).
"""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch

from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender.asked import Asked, users_asked
from recommender.baselines import item_knn
from recommender.dataset import Dataset
from recommender.fusion import standard
from recommender.metrics import ndcg
from recommender.ranking import seen_items, target_ranks
from recommender.sasrec import SASRec
from recommender.scoring import score_histories
from recommender.sequences import PADDING, TEST, TRAIN, VALIDATION, Sequences
from recommender.settings import SASRecSettings
from recommender.trained import BASE_TEXT, load_model
from recommender.trainer import train

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0)


@torch.no_grad()
def sweep(dataset: Dataset, model: SASRec, learned: Fit, asked: Asked) -> np.ndarray:
    """NDCG@10 of each question at each weight: ``[n_weights, n_questions]``."""
    knn = item_knn(dataset.sequences.known(learned), dataset.n_items)
    found = []
    for batch in asked.batches():
        first, second = standard(score_histories(model, batch.histories, None)), standard(knn(batch.histories))
        second[:, PADDING] = 0.0  # none of the weights is to bring it back
        seen, targets = seen_items(batch.histories), torch.from_numpy(batch.targets)
        ranks = [target_ranks(first + weight * second, targets, seen).numpy() for weight in WEIGHTS]
        found.append(np.stack([ndcg(rank, 10) for rank in ranks]))
    return np.concatenate(found, axis=1)


def earlier(sequences: Sequences) -> Sequences:
    """Move every border one interaction back: the last of training is for validation, validation for the test.

    What was for the test is left out. Of a user with fewer than three others all are for training, as everywhere.
    """
    kept = sequences.splits != TEST
    users = np.repeat(np.arange(len(sequences)), np.diff(sequences.offsets))[kept]
    lengths = np.bincount(users, minlength=len(sequences))
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    splits = np.full(kept.sum(), TRAIN, dtype=np.int8)
    long = lengths >= 3
    splits[offsets[1:][long] - 1], splits[offsets[1:][long] - 2] = TEST, VALIDATION
    return Sequences(offsets, sequences.items[kept], splits, sequences.times[kept])


def transfer(dataset: Dataset, settings: SASRecSettings, out: Path) -> list[dict[str, float | str]]:
    """Train what is needed for one seed and return a row a way."""
    kept = train(out, BASE_TEXT, dataset, settings).best_epoch + 1
    train(out, BASE_TEXT, dataset, settings, Fit.TEST, kept)
    first, second = (load_model(out, BASE_TEXT.name, dataset, fit) for fit in (Fit.VALIDATION, Fit.TEST))
    validated, tested = users_asked(dataset, Fit.VALIDATION), users_asked(dataset, Fit.TEST)
    chosen = sweep(dataset, first, Fit.VALIDATION, validated)
    before = replace(dataset, sequences=earlier(dataset.sequences))
    train(out / "earlier", BASE_TEXT, before, settings)
    older = load_model(out / "earlier", BASE_TEXT.name, before, Fit.VALIDATION)
    window = sweep(before, older, Fit.VALIDATION, users_asked(before, Fit.VALIDATION))
    stale, fresh = sweep(dataset, first, Fit.VALIDATION, tested), sweep(dataset, second, Fit.TEST, tested)
    both = (chosen.mean(axis=1) + window.mean(axis=1)) / 2
    counts = [dataset.sequences.known(fit).counts(dataset.n_items) for fit in (Fit.VALIDATION, Fit.TEST)]
    return [
        _row(
            "no refit", chosen.mean(axis=1), stale.mean(axis=1), counts[0][validated.targets], counts[0][tested.targets]
        ),
        _row("refit", chosen.mean(axis=1), fresh.mean(axis=1), counts[0][validated.targets], counts[1][tested.targets]),
        _row("two windows", both, fresh.mean(axis=1), counts[0][validated.targets], counts[1][tested.targets]),
    ]


def _row(
    way: str, chosen: np.ndarray, judged: np.ndarray, validated: np.ndarray, tested: np.ndarray
) -> dict[str, float | str]:
    best, oracle = int(chosen.argmax()), int(judged.argmax())
    return {
        "way": way,
        "median count, validation": float(np.median(validated)),
        "median count, test": float(np.median(tested)),
        "never learned, validation": float((validated == 0).mean()),
        "never learned, test": float((tested == 0).mean()),
        "NDCG@10 validation": chosen[0],
        "NDCG@10 test": judged[0],
        "weight chosen": WEIGHTS[best],
        "weight best on test": WEIGHTS[oracle],
        "NDCG@10 test, chosen": judged[best],
        "NDCG@10 test, best": judged[oracle],
        "regret": float((judged[oracle] - judged[best]) / judged[oracle]),
    }


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/transfer"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3), show_default=True)
def main(data: Path, out: Path, seeds: tuple[int, ...]) -> None:
    """Print one table a seed."""
    dataset, settings = Dataset.load(data / "dataset"), load_section("sasrec", SASRecSettings)
    for seed in seeds:
        rows = transfer(dataset, settings.model_copy(update={"seed": seed}), out / f"seed-{seed}")
        names = list(rows[0])
        print(f"\nSeed {seed}\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}")
        for row in rows:
            print("| " + " | ".join(f"{row[name]:.4g}" if name != "way" else str(row[name]) for name in names) + " |")


if __name__ == "__main__":
    main()
