"""How sure a mean is: bootstrap over users, Student's t over seeds, and Holm's correction for many comparisons.

Sources: Efron and Tibshirani, An Introduction to the Bootstrap, 1993 (standard errors: chapter 6, percentile intervals:
chapter 13); Holm, A simple sequentially rejective multiple test procedure, 1979.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

LEVEL = 0.95
SAMPLES = 2000
ENOUGH_SEEDS = 5  # with fewer, Student's interval rests on a guess of the spread
CHUNK = 2**21  # numbers drawn at once: some dozens of MB, however many users there are


@dataclass(frozen=True)
class Interval:
    """A mean and its 95% interval.

    Attributes:
        enough: false for Student's interval over fewer than five seeds: to be shown with that reservation.
    """

    low: float
    mean: float
    high: float
    enough: bool = True


def bootstrap_means(values: np.ndarray, seed: int, samples: int = SAMPLES) -> np.ndarray:
    """Means of many columns over users who are drawn again, with replacement; all columns share the draws.

    The users' counts times the values is one matrix product. It is done in pieces, whose size does not change what is
    drawn.

    Args:
        values: a row a user. ``[n_users, n]``
        seed: of the draws.
        samples: how often to draw.

    Returns:
        ``[samples, n]``

    Raises:
        ValueError: there are no users.
    """
    n_users, n = values.shape
    if not n_users:
        raise ValueError("no users to draw from")
    generator = np.random.default_rng(seed)
    means = np.empty((samples, n))
    step = max(1, CHUNK // n_users)
    for start in range(0, samples, step):
        rows = min(step, samples - start)
        drawn = generator.integers(n_users, size=(rows, n_users))
        drawn += np.arange(rows)[:, None] * n_users
        counts = np.bincount(drawn.ravel(), minlength=rows * n_users).reshape(rows, n_users)
        means[start : start + rows] = counts.astype(float) @ values / n_users
    return means


def percentiles(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both ends of the 95% percentile interval of bootstrapped means ``[samples, n]``, each ``[n]``."""
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def bootstrap_mean(values: np.ndarray, seed: int, samples: int = SAMPLES) -> Interval:
    """Percentile bootstrap over users.

    Args:
        values: of several seeds, each user's mean over them. ``[n_users]``
        seed: of the draws.
        samples: how often to draw.

    Raises:
        ValueError: there are no users.
    """
    low, high = percentiles(bootstrap_means(values[:, None], seed, samples))
    return Interval(float(low[0]), float(values.mean()), float(high[0]))


def p_over_users(differences: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Two-sided p of paired differences: how far the mean is from 0, in standard errors of the bootstrap.

    Counting the samples beyond 0 cannot tell p values under one in ``samples``, which Holm's correction of a table
    needs; the normal tail can. It is too sure of itself where few users differ, so no p is below the least that
    flipping the signs of their differences could give, ``2 ** (1 - differing users)``.

    Args:
        differences: a row a user. ``[n_users, n]``
        means: `bootstrap_means` of them. ``[samples, n]``

    Returns:
        ``[n]``
    """
    error = means.std(axis=0, ddof=1)
    distance = np.abs(differences.mean(axis=0))
    deviates = np.divide(distance, error, out=np.where(distance > 0, np.inf, 0.0), where=error > 0)
    least = 2.0 ** (1 - np.count_nonzero(differences, axis=0))
    return np.asarray(np.clip(2 * norm.sf(deviates), np.minimum(1.0, least), 1.0))


def bootstrap_p(differences: np.ndarray, seed: int, samples: int = SAMPLES) -> float:
    """Two-sided p of one system's paired differences to another over users.

    Args:
        differences: of several seeds, each user's mean over them. ``[n_users]``
        seed: of the draws.
        samples: how often to draw.

    Raises:
        ValueError: there are no users.
    """
    column = differences[:, None]
    return float(p_over_users(column, bootstrap_means(column, seed, samples))[0])


def student_mean(values: np.ndarray) -> Interval | None:
    """Student's interval over seeds; ``None`` with fewer than two, or if they all say the same.

    Args:
        values: each seed's mean. ``[n_seeds]``
    """
    if not _spread(values):
        return None
    mean = float(values.mean())
    width = float(student.ppf((1 + LEVEL) / 2, len(values) - 1)) * _standard_error(values)
    return Interval(mean - width, mean, mean + width, enough=len(values) >= ENOUGH_SEEDS)


def student_p(differences: np.ndarray) -> float | None:
    """Two-sided p of the paired t test over seeds; ``None`` with fewer than two, or if they all say the same.

    Args:
        differences: each seed's mean difference. ``[n_seeds]``
    """
    if not _spread(differences):
        return None
    return float(2 * student.sf(abs(float(differences.mean())) / _standard_error(differences), len(differences) - 1))


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjust p values so that the chance of any false discovery among them stays below the level they are read at.

    Returns:
        in the order given. ``[n]``

    Raises:
        ValueError: something is no probability.
    """
    given = np.asarray(p_values, dtype=float)
    if not ((given >= 0) & (given <= 1)).all():
        raise ValueError("a p value is not between 0 and 1")
    order = np.argsort(given, kind="stable")
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1)))
    return adjusted


@dataclass(frozen=True)
class Summary:
    """A mean with both intervals, and p values of its being 0; ``None`` for what cannot be told.

    Attributes:
        value: mean over users and seeds; ``None`` without users.
        low: lower end of the bootstrap over users; ``None`` with fewer than two.
        high: upper end.
        p: two-sided, bootstrap over users.
        seeds_low: lower end of Student's interval over the seeds; ``None`` with fewer than two or no spread.
        seeds_high: upper end.
        seeds_p: two-sided, Student's t over the seeds.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    seeds_low: float | None = None
    seeds_high: float | None = None
    seeds_p: float | None = None


def summaries(values: np.ndarray, seed_means: np.ndarray, seed: int) -> list[Summary]:
    """Sum up many columns at once, all with the same draws of users.

    Args:
        values: each user's mean over the seeds. ``[n_users, n]``
        seed_means: each seed's mean over the users. ``[n_seeds, n]``
        seed: of the draws.

    Returns:
        ``[n]``
    """
    if not len(values):
        return [Summary()] * values.shape[1]
    means = bootstrap_means(values, seed)
    (low, high), p = percentiles(means), p_over_users(values, means)
    summed_up = []
    for column, value in enumerate(values.mean(axis=0)):
        over_seeds = student_mean(seed_means[:, column])
        summed_up.append(
            Summary(
                value=float(value),
                low=float(low[column]) if len(values) > 1 else None,
                high=float(high[column]) if len(values) > 1 else None,
                p=float(p[column]),
                seeds_low=over_seeds.low if over_seeds else None,
                seeds_high=over_seeds.high if over_seeds else None,
                seeds_p=student_p(seed_means[:, column]) if over_seeds else None,
            )
        )
    return summed_up


def _spread(values: np.ndarray) -> bool:
    # Not merely above 0: means that are equal may differ in their last bit.
    return len(values) >= 2 and bool(np.ptp(values) > 1e-12 * np.abs(values).max())


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) / float(np.sqrt(len(values)))
