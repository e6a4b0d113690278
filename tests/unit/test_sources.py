"""Sources beside the sequence model against figures by hand, NumPy and scikit-learn; none knows what comes later."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics.pairwise import cosine_similarity

from kgrec.errors import KgrecError
from kgrec.training.fits import Fit
from recommender.asked import Asked, users_asked
from recommender.baselines import item_knn
from recommender.dataset import Dataset
from recommender.sources import FOLLOWED_RECENCY, affinity, co_occurrence, followers, sources
from recommender.tables import WITHIN, follower_table
from tests.unit.datasets import by_profile, dataset, scores_of, shop, with_other_tests


def told(rows: list[list[int]], n_facts: int) -> sp.csr_matrix:
    """Facts of items from 1: ``[n_items + 1, n_facts]``."""
    dense = np.zeros((len(rows) + 1, n_facts), dtype=np.float32)
    for item, facts in enumerate(rows, start=1):
        dense[item, facts] = 1.0
    return sp.csr_matrix(dense)


def test_co_occurrence_sums_the_cosines_of_an_items_own_nearest() -> None:
    """Item 3 is among the nearest of 1, but 1 not of 3; what comes twice counts once, by its later place."""
    ties = np.zeros((5, 5), dtype=np.float32)
    ties[1, [2, 3]], ties[2, [1, 4]], ties[3, 4] = (0.5, 0.25), (0.5, 0.125), 0.75
    near = sp.csr_matrix(ties.T)
    found = scores_of(co_occurrence(near, 1.0), [[3], [1], [2, 4], [4, 2, 4]], 4)
    assert torch.isinf(found[:, 0]).all()
    assert found[:, 1:].tolist() == [
        [0.25, 0.0, 0.0, 0.0],
        [0.0, 0.5, 0.0, 0.0],
        [0.5, 0.125, 0.75, 0.0],
        [0.5, 0.125, 0.75, 0.0],
    ]
    recent = scores_of(co_occurrence(near, 0.5), [[2, 4], [4, 2, 3]], 4)
    assert recent[:, 1:].tolist() == [[0.25, 0.125, 0.75, 0.0], [0.25 + 0.25, 0.25 * 0.125, 0.25 * 0.75, 0.0]]


@pytest.mark.parametrize("fit", Fit)
def test_with_all_neighbours_co_occurrence_is_item_knn(fit: Fit) -> None:
    data = shop()
    known, histories = data.sequences.known(fit), [[1, 2], [7], [3, 9, 3]]
    for name, recency in (("co-occurrence", 1.0), ("co-occurrence, recent", 0.7)):
        nothing = np.zeros(3, dtype=np.int64)
        asked = Asked(nothing, histories, nothing, nothing, torch.zeros(3, 0), data.n_items)
        found = sources(data, fit, 0.7)[name]()(asked)
        assert torch.allclose(found, item_knn(known, data.n_items, recency)(histories), atol=1e-6)


def test_a_data_set_without_co_occurrence_of_the_fit_is_refused() -> None:
    data = shop()
    without = dataclasses.replace(data, co_occurrence={Fit.FINAL: data.co_occurrence[Fit.FINAL]})
    assert sources(without, Fit.FINAL, 0.7)
    with pytest.raises(KgrecError, match="no co-occurrence of the test fit"):
        sources(without, Fit.TEST, 0.7)


def test_followers_by_hand() -> None:
    """Item 1 comes twice, 2 and 3 twice, 4 once; 3 follows 1 at once and after one step, 1 follows 3 in one history."""
    known = dataset([[1, 2, 3], [1, 3, 4], [2]], [0] * 3, [0] * 3, 5).sequences.known(Fit.TEST)
    found = scores_of(followers(follower_table(known, 5)), [[1], [2, 1], [5]], 5)
    root = math.sqrt
    after_1 = {2: 1 / root(2 * 2), 3: (1 / 2 + 1) / root(2 * 2), 4: (1 / 2) / root(2 * 1)}
    assert found[0].tolist() == pytest.approx([-math.inf, 0, after_1[2], after_1[3], after_1[4], 0])
    after_2 = {3: 1 / root(2 * 2)}
    assert found[1, 3].item() == pytest.approx(after_1[3] + FOLLOWED_RECENCY * after_2[3])
    assert found[2, 1:].tolist() == [0.0] * 5  # nothing ever followed it


def test_what_comes_too_late_does_not_follow() -> None:
    long = [1, *range(2, 2 + WITHIN), 9]
    known = dataset([long, [3, 3]], [0, 0], [0, 0], 9).sequences.known(Fit.TEST)
    scores = scores_of(followers(follower_table(known, 9)), [[1], [3]], 9)
    assert scores[0, 9] == 0.0 and scores[0, 1 + WITHIN] > 0.0
    assert scores[1, 3] == 0.0  # no item follows itself


def test_followers_do_not_cross_users() -> None:
    known = dataset([[1, 2], [3, 4]], [0, 0], [0, 0], 4).sequences.known(Fit.TEST)
    assert scores_of(followers(follower_table(known, 4)), [[2]], 4)[0, 1:].tolist() == [0.0] * 4


def test_profiles_are_the_cosines_of_scikit_learn() -> None:
    generator = np.random.default_rng(3)
    facts = told([generator.choice(7, generator.integers(0, 5), replace=False).tolist() for _ in range(12)], 7)
    histories = [[1, 2, 5], [7], [3, 3, 9, 11]]
    counts = facts[1:].toarray()
    idf = TfidfTransformer(norm="l2", smooth_idf=False).fit(counts)
    idf.idf_ = np.log(12 / counts.sum(axis=0).clip(min=1))  # without the one that scikit-learn adds
    items = idf.transform(counts).toarray()
    users = np.stack([items[[item - 1 for item in set(history)]].sum(axis=0) for history in histories])
    found = scores_of(by_profile(facts), histories, 12)
    assert torch.isinf(found[:, 0]).all()
    assert np.allclose(found[:, 1:].numpy(), cosine_similarity(users, items), atol=1e-5)


def test_what_all_items_have_in_common_says_nothing() -> None:
    scores = scores_of(by_profile(told([[0, 1], [0, 1], [0, 2], [0]], 3)), [[1], [4]], 4)
    assert scores[0, 1:].tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    assert scores[1, 1:].tolist() == [0.0] * 4


def asked_with(personas: torch.Tensor, n_items: int) -> Asked:
    """Questions of users of one item, with these personas ``[n, dim]``."""
    nothing = np.zeros(len(personas), dtype=np.int64)
    return Asked(nothing, [[1]] * len(personas), nothing, nothing, personas, n_items)


def test_affinity_is_the_dot_product_of_persona_and_item() -> None:
    """In dense NumPy: padding is none, who has no persona finds all alike, an item without a vector says nothing."""
    generator = np.random.default_rng(5)
    items, personas = generator.normal(size=(8, 3)).astype(np.float32), generator.normal(size=(4, 3)).astype(np.float32)
    items[[0, 6]], personas[2] = 0.0, 0.0
    kept = torch.from_numpy(items.copy())
    found = affinity(kept)(asked_with(torch.from_numpy(personas), 7)).numpy()
    expected = np.array([[sum(a * b for a, b in zip(one, other, strict=True)) for other in items] for one in personas])
    assert found.shape == (4, 8) and np.allclose(found[:, 1:], expected[:, 1:], atol=1e-6)
    assert (found[:, 0] == -np.inf).all() and (found[2, 1:] == 0.0).all() and (found[:, 6] == 0.0).all()
    assert len(set(found[0, 1:].tolist())) == 7  # the others differ
    assert np.array_equal(kept.numpy(), items)  # nor is the table itself changed


def with_personas(data: Dataset, seed: int, fits: tuple[Fit, ...] = tuple(Fit)) -> Dataset:
    """The same data set with personas and vectors of items that were drawn, other ones for each fit."""
    generator = np.random.default_rng(seed)
    for fit in fits:
        users, items = (
            dict(zip(ids, generator.normal(size=(len(ids), 4)), strict=True)) for ids in (data.user_ids, data.item_ids)
        )
        data = data.with_personas(fit, f"{seed}, {fit}", users, {}, items)
    return data


@pytest.mark.parametrize("fit", [Fit.VALIDATION, Fit.TEST])
def test_the_persona_is_a_source_where_items_have_vectors_of_the_same_fit(fit: Fit) -> None:
    data = with_personas(shop(), 1)
    asked, found = users_asked(data, fit), data.personas[fit]
    assert next(iter(sources(data, fit, 0.7))) == "persona"
    scores = sources(data, fit, 0.7)["persona"]()(asked).numpy()
    expected = found.vectors.numpy()[asked.users] @ found.items.numpy().T
    assert np.allclose(scores[:, 1:], expected[:, 1:], atol=1e-5)
    other = Fit.TEST if fit is Fit.VALIDATION else Fit.VALIDATION
    assert "persona" not in sources(with_personas(shop(), 1, (other,)), fit, 0.7)
    bare = dataclasses.replace(found, items=torch.zeros_like(found.items))
    without = sources(dataclasses.replace(data, personas=data.personas | {fit: bare}), fit, 0.7)
    assert list(without) == list(sources(shop(), fit, 0.7))


def test_other_personas_change_what_the_source_of_the_persona_says_and_no_other() -> None:
    """As a placebo is asked: with another's vector in the place of the own one."""
    data = with_personas(shop(), 2)
    asked = users_asked(data, Fit.TEST)
    swapped = asked.with_personas(data.personas[Fit.TEST].vectors.roll(1, 0))
    for name, make in sources(data, Fit.TEST, 0.7).items():
        assert make()(asked).equal(make()(swapped)) == (name != "persona")


def without_pages() -> Dataset:
    """A shop whose items have a category each, and no page in DBpedia."""
    data = shop()
    facts = {
        "catalogue": told([[item % 3] for item in range(data.n_items)], 3),
        "DBpedia": told([[]] * data.n_items, 0),
    }
    return dataclasses.replace(data, facts=facts)


@pytest.mark.parametrize("fit", [Fit.VALIDATION, Fit.TEST])
def test_no_source_of_a_fit_knows_what_it_is_asked_for(fit: Fit) -> None:
    data = without_pages()
    asked = users_asked(data, Fit.VALIDATION)
    made, other = sources(data, fit, 0.7), sources(with_other_tests(data), fit, 0.7)
    interactions = ["co-occurrence", "co-occurrence, recent", "followers"]
    assert list(made) == [*interactions, "makers and categories"]  # no item has a fact of DBpedia
    assert list(sources(shop(), fit, 0.7)) == [*interactions, "makers and categories", "facts of DBpedia"]
    for name, make in made.items():
        assert torch.equal(make()(asked), other[name]()(asked))
    for name in interactions:
        changed = sources(data, Fit.FINAL, 0.7)[name]()(asked)
        assert not torch.equal(changed, made[name]()(asked))  # or the test above could not fail
