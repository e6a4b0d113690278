"""The linear probe: a category that is a direction, one that is noise, which classes there are, and who answers."""

import numpy as np
import pandas as pd
import pytest
import torch

from gnn import linear_probe as module
from gnn.linear_probe import LinearProbe
from gnn.streamed_graph import StreamedGraph
from tests.unit.walks import by_type

N_USERS = 400


def shelves(facts: list[tuple[int, int, str]], n_items: int) -> StreamedGraph:
    """Items 0, 1, ... with facts, and nothing else that the probe looks at."""
    return StreamedGraph(
        user_ids=[],
        user_nodes=np.zeros(0, dtype=np.int64),
        interactions={},
        facts=by_type(facts),
        co_occurrence={},
        types=[],
        item_ids=[f"i{item}" for item in range(n_items)],
        item_nodes=np.arange(n_items),
        texts=np.zeros((n_items, 0), dtype=np.float32),
        made_of=[""] * n_items,
    )


def of_three(users: np.ndarray | None = None, items: np.ndarray | None = None) -> LinearProbe:
    """Three items of one category each; user ``u`` is asked for item ``u % 3``."""
    graph = shelves([(item, 10 + item, "IN_CATEGORY") for item in range(3)], 3)
    users = np.arange(N_USERS) if users is None else users
    found = LinearProbe.of(graph, users, users % 3 if items is None else items, seed=1)
    assert found is not None
    return found


def test_a_category_that_is_a_direction_is_told() -> None:
    vectors = torch.randn(N_USERS, 5, generator=torch.Generator().manual_seed(1))
    vectors[:, 1] += 1_000.0  # the same for all: standardised, it tells nothing and hides nothing
    vectors[:, :3] += 6.0 * torch.eye(3)[torch.arange(N_USERS) % 3]
    probe = of_three()
    assert probe.accuracy(vectors) > 0.97
    assert probe.most_frequent == pytest.approx(1 / 3, abs=0.06)


def test_noise_tells_no_more_than_the_most_frequent_category() -> None:
    noise = torch.randn(N_USERS, 5, generator=torch.Generator().manual_seed(1))
    probe = of_three()
    assert probe.accuracy(noise) == pytest.approx(1 / 3, abs=0.09)  # 2.7 standard deviations of 200 answers
    assert probe.accuracy(torch.zeros(N_USERS, 5)) == pytest.approx(1 / 3, abs=0.09)


def test_always_the_most_frequent_by_hand() -> None:
    probe = LinearProbe(np.arange(7), np.array([0, 1, 1, 1, 0, 0, 1]), np.array([0, 0, 1, 2, 2, 2, 2]))
    assert probe.most_frequent == 0.5  # class 1 is that of two of the three who teach


def test_half_of_the_users_answer_and_none_teaches_too() -> None:
    users = np.repeat(np.arange(N_USERS), 2)
    probe = of_three(users, np.arange(2 * N_USERS) % 3)
    of_user = pd.Series(probe.parts).groupby(probe.users).unique()
    assert (of_user.map(len) == 1).all()
    assert of_user.map(lambda own: own[0]).value_counts().to_dict() == {0: 160, 1: 40, 2: 200}
    assert not np.array_equal(probe.parts, np.sort(probe.parts))  # drawn, not by their order


def test_what_answers_has_taught_nothing() -> None:
    """Vectors that give the category away for those who answer alone, and mislead nobody else."""
    probe = of_three()
    vectors = torch.zeros(N_USERS, 3)
    answering = probe.users[probe.parts == 2]
    vectors[answering] = torch.eye(3)[torch.from_numpy(answering % 3)]
    assert probe.accuracy(vectors) < 0.5


def test_an_item_is_of_the_rarest_of_its_frequent_categories() -> None:
    """All items are of 10, of the first four 0 to 3 two are of 11, one of these of 12, and the others of 13."""
    everything = [(item, 10, "IN_CATEGORY") for item in range(8)]
    some = [(0, 11, "IN_CATEGORY"), (1, 11, "IN_CATEGORY"), (1, 12, "IN_CATEGORY")]
    others = [(item, 13, "IN_CATEGORY") for item in (2, 3)]
    users = np.arange(N_USERS)
    found = LinearProbe.of(shelves([*everything, *some, *others], 8), users, users % 8, seed=1)
    assert found is not None
    names = pd.Series(found.users % 8).groupby(found.classes).unique().map(sorted).tolist()
    assert sorted(names) == [[0], [1], [2, 3]]  # the other items have nothing but what all have


def test_rare_categories_are_left_out_and_no_more_than_the_most_frequent_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    graph = shelves([(item, 10 + item, "IN_CATEGORY") for item in range(4)], 4)
    users = np.arange(320)
    items = np.repeat(np.arange(4), [150, 101, 50, 19])  # by their numbers: the last is of too few
    found = LinearProbe.of(graph, users, items, seed=1)
    assert found is not None and sorted(np.bincount(found.classes)) == [50, 101, 150]
    monkeypatch.setattr(module, "CLASSES", 2)
    found = LinearProbe.of(graph, users, items, seed=1)
    assert found is not None and sorted(np.bincount(found.classes)) == [101, 150]


def test_items_that_there_is_nothing_of_are_not_asked_for() -> None:
    users = np.arange(N_USERS)
    items = np.where(users < 100, -1, users % 3)
    assert set(of_three(users, items).users) == set(range(100, N_USERS))


def test_subjects_stand_in_for_categories_that_there_are_none_of() -> None:
    users = np.arange(N_USERS)
    pages = [(item, 100 + item, "SAME_AS") for item in range(3)]
    subjects = [(100 + item, 200 + item, "SUBJECT") for item in range(3)]
    found = LinearProbe.of(shelves(pages + subjects, 3), users, users % 3, seed=1)
    assert found is not None and len(np.unique(found.classes)) == 3
    both = [*pages, *subjects, (0, 10, "IN_CATEGORY"), (1, 11, "IN_CATEGORY")]
    found = LinearProbe.of(shelves(both, 3), users, users % 3, seed=1)
    assert found is not None and len(np.unique(found.classes)) == 2


@pytest.mark.parametrize(
    "facts",
    [
        [],
        [(0, 5, "BY"), (1, 6, "BY")],
        [(item, 10, "IN_CATEGORY") for item in range(3)],  # one that all have
        [(0, 10, "IN_CATEGORY")],  # one class alone
    ],
)
def test_without_two_categories_there_is_no_probe(facts: list[tuple[int, int, str]]) -> None:
    users = np.arange(N_USERS)
    assert LinearProbe.of(shelves(facts, 3), users, users % 3, seed=1) is None


def test_with_too_few_users_there_is_no_probe() -> None:
    graph = shelves([(item, 10 + item, "IN_CATEGORY") for item in range(3)], 3)
    for n_users in (0, 3, 59):
        users = np.arange(n_users)
        assert (LinearProbe.of(graph, users, users % 3, seed=1) is None) == (n_users < 40)


def test_node_numbers_do_not_decide_between_categories_as_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLASSES", 3)
    users = np.arange(360)
    for first, step in ((10, 1), (50, -1)):
        facts = [(item, first + step * category, "IN_CATEGORY") for item in range(6) for category in {item, 0}]
        found = LinearProbe.of(shelves(facts, 6), users, users % 6, seed=1)
        assert found is not None and set(found.users % 6) == {1, 2, 3}  # all have the first
