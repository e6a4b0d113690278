"""Metrics against ranx, and an example by hand."""

import math

import numpy as np
import pytest
import torch
from ranx import Qrels, Run, evaluate

from recommender.metrics import CUTOFFS, METRICS, hit_rate, mrr, ndcg
from recommender.ranking import target_ranks


@pytest.mark.parametrize("k", CUTOFFS)
def test_metrics_are_those_of_ranx(k: int) -> None:
    generator = np.random.default_rng(3)
    scores = torch.from_numpy(generator.permutation(60 * 201).reshape(60, 201).astype(np.float32))
    scores[:, 0] = -torch.inf
    targets = torch.from_numpy(generator.integers(1, 201, size=60))
    ranks = target_ranks(scores, targets, torch.zeros(60, 1, dtype=torch.long)).numpy()
    qrels = Qrels({f"u{u:03}": {f"i{target}": 1} for u, target in enumerate(targets.tolist())})
    run = Run({f"u{u:03}": {f"i{i}": float(scores[u, i]) for i in range(1, 201)} for u in range(60)})
    expected = evaluate(qrels, run, [f"hit_rate@{k}", f"ndcg@{k}", f"mrr@{k}"])
    mine = [METRICS[name](ranks, k).mean() for name in ("HR", "NDCG", "MRR")]
    assert mine == pytest.approx([expected[f"hit_rate@{k}"], expected[f"ndcg@{k}"], expected[f"mrr@{k}"]])


def test_example_by_hand() -> None:
    ranks = np.array([1.0, 3.0, 10.0, 11.0, np.inf])
    assert hit_rate(ranks, 10).tolist() == [1, 1, 1, 0, 0]
    assert ndcg(ranks, 10).tolist() == pytest.approx([1, 1 / math.log2(4), 1 / math.log2(11), 0, 0])
    assert mrr(ranks, 10).tolist() == pytest.approx([1, 1 / 3, 1 / 10, 0, 0])
