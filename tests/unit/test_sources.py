"""Sources beside the sequence model against figures by hand and scikit-learn; no fit knows of what comes later."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics.pairwise import cosine_similarity

from kgrec.training.fits import Fit
from recommender.dataset import Dataset
from recommender.sources import FOLLOWED_RECENCY, WITHIN, followers, profiles, sources
from tests.unit.datasets import dataset, shop, with_other_tests


def told(rows: list[list[int]], n_facts: int) -> sp.csr_matrix:
    """Facts of items from 1: ``[n_items + 1, n_facts]``."""
    dense = np.zeros((len(rows) + 1, n_facts), dtype=np.float32)
    for item, facts in enumerate(rows, start=1):
        dense[item, facts] = 1.0
    return sp.csr_matrix(dense)


def test_followers_by_hand() -> None:
    """Item 1 comes twice, 2 and 3 twice, 4 once; 3 follows 1 at once and after one step, 1 follows 3 in one history."""
    known = dataset([[1, 2, 3], [1, 3, 4], [2]], [0] * 3, [0] * 3, 5).sequences.known(Fit.TEST)
    found = followers(known, 5)([[1], [2, 1], [5]])
    root = math.sqrt
    after_1 = {2: 1 / root(2 * 2), 3: (1 / 2 + 1) / root(2 * 2), 4: (1 / 2) / root(2 * 1)}
    assert found[0].tolist() == pytest.approx([-math.inf, 0, after_1[2], after_1[3], after_1[4], 0])
    after_2 = {3: 1 / root(2 * 2)}
    assert found[1, 3].item() == pytest.approx(after_1[3] + FOLLOWED_RECENCY * after_2[3])
    assert found[2, 1:].tolist() == [0.0] * 5  # nothing ever followed it


def test_what_comes_too_late_does_not_follow() -> None:
    long = [1, *range(2, 2 + WITHIN), 9]
    known = dataset([long, [3, 3]], [0, 0], [0, 0], 9).sequences.known(Fit.TEST)
    scores = followers(known, 9)([[1], [3]])
    assert scores[0, 9] == 0.0 and scores[0, 1 + WITHIN] > 0.0
    assert scores[1, 3] == 0.0  # no item follows itself


def test_followers_do_not_cross_users() -> None:
    known = dataset([[1, 2], [3, 4]], [0, 0], [0, 0], 4).sequences.known(Fit.TEST)
    assert followers(known, 4)([[2]])[0, 1:].tolist() == [0.0] * 4


def test_profiles_are_the_cosines_of_scikit_learn() -> None:
    generator = np.random.default_rng(3)
    facts = told([generator.choice(7, generator.integers(0, 5), replace=False).tolist() for _ in range(12)], 7)
    histories = [[1, 2, 5], [7], [3, 3, 9, 11]]
    counts = facts[1:].toarray()
    idf = TfidfTransformer(norm="l2", smooth_idf=False).fit(counts)
    idf.idf_ = np.log(12 / counts.sum(axis=0).clip(min=1))  # without the one that scikit-learn adds
    items = idf.transform(counts).toarray()
    users = np.stack([items[[item - 1 for item in set(history)]].sum(axis=0) for history in histories])
    found = profiles(facts)(histories)
    assert torch.isinf(found[:, 0]).all()
    assert np.allclose(found[:, 1:].numpy(), cosine_similarity(users, items), atol=1e-5)


def test_what_all_items_have_in_common_says_nothing() -> None:
    scores = profiles(told([[0, 1], [0, 1], [0, 2], [0]], 3))([[1], [4]])
    assert scores[0, 1:].tolist() == pytest.approx([1.0, 1.0, 0.0, 0.0])
    assert scores[1, 1:].tolist() == [0.0] * 4


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
    made, other = sources(data, fit, 0.7), sources(with_other_tests(data), fit, 0.7)
    interactions = ["co-occurrence", "co-occurrence, recent", "followers"]
    assert list(made) == [*interactions, "makers and categories"]  # no item has a fact of DBpedia
    assert list(sources(shop(), fit, 0.7)) == [*interactions, "makers and categories", "facts of DBpedia"]
    histories = data.sequences.known(Fit.VALIDATION).histories[:6]
    for name, make in made.items():
        assert torch.equal(make()(histories), other[name]()(histories))
    changed = sources(data, Fit.FINAL, 0.7)["followers"]()(histories)
    assert not torch.equal(changed, made["followers"]()(histories))  # or the test above could not fail
