"""Stand-ins: who stands in for whom, how often, and that the next item stays itself."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from kgrec.training.fits import Fit
from recommender.settings import SASRecSettings
from recommender.stand_ins import NEAREST, StandIns
from recommender.trained import BASE, BASE_TEXT, Variant
from recommender.trainer import SASRecTraining
from tests.unit.test_trainer import SMALL, cycle, same, trained

HALF = SMALL.model_copy(update={"stand_ins": 0.5})


def ties(cosines: dict[tuple[int, int], float], n_items: int) -> sp.csr_matrix:
    rows, columns = zip(*cosines, strict=True)
    return sp.csr_matrix((list(cosines.values()), (rows, columns)), shape=(n_items + 1, n_items + 1))


def test_an_item_gives_place_to_those_near_it_by_their_cosines_and_keeps_its_place_by_the_share() -> None:
    torch.manual_seed(1)
    near = {(1, 2): 0.1, (1, 3): 0.3, (1, 5): 0.6, (2, 1): 0.5, (4, 4): 0.5}
    given = torch.tensor([[1] * 100_000, [2] * 100_000, [3] * 100_000, [0] * 100_000])
    found = StandIns(ties(near, 5), share=0.25)(given)
    assert found.shape == given.shape and found.dtype == given.dtype
    shares = np.bincount(found[0], minlength=6) / 100_000
    assert shares == pytest.approx([0, 0.75, 0.025, 0.075, 0, 0.15], abs=0.005)
    assert np.bincount(found[1], minlength=6) / 100_000 == pytest.approx([0, 0.25, 0.75, 0, 0, 0], abs=0.005)
    assert bool((found[2:] == given[2:]).all())  # without ties, and padding
    assert bool((given[0] == 1).all())  # what was given stays as it was


def test_only_the_nearest_stand_in_and_an_item_of_many_ties_takes_none_of_the_next_ones() -> None:
    torch.manual_seed(1)
    many = {(1, item): 0.9 - item / 100 for item in range(2, 42)}
    chosen = StandIns(ties(many | {(2, 41): 0.01}, 41), share=1.0)
    assert set(chosen(torch.full((5_000,), 1)).tolist()) == set(range(2, 2 + NEAREST))
    assert set(chosen(torch.full((50,), 2)).tolist()) == {41}
    assert set(chosen(torch.full((50,), 41)).tolist()) == {41}


def test_nothing_is_drawn_where_nothing_is_tied() -> None:
    items = torch.tensor([[1, 2, 0]])
    assert StandIns(sp.csr_matrix((4, 4)), share=0.9)(items).equal(items)


def changed(settings: SASRecSettings, variant: Variant) -> tuple[float, int]:
    """Teach three epochs; the share of the items before that are another's, and how many places there were."""
    training = SASRecTraining(cycle(), settings, variant, Fit.VALIDATION)
    walks = {tuple(history[1:]): history[:-1] for history in training.histories}
    lesson, others, places = training.lesson, 0, 0

    def listen(before: torch.Tensor, personas: list[torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
        nonlocal others, places
        for first, after in zip(before.tolist(), targets.tolist(), strict=True):
            own = walks[tuple(after)]  # what comes next is a user's own
            others += sum(item != mine for item, mine in zip(first, own, strict=True))
            places += len(own)
        loss: torch.Tensor = lesson(before, personas, targets)
        return loss

    training.lesson = listen  # type: ignore[assignment]
    for epoch in range(3):
        training.train_epoch(epoch)
    return others / places, places


def test_what_came_before_is_changed_and_never_what_comes_next() -> None:
    share, places = changed(HALF, BASE_TEXT)
    assert share == pytest.approx(0.5, abs=0.1) and places == 3 * 20 * 6
    assert changed(HALF, BASE)[0] == changed(SMALL, BASE_TEXT)[0] == 0.0  # the base model is SASRec as published


def test_a_seed_repeats_and_a_base_model_is_the_same_with_or_without(tmp_path: Path) -> None:
    weights = {
        name: trained(tmp_path / name, cycle(), Fit.VALIDATION, variant, settings)[0]
        for name, variant, settings in (
            ("text", BASE_TEXT, HALF),
            ("again", BASE_TEXT, HALF),
            ("without", BASE_TEXT, SMALL),
            ("base", BASE, HALF),
            ("base without", BASE, SMALL),
        )
    }
    assert same(weights["text"], weights["again"]) and not same(weights["text"], weights["without"])
    assert same(weights["base"], weights["base without"])
