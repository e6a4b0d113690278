"""Intervals and p values against scipy and against what can be counted out; Holm's correction against closed tests."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recommender import statistics
from recommender.statistics import (
    bootstrap_mean,
    bootstrap_means,
    bootstrap_p,
    holm,
    student_mean,
    student_p,
    summaries,
)


def hits(n: int, share: float = 0.1, seed: int = 5) -> np.ndarray:
    return (np.random.default_rng(seed).random(n) < share).astype(float)


def test_bootstrap_over_users_is_that_of_scipy() -> None:
    values = np.random.default_rng(5).exponential(size=300)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20000, method="percentile", rng=1).confidence_interval
    mine = bootstrap_mean(values, seed=2, samples=20000)
    tolerance = 0.1 * values.std() / len(values) ** 0.5  # four times the error of a percentile of so many samples
    assert mine.mean == pytest.approx(values.mean())
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=tolerance)


def test_bootstrap_draws_every_resample_alike() -> None:
    """Of three users there are 27 resamples; their means come as often as they can be counted out."""
    values = np.array([0.0, 1.0, 5.0])
    possible = [sum(drawn) / 3 for drawn in itertools.product(values, repeat=3)]
    means = bootstrap_means(values[:, None], seed=3, samples=27000)[:, 0]
    for mean in sorted(set(possible)):
        share = possible.count(mean) / 27
        spread = (share * (1 - share) / len(means)) ** 0.5
        assert np.isclose(means, mean).mean() == pytest.approx(share, abs=5 * spread), mean


def test_columns_share_the_draws() -> None:
    first, second = hits(100, seed=1), hits(100, seed=2)
    means = bootstrap_means(np.stack([first, second, first - second], axis=1), seed=1)
    assert means[:, 0] - means[:, 1] == pytest.approx(means[:, 2])


def test_bootstrap_repeats_and_its_pieces_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).normal(size=(101, 3))
    whole = bootstrap_means(values, seed=4)
    assert (bootstrap_means(values, seed=4) == whole).all()
    assert (bootstrap_means(values, seed=5) != whole).any()
    for chunk in (1, 777):  # less than one sample of users; some samples, and a rest
        monkeypatch.setattr(statistics, "CHUNK", chunk)
        assert bootstrap_means(values, seed=4) == pytest.approx(whole, rel=1e-12)


def test_nobody_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="no users"):
        bootstrap_mean(np.empty(0), seed=1)


@pytest.mark.parametrize("gain", [0.0, 0.02, 0.05, 0.1])
def test_p_over_users_is_that_of_counted_samples_where_these_can_tell(gain: float) -> None:
    differences = hits(400, 0.2 + gain, seed=8) - hits(400, 0.2, seed=9)
    centred = differences - differences.mean()
    null = stats.bootstrap((centred,), np.mean, n_resamples=20000, method="percentile", rng=1).bootstrap_distribution
    counted = np.mean(np.abs(null) >= abs(differences.mean()))
    assert bootstrap_p(differences, seed=1, samples=20000) == pytest.approx(counted, rel=0.1, abs=0.015)


def test_p_over_users_can_be_very_small() -> None:
    differences = hits(2000, 0.3) - hits(2000, 0.1, seed=6)
    theirs = stats.ttest_1samp(differences, 0).pvalue
    assert theirs < 1e-12
    assert np.log(bootstrap_p(differences, seed=1)) == pytest.approx(np.log(theirs), rel=0.1)


@pytest.mark.parametrize("differing", [0, 1, 3, 5])
def test_few_users_that_differ_prove_little(differing: int) -> None:
    """All in one direction: the exact test of signs is the least that p may be."""
    differences = np.array([1.0] * differing + [0.0] * 50)
    exact = 1.0 if not differing else stats.binomtest(differing, differing).pvalue
    assert bootstrap_p(differences, seed=1) >= exact
    assert bootstrap_p(np.ones(differing + 1), seed=1) == pytest.approx(2.0**-differing)


def test_student_over_seeds_is_that_of_scipy() -> None:
    generator = np.random.default_rng(4)
    system, against = generator.normal(0.12, 0.01, size=5), generator.normal(0.10, 0.01, size=5)
    theirs = stats.ttest_rel(system, against)
    interval = student_mean(system - against)
    assert interval is not None and interval.enough
    assert (interval.low, interval.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert interval.mean == pytest.approx((system - against).mean())
    assert student_p(system - against) == pytest.approx(theirs.pvalue)


def test_few_seeds_are_marked_and_one_has_no_interval() -> None:
    four = student_mean(np.array([0.1, 0.2, 0.15, 0.12]))
    assert four is not None and not four.enough
    for without in ([], [0.1], [0.1] * 6):
        assert student_mean(np.array(without)) is None and student_p(np.array(without)) is None


def test_holm_worked_example() -> None:
    # 0.005 * 4, 0.01 * 3, 0.03 * 2; 0.04 * 1 is less than the one before and is raised to it
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]).tolist() == [1.0, 1.0] and holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    """A hypothesis falls when every set that holds it falls, each tested by its least p times its size."""
    numbers = range(len(p_values))
    subsets = [chosen for size in numbers for chosen in itertools.combinations(numbers, size + 1)]
    expected = [
        max(min(1.0, len(chosen) * min(p_values[i] for i in chosen)) for chosen in subsets if number in chosen)
        for number in numbers
    ]
    assert holm(p_values) == pytest.approx(expected)


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan")])
def test_holm_takes_probabilities_only(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.5, wrong])


def test_columns_summed_up_together_are_those_summed_up_alone() -> None:
    values = np.stack([hits(80, seed=seed) for seed in range(4)], axis=1)
    seed_means = np.random.default_rng(1).random((5, 4))
    seed_means[:, 3] = 0.1  # whatever the seed
    for column, summary in enumerate(summaries(values, seed_means, seed=9)):
        alone = bootstrap_mean(values[:, column], seed=9)
        assert (summary.low, summary.value, summary.high) == pytest.approx((alone.low, alone.mean, alone.high))
        assert summary.p == pytest.approx(bootstrap_p(values[:, column], seed=9))
        over_seeds = student_mean(seed_means[:, column])
        assert (over_seeds is None) == (column == 3)
        expected = (over_seeds.low, over_seeds.high) if over_seeds else (None, None)
        assert (summary.seeds_low, summary.seeds_high) == expected
        assert (summary.seeds_p is None) == (column == 3)
