"""The protocol that all peers go through: a fit that finds the number of epochs, and one that is tested."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.peers.ranks import hit_rate, ndcg, ranked
from benchmarks.peers.split import TEST, VALIDATION, Split


class Fit(Protocol):
    """One training of one model, epoch by epoch."""

    def train_epoch(self) -> None:
        """Go once over everything there is to learn."""

    def scores(self, histories: list[np.ndarray]) -> np.ndarray:
        """Score all items as the next of each history, minus infinity for what cannot be recommended.

        Column 0 is the padding. ``[batch, n_items + 1]``
        """


@dataclass(frozen=True)
class Peer:
    """A model of another library.

    Attributes:
        start: begins a training anew, from histories (one array a user), the number of items and a seed.
        settings: all that was chosen, for the record.
        versions: of the library and what it stands on.
        patience: epochs without a better validation NDCG@10 before the first fit ends.
    """

    start: Callable[[list[np.ndarray], int, int], Fit]
    settings: dict[str, Any]
    versions: dict[str, str]
    patience: int


@dataclass(frozen=True)
class Outcome:
    """What is written beside the ranks; metrics are of the test targets unless named otherwise.

    The seconds are the processor's, of each fit with its ranking: with one thread, what it takes on an idle machine.
    ``unranked`` is the share of test targets that the model could not recommend, or that were in the history.
    """

    epochs: int
    validation_cpu_seconds: float
    test_cpu_seconds: float
    validation_ndcg_at_10: float
    hr_at_10: float
    hr_at_100: float
    ndcg_at_10: float
    unranked: float
    curve: list[float]


def choose_epochs(peer: Peer, split: Split, seed: int, max_epochs: int) -> list[float]:
    """Learn from training, and return the validation NDCG@10 after each epoch until it no longer gets better.

    The target counts only if it is not in the history.
    """
    histories, targets = split.histories(VALIDATION), split.targets(VALIDATION)
    asked = np.flatnonzero(targets)
    known = [histories[user] for user in asked]
    fit = peer.start(histories, split.n_items, seed)
    curve: list[float] = []
    while len(curve) < max_epochs and len(curve) - int(np.argmax([*curve, -np.inf])) <= peer.patience:
        fit.train_epoch()
        curve.append(ndcg(ranked(fit.scores, known, targets[asked]), 10))
        print(f"epoch {len(curve)}: validation NDCG@10 {curve[-1]:.4f}", flush=True)
    return curve


def run(peer: Peer, name: str, split: Split, out: Path, seed: int, max_epochs: int) -> Outcome:
    """Make both fits and write ``NAME-seed-N.npz`` (``users``: rows, ``ranks``) and ``NAME-seed-N.json``."""
    began = time.process_time()
    curve = choose_epochs(peer, split, seed, max_epochs)
    chosen = time.process_time()
    histories, targets = split.histories(TEST), split.targets(TEST)
    fit = peer.start(histories, split.n_items, seed)
    epochs = int(np.argmax(curve)) + 1
    for _ in range(epochs):
        fit.train_epoch()
    users = np.flatnonzero(targets)
    ranks = ranked(fit.scores, [histories[user] for user in users], targets[users])
    outcome = Outcome(
        epochs=epochs,
        validation_cpu_seconds=round(chosen - began, 1),
        test_cpu_seconds=round(time.process_time() - chosen, 1),
        validation_ndcg_at_10=max(curve),
        hr_at_10=hit_rate(ranks, 10),
        hr_at_100=hit_rate(ranks, 100),
        ndcg_at_10=ndcg(ranks, 10),
        unranked=float(np.isinf(ranks).mean()),
        curve=curve,
    )
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / f"{name}-seed-{seed}.npz", users=users, ranks=ranks)
    about = {
        "peer": name,
        "seed": seed,
        "versions": peer.versions,
        "settings": {**peer.settings, "max_epochs": max_epochs, "patience": peer.patience},
    }
    (out / f"{name}-seed-{seed}.json").write_text(json.dumps(about | asdict(outcome), indent=2) + "\n")
    return outcome
