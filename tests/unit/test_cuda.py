"""What is done otherwise on CUDA gives what a CPU gives: run where there is one."""

import pytest
import torch

from gnn import infomax
from gnn.infomax import HDGITraining
from gnn.trainer import HELD_OUT
from kgrec.training.device import record
from kgrec.training.fits import Fit
from recommender import trainer
from recommender.settings import Conditioning, LossName, SASRecSettings
from recommender.trained import BASE, with_persona
from recommender.trainer import SASRecTraining
from tests.unit.test_trainer import cycle

CPU = torch.device("cpu")
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA here")


@needs_cuda
@pytest.mark.parametrize("way", [None, "add", "gate", "prefix"])
def test_a_recorded_model_learns_what_it_learns_on_a_cpu(
    way: Conditioning | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SASRecSettings(
        dim=16, heads=2, max_length=8, dropout=0.0, persona_dropout=0.0, batch_size=16, learning_rate=1e-2
    )
    variant = BASE if way is None else with_persona(way)
    curves: list[list[float]] = []
    for where in (None, CPU):
        if where is not None:
            monkeypatch.setattr(trainer, "device", lambda: CPU)
        training = SASRecTraining(cycle(), settings, variant, Fit.VALIDATION)
        assert (training.shape == (16, 8)) == (where is None)
        curves.append([])
        for epoch in range(4):
            torch.manual_seed(epoch)
            curves[-1].append(training.train_epoch(epoch))
    assert curves[0] == pytest.approx(curves[1], rel=5e-3) and curves[0][-1] < 0.95 * curves[0][0]


@needs_cuda
@pytest.mark.parametrize("loss", ["full", "sampled", "gbce"])
def test_what_is_dropped_is_drawn_anew_each_time(loss: LossName) -> None:
    settings = SASRecSettings(dim=16, heads=2, max_length=8, dropout=0.5, batch_size=16, learning_rate=1e-12, loss=loss)
    training = SASRecTraining(cycle(), settings, BASE, Fit.VALIDATION)
    found = []
    for seed in (1, 2, 1):
        torch.manual_seed(seed)
        found.append(training.train_epoch(0))
    assert found[0] != found[1] and found[0] == pytest.approx(found[2], rel=1e-5)


@needs_cuda
def test_what_cannot_be_recorded_stays_as_it_is() -> None:
    class Waits(torch.nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) * x.sum().item()

    module, given = Waits(2, 2).cuda(), torch.ones(3, 2, device="cuda")
    expected = module(given)
    assert not record(module, given) and torch.equal(module(given), expected)


@needs_cuda
def test_hdgi_learns_what_it_learns_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.hdgi import SETTINGS, made_up

    curves = []
    for where in (None, CPU):
        if where is not None:
            monkeypatch.setattr(infomax, "device", lambda: CPU)
        training = HDGITraining(made_up(300, 12), SETTINGS, HELD_OUT)
        torch.manual_seed(0)
        curves.append([(training.train_epoch(epoch), training.validate()) for epoch in range(4)])
    assert torch.tensor(curves[0]).allclose(torch.tensor(curves[1]), rtol=1e-4)
