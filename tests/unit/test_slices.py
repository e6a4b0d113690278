"""Slices by a worked example, and persona names that come from data."""

from pathlib import Path

import numpy as np
import pandas as pd

from recommender.slices import slices


def users(**columns: list[object]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    filled = {"history": [1] * n, "learned": [1] * n, "head": [False] * n, "persona": [None] * n}
    return pd.DataFrame(filled | columns)


def members(of_users: pd.DataFrame) -> dict[str, list[int]]:
    return {name: np.flatnonzero(chosen).tolist() for name, chosen in slices(of_users).items()}


def test_worked_example() -> None:
    columns: dict[str, list[object]] = {
        "history": [0, 5, 6, 20, 21],
        "learned": [0, 1, 15, 0, 16],
        "head": [False, False, True, False, True],
    }
    assert members(users(**columns)) == {
        "all users": [0, 1, 2, 3, 4],
        "cold users (at most 5 known items)": [0, 1],
        "medium users (6 to 20 known items)": [2, 3],
        "warm users (more than 20 known items)": [4],
        "head items (the most popular fifth)": [2, 4],
        "tail items (all but the most popular fifth)": [0, 1, 3],
        "new items (never learned from)": [0, 3],
        "rare items (learned from 1 to 15 times)": [1, 2],
    }


def test_personas_stand_behind_the_others_most_frequent_first() -> None:
    found = members(users(persona=["b", None, "a", "b", "c", "a", "a"]))
    assert list(found)[8:] == ["persona: a", "persona: b", "persona: c", "no persona"]
    assert (found["persona: a"], found["persona: b"], found["no persona"]) == ([2, 5, 6], [0, 3], [1])


def test_everybody_has_a_persona() -> None:
    assert members(users(persona=["a", "a"]))["no persona"] == []


def test_small_personas_are_put_together() -> None:
    names: list[object] = [f"p{number:02}" for number in range(32) for _ in range(40 - number)]
    found = members(users(persona=[*names, None]))
    assert [name for name in found if name.startswith("persona: ")] == [
        f"persona: p{number:02}" for number in range(30)
    ]
    assert [names[row] for row in found["other personas"]] == ["p30"] * 10 + ["p31"] * 9
    assert found["no persona"] == [len(names)]


def test_each_user_is_in_one_slice_of_each_kind() -> None:
    generator = np.random.default_rng(2)
    drawn = users(
        history=generator.integers(0, 40, 500).tolist(),
        head=(generator.random(500) < 0.5).tolist(),
        persona=[None if number == 0 else f"p{number}" for number in generator.integers(0, 50, 500)],
    )
    found = slices(drawn)
    for kind in (("cold", "medium", "warm"), ("head", "tail"), ("persona: ", "other personas", "no persona")):
        chosen = np.stack([chosen for name, chosen in found.items() if name.startswith(kind)])
        assert (chosen.sum(axis=0) == 1).all(), kind


def test_names_from_data_cannot_pass_for_a_slice_nor_grow_without_bound() -> None:
    long = "x" * 100
    found = members(users(persona=["all users", "no persona", long + "a", long + "b", long + "b", "<b>|`$"]))
    assert found["all users"] == [0, 1, 2, 3, 4, 5]
    assert (
        found["persona: all users"] == [0] and found["persona: no persona"] == [1] and found["persona: <b>|`$"] == [5]
    )
    shown = f"persona: {'x' * 79}…"
    assert found[shown] == [3, 4] and found[f"{shown} (2)"] == [2]


def test_nobody() -> None:
    assert all(not len(chosen) for chosen in slices(users(history=[], persona=[])).values())


def test_after_parquet(tmp_path: Path) -> None:
    drawn = users(persona=["a", None])
    drawn.to_parquet(tmp_path / "users.parquet")
    assert members(pd.read_parquet(tmp_path / "users.parquet")) == members(drawn)
