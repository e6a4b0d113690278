"""Items that nobody had chosen: which they are, their scores by hand, and when validation gives them one."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.training.fits import Fit
from recommender import fusion
from recommender.asked import Asked, Score, ranks, users_asked
from recommender.first_stage import beside, choose_fusion
from recommender.fusion import Fusion, fused
from recommender.metrics import ndcg
from recommender.new_items import VALUES, Given, among, choose
from recommender.scoring import ByModel
from recommender.sequences import PADDING
from recommender.settings import SASRecSettings
from recommender.trained import BASE, load_model
from recommender.trainer import train
from tests.unit.datasets import dataset, shop
from tests.unit.test_fusion import ask, by_user, opinions

N_ITEMS, NEW = 40, 10  # the last ten are new


def mask() -> torch.Tensor:
    found = torch.zeros(N_ITEMS + 1, dtype=torch.bool)
    found[-NEW:] = True
    return found


def blind(asked: Asked, hint: float, seed: int, less: float = 50.0) -> Score:
    """A model that tells targets, but puts whatever is new last, or somewhat lower."""
    table = opinions(asked, hint, seed)
    table[:, -NEW:] -= less
    return by_user(table)


def value_of(asked: Asked, score: Score) -> float:
    return float(ndcg(ranks(asked, score).numpy(), fusion.RETRIEVED).mean())


def test_new_is_what_a_fit_has_not_learned_from() -> None:
    data = dataset([[1, 2], [2, 3]], [4, 1], [5, 6], n_items=6)
    found = {fit: torch.nonzero(among(data.counts(fit))).squeeze(1).tolist() for fit in Fit}
    assert found == {Fit.VALIDATION: [4, 5, 6], Fit.TEST: [5, 6], Fit.FINAL: []}


def test_scores_by_hand() -> None:
    asked = ask(1, 4)
    table = torch.tensor([[-math.inf, 1.0, -80.0, 2.0, 3.0]])
    new = torch.tensor([False, False, True, False, False])
    spread = math.sqrt(2 / 3)
    found = Given(by_user(table), new, 1.5)(asked)[0].tolist()
    assert found == pytest.approx([-math.inf, -1 / spread, 1.5, 0.0, 1 / spread])


def test_a_value_is_given_where_new_targets_are_told_by_another() -> None:
    asked = ask(400, N_ITEMS)
    assert (asked.targets > N_ITEMS - NEW).any()
    model, knows = blind(asked, 2.0, 1), by_user(opinions(asked, 2.0, 2))
    sources, weights = {"persona": knows}, {"persona": 0.5}
    found = choose(asked, model, sources, weights, mask())
    tried = {value: value_of(asked, fused(Given(model, mask(), value), sources, weights)) for value in VALUES}
    assert found == max(tried, key=lambda value: tried[value])
    assert tried[found] > value_of(asked, fused(model, sources, weights))


def test_who_counts_interactions_gets_the_value_too() -> None:
    asked = ask(400, N_ITEMS)
    model, knows, counts = blind(asked, 2.0, 1), by_user(opinions(asked, 2.0, 2)), blind(asked, 1.0, 3)
    sources, weights = {"persona": knows, "followers": counts}, {"persona": 0.5, "followers": 0.5}
    found = choose(asked, model, sources, weights, mask())
    tried = {}
    for value in VALUES:
        changed: dict[str, Score] = {"persona": knows, "followers": Given(counts, mask(), value)}
        tried[value] = value_of(asked, fused(Given(model, mask(), value), changed, weights))
    assert found == max(tried, key=lambda value: tried[value])


def test_none_is_given_where_nothing_is_gained() -> None:
    asked = ask(400, N_ITEMS)
    old = asked.targets <= N_ITEMS - NEW
    asked = replace(
        asked,
        users=asked.users[old],
        histories=[one for one, kept in zip(asked.histories, old, strict=True) if kept],
        targets=asked.targets[old],
        places=asked.places[old],
        personas=asked.personas[np.flatnonzero(old)],
    )
    whole = ask(400, N_ITEMS)
    model, knows = blind(whole, 2.0, 1, less=1.0), by_user(opinions(whole, 2.0, 2))
    assert choose(asked, model, {"persona": knows}, {"persona": 0.5}, mask()) is None


@pytest.mark.parametrize("weights", [{"persona": 0.0, "followers": 0.5}, {"persona": 0.0, "followers": 0.0}])
def test_none_is_given_where_nothing_tells_new_items_apart(weights: dict[str, float]) -> None:
    asked = ask(100, N_ITEMS)
    sources = {"persona": by_user(opinions(asked, 2.0, 2)), "followers": blind(asked, 1.0, 3)}
    assert choose(asked, blind(asked, 2.0, 1), sources, weights, mask()) is None


def test_none_is_given_where_nothing_is_new() -> None:
    asked = ask(100, N_ITEMS)
    sources, nothing = {"persona": by_user(opinions(asked, 2.0, 2))}, torch.zeros(N_ITEMS + 1, dtype=torch.bool)
    assert choose(asked, blind(asked, 2.0, 1), sources, {"persona": 0.5}, nothing) is None


def test_the_first_stage_gives_what_was_chosen(tmp_path: Path) -> None:
    """By the model and by what counts interactions, of the items that are new to its own fit; not by the facts."""
    data, settings = shop(), SASRecSettings(dim=8, blocks=1, max_length=8, epochs=1)
    train(tmp_path, BASE, data, settings)
    chosen = choose_fusion(tmp_path, BASE.name, data)
    assert chosen.new_items is None or chosen.new_items in VALUES
    weights = {"followers": 0.4, "makers and categories": 0.3}
    model = load_model(tmp_path, BASE.name, data, Fit.VALIDATION)
    asked = next(users_asked(data, Fit.VALIDATION).batches())
    others = np.where(data.sequences.items == 3, 4, data.sequences.items)  # nobody has ever chosen item 3
    without = replace(data, sequences=replace(data.sequences, items=others))
    assert among(without.counts(Fit.VALIDATION))[3]
    stage = beside(ByModel(model), Fusion(weights, 0.8, 0, 0, 1.25), without, Fit.VALIDATION)
    for name, part in stage.parts.items():
        mine = part(asked)[:, 3]
        assert bool((mine == 1.25).all()) == (name != "makers and categories")
        assert bool((part(asked)[:, 4] == 1.25).any()) is False
        assert torch.isinf(part(asked)[:, PADDING]).all()
