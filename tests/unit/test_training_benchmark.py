"""What `benchmarks.training` measures: the products that are counted, and how answers are judged."""

import math
from pathlib import Path

import numpy as np
import pytest
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.products import Products
from benchmarks.training_data import Histories, judged
from recommender.settings import SASRecSettings


def test_the_products_are_as_many_as_are_told() -> None:
    settings = SASRecSettings(dim=16, heads=2, blocks=2, max_length=9, batch_size=8)
    products = Products(np.array([3, 12, 1, 7, 2, 2, 30, 5, 6, 4]), 50, settings)
    with FlopCounterMode(display=False) as counted:
        products.run()
    assert counted.get_total_flops() == products.operations() > 0


def test_answers_are_judged_by_hand() -> None:
    """The second item wanted is third best, and the model does not know the third's."""
    scores = np.array([[-np.inf, 2.0, 0.0, 0.0], [-np.inf, 3.0, 2.0, 1.0], [-np.inf, 1.0, -np.inf, 0.0]])
    loss, gain = judged(scores, np.array([1, 3, 2]))
    first, second = math.log(1 + 2 * math.exp(-2)), math.log(1 + math.e + math.e**2)
    assert loss == pytest.approx((first + second) / 2)
    assert gain == pytest.approx((1 + 1 / math.log2(4)) / 3)


def test_items_are_those_that_a_model_can_learn_of(tmp_path: Path) -> None:
    """Item 9 stands only last, item 2 only before the last three."""
    whole = [np.array([2, 5, 5, 7, 8]), np.array([8, 7, 5, 5, 9]), np.array([5, 8, 7, 5])]
    Histories.of_known_items(whole, 2).save(tmp_path / "histories.npz")
    found = Histories.load(tmp_path / "histories.npz")
    assert found.n_items == 3 and [one.tolist() for one in found.whole] == [[1, 1, 2, 3], [1, 3, 2, 1]]
    assert [one.tolist() for one in found.asked] == [[1, 1, 2], [1, 3, 2]] and found.wanted.tolist() == [3, 1]
