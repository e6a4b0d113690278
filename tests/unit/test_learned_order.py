"""The learned order against scipy: features by hand, the weights of a conditional logit, padding."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp

from recommender.learned_order import DECAY, Candidates, features, learn

PARTS = ["model", "persona", "facts"]


def some(n: int = 60, n_candidates: int = 7, padded: int = 2) -> tuple[Candidates, torch.Tensor]:
    """Questions whose targets the second part tells best, for rare items above all; the first has empty places."""
    generator = np.random.default_rng(5)
    items = np.stack([generator.permutation(np.arange(1, 20))[:n_candidates] for _ in range(n)])
    popularity = np.log1p(items.astype(float))
    scores = generator.normal(size=(n, n_candidates, len(PARTS))) * [1.0, 3.0, 0.1] + [0.0, 5.0, -2.0]
    utility = scores[..., 1] * np.where(items < 10, 1.0, 0.2)
    items[0, -padded:] = 0
    utility[0, -padded:] = -np.inf
    chosen = (utility + generator.gumbel(size=utility.shape)).argmax(axis=1)
    history = np.log(generator.integers(1, 30, size=n).astype(float))
    known = Candidates(*(torch.from_numpy(part) for part in (items, scores, popularity, history)))
    return known, torch.from_numpy(items[np.arange(n), chosen])


def by_hand(known: Candidates, popularity: list[float], history: list[float]) -> list[np.ndarray]:
    """Features of the real candidates of each question, one question after the other."""
    found = []
    for row, items in enumerate(known.items.numpy()):
        real = items > 0
        scores = known.scores[row].numpy()[real]
        parts = (scores - scores.mean(axis=0)) / scores.std(axis=0)
        popular = (known.popularity[row].numpy()[real, None] - popularity[0]) / popularity[1]
        long = (float(known.history[row]) - history[0]) / history[1]
        found.append(np.hstack([parts, popular, parts * popular, parts * long, popular * long]))
    return found


def test_features_are_parts_and_popularity_by_popularity_and_length() -> None:
    known, _ = some()
    found = features(known, [1.5, 0.7], [2.0, 0.9])
    assert found.dtype == torch.float64 and found.shape == (60, 7, 3 * len(PARTS) + 2)
    for row, (own, expected) in enumerate(zip(found, by_hand(known, [1.5, 0.7], [2.0, 0.9]), strict=True)):
        np.testing.assert_allclose(own[: len(expected)], expected, atol=1e-9)
        assert row > 0 or not own[len(expected) :].any()  # empty places


def test_the_weights_are_those_of_a_conditional_logit() -> None:
    known, targets = some()
    order = learn(known, targets, PARTS)
    real = known.items.numpy() > 0
    assert order.popularity == pytest.approx(
        [known.popularity.numpy()[real].mean(), known.popularity.numpy()[real].std()]
    )
    assert order.history == pytest.approx([float(known.history.mean()), known.history.numpy().std()])
    rows = by_hand(known, order.popularity, order.history)
    places = [int(np.flatnonzero(own == target)[0]) for own, target in zip(known.items.numpy(), targets, strict=True)]

    def loss(weights: np.ndarray) -> float:
        scores = [own @ weights for own in rows]
        told = [logsumexp(own) - own[place] for own, place in zip(scores, places, strict=True)]
        return float(np.mean(told) + DECAY * (weights**2).sum())

    expected = minimize(loss, np.zeros(rows[0].shape[1]), method="BFGS", options={"gtol": 1e-7}).x
    np.testing.assert_allclose(order.weights, expected, atol=2e-4)
    assert np.argmax(np.abs(order.weights)) == PARTS.index("persona")
    assert order.weights[len(PARTS) + 1 + PARTS.index("persona")] < 0  # it tells less of popular items


def test_scores_are_the_weighted_features_and_empty_places_have_none() -> None:
    known, targets = some()
    order = learn(known, targets, PARTS)
    found = order(known)
    for own, expected in zip(found, by_hand(known, order.popularity, order.history), strict=True):
        np.testing.assert_allclose(own[: len(expected)], expected @ np.array(order.weights), atol=1e-9)
        assert torch.isinf(own[len(expected) :]).all()
    np.testing.assert_allclose(found[3], order(known.rows(np.array([5, 3])))[1], atol=1e-12)
    halves = Candidates.joined([known.rows(np.arange(20)), known.rows(np.arange(20, 60))])
    np.testing.assert_allclose(found, order(halves), atol=1e-12)


def test_it_repeats_exactly() -> None:
    known, targets = some()
    first, second = learn(known, targets, PARTS), learn(known, targets, PARTS)
    assert first == second


def test_a_part_that_says_nothing_of_a_question_changes_nothing() -> None:
    known, _ = some()
    scores = known.scores.clone()
    scores[..., 0] = 4.0
    found = features(Candidates(known.items, scores, known.popularity, known.history), [0.0, 1.0], [0.0, 1.0])
    assert not found[..., [0, len(PARTS) + 1, 2 * len(PARTS) + 1]].any()
