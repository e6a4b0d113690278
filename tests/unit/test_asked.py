"""Who is asked what: whole histories of users, and sessions whose persona is that of their items; ties in time."""

import dataclasses

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.graph.sessions import SESSION_GAP
from kgrec.training.fits import Fit
from recommender import asked as module
from recommender.asked import SESSION_ITEMS, Asked, ranks, sessions_asked, users_asked
from recommender.dataset import Dataset, Personas
from recommender.sequences import NO_TIME, TEST, TRAIN, VALIDATION
from tests.unit.datasets import dataset, holding, sequences

HOUR = SESSION_GAP // 24


def timed(rows: list[list[tuple[int, int]]], times: list[list[int]] | None = None, n_items: int = 9) -> Dataset:
    """A data set of items with their splits and times."""
    return holding(sequences(rows, times), n_items)


def with_vectors(
    data: Dataset, fit: Fit, vectors: list[list[float]], items: list[list[float]] | None = None
) -> Dataset:
    """Personas of the users, and vectors of the items from 1; without them no item has one."""
    own = torch.zeros(data.n_items + 1, len(vectors[0]))
    if items is not None:
        own[1:] = torch.tensor(items)
    named = Personas("run", torch.tensor(vectors), [None] * len(vectors), own)
    return dataclasses.replace(data, personas=data.personas | {fit: named})


def test_leave_one_out_asks_for_the_last_but_one_and_for_the_last() -> None:
    vectors = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    data = dataset([[1, 2], [3], [4, 4]], [5, 0, 6], [7, 0, 8], 9, personas=vectors)
    validation, test = users_asked(data, Fit.VALIDATION), users_asked(data, Fit.TEST)
    assert validation.users.tolist() == test.users.tolist() == [0, 2]  # the second user has no target
    assert validation.histories == [[1, 2], [4, 4]] and validation.targets.tolist() == [5, 6]
    assert test.histories == [[1, 2, 5], [4, 4, 6]] and test.targets.tolist() == [7, 8]
    assert data.sequences.items[test.places].tolist() == [7, 8] and test.n_items == 9
    assert test.personas.tolist() == [[1.0, 2.0], [5.0, 6.0]]


def test_a_split_by_time_asks_for_the_first_test_item_of_those_who_are_known() -> None:
    data = timed(
        [
            [(1, TRAIN), (2, VALIDATION), (3, TEST), (4, TEST)],
            [(5, TEST), (6, TEST)],  # nothing is known of this user
            [(7, VALIDATION), (8, VALIDATION), (9, TEST)],
            [(1, TRAIN), (2, TRAIN)],
        ]
    )
    test, validation = users_asked(data, Fit.TEST), users_asked(data, Fit.VALIDATION)
    assert test.users.tolist() == [0, 2] and test.targets.tolist() == [3, 9] and test.places.tolist() == [2, 8]
    assert test.histories == [[1, 2], [7, 8]]
    assert validation.users.tolist() == [0] and validation.targets.tolist() == [2] and validation.histories == [[1]]
    assert test.personas.shape == (2, 0)


def test_the_personas_are_those_of_the_fit() -> None:
    data = dataset([[1, 2]], [3], [4], 4)
    data = with_vectors(with_vectors(data, Fit.TEST, [[1.0]]), Fit.VALIDATION, [[2.0]])
    assert users_asked(data, Fit.TEST).personas.tolist() == [[1.0]]
    assert users_asked(data, Fit.VALIDATION).personas.tolist() == [[2.0]]
    others = users_asked(data, Fit.TEST).with_personas(torch.tensor([[7.0, 8.0]]))
    assert others.personas.tolist() == [[7.0, 8.0]] and others.histories == [[1, 2, 3]]


def test_ranks_are_those_of_one_batch_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranks by hand: the score of an item is its number, so the target 7 of 9 comes third, less what was had before."""
    data = dataset([[1, 2, 9], [3], [8, 4, 4]], [5, 5, 8], [7, 7, 4], 9)
    asked = users_asked(data, Fit.TEST)
    monkeypatch.setattr(module, "batch_size", lambda n_items: 2)
    found = ranks(asked, lambda batch: torch.arange(10.0).repeat(len(batch.users), 1))
    assert found.tolist() == [2.0, 3.0, float("inf")]  # the third has had its target
    short_first = asked.by_length()
    assert short_first.users.tolist() == [1, 0, 2] and short_first.targets.tolist() == [7, 7, 4]
    assert short_first.histories == [[3, 5], [1, 2, 9, 5], [8, 4, 4, 8]]
    assert ranks(short_first, lambda batch: torch.arange(10.0).repeat(len(batch.users), 1)).tolist() == [
        3.0,
        2.0,
        float("inf"),
    ]


def test_nobody_to_ask_is_told() -> None:
    with pytest.raises(KgrecError, match="Nobody has a test interaction"):
        users_asked(dataset([[1]], [2], [0], 4), Fit.TEST)
    with pytest.raises(KgrecError, match="Nobody has a validation interaction"):
        sessions_asked(dataset([[1]], [0], [2], 4), Fit.VALIDATION)


def test_batches_are_the_questions_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "batch_size", lambda n_items: 2)
    whole = users_asked(dataset([[n, 1] for n in range(1, 6)], [2] * 5, [3] * 5, 9, torch.randn(5, 2)), Fit.TEST)
    parts = list(whole.batches())
    assert [len(part.users) for part in parts] == [2, 2, 1] and {part.n_items for part in parts} == {9}
    assert [history for part in parts for history in part.histories] == whole.histories
    for name in ("users", "targets", "places"):
        assert np.concatenate([getattr(part, name) for part in parts]).tolist() == getattr(whole, name).tolist()
    assert torch.equal(torch.cat([part.personas for part in parts]), whole.personas)


def session(items: list[int], times: list[int] | None) -> list[int]:
    """The session of a user of these known items, the target one millisecond later."""
    splits = [TRAIN] * (len(items) - 1) + [VALIDATION, TEST]
    data = timed([list(zip([*items, 9], splits, strict=True))], None if times is None else [[*times, times[-1] + 1]])
    return sessions_asked(data, Fit.TEST).histories[0]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 1 * HOUR, 2 * HOUR, 3 * HOUR], [1, 2, 3, 4]),  # none has ended
        ([0, 24 * HOUR, 48 * HOUR, 72 * HOUR], [1, 2, 3, 4]),  # a gap of a day sharp ends none
        ([0, 24 * HOUR + 1, 25 * HOUR, 26 * HOUR], [2, 3, 4]),
        ([0, 30 * HOUR, 31 * HOUR, 60 * HOUR], [4]),  # the last of two gaps counts
        ([0, 0, 48 * HOUR, 48 * HOUR], [3, 4]),
        ([-40 * HOUR, -39 * HOUR, 0, HOUR], [3, 4]),  # before 1970
        (None, [1, 2, 3, 4]),
        ([NO_TIME, 30 * HOUR, 60 * HOUR, 90 * HOUR], [1, 2, 3, 4]),  # one without a time: the order alone is known
    ],
)
def test_a_session_ends_with_a_gap_of_a_day(times: list[int] | None, expected: list[int]) -> None:
    assert session([1, 2, 3, 4], times) == expected


def test_without_times_a_session_is_five_items() -> None:
    assert SESSION_ITEMS == 5
    assert session([1, 2, 3, 4, 5, 6, 7], None) == [3, 4, 5, 6, 7] and session([1, 2, 3], None) == [1, 2, 3]


def test_the_time_of_the_target_and_of_other_users_does_not_matter() -> None:
    rows = [[(1, TRAIN), (2, TRAIN), (9, TEST)], [(3, TRAIN), (4, VALIDATION), (8, TEST)]]
    data = timed(rows, [[0, HOUR, 500 * HOUR], [600 * HOUR, 700 * HOUR, 701 * HOUR]])
    found = sessions_asked(data, Fit.TEST)
    assert found.histories == [[1, 2], [4]] and found.targets.tolist() == [9, 8] and found.places.tolist() == [2, 5]


def test_the_persona_of_a_session_is_that_of_its_items() -> None:
    """By hand: of the last five known items, each once; the seventh and the eighth item have no vector."""
    half, root = 0.5**0.5, 5**0.5
    items = [[1.0, 0.0], [0.0, 1.0], [0.0, 2.0], [-3.0, 0.0], [-1.0, 0.0], [0.0, -1.0], [0.0, 0.0], [0.0, 0.0]]
    data = dataset([[4, 1, 2, 1, 2], [3, 1], [7], [1], [6, 6]], [1, 8, 8, 5, 2], [8, 2, 2, 2, 1], 8)
    data = with_vectors(data, Fit.TEST, [[9.0, 9.0]] * 4 + [[0.0, 0.0]], items)
    found = sessions_asked(data, Fit.TEST)
    assert found.histories == [[1, 2, 1, 2, 1], [3, 1, 8], [7, 8], [1, 5], [6, 6, 2]]
    expected = [
        [half, half],  # the fourth item is of an earlier session
        [1 / root, 2 / root],
        [0.0, 0.0],  # of what has no vector
        [0.0, 0.0],  # of what cancels out
        [0.0, 0.0],  # as here: the sixth counts once
    ]
    assert torch.allclose(found.personas, torch.tensor(expected), atol=1e-6)


def shop(fit: Fit = Fit.TEST) -> Dataset:
    generator = np.random.default_rng(0)
    train = [generator.integers(1, 10, size=4).tolist() for _ in range(12)]
    data = dataset(train, generator.integers(1, 10, size=12).tolist(), generator.integers(1, 10, size=12).tolist(), 9)
    vectors, items = generator.normal(size=(12, 3)).tolist(), generator.normal(size=(9, 3)).tolist()
    return with_vectors(data, fit, vectors, items)


@pytest.mark.parametrize("fit", [Fit.VALIDATION, Fit.TEST])
def test_no_users_persona_comes_into_a_session(fit: Fit) -> None:
    """Neither the own nor anybody else's; the items' vectors do, those of the fit."""
    data = shop(fit)
    before = sessions_asked(data, fit).personas
    assert torch.allclose(before.norm(dim=1), torch.ones(12))
    found = data.personas[fit]
    others = dataclasses.replace(found, vectors=found.vectors.roll(1, 0) * 30)
    assert sessions_asked(dataclasses.replace(data, personas={fit: others}), fit).personas.equal(before)
    moved = dataclasses.replace(found, items=found.items.roll(1, 1))
    assert not torch.allclose(
        sessions_asked(dataclasses.replace(data, personas={fit: moved}), fit).personas, before, atol=1e-2
    )
    later = Fit.FINAL if fit is Fit.TEST else Fit.TEST
    assert sessions_asked(dataclasses.replace(data, personas={fit: found, later: moved}), fit).personas.equal(before)


def test_later_interactions_are_not_known_to_the_persona_of_a_session() -> None:
    """The target of a session and what comes behind it are not of its items."""
    vectors = [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]
    data = dataset([[1], [1]], [2, 1], [3, 3], 3)
    data = with_vectors(with_vectors(data, Fit.TEST, vectors[:2], vectors), Fit.VALIDATION, vectors[:2], vectors)
    assert sessions_asked(data, Fit.VALIDATION).personas.tolist() == [[1.0, 0.0], [1.0, 0.0]]
    found = sessions_asked(data, Fit.TEST).personas
    assert torch.allclose(found, torch.tensor([[0.5**0.5, 0.5**0.5], [1.0, 0.0]]))


def test_where_no_item_has_a_vector_no_session_has_a_persona() -> None:
    """As after HDGI, whose users have personas and whose items have none."""
    data = shop()
    found = data.personas[Fit.TEST]
    data = dataclasses.replace(data, personas={Fit.TEST: dataclasses.replace(found, items=torch.zeros(10, 3))})
    assert sessions_asked(data, Fit.TEST).personas.tolist() == [[0.0] * 3] * 12
    assert users_asked(data, Fit.TEST).personas.equal(found.vectors)


def test_without_personas_a_session_has_none() -> None:
    data = dataclasses.replace(shop(), personas={})
    found = sessions_asked(data, Fit.TEST)
    assert found.personas.shape == (12, 0) and all(len(history) == 5 for history in found.histories)


def test_sessions_are_asked_for_what_users_are_asked_for() -> None:
    users, found = users_asked(shop(), Fit.TEST), sessions_asked(shop(), Fit.TEST)
    assert isinstance(found, Asked)
    for name in ("users", "targets", "places"):
        assert np.array_equal(getattr(users, name), getattr(found, name))


def test_ties_by_hand() -> None:
    rows = [[(1, TRAIN)] * 4, [(1, TRAIN)] * 2, [], [(1, TRAIN)] * 3, [(2, TRAIN)]]
    made = sequences(rows, [[1, 2, 2, 3], [3, 4], [], [4, NO_TIME, NO_TIME], [NO_TIME]])
    tied = made.tied(np.arange(10))
    assert tied.tolist() == [False, True, True, False, False, False, False, False, False, False]
    assert made.tied(np.array([2, 0, 2])).tolist() == [True, False, True]
    assert sequences([], []).tied(np.arange(0)).tolist() == []
