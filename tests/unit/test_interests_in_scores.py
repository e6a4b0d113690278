"""What stated interests add to scores: by hand, in every order, in the parts of a score, and nothing to other users."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from kgrec.training.fits import Fit
from recommender.asked import Asked, users_asked
from recommender.interests import GAIN, INTERESTS, gained, weighed
from recommender.removal import removals
from recommender.second_stage import SecondStage, Way, rank
from tests.unit.test_removal import HISTORY, ORDER, known, systems

WAYS = pytest.mark.parametrize("way", ["none", "base", "learned"])


def test_an_interest_weighs_by_how_few_items_have_it() -> None:
    """Of eight items two have the first user's one, four the other; the second user's nobody has."""
    some, more, none = np.array([3, 5]), np.array([1, 3, 7, 8]), np.zeros(0, dtype=np.int64)
    found = weighed([[some, more], [none], []], 8)
    assert found is not None and found.shape == (3, 9)
    expected = np.zeros((3, 9))
    expected[0, [3, 5]] += math.log(4)
    expected[0, [1, 3, 7, 8]] += math.log(2)
    assert found.toarray() == pytest.approx(expected)
    assert weighed([[none], []], 8) is None


def test_a_gain_is_of_the_spread_of_the_scores() -> None:
    """Of 1, 3, 5 and 7 the spread is the root of 5; what is no item has no part in it."""
    scores = torch.tensor([[-torch.inf, 1.0, 3.0, 5.0, 7.0], [-torch.inf, 2.0, 2.0, 2.0, 2.0]])
    weights = torch.tensor([[0.0, 0.0, 2.0, 0.0, 0.5], [0.0, 1.0, 0.0, 0.0, 0.0]])
    expected = torch.tensor([[0.0, 0.0, 2.0, 0.0, 0.5], [0.0] * 5]) * GAIN * math.sqrt(5)
    assert torch.allclose(gained(weights, scores), expected)


def with_interests(asked: Asked, rows: list[int], items: list[int]) -> Asked:
    """Some users are interested in what some items have."""
    had = [[np.array(items)] if row in rows else [] for row in range(len(asked.users))]
    return dataclasses.replace(asked, interests=weighed(had, asked.n_items))


@torch.no_grad()
@WAYS
def test_an_interest_lifts_what_has_it_and_no_other_users_list(way: Way) -> None:
    data = known()
    asked, stages, stage = users_asked(data, Fit.TEST), systems(data), SecondStage("base", way, ORDER, {})
    stages = dataclasses.replace(stages, n_candidates=data.n_items)
    items, scores = rank(asked, stages, stage, way)
    history, wanted = set(asked.histories[2]), [3, 8, 21, 30]
    lifted_items, lifted = rank(with_interests(asked, [2, 5], wanted), stages, stage, way)
    others = [row for row in range(len(asked.users)) if row not in (2, 5)]
    assert torch.equal(items[others], lifted_items[others]) and torch.equal(scores[others], lifted[others])
    before = dict(zip(items[2].tolist(), scores[2].tolist(), strict=True))
    after = dict(zip(lifted_items[2].tolist(), lifted[2].tolist(), strict=True))
    among = stages.first(asked)[2, 1:].numpy() if way == "none" else np.array([before[item] for item in before if item])
    gain = GAIN * math.log(data.n_items / len(wanted)) * float(among.std())
    assert {item for item in after if item} == {item for item in before if item} and set(wanted) - history
    for item in before:
        if item:
            assert after[item] == pytest.approx(before[item] + (gain if item in wanted else 0.0), abs=1e-4)


@torch.no_grad()
@WAYS
@pytest.mark.parametrize("history", [HISTORY, []])
def test_the_parts_of_a_score_with_interests_add_up_to_it(way: Way, history: list[int]) -> None:
    """Also of who has no history, whose list is by the persona and the interest."""
    data = known()
    stages, personas, stage = systems(data), data.personas[Fit.TEST], SecondStage("base", way, ORDER, {})
    persona, interests = personas.of_items(history or [2, 3]), weighed([[np.array([3, 8, 21, 30])]], data.n_items)
    scored = removals(stages, stage, personas, history, persona, 3, interests=interests)
    nothing = np.zeros(1, dtype=np.int64)
    asked = Asked(nothing, [history], nothing, nothing, persona[None], data.n_items, interests=interests)
    items, scores = rank(asked, stages, stage, way)
    assert scored.items.tolist() == items[0].tolist()
    assert torch.allclose(scored.scores[0].double(), scores[0].double(), atol=1e-5)
    has = torch.isin(scored.items, torch.tensor([3, 8, 21, 30]))
    assert torch.equal(scored.terms[INTERESTS][0] > 0, has) and has.any()
    assert torch.equal(scored.retrieved[INTERESTS] > 0, has)
    assert (scored.terms[INTERESTS] >= 0).all() and (scored.terms[INTERESTS] > 0).any(dim=0).tolist() == has.tolist()


@torch.no_grad()
def test_a_model_that_stands_alone_gains_by_its_own_spread() -> None:
    data = known()
    asked, first = users_asked(data, Fit.TEST), systems(data, {}).first
    bare = first(asked)
    weights = torch.zeros(bare.shape)
    weights[4, [3, 8]] = math.log(data.n_items / 2)
    lifted = first(dataclasses.replace(asked, interests=sp.csr_matrix(weights.numpy())))
    gain = lifted[4, 1:] - bare[4, 1:]
    assert gain[[2, 7]].numpy() == pytest.approx(GAIN * math.log(data.n_items / 2) * float(bare[4, 1:].numpy().std()))
    assert int((gain != 0).sum()) == 2 and torch.equal(lifted[:4], bare[:4])
