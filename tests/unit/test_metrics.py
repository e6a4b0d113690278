"""Metrics against ranx, an example by hand, and the rule that ties never favour the model."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ranx import Qrels, Run, evaluate

from recommender.metrics import hit_rate, mrr, ndcg, target_ranks
from recommender.reranking import rerank
from recommender.retrieval import retrieve


def no_history(scores: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(scores, dtype=torch.bool)


@pytest.mark.parametrize("k", [10, 100])
def test_metrics_are_those_of_ranx(k: int) -> None:
    generator = np.random.default_rng(3)
    scores = torch.from_numpy(generator.permutation(60 * 201).reshape(60, 201).astype(np.float32))
    scores[:, 0] = -torch.inf
    targets = torch.from_numpy(generator.integers(1, 201, size=60))
    ranks = target_ranks(scores, targets, no_history(scores)).numpy()
    qrels = Qrels({f"u{u:03}": {f"i{target}": 1} for u, target in enumerate(targets.tolist())})
    run = Run({f"u{u:03}": {f"i{i}": float(scores[u, i]) for i in range(1, 201)} for u in range(60)})
    expected = evaluate(qrels, run, [f"hit_rate@{k}", f"ndcg@{k}", f"mrr@{k}"])
    mine = [hit_rate(ranks, k).mean(), ndcg(ranks, k).mean(), mrr(ranks, k).mean()]
    assert mine == pytest.approx([expected[f"hit_rate@{k}"], expected[f"ndcg@{k}"], expected[f"mrr@{k}"]])


def test_example_by_hand() -> None:
    scores = torch.tensor([[-torch.inf, 0.9, 0.8, 0.7, 0.6]])
    seen = torch.tensor([[False, True, False, False, False]])
    rank = target_ranks(scores, torch.tensor([4]), seen).numpy()  # behind items 2 and 3; item 1 is seen
    assert rank.tolist() == [3.0]
    assert hit_rate(rank, 2).tolist() == [0] and hit_rate(rank, 3).tolist() == [1]
    assert ndcg(rank, 10)[0] == pytest.approx(1 / math.log2(4)) and mrr(rank, 10)[0] == pytest.approx(1 / 3)


def test_constant_scores_put_the_target_last() -> None:
    scores = torch.zeros(1, 51)
    scores[:, 0] = -torch.inf
    assert target_ranks(scores, torch.tensor([7]), no_history(scores)).item() == 50


def test_score_that_is_no_number_is_no_hit() -> None:
    scores = torch.tensor([[-torch.inf, float("nan"), 1.0]])
    with pytest.raises(ValueError, match="not a number"):
        target_ranks(scores, torch.tensor([2]), no_history(scores))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=12), st.data())
def test_ties_never_favour_the_model(values: list[int], data: st.DataObject) -> None:
    """The rank is the worst among all orders that the scores allow."""
    target = data.draw(st.integers(1, len(values)))
    scores = torch.tensor([[-torch.inf, *map(float, values)]])
    rank = target_ranks(scores, torch.tensor([target]), no_history(scores)).item()
    others = [value for item, value in enumerate(values, start=1) if item != target]
    assert rank == 1 + sum(value >= values[target - 1] for value in others)


def test_target_that_was_not_retrieved_is_no_hit() -> None:
    conditioned = torch.tensor([[-torch.inf, 5.0, 4.0, 3.0, 2.0]])
    base = torch.tensor([[-torch.inf, 0.1, 0.2, 0.3, 9.0]])
    candidates = retrieve(conditioned, [[1]], 2)
    assert candidates.tolist() == [[2, 3]]
    reranked = rerank(base, candidates)
    ranks = target_ranks(reranked, torch.tensor([4]), no_history(base)).numpy()
    assert np.isinf(ranks[0]) and hit_rate(ranks, 100)[0] == ndcg(ranks, 100)[0] == mrr(ranks, 100)[0] == 0
    assert target_ranks(reranked, torch.tensor([3]), no_history(base)).item() == 1  # the base model prefers 3 to 2


def test_fewer_unseen_items_than_asked_for() -> None:
    scores = torch.tensor([[-torch.inf, 5.0, 4.0, 3.0]])
    assert retrieve(scores, [[1, 2]], 10).tolist() == [[3, 0, 0]]
    assert rerank(scores, torch.tensor([[3, 0, 0]])).tolist() == [[-math.inf, -math.inf, -math.inf, 3.0]]
