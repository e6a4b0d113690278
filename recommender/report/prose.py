"""How it was measured, in words."""

from collections.abc import Sequence

from recommender.measured import Measured
from recommender.report.escapes import quoted
from recommender.report.roles import Roles
from recommender.statistics import ENOUGH_SEEDS

LEAVE_ONE_OUT = (
    "The split is leave-one-out by time: a user's last interaction is the target of the test, the one before is for "
    "validation. The days of different users overlap, so a model can learn from other users' later days, which nobody "
    "knows when recommending for real; the figures are for comparing systems, not for a forecast."
)
GLOBAL = (
    "The split is by one moment for all: models learn from what happened before it and are tested on what happened "
    "after it, so no model learns from anybody's later days."
)


def method(runs: Sequence[Measured]) -> list[str]:
    """Say what a figure and its interval are."""
    users, many = runs[0].users, len(runs)
    return [
        f"There are {users['user_id'].nunique():,} users with {len(users):,} targets. Every system ranked each target "
        "among all items; none were sampled. An item with the target's own score counts as ranked before it, so ties "
        "count against the system. Items that a user already had are left out of the list, and a target that the user "
        "already had is a miss, for all systems alike.",
        _split(runs[0].about.get("split")),
        "HR@k is the share of targets among the first k of the list. NDCG@k is 1 / log2(rank + 1) where the target is "
        "among the first k, else 0. MRR@k is 1 / rank there.",
        "All intervals are 95% intervals. Those over users are percentile bootstraps: "
        + ("users are drawn anew, with replacement. " if many == 1 else _RUNS.format(runs=many))
        + _seeds(many)
        + " Differences are paired: both systems have the same targets. Their p-values are two-sided; beside each "
        "stands the one adjusted by Holm for all rows of its table together.",
    ]


def compared(roles: Roles, metric: str) -> str:
    """Say which systems are compared, and how the best baseline was chosen."""
    told = f"Each trained model is compared{_against(roles)}."
    if roles.best_baseline is not None:
        told += f" The best plain baseline is the one with the highest {metric} on these very targets."
    return told


_RUNS = "a user's value is the mean over the {runs} runs, and users are drawn anew, with replacement. "


def _against(roles: Roles) -> str:
    against = []
    if roles.best_baseline is not None:
        against.append(f"with the best plain baseline, {quoted(roles.best_baseline)}")
    if roles.base is not None and roles.base != roles.best_baseline:
        against.append(f"with the base, {quoted(roles.base)}")
    return " " + ", and ".join(against) if against else " with nothing: no other system was measured"


def _seeds(runs: int) -> str:
    if runs >= ENOUGH_SEEDS:
        return "Those over runs are Student's, of the means of the runs, which differ by their seed."
    return f"There is no interval over seeds: it takes {ENOUGH_SEEDS} runs, and here " + (
        "is one." if runs == 1 else f"are {runs}."
    )


def _split(split: object) -> str:
    if split is None:
        return "The runs do not say how the data was split."
    told = str(split).lower()
    if "leave" in told:
        return LEAVE_ONE_OUT
    if "global" in told or "time" in told:
        return GLOBAL
    return f"The data was split as the runs say: {quoted(split)}."


BEYOND = (
    "These are of the first ten items of every user's list, and means over the runs. Coverage is the share of the "
    "catalogue that is recommended to anybody. The Gini index is 0 where all items are recommended equally often, and "
    "near 1 where a few take all places. Novelty is the mean surprise of the items, in bits: an item with half of all "
    "interactions would have 1. Intra-list similarity is the mean cosine between the texts of two items on a list."
)

PROVENANCE = (
    "Each figure is a mean over the targets, and then over the runs below. A run folder holds ranks.parquet, with a "
    "column a system and a row a target, and users.parquet, with the same rows: the user, the target and what the "
    "slices are cut by. measured.json holds the systems, their validation curves and the settings. The function "
    "figures of recommender.verdict computes the tables from them."
)
