"""What is asked of a device: bfloat16 and large steps on CUDA, nothing at all of a CPU."""

from contextlib import AbstractContextManager

import pytest
import torch

from kgrec.training.device import BY_ONEDNN, at_once, in_bf16, many_small_products
from kgrec.training.fits import Fit
from recommender import trainer
from recommender.settings import LossName, SASRecSettings
from recommender.trained import BASE, with_persona
from recommender.trainer import SASRecTraining
from tests.unit.datasets import shop
from tests.unit.test_trainer import cycle

CPU = torch.device("cpu")


def test_a_cpu_is_asked_for_nothing() -> None:
    with in_bf16(CPU):
        assert torch.nn.Linear(4, 4)(torch.ones(2, 4)).dtype is torch.float32
    assert at_once(CPU, 128, 1_000) == 128 and at_once(torch.device("cuda"), 128, 1_000) == 1_000


def test_products_on_a_cpu_are_those_of_float32_whichever_library_makes_them() -> None:
    """Factors rounded to bfloat16 would be off by some thousandths."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(300, 64, generator=generator) for _ in range(2))
    exact = left.double() @ right.double().T
    for found in (left @ right.T, torch.nn.functional.linear(left, right), torch.bmm(left[None], right.T[None])[0]):
        assert ((found - exact).abs().max() / exact.abs().max()).item() < 1e-6


def test_many_small_products_are_not_left_to_onednn() -> None:
    """Which has the others again after it, an error or not."""
    matmul = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = matmul.fp32_precision
    assert before == ("bf16" if BY_ONEDNN else "none")
    with pytest.raises(ValueError, match="within"), many_small_products():
        assert matmul.fp32_precision == "none"
        raise ValueError("within")
    assert matmul.fp32_precision == before


@pytest.mark.parametrize("loss", ["full", "sampled", "gbce"])
@pytest.mark.parametrize("conditioned", [False, True])
def test_training_in_bf16_is_that_in_float32_but_for_rounding(
    loss: LossName, conditioned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path that CUDA takes, on the CPU: the weights stay in float32, and the loss is computed in it."""
    settings = SASRecSettings(dim=16, heads=2, max_length=8, dropout=0.0, batch_size=16, loss=loss)
    variant, data = (with_persona("gate"), cycle()) if conditioned else (BASE, shop())
    entered = []

    def in_bf16_on_the_cpu(where: torch.device) -> AbstractContextManager[object]:
        entered.append(where)
        return torch.autocast("cpu", torch.bfloat16)

    monkeypatch.setattr(trainer, "device", lambda: CPU)
    curves = []
    for half in (False, True):
        if half:
            monkeypatch.setattr(trainer, "in_bf16", in_bf16_on_the_cpu)
        training = SASRecTraining(data, settings, variant, Fit.VALIDATION)
        torch.manual_seed(0)
        curves.append([training.train_epoch(epoch) for epoch in range(4)])
        assert all(weights.dtype is torch.float32 for weights in training.model.parameters())
    assert entered and curves[0] != curves[1]
    assert curves[1] == pytest.approx(curves[0], rel=5e-3)
