"""The replay of later interactions, on a few users by hand: who is asked for what, by which history and persona."""

from itertools import permutations

import numpy as np
import pytest
import torch

from benchmarks.new_items import learned_from, with_items
from benchmarks.replay import DAY, PAIRS, Replay, answered, by_user, replay_of, report
from recommender.asked import Asked
from recommender.dataset import Dataset
from recommender.sequences import TRAIN
from tests.unit.datasets import holding, sequences

BORDER = 100 * DAY
N_ITEMS = 8
WHAT: list[list[tuple[int, float]]] = [  # items of each user, with the day
    [(1, 150), (2, 151), (3, 152), (4, 153)],  # came after the border: nobody was trained on
    [(1, 10), (2, 20), (3, 30), (4, 100), (5, 101.5), (1, 102), (6, 110)],  # at the border is after it; 1 a second time
    [(2, 1), (3, 2), (4, 101)],  # two before it are too few
    [(4, 5), (5, 6), (6, 7), (1, 99.999), (2, 101.5), (2, 103), (3, 131)],  # 2 a second time, after the border
    [(1, 1), (7, 2), (8, 3)],  # nothing after it
]
# Row in what is trained on, target, history up to the border and to the target, interactions and days since.
ASKED = [
    (0, 4, [1, 2, 3], [1, 2, 3], 0, 0),
    (0, 5, [1, 2, 3], [1, 2, 3, 4], 1, 1),
    (2, 2, [4, 5, 6, 1], [4, 5, 6, 1], 0, 1),
    (0, 6, [1, 2, 3], [1, 2, 3, 4, 5, 1], 3, 10),
    (2, 3, [4, 5, 6, 1], [4, 5, 6, 1, 2, 2], 2, 31),
]
AT_BORDER = [[1, 2, 3], [2, 3], [4, 5, 6, 1], [1, 7, 8]]  # histories of those who were trained on
ITEMS = np.random.default_rng(5).normal(size=(N_ITEMS + 1, 3))
FOLLOWS = np.random.default_rng(6).normal(size=(N_ITEMS + 1, N_ITEMS + 1))  # how well an item follows another


@pytest.fixture
def whole() -> Dataset:
    rows = [[(item, TRAIN) for item, _ in visits] for visits in WHAT]
    return holding(sequences(rows, [[int(day * DAY) for _, day in visits] for visits in WHAT]), N_ITEMS)


@pytest.fixture
def trained(whole: Dataset) -> Dataset:
    items = torch.from_numpy(ITEMS).float()
    items[0] = 0.0
    return with_items(learned_from(whole, whole.sequences.times < BORDER), "run", items)


def test_who_is_asked_for_what(whole: Dataset, trained: Dataset) -> None:
    replay = replay_of(whole, trained, BORDER)
    assert trained.user_ids == ["u1", "u2", "u3", "u4"]
    found = zip(
        replay.users.tolist(), replay.targets.tolist(), replay.frozen, replay.had, replay.since.tolist(),
        replay.days.tolist(), strict=True,
    )  # fmt: skip
    assert list(found) == ASKED


def first_stage(asked: Asked) -> torch.Tensor:
    """By the persona, and by the last of the history."""
    last = [history[-1] for history in asked.histories]
    scores = asked.personas @ torch.from_numpy(ITEMS.T).float() + torch.from_numpy(FOLLOWS[last]).float()
    scores[:, 0] = -torch.inf  # padding
    return scores


def persona_of(history: list[int]) -> np.ndarray:
    total = ITEMS[sorted(set(history))].sum(axis=0)
    return np.asarray(total / np.linalg.norm(total))


def rank(scores: np.ndarray, target: int, had: list[int]) -> int:
    return 1 + sum(bool(scores[item] > scores[target]) for item in range(1, N_ITEMS + 1) if item not in had)


def by_hand(personas: list[np.ndarray], histories: list[list[int]] | None) -> list[int]:
    """Rank each target by personas, and by the last of histories where there are any."""
    found = []
    for row, (_, target, _, had, *_) in enumerate(ASKED):
        scores = ITEMS @ personas[row] + (0 if histories is None else FOLLOWS[histories[row][-1]])
        found.append(rank(scores, target, had))
    return found


def test_each_way_has_its_history_and_its_persona(whole: Dataset, trained: Dataset) -> None:
    found = answered(replay_of(whole, trained, BORDER), trained, first_stage, seed=1)
    before, had = [one[2] for one in ASKED], [one[3] for one in ASKED]
    frozen, followed = [persona_of(one) for one in before], [persona_of(one) for one in had]
    given = {
        "frozen": by_hand(frozen, before),
        "history": by_hand(frozen, had),
        "updated": by_hand(followed, had),
        "persona alone, frozen": by_hand(frozen, None),
        "persona alone, updated": by_hand(followed, None),
    }
    assert {name: found[name].tolist() for name in given} == given
    assert len({tuple(ranks) for ranks in given.values()}) == len(given)  # else two of them could be mixed up
    others = {"placebo": had, "persona alone, placebo": None}
    assert found.keys() == given.keys() | others.keys()
    handed_round = [
        order
        for order in permutations(range(len(AT_BORDER)))
        if all(
            by_hand([persona_of(AT_BORDER[order[one[0]]]) for one in ASKED], histories) == found[name].tolist()
            for name, histories in others.items()
        )
    ]
    assert handed_round and tuple(range(len(AT_BORDER))) not in handed_round


def test_rates_are_means_of_users_and_differences_are_paired() -> None:
    """Two questions of the one user, three of the other; two seeds, of which each user has the mean."""
    histories: list[list[int]] = [[1]] * 5
    since, days = np.array([0, 0, 1, 5, 60]), np.array([0, 0, 0, 7, 8])
    replay = Replay(np.array([4, 7, 7, 4, 7]), np.arange(5), histories, histories, since, days)
    hits = np.array([1.0, 0.0, 1.0, 0.5, 1.0])
    everything = np.ones(5, dtype=bool)
    assert by_user(replay, hits, everything).tolist() == [0.75, pytest.approx(2 / 3)]
    assert by_user(replay, hits, replay.since > 0).tolist() == [0.5, 1.0]
    assert by_user(replay, hits, replay.since == 1).tolist() == [1.0]
    near, far, out = 10.0, 11.0, 101.0
    ranks = {name: np.full(5, out) for pair in PAIRS for name in pair}
    seeds = [
        ranks | {"updated": np.array([near, near, near, far, out]), "frozen": np.array([near, far, out, out, near])},
        ranks | {"updated": np.array([near, near, near, near, out]), "frozen": np.array([far, far, out, out, near])},
    ]
    rows = {(row["part"], row["measure"]): row for row in report(replay, seeds)}
    at_10 = rows["all", "HR@10"]
    # Updated: user 4 has 1 and 1/2, user 7 has 1, 1 and 0. Frozen: 1/2 and 0, and 0, 0 and 1.
    assert (at_10["questions"], at_10["users"]) == (5, 2)
    rates, differences = told(at_10)
    assert rates["updated"] == pytest.approx((3 / 4 + 2 / 3) / 2) and rates["frozen"] == pytest.approx(
        (1 / 4 + 1 / 3) / 2
    )
    low, mean, high = differences["updated - frozen"]
    assert mean == pytest.approx((1 / 2 + 1 / 3) / 2) and (low, high) == pytest.approx((1 / 3, 1 / 2))
    assert differences["history - frozen"][1] == pytest.approx(-rates["frozen"])
    rates, _ = told(rows["all", "HR@100"])
    assert rates["updated"] == pytest.approx((1 + 2 / 3) / 2) and rates["frozen"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    counted = {part: (row["questions"], row["users"]) for (part, measure), row in rows.items() if measure == "HR@10"}
    assert counted == {
        "all": (5, 2),
        "interactions since: 0": (2, 2),
        "interactions since: 1 to 4": (1, 1),
        "interactions since: 5 to 19": (1, 1),
        "interactions since: 50+": (1, 1),
        "days since: 0": (3, 2),
        "days since: 7 to 29": (2, 2),
    }


def told(row: dict[str, object]) -> tuple[dict[str, float], dict[str, list[float]]]:
    rates, differences = row["rates"], row["differences"]
    assert isinstance(rates, dict) and isinstance(differences, dict)
    return rates, differences
