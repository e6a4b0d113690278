"""An item table for a catalogue that has changed: rows that stay, and rows that are encoded."""

import dataclasses

import pytest
import torch

from kgrec.training.fits import Fit
from recommender.catalogue import fit_table
from recommender.dataset import Dataset
from recommender.sasrec import SASRec
from recommender.settings import SASRecSettings
from tests.unit.datasets import dataset

N_ITEMS, DIM = 40, 8


def grown(vectors: torch.Tensor) -> Dataset:
    """Users who chose everything but the last item, which came later; the first one is gone."""
    chosen = list(range(1, N_ITEMS))
    found = dataset([chosen, chosen], [0, 0], [0, 0], N_ITEMS, personas=torch.zeros(2, 5), persona_items=vectors)
    return dataclasses.replace(found, item_ids=[f"i{item:02}" for item in range(1, N_ITEMS + 1)])


@pytest.mark.parametrize("told", [True, False])
def test_rows_stay_go_and_are_those_of_the_nearest(told: bool) -> None:
    """The new item has the row of whom it is nearest to by angle; the mean, where nothing is told of it."""
    torch.manual_seed(0)
    vectors = torch.randn(N_ITEMS + 1, 5)
    vectors[-1] = 3.0 * vectors[7] + 0.1 if told else 0.0
    model = SASRec(N_ITEMS, SASRecSettings(dim=DIM, heads=1))
    own = model.items.weight.detach().clone()
    fit_table(model, [f"i{item:02}" for item in range(N_ITEMS)], grown(vectors), Fit.FINAL)
    assert torch.equal(model.items.weight[1:-1], own[2:]) and not model.items.weight[0].any()
    expected = own[8] if told else own[1:].mean(dim=0)  # the first is gone, so the seventh was the eighth
    assert torch.allclose(model.items.weight[-1], expected)
    assert model.unlearned is not None and model.unlearned.nonzero().tolist() == [[N_ITEMS]]
    assert model.next_scores(torch.tensor([[N_ITEMS, 3]])).shape == (1, N_ITEMS + 1)
