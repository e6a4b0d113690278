"""The tables of several runs: one against ranx, the others against scipy, user by user."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ranx import Qrels, Run, evaluate
from scipy import stats

from kgrec.errors import KgrecError
from recommender.measured import Measured, System
from recommender.metrics import hit_rate, mrr, ndcg
from recommender.statistics import bootstrap_mean, bootstrap_p, holm
from recommender.verdict import BOOTSTRAP_SEED, METRIC_NAMES, Figure, beyond, differences, figures

N_USERS, N_ITEMS = 60, 200
COLD = "cold users (at most 5 known items)"
NEW = "new items (never learned from)"
FUNCTIONS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {"HR": hit_rate, "NDCG": ndcg, "MRR": mrr}


def some_users(**columns: Any) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    drawn = {
        "user_id": [f"u{user:03}" for user in range(N_USERS)],
        "target": [f"i{item}" for item in generator.integers(1, N_ITEMS + 1, N_USERS)],
        "history": generator.integers(1, 30, N_USERS),
        "learned": generator.integers(1, 30, N_USERS),  # so no item is new
        "head": generator.random(N_USERS) < 0.5,
        "persona": generator.choice(["readers", "<script>"], N_USERS),
    }
    return pd.DataFrame(drawn | columns)


def a_run(seed: int, names: tuple[str, ...] = ("popularity", "base", "persona"), **columns: Any) -> Measured:
    """Popularity ranks alike whatever the seed; later systems rank better."""
    rows = []
    for number, name in enumerate(names):
        generator = np.random.default_rng([number, 0 if name == "popularity" else seed])
        ranks = np.ceil(N_ITEMS * generator.random(N_USERS) ** (1 + number))
        rows.append(np.where(ranks > 150, np.inf, ranks))
    systems = [System(name, "model", {"coverage": 0.1 * seed, "Gini": 0.5}, []) for name in names]
    return Measured(some_users(**columns), systems, np.stack(rows), {"seed": seed})


def per_user(run: Measured, system: str, metric: str) -> np.ndarray:
    ranks = run.ranks[[one.name for one in run.systems].index(system)]
    name, k = metric.split("@")
    return FUNCTIONS[name](ranks, int(k))


def figure(rows: list[Figure], system: str, name: str, metric: str) -> Figure:
    (row,) = [row for row in rows if (row.system, row.slice, row.metric) == (system, name, metric)]
    return row


def test_the_table_is_that_of_ranx() -> None:
    generator = np.random.default_rng(3)
    users = some_users()
    scores = generator.permutation(2 * N_USERS * N_ITEMS).reshape(2, N_USERS, N_ITEMS)  # no two alike
    targets = np.array([int(target[1:]) - 1 for target in users["target"]])
    ranks = 1.0 + (scores > scores[:, range(N_USERS), targets][:, :, None]).sum(axis=2)
    systems = [System(name, "model", {}, []) for name in ("one", "two")]
    rows = figures([Measured(users, systems, ranks, {})])
    theirs = [f"{name}@{k}" for name in ("hit_rate", "ndcg", "mrr") for k in (10, 100)]
    ours = [f"{name}@{k}" for name in ("HR", "NDCG", "MRR") for k in (10, 100)]
    for name, chosen in {"all users": users["history"] > 0, COLD: users["history"] <= 5}.items():
        asked = np.flatnonzero(chosen)
        qrels = Qrels({users["user_id"][user]: {users["target"][user]: 1} for user in asked})
        for number, system in enumerate(("one", "two")):
            run = {
                users["user_id"][user]: {f"i{item + 1}": float(scores[number, user, item]) for item in range(N_ITEMS)}
                for user in asked
            }
            expected = evaluate(qrels, Run(run), theirs)
            table = {metric: figure(rows, system, name, metric) for metric in ours}
            assert [table[metric].value for metric in ours] == pytest.approx([expected[metric] for metric in theirs])
            assert {row.users for row in table.values()} == {len(asked)} and len(asked) > 5


def test_every_system_on_every_slice_by_every_metric() -> None:
    rows = figures([a_run(1), a_run(2)])
    names = list(dict.fromkeys(row.slice for row in rows))
    assert names[:2] == ["all users", COLD] and set(names[8:]) == {
        "persona: readers", "persona: <script>", "no persona"
    }  # fmt: skip
    expected = [(system, metric) for system in ("popularity", "base", "persona") for metric in METRIC_NAMES]
    for name in names:
        assert [(row.system, row.metric) for row in rows if row.slice == name] == expected
    assert METRIC_NAMES == ("HR@10", "HR@100", "NDCG@10", "NDCG@100", "MRR@10", "MRR@100")


@pytest.mark.parametrize("name", ["all users", COLD])
def test_figures_over_users_and_over_seeds(name: str) -> None:
    runs = [a_run(seed) for seed in range(1, 6)]
    chosen = np.ones(N_USERS, dtype=bool) if name == "all users" else runs[0].users["history"].to_numpy() <= 5
    rows = figures(runs)
    for metric in METRIC_NAMES:
        row = figure(rows, "persona", name, metric)
        of_runs = np.array([per_user(run, "persona", metric)[chosen] for run in runs])  # [n_runs, n]
        over_users = bootstrap_mean(of_runs.mean(axis=0), BOOTSTRAP_SEED)
        over_seeds = stats.ttest_1samp(of_runs.mean(axis=1), 0).confidence_interval(0.95)
        assert (row.low, row.value, row.high) == pytest.approx((over_users.low, over_users.mean, over_users.high))
        assert (row.seeds_low, row.seeds_high) == pytest.approx((over_seeds.low, over_seeds.high))
        assert (row.users, row.seeds, row.enough_seeds) == (chosen.sum(), 5, True)


def test_differences_are_paired() -> None:
    runs = [a_run(seed) for seed in range(1, 6)]
    rows = differences(runs, [("persona", "base")], slices=["all users"])
    assert [row.metric for row in rows] == list(METRIC_NAMES)
    for row in rows:
        system, against = (np.array([per_user(run, name, row.metric) for run in runs]) for name in ("persona", "base"))
        gains = (system - against).mean(axis=0)
        over_users = bootstrap_mean(gains, BOOTSTRAP_SEED)
        over_seeds = stats.ttest_rel(system.mean(axis=1), against.mean(axis=1))
        assert (row.low, row.value, row.high) == pytest.approx((over_users.low, over_users.mean, over_users.high))
        assert row.p == pytest.approx(bootstrap_p(gains, BOOTSTRAP_SEED))
        ends = over_seeds.confidence_interval(0.95)
        assert (row.seeds_low, row.seeds_high) == pytest.approx((ends.low, ends.high))
        assert row.seeds_p == pytest.approx(over_seeds.pvalue)
        assert row.value is not None and row.value > 0 and row.low is not None and row.low > 0
        assert (row.users, row.seeds, row.enough_seeds) == (N_USERS, 5, True)


def test_holm_is_over_all_that_is_returned() -> None:
    runs = [a_run(seed) for seed in range(1, 4)]
    rows = differences(runs, [("persona", "base"), ("base", "popularity")])
    tested = [row for row in rows if row.p is not None]
    empty = [row for row in rows if row.slice in (NEW, "no persona")]
    assert len(rows) == len(tested) + len(empty) and len(empty) == 2 * 2 * 6
    assert [row.p_holm for row in tested] == pytest.approx(holm([row.p for row in tested if row.p is not None]))
    over_seeds = [row.seeds_p for row in rows if row.seeds_p is not None]
    assert [row.seeds_p_holm for row in rows if row.seeds_p is not None] == pytest.approx(holm(over_seeds))
    assert any(row.p_holm > row.p for row in tested if row.p is not None and row.p_holm is not None)
    (alone,) = differences(runs, [("persona", "base")], slices=["all users"], metrics=["NDCG@10"])
    assert alone.p == alone.p_holm and alone.seeds_p == alone.seeds_p_holm
    (among,) = [row for row in rows if (row.system, row.slice, row.metric) == ("persona", "all users", "NDCG@10")]
    assert among.p == pytest.approx(alone.p) and among.seeds_p == pytest.approx(alone.seeds_p)


def test_empty_slice_says_so() -> None:
    runs = [a_run(1), a_run(2)]
    row = figure(figures(runs), "base", NEW, "HR@10")
    assert row == Figure("base", NEW, "HR@10", None, None, None, None, None, users=0, seeds=2)
    (gain,) = differences(runs, [("base", "popularity")], slices=[NEW], metrics=["HR@10"])
    told = {name: value for name, value in dataclasses.asdict(gain).items() if value is not None}
    assert told == {
        "system": "base", "against": "popularity", "slice": NEW, "metric": "HR@10", "users": 0, "seeds": 2
    }  # fmt: skip


def test_one_user_has_a_value_without_interval() -> None:
    run = a_run(1, learned=[0] + [1] * (N_USERS - 1))
    row = figure(figures([run]), "persona", NEW, "HR@100")
    assert (row.value, row.low, row.high, row.users) == (per_user(run, "persona", "HR@100")[0], None, None, 1)
    (gain,) = differences([run], [("persona", "base")], slices=[NEW], metrics=["HR@100"])
    assert (gain.low, gain.high, gain.p) == (None, None, 1.0)


def test_system_without_a_seed_has_no_spread_over_seeds() -> None:
    runs = [a_run(seed) for seed in range(1, 6)]
    rows = figures(runs)
    for row in rows:
        if row.system == "popularity":
            assert row.seeds_low is None and row.seeds_high is None
    assert figure(rows, "base", "all users", "HR@10").seeds_low is not None
    (gain,) = differences(runs, [("base", "popularity")], slices=["all users"], metrics=["HR@10"])
    assert gain.seeds_low is not None and gain.seeds_p is not None  # the base has a seed
    (same,) = differences(runs, [("base", "base")], slices=["all users"], metrics=["HR@10"])
    assert (same.value, same.low, same.high, same.p, same.seeds_low, same.seeds_p) == (0, 0, 0, 1, None, None)


def test_few_seeds_are_marked_and_one_has_no_interval_over_seeds() -> None:
    for n_runs, interval in ((1, False), (2, True), (4, True)):
        row = figure(figures([a_run(seed) for seed in range(n_runs)]), "base", "all users", "NDCG@100")
        assert (row.seeds_low is not None, row.seeds, row.enough_seeds) == (interval, n_runs, False)


def test_only_systems_that_all_runs_have() -> None:
    runs = [a_run(1), a_run(2, names=("popularity", "persona", "no text"))]
    assert list(dict.fromkeys(row.system for row in figures(runs))) == ["popularity", "persona"]
    assert list(beyond(runs)) == ["popularity", "persona"]
    with pytest.raises(KgrecError, match=r"no system 'base'; they have popularity, persona\."):
        differences(runs, [("persona", "base")])
    with pytest.raises(KgrecError, match="No system is in all runs"):
        figures([a_run(1, names=("one",)), a_run(2, names=("two",))])


def test_systems_are_found_by_name_not_by_place() -> None:
    first, second = a_run(1), a_run(2)
    turned = Measured(second.users, second.systems[::-1], second.ranks[::-1], second.about)
    assert figures([first, turned]) == figures([first, second])


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("user_id", r"Run 2 \(seed 2\) was evaluated on other users than Run 1 \(seed 1\)\."),
        ("target", "on other targets than"),
        ("history", "on other histories than"),
        ("learned", "on other training interactions than"),
        ("head", "on other popular items than"),
    ],
)
def test_runs_on_other_data_do_not_go_together(column: str, sentence: str) -> None:
    other: dict[str, Any] = {column: some_users()[column].to_numpy()[::-1]}
    for call in (figures, lambda runs: differences(runs, [("persona", "base")])):
        with pytest.raises(KgrecError, match=sentence):
            call([a_run(1), a_run(2, **other)])


def test_fewer_users_do_not_go_together() -> None:
    whole = a_run(2)
    part = Measured(whole.users.iloc[:-1], whole.systems, whole.ranks[:, :-1], {})
    with pytest.raises(KgrecError, match=r"Run 2 was evaluated on other users than Run 1 \(seed 1\)"):
        figures([a_run(1), part])


def test_the_same_seed_twice_is_no_second_seed() -> None:
    with pytest.raises(KgrecError, match="Seed 3 is given more than once"):
        figures([a_run(3), a_run(4), a_run(3)])


def test_personas_are_those_of_the_first_run() -> None:
    first, second = a_run(1, persona=["a"] * N_USERS), a_run(2, persona=["b"] * N_USERS)
    named = {row.slice for row in figures([first, second]) if row.slice.startswith("persona")}
    assert named == {"persona: a"}


def test_what_is_not_there_cannot_be_asked_for() -> None:
    for asked, sentence in (({"slices": ["warm"]}, "no slice 'warm'"), ({"metrics": ["HR@20"]}, "no metric 'HR@20'")):
        with pytest.raises(KgrecError, match=sentence):
            differences([a_run(1)], [("persona", "base")], **asked)
    for call in (figures, beyond):
        with pytest.raises(KgrecError, match="no evaluation to sum up"):
            call([])
    assert differences([a_run(1)], []) == []


def test_beyond_accuracy_is_the_mean_over_runs() -> None:
    runs = [a_run(1), a_run(4)]
    runs[1].systems[0].beyond.pop("Gini")
    described = beyond(runs)
    assert described["base"] == pytest.approx({"coverage": 0.25, "Gini": 0.5})
    assert described["popularity"] == pytest.approx({"coverage": 0.25})  # not in all runs, so no mean of them


def test_the_same_from_the_run_folders(tmp_path: Path) -> None:
    runs = [a_run(1), a_run(2)]
    for run in runs:
        (tmp_path / str(run.about["seed"])).mkdir()
        run.save(tmp_path / str(run.about["seed"]))
    stored = [Measured.load(tmp_path / str(seed)) for seed in (1, 2)]
    assert figures(stored) == figures(runs)
    assert figures(stored).frame().shape == (len(figures(runs)), 10)
