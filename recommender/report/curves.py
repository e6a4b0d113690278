"""The numbers behind the plots: hit rate over the cut-off, and the gain by how long a history is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.measured import Measured
from recommender.metrics import METRICS
from recommender.statistics import bootstrap_mean, bootstrap_means, percentiles

LONGEST_LIST = 100
HISTORY_BINS = ((0, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, None))


@dataclass(frozen=True, eq=False)
class HitCurve:
    """Hit rate of one system at each cut-off from 1 on, with its 95% band over users. Each array ``[LONGEST_LIST]``."""

    system: str
    low: np.ndarray
    value: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Gain:
    """How far one system is before another on some of the targets; no value where there are none."""

    label: str
    users: int
    value: float | None
    low: float | None
    high: float | None


def hit_curves(runs: Sequence[Measured], systems: Sequence[str], seed: int = 0) -> list[HitCurve]:
    """Hit rate at 1 to `LONGEST_LIST`, mean over the runs, with a percentile bootstrap over users."""
    curves = []
    for system in systems:  # one at a time: the hits of all would be large, and the seed draws the same users for each
        hits = _hits(runs, system)
        low, high = percentiles(bootstrap_means(hits, seed))
        curves.append(HitCurve(system, low, hits.mean(axis=0), high))
    return curves


def gains_by_history(runs: Sequence[Measured], system: str, against: str, metric: str, seed: int = 0) -> list[Gain]:
    """Paired gain in ``metric`` of ``system`` over ``against``, by the number of items known before the target."""
    differences = np.mean([_values(run, system, metric) - _values(run, against, metric) for run in runs], axis=0)
    history = runs[0].users["history"].to_numpy()
    gains = []
    for first, last in HISTORY_BINS:
        chosen = differences[(history >= first) & (history <= (np.inf if last is None else last))]
        label = f"{first} or more" if last is None else f"{first} to {last}" if first else f"at most {last}"
        if len(chosen):
            over = bootstrap_mean(chosen, seed)
            gains.append(Gain(label, len(chosen), over.mean, over.low, over.high))
        else:
            gains.append(Gain(label, 0, None, None, None))
    return gains


def validation_curves(runs: Sequence[Measured]) -> dict[str, list[list[float]]]:
    """Validation figure after each epoch, a curve a run, of the systems that have any."""
    curves: dict[str, list[list[float]]] = {}
    for run in runs:
        for system in run.systems:
            if system.curve:
                curves.setdefault(system.name, []).append(system.curve)
    return curves


def _hits(runs: Sequence[Measured], system: str) -> np.ndarray:
    """Share of the runs in which each target is among the first k. ``[n_targets, LONGEST_LIST]``"""
    cutoffs = np.arange(1, LONGEST_LIST + 1)
    total = np.zeros((len(runs[0].users), LONGEST_LIST))
    for run in runs:
        total += ranks_of(run, system)[:, None] <= cutoffs
    return total / len(runs)


def _values(run: Measured, system: str, metric: str) -> np.ndarray:
    name, cutoff = metric.split("@")
    return METRICS[name](ranks_of(run, system), int(cutoff))


def ranks_of(run: Measured, system: str) -> np.ndarray:
    """Ranks of the targets by one system. ``[n_targets]``"""
    ranks: np.ndarray = run.ranks[[one.name for one in run.systems].index(system)]
    return ranks
