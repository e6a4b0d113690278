"""What one or several runs, a seed each, tell together: the tables of figures and of paired differences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kgrec.errors import KgrecError
from kgrec.results import Results
from recommender.measured import Measured
from recommender.metrics import CUTOFFS, METRICS
from recommender.slices import slices as slices_of
from recommender.statistics import ENOUGH_SEEDS, holm, summaries

METRIC_NAMES = tuple(f"{metric}@{k}" for metric in METRICS for k in CUTOFFS)
BOOTSTRAP_SEED = 1  # one for all tables, so that they repeat
SAME_DATA = {
    "user_id": "other users",
    "target": "other targets",
    "history": "other histories",
    "learned": "other training interactions",
    "head": "other popular items",
}


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
        seeds_low: lower end of Student's 95% interval over the seeds; ``None`` with one seed, and where all
            give the same, as popularity does.
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
        seeds_low: lower end of Student's 95% interval over the seeds; ``None`` with one seed, and where all
            give the same.
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
    """Sum up every system that all runs have: every metric on every slice.

    The bootstrap draws users, whose values are means over the seeds; Student's interval is over the seeds. Personas are
    learned anew with every seed, so the slices of personas are those of the first run.

    Raises:
        KgrecError: there is no run, or the runs do not fit each other.
    """
    table = _Table(runs)
    cells = [(system, metric) for system in table.systems for metric in METRIC_NAMES]
    results: Results[Figure] = Results()
    for name, chosen in table.slices.items():
        summed_up = summaries(_flat(table.values[chosen]), _flat(table.seed_means[name]), BOOTSTRAP_SEED)
        for (system, metric), summary in zip(cells, summed_up, strict=True):
            results.append(
                Figure(
                    system=system,
                    slice=name,
                    metric=metric,
                    value=summary.value,
                    low=summary.low,
                    high=summary.high,
                    seeds_low=summary.seeds_low,
                    seeds_high=summary.seeds_high,
                    users=int(chosen.sum()),
                    seeds=len(runs),
                )
            )
    return results


def differences(
    runs: Sequence[Measured],
    pairs: Sequence[tuple[str, str]],
    slices: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
) -> Results[Difference]:
    """Compare pairs of systems, the first minus the second, user by user.

    Holm's correction is over all that is returned, and so over fewer comparisons where fewer are asked for.

    Args:
        runs: a seed each.
        pairs: names of systems that all runs have.
        slices: names of some slices; all where ``None``.
        metrics: names of some metrics; all where ``None``.

    Raises:
        KgrecError: there is no run, the runs do not fit each other, or they have not what is asked for.
    """
    table = _Table(runs)
    _require("system", [system for pair in pairs for system in pair], table.systems)
    names = list(table.slices) if slices is None else _require("slice", slices, table.slices)
    chosen_metrics = list(METRIC_NAMES) if metrics is None else _require("metric", metrics, METRIC_NAMES)
    cells = [(system, against, metric) for system, against in pairs for metric in chosen_metrics]
    columns = {cell: number for number, cell in enumerate((s, m) for s in table.systems for m in METRIC_NAMES)}
    first = [columns[system, metric] for system, _, metric in cells]
    second = [columns[against, metric] for _, against, metric in cells]
    results: Results[Difference] = Results()
    for name in names:
        values, seed_means = _flat(table.values[table.slices[name]]), _flat(table.seed_means[name])
        # A difference is taken before users are drawn, so that systems that rank alike differ by 0 exactly.
        gains = values[:, first] - values[:, second]
        summed_up = summaries(gains, seed_means[:, first] - seed_means[:, second], BOOTSTRAP_SEED)
        for (system, against, metric), summary in zip(cells, summed_up, strict=True):
            results.append(
                Difference(
                    system=system,
                    against=against,
                    slice=name,
                    metric=metric,
                    value=summary.value,
                    low=summary.low,
                    high=summary.high,
                    p=summary.p,
                    p_holm=None,
                    seeds_low=summary.seeds_low,
                    seeds_high=summary.seeds_high,
                    seeds_p=summary.seeds_p,
                    seeds_p_holm=None,
                    users=len(values),
                    seeds=len(runs),
                )
            )
    p_holm, seeds_p_holm = _adjusted([row.p for row in results]), _adjusted([row.seeds_p for row in results])
    return Results(
        replace(row, p_holm=p, seeds_p_holm=seeds_p)
        for row, p, seeds_p in zip(results, p_holm, seeds_p_holm, strict=True)
    )


def beyond(runs: Sequence[Measured]) -> dict[str, dict[str, float]]:
    """Mean over the runs of what the lists of each system are like, by system and by name of the figure.

    Raises:
        KgrecError: there is no run, or no system is in all of them.
    """
    described = {}
    for name in _common_systems(runs):
        of_runs = [next(system.beyond for system in run.systems if system.name == name) for run in runs]
        in_all = [figure for figure in of_runs[0] if all(figure in of_run for of_run in of_runs)]
        described[name] = {figure: float(np.mean([of_run[figure] for of_run in of_runs])) for figure in in_all}
    return described


class _Table:
    """What the runs have in common.

    Attributes:
        systems: names of those that are in all runs, in the first run's order.
        slices: of the first run.
        values: each user's metrics, means over the runs. ``[n_users, n_systems, n_metrics]``
        seed_means: of each slice, each run's means over users, zeros for nobody. ``[n_runs, n_systems, n_metrics]``
    """

    def __init__(self, runs: Sequence[Measured]):
        self.systems = _common_systems(runs)
        _require_same_data(runs)
        self.slices = slices_of(runs[0].users)
        self.values = np.zeros((len(runs[0].users), len(self.systems), len(METRIC_NAMES)))
        self.seed_means = {name: np.zeros((len(runs), *self.values.shape[1:])) for name in self.slices}
        for number, run in enumerate(runs):
            ranks = _ranks(run, self.systems)
            values = np.stack([of_ranks(ranks.T, k) for of_ranks in METRICS.values() for k in CUTOFFS], axis=-1)
            self.values += values
            for name, chosen in self.slices.items():
                if chosen.any():
                    self.seed_means[name][number] = values[chosen].mean(axis=0)
        self.values /= len(runs)


def _adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Correct by Holm those that there are."""
    adjusted = iter(holm([p for p in p_values if p is not None]).tolist())
    return [None if p is None else next(adjusted) for p in p_values]


def _flat(values: np.ndarray) -> np.ndarray:
    """``[n, n_systems, n_metrics]`` to ``[n, n_systems * n_metrics]``."""
    return values.reshape(len(values), values.shape[1] * values.shape[2])


def _ranks(run: Measured, systems: Sequence[str]) -> np.ndarray:
    rows = {system.name: row for row, system in enumerate(run.systems)}
    return run.ranks[[rows[name] for name in systems]]


def _common_systems(runs: Sequence[Measured]) -> list[str]:
    if not runs:
        raise KgrecError("There is no evaluation to sum up.")
    names = [{system.name for system in run.systems} for run in runs]
    common = [system.name for system in runs[0].systems if all(system.name in of_run for of_run in names)]
    if not common:
        raise KgrecError("No system is in all runs.")
    return common


def _require_same_data(runs: Sequence[Measured]) -> None:
    first, *others = runs
    for number, run in enumerate(others, start=2):
        for column, what in SAME_DATA.items():
            if not np.array_equal(first.users[column].to_numpy(), run.users[column].to_numpy()):
                raise KgrecError(f"{_name(run, number)} was evaluated on {what} than {_name(first, 1)}.")
    seeds = [run.about["seed"] for run in runs if "seed" in run.about]
    repeated = next((seed for seed in seeds if seeds.count(seed) > 1), None)
    if repeated is not None:
        raise KgrecError(f"Seed {repeated} is given more than once: runs are summed up over different seeds.")


def _name(run: Measured, number: int) -> str:
    return f"Run {number} (seed {run.about['seed']})" if "seed" in run.about else f"Run {number}"


def _require(what: str, asked: Sequence[str], there: Iterable[str]) -> list[str]:
    known = list(there)
    for name in asked:
        if name not in known:
            raise KgrecError(f"The runs have no {what} {name!r}; they have {', '.join(known)}.")
    return list(asked)
