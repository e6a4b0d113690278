"""What one or several runs, a seed each, tell together: the tables of figures and of paired differences."""

from collections.abc import Sequence
from dataclasses import dataclass

from kgrec.results import Results
from recommender.measured import Measured

ENOUGH_SEEDS = 5


@dataclass(frozen=True)
class Figure:
    """One metric of one system on one slice, the mean over users and seeds.

    Attributes:
        system: its name.
        slice: as `recommender.slices.slices` names it.
        metric: such as ``NDCG@10``.
        value: ``None`` where the slice is empty.
        low: lower end of the 95% interval, bootstrapped over users; ``None`` with fewer than two of them.
        high: upper end.
        seeds_low: lower end of Student's 95% interval over the seeds; ``None`` with one seed, and for a system that
            ranks alike in all of them, as popularity does.
        seeds_high: upper end.
        users: how many the slice has.
        seeds: how many runs there are.
    """

    system: str
    slice: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    seeds_low: float | None
    seeds_high: float | None
    users: int
    seeds: int

    @property
    def enough_seeds(self) -> bool:
        """Whether there are seeds enough, five, to trust the interval over them."""
        return self.seeds >= ENOUGH_SEEDS


@dataclass(frozen=True)
class Difference:
    """By how much a system is better than another on one slice, user by user and so paired.

    Attributes:
        system: whose metric is taken.
        against: whose metric is subtracted.
        slice: as `recommender.slices.slices` names it.
        metric: such as ``NDCG@10``.
        value: ``None`` where the slice is empty.
        low: lower end of the 95% interval, bootstrapped over users; ``None`` with fewer than two of them.
        high: upper end.
        p: two-sided, bootstrapped over users; ``None`` where the slice is empty.
        p_holm: the same, adjusted for all differences that were asked for together (Holm).
        seeds_low: lower end of Student's 95% interval over the seeds; ``None`` with one seed, or where both systems
            rank alike in all of them.
        seeds_high: upper end.
        seeds_p: two-sided, paired Student's t over the seeds.
        seeds_p_holm: the same, adjusted.
        users: how many the slice has.
        seeds: how many runs there are.
    """

    system: str
    against: str
    slice: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    seeds_low: float | None
    seeds_high: float | None
    seeds_p: float | None
    seeds_p_holm: float | None
    users: int
    seeds: int

    @property
    def enough_seeds(self) -> bool:
        """Whether there are seeds enough, five, to trust the interval over them."""
        return self.seeds >= ENOUGH_SEEDS


def figures(runs: Sequence[Measured]) -> Results[Figure]:
    """Sum up every system that all runs have: every metric on every slice."""
    raise NotImplementedError


def differences(
    runs: Sequence[Measured],
    pairs: Sequence[tuple[str, str]],
    slices: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> Results[Difference]:
    """Compare pairs of systems (the first minus the second), user by user."""
    raise NotImplementedError


def beyond(runs: Sequence[Measured]) -> dict[str, dict[str, float]]:
    """Mean over the runs of what the lists of each system are like, by system and by name of the figure."""
    raise NotImplementedError
