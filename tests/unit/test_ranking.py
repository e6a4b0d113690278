"""Ranks and candidates against brute force: ties never favour the system, and nobody is offered what they had."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recommender import ranking
from recommender.asked import Asked
from recommender.baselines import item_knn
from recommender.evaluation import Answer, by_scores, by_stages
from recommender.first_stage import MODEL, FirstStage
from recommender.learned_order import LearnedOrder
from recommender.metrics import hit_rate, mrr, ndcg
from recommender.ranking import best_products, candidate_ranks, retrieve, seen_items, target_ranks
from recommender.sasrec import SASRec
from recommender.scoring import ByModel
from recommender.second_stage import SecondStage, Stages
from recommender.sequences import Known
from recommender.settings import SASRecSettings
from tests.unit.test_sasrec import model as conditioned_model

NOTHING = torch.zeros(1, 1, dtype=torch.long)


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[list[float]], list[list[int]], list[int]]:
    """Scores with many ties and some items out, histories with repeats, and targets that may be repeats. ``[batch]``"""
    n_items, n = draw(st.integers(1, 9)), draw(st.integers(1, 4))
    score = st.sampled_from([-math.inf, -1.0, 0.0, 0.5, 2.0])
    scores = draw(st.lists(st.lists(score, min_size=n_items, max_size=n_items), min_size=n, max_size=n))
    item = st.integers(1, n_items)
    histories = draw(st.lists(st.lists(item, max_size=12), min_size=n, max_size=n))
    return scores, histories, draw(st.lists(item, min_size=n, max_size=n))


def table(scores: list[list[float]]) -> torch.Tensor:
    """``[batch, n_items + 1]``, minus infinity for padding."""
    return torch.tensor([[-math.inf, *row] for row in scores])


def worst_rank(scores: list[float], history: list[int], target: int) -> float:
    """The last place that the target can have in a list that is sorted by score."""
    unseen = [item for item in range(1, len(scores) + 1) if item not in history]
    if target not in unseen or scores[target - 1] == -math.inf:
        return math.inf
    order = sorted(unseen, key=lambda item: (-scores[item - 1], item == target))
    return order.index(target) + 1


@given(questions())
def test_ranks_are_the_worst_that_the_scores_allow(
    question: tuple[list[list[float]], list[list[int]], list[int]],
) -> None:
    scores, histories, targets = question
    found = target_ranks(table(scores), torch.tensor(targets), seen_items(histories))
    expected = [worst_rank(*one) for one in zip(scores, histories, targets, strict=True)]
    assert found.tolist() == expected


@given(questions(), st.integers(1, 12))
def test_candidates_are_the_best_unseen(question: tuple[list[list[float]], list[list[int]], list[int]], n: int) -> None:
    scores, histories, _ = question
    n_items = len(scores[0])
    found = retrieve(table(scores), seen_items(histories), n)
    assert found.shape == (len(scores), min(n, n_items))
    for row, mine in enumerate(found.tolist()):
        real = [item for item in mine if item]
        unseen = [item for item in range(1, n_items + 1) if item not in histories[row]]
        left = sorted((scores[row][item - 1] for item in unseen if scores[row][item - 1] > -math.inf), reverse=True)
        assert mine == real + [0] * (len(mine) - len(real))  # none stands behind all
        assert len(set(real)) == len(real) and not set(real) & set(histories[row])
        assert [scores[row][item - 1] for item in real] == left[:n]  # ties may be in any order


@pytest.mark.parametrize("n", [5, 60, 200])
def test_of_many_items_the_best_unseen_are_found_by_groups(n: int) -> None:
    """Of 603 items, in groups of eight and three more: a fifth are at the one same score, half are out."""
    generator = torch.Generator().manual_seed(n)
    scores = torch.randn(7, 604, generator=generator)
    scores[torch.rand(7, 604, generator=generator) < 0.2] = 1.5
    scores[torch.rand(7, 604, generator=generator) < 0.5] = -torch.inf
    scores[:, 0], scores[:, -1] = -torch.inf, 9.0  # the last is best, and behind the groups
    histories = [scores[row].topk(4 * row).indices.tolist() for row in range(7)]
    found = retrieve(scores, seen_items(histories), n)
    for row, history in enumerate(histories):
        mine = [item for item in found[row].tolist() if item]
        assert len(set(mine)) == len(mine) and not set(mine) & set(history)
        left = scores[row].index_fill(0, torch.tensor(history, dtype=torch.long), -torch.inf)
        expected = left[left.isfinite()].sort(descending=True).values[:n]
        assert scores[row, mine].equal(expected) and found[row, len(mine) :].eq(0).all()


@given(questions(), st.integers(1, 12))
def test_a_target_among_the_candidates_has_the_rank_that_the_second_scores_allow(
    question: tuple[list[list[float]], list[list[int]], list[int]], n: int
) -> None:
    """The candidates' new scores are the first ones upside down; where there is no candidate, minus infinity."""
    scores, histories, targets = question
    candidates = retrieve(table(scores), seen_items(histories), n)
    second = (-table(scores).gather(1, candidates)).masked_fill(candidates == 0, -torch.inf)
    found = candidate_ranks(second, candidates, torch.tensor(targets))
    for rank, mine, target, given_scores in zip(found.tolist(), candidates.tolist(), targets, scores, strict=True):
        others = [given_scores[item - 1] for item in mine if item not in (0, target)]
        own = given_scores[target - 1]
        assert rank == (1 + sum(other <= own for other in others) if target in mine else math.inf)


def test_example_by_hand() -> None:
    scores = torch.tensor([[-torch.inf, 0.9, 0.8, 0.7, 0.6]])
    assert target_ranks(scores, torch.tensor([4]), seen_items([[1, 1]])).tolist() == [3.0]  # behind 2 and 3
    assert target_ranks(scores, torch.tensor([4]), NOTHING).tolist() == [4.0]


def test_constant_scores_put_the_target_last() -> None:
    scores = torch.zeros(1, 51)
    scores[:, 0] = -torch.inf
    assert target_ranks(scores, torch.tensor([7]), NOTHING).item() == 50
    assert candidate_ranks(torch.zeros(1, 3), torch.tensor([[4, 7, 9]]), torch.tensor([7])).item() == 3


@pytest.mark.parametrize("place", [1, 2])
def test_a_score_that_is_no_number_is_told(place: int) -> None:
    """Whether it is the target's or another's: compared, it would be better than nothing and worse than nothing."""
    scores = torch.tensor([[-torch.inf, 0.0, 0.0], [-torch.inf, 1.0, 2.0]])
    scores[1, place] = torch.nan
    targets = torch.tensor([2, 2])
    with pytest.raises(ValueError, match="not a number"):
        target_ranks(scores, targets, torch.zeros(2, 1, dtype=torch.long))
    with pytest.raises(ValueError, match="not a number"):
        candidate_ranks(scores[:, 1:], torch.tensor([[1, 2], [1, 2]]), targets)


def test_a_target_that_was_not_retrieved_is_no_hit() -> None:
    scores = torch.tensor([[-torch.inf, 5.0, 4.0, 3.0, 2.0]])
    candidates = retrieve(scores, seen_items([[1]]), 2)
    assert candidates.tolist() == [[2, 3]]
    second = torch.tensor([[0.2, 0.3]])
    ranks = candidate_ranks(second, candidates, torch.tensor([4])).numpy()
    assert np.isinf(ranks[0]) and hit_rate(ranks, 100)[0] == ndcg(ranks, 100)[0] == mrr(ranks, 100)[0] == 0
    assert candidate_ranks(second, candidates, torch.tensor([3])).item() == 1


def test_fewer_unseen_items_than_asked_for() -> None:
    scores = torch.tensor([[-torch.inf, 5.0, 4.0, 3.0], [-torch.inf, 5.0, 4.0, 3.0]])
    assert retrieve(scores, seen_items([[1, 2], [1, 2, 3]]), 10).tolist() == [[3, 0, 0], [0, 0, 0]]


def test_a_repeated_target_is_treated_alike_by_all_systems() -> None:
    """Of three users the first and the last are asked for what they had; the third has had it twice."""
    histories, targets = [[1, 2, 3], [4, 5], [6, 7, 6, 8]], np.array([2, 1, 6])
    asked = Asked(np.arange(3), histories, targets, np.arange(3), torch.ones(3, 4), 20)
    torch.manual_seed(0)
    base = SASRec(20, SASRecSettings(dim=16, max_length=8)).eval()
    conditioned = conditioned_model("prefix").float()
    known = Known(np.array([0, 3, 5, 9]), np.array([1, 2, 3, 4, 5, 6, 7, 6, 8]))
    scorer = item_knn(known, 20)

    def neighbours(asked: Asked) -> tuple[torch.Tensor, torch.Tensor]:
        seen = seen_items(asked.histories)
        return target_ranks(scorer(asked.histories), torch.from_numpy(asked.targets), seen), NOTHING

    first, counts = FirstStage({MODEL: ByModel(conditioned)}, {}), np.arange(21)
    few, all_of_them = (Stages(first, ByModel(base), counts, n) for n in (10, 20))
    order = LearnedOrder([MODEL, "base"], [0.5, 0.5, *[0.1] * 6], [1.0, 1.0], [1.0, 1.0])
    stage = SecondStage("base", "learned", order, {})
    answers: dict[str, Answer] = {
        "base": by_scores(ByModel(base)),
        "conditioned": by_scores(ByModel(conditioned)),
        "retrieval": by_stages(few, stage, "none"),
        "reranked": by_stages(few, stage, "base"),
        "learned": by_stages(all_of_them, stage, "learned"),
        "item-kNN": neighbours,
    }
    with torch.no_grad():
        found = {name: answer(asked)[0] for name, answer in answers.items()}
    for name, ranks in found.items():
        assert torch.isinf(ranks[[0, 2]]).all(), name
    assert all(torch.isfinite(found[name][1]) for name in ("base", "conditioned", "retrieval", "learned", "item-kNN"))


@pytest.mark.parametrize("n", [3, 40])
def test_products_by_blocks_of_items_give_what_scores_of_all_items_give(
    n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of seven of thirty items; one user has had nothing, one all but two; some items are not allowed."""
    monkeypatch.setattr(ranking, "AT_ONCE", 7)
    torch.manual_seed(2)
    states, table = torch.randn(3, 4), torch.randn(31, 4)
    seen = seen_items([[], [5, 9, 5, 30], list(range(1, 29))])
    allowed = torch.rand(31) < 0.7
    for mask in (None, allowed):
        scores = states @ table.T
        scores[:, 0] = -torch.inf
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        expected = retrieve(scores, seen, n)
        items, found = best_products(states, table, seen, n, mask)
        assert items.masked_fill(torch.isinf(found), 0).equal(expected)
        real = expected != 0
        assert torch.allclose(found[real], scores.gather(1, expected)[real])
