"""What is asked of a device: bfloat16 and compiled kernels on CUDA where they work, nothing at all elsewhere."""

from contextlib import AbstractContextManager

import pytest
import torch

from kgrec.training import device
from kgrec.training.device import compile_where_possible, in_bf16
from kgrec.training.fits import Fit
from recommender import trainer
from recommender.settings import LossName, SASRecSettings
from recommender.trained import BASE, with_persona
from recommender.trainer import SASRecTraining
from tests.unit.datasets import shop
from tests.unit.test_trainer import cycle

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def test_a_cpu_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", None)
    layer = torch.nn.Linear(4, 4)
    compile_where_possible(layer, CPU)
    assert layer._compiled_call_impl is None
    with in_bf16(CPU):
        assert layer(torch.ones(2, 4)).dtype is torch.float32


@pytest.mark.parametrize("works", [True, False])
def test_cuda_compiles_where_triton_works_and_else_says_nothing(works: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a GPU, the trial is what fails, as it does where there is one without Triton."""
    if works:
        monkeypatch.setattr(device, "_compiles", lambda where: True)
    layer = torch.nn.Linear(4, 4)
    compile_where_possible(layer, CUDA)
    assert (layer._compiled_call_impl is not None) == works and list(layer.state_dict()) == ["weight", "bias"]


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
