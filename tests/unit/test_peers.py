"""What all peers go through: the split, the ranks, the two fits; the libraries themselves are in no test."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.peers.ranks import AT_ONCE, hit_rate, ndcg, ranked, target_ranks
from benchmarks.peers.split import TEST, VALIDATION, Split
from benchmarks.peers.two_fits import Peer, run
from benchmarks.peers.with_gsasrec import gbce
from kgrec.training.fits import Fit
from recommender import metrics
from recommender.ranking import seen_items
from recommender.ranking import target_ranks as kgrec_ranks
from tests.unit.datasets import dataset

INFINITY = -np.inf


def test_ranks_by_hand() -> None:
    scores = np.array(
        [
            [9.0, 0.9, 0.8, 0.7, 0.6],  # item 1 was had: behind items 2 and 3
            [0.0, 0.5, 0.5, 0.5, 0.1],  # a tie counts against the target: last of three
            [0.0, 0.1, 0.2, 0.3, 0.4],  # the target was had
            [0.0, 0.1, 0.2, 0.3, INFINITY],  # the target cannot be recommended
        ]
    )
    histories = [np.array([1, 1]), np.array([4]), np.array([2, 3]), np.array([1])]
    ranks = target_ranks(scores, np.array([4, 1, 3, 4]), histories)
    assert ranks.tolist() == [3, 3, np.inf, np.inf]
    assert hit_rate(ranks, 3) == 0.5 and hit_rate(ranks, 2) == 0
    assert ndcg(ranks, 10) == pytest.approx((0.5 + 0.5 + 0 + 0) / 4)


def test_ranks_are_those_of_kgrec() -> None:
    generator = np.random.default_rng(5)
    n_users, n_items = AT_ONCE + 40, 30
    scores = generator.integers(0, 12, size=(n_users, n_items + 1)).astype(np.float32)  # ties in every row
    scores[generator.random(scores.shape) < 0.1] = INFINITY
    shuffled = [generator.permutation(n_items) + 1 for _ in range(n_users)]
    histories = [items[1 : generator.integers(2, 12)] for items in shuffled]  # never empty, never with the target
    targets = np.array([items[0] for items in shuffled])
    rows = iter(range(n_users))
    mine = ranked(lambda part: scores[[next(rows) for _ in part]], histories, targets)

    padded = torch.from_numpy(scores)
    padded[:, 0] = -torch.inf
    seen = seen_items([history.tolist() for history in histories])
    expected = kgrec_ranks(padded, torch.from_numpy(targets), seen).numpy()
    np.testing.assert_array_equal(mine, expected)
    assert np.isinf(mine).any() and ndcg(mine, 10) == pytest.approx(metrics.ndcg(expected, 10).mean())


def test_nobody_is_asked_about_an_empty_history() -> None:
    def score(histories: list[np.ndarray]) -> np.ndarray:
        assert [history.tolist() for history in histories] == [[2]]
        return np.array([[0.0, 1.0, 2.0]])

    assert ranked(score, [np.array([], dtype=int), np.array([2])], np.array([1, 1])).tolist() == [np.inf, 1]


def test_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        target_ranks(np.array([[0.0, np.nan, 1.0]]), np.array([2]), [np.array([], dtype=int)])


def test_split_is_that_of_a_saved_data_set(tmp_path: Path) -> None:
    saved = dataset([[3, 1, 3], [], [2], [5, 4]], [2, 0, 0, 1], [4, 0, 3, 0], 6)
    saved.save(tmp_path)
    split, sequences = Split.load(tmp_path), saved.sequences
    assert split.n_items == saved.n_items == 6
    for part, fit in ((VALIDATION, Fit.VALIDATION), (TEST, Fit.TEST)):
        assert [history.tolist() for history in split.histories(part)] == sequences.known(fit).histories
        places = sequences.targets(fit)
        assert split.targets(part).tolist() == np.where(places >= 0, sequences.items[places], 0).tolist()


def test_first_of_several_targets_is_asked_for() -> None:
    split = Split(np.array([0, 0, 4, 5]), np.array([3, 1, 2, 4, 5]), np.array([0, 2, 2, 2, 1]), 5)
    assert split.targets(TEST).tolist() == [0, 1, 0] and split.targets(VALIDATION).tolist() == [0, 0, 5]
    assert [history.tolist() for history in split.histories(TEST)] == [[], [3], [5]]


class Counting:
    """Recommends what was had most; from the third epoch on, what was had least."""

    def __init__(self, histories: list[np.ndarray], n_items: int, seed: int):
        self.counts = np.bincount(np.concatenate(histories), minlength=n_items + 1).astype(float)
        self.epochs = 0

    def train_epoch(self) -> None:
        self.epochs += 1

    def scores(self, histories: list[np.ndarray]) -> np.ndarray:
        sign = {1: 0.0, 2: 1.0}.get(self.epochs, -1.0)
        return np.tile(sign * self.counts, (len(histories), 1))


def test_the_tested_fit_learns_validation_too_for_the_best_number_of_epochs(tmp_path: Path) -> None:
    offsets, splits = np.array([0, 4, 8, 12]), np.array([0, 0, 1, 2] * 3)
    items = np.array([5, 3, 4, 6, 3, 4, 5, 2, 5, 3, 6, 1])
    split = Split(offsets, items, splits, 6)
    outcome = run(Peer(Counting, {}, {}, patience=3), "counting", split, tmp_path, seed=4, max_epochs=50)
    assert len(outcome.curve) == 5 and outcome.epochs == 2
    # Nobody had item 6 in training: before it stand 4, and 1 and 2, which tie.
    assert outcome.validation_ndcg_at_10 == pytest.approx((1 + 1 + 1 / np.log2(5)) / 3) == outcome.curve[1]
    with np.load(tmp_path / "counting-seed-4.npz") as written:
        assert written["users"].tolist() == [0, 1, 2]
        assert written["ranks"].tolist() == [1, 2 + 1, 2 + 1]  # item 6 is first by its validation interaction alone
    record = json.loads((tmp_path / "counting-seed-4.json").read_text())
    assert record["peer"] == "counting" and record["epochs"] == 2 and record["hr_at_10"] == 1


def test_gbce_is_cross_entropy_with_the_positives_probability_to_a_power() -> None:
    logits = torch.tensor([[0.3, -1.2, 2.0], [-0.7, 0.1, 0.4]], dtype=torch.float64)
    target = torch.tensor([[1.0, 0.0, 0.0]] * 2, dtype=torch.float64)
    plain = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
    assert gbce(logits, 101, 0.0).item() == pytest.approx(plain.item())
    # 2 negatives of 100 items: alpha = 0.02, and at t = 1 the power is alpha itself.
    p = torch.sigmoid(logits)
    by_hand = -(0.02 * p[:, 0].log().sum() + (1 - p[:, 1:]).log().sum()) / 6
    assert gbce(logits, 101, 1.0).item() == pytest.approx(by_hand.item())
