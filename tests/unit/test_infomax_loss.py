"""HDGI's loss by blocks: against PyTorch Geometric, by hand, and its gradient against autograd's."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from torch_geometric.nn import DeepGraphInfomax

import gnn.infomax_loss
from benchmarks.hdgi import SETTINGS, made_up, of_pyg
from gnn.contrast import corrupted
from gnn.hdgi import HDGI
from gnn.infomax import HDGITraining
from gnn.infomax_loss import infomax_loss


def plain(n_paths: int, dim: int) -> HDGI:
    """A model whose activation is the identity."""
    model = HDGI(dim, dim, n_paths, dim)
    for activation in model.activations:
        torch.nn.init.ones_(activation.weight)  # type: ignore[arg-type]
    return model


def by_autograd(
    model: HDGI, positive: list[Tensor], negative: list[Tensor], chosen: Tensor, summarised: Tensor
) -> Tensor:
    """Equation 9 as it is written."""
    true, false = (
        model.attention(torch.stack([activate(one) for activate, one in zip(model.activations, side, strict=True)]))[0]
        for side in (positive, negative)
    )
    summary = model.discriminator @ torch.sigmoid(true[summarised].mean(dim=0))
    logits = torch.cat([true[chosen], false[chosen]]) @ summary
    truth = torch.cat([torch.ones(len(chosen)), torch.zeros(len(chosen))]).to(logits)
    return F.binary_cross_entropy_with_logits(logits, truth)


def test_it_is_that_of_pyg_deep_graph_infomax() -> None:
    model, rows = plain(1, 4), torch.arange(6)
    reference = DeepGraphInfomax(4, torch.nn.Identity(), lambda z: torch.sigmoid(z.mean(0)), lambda x: x)
    with torch.no_grad():
        reference.weight.copy_(model.discriminator)
    positive, negative = torch.randn(6, 4), torch.randn(6, 4)
    expected = reference.loss(positive, negative, torch.sigmoid(positive.mean(0)))
    # PyG adds the means of both halves, the paper's equation 9 divides the sum by N + M.
    found = infomax_loss(model, [positive], [negative], rows, rows)
    assert found.item() == pytest.approx(expected.item() / 2, abs=1e-5)


def test_by_hand() -> None:
    model, rows = plain(1, 1), torch.arange(2)
    with torch.no_grad():
        model.discriminator.fill_(2.0)
    positive, negative = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [-1.0]])
    summary = 1 / (1 + math.exp(-2.0))
    logits = [2 * summary * value for value in (1.0, 3.0, 0.0, -1.0)]
    terms = [math.log(1 + math.exp(-z)) for z in logits[:2]] + [math.log(1 + math.exp(z)) for z in logits[2:]]
    assert infomax_loss(model, [positive], [negative], rows, rows).item() == pytest.approx(sum(terms) / 4)


@pytest.mark.parametrize("block", [7, 40, 1_000])
def test_gradient_is_that_of_autograd(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all parameters behind the convolution and of what is convolved, whether the last block is whole or not."""
    monkeypatch.setattr(gnn.infomax_loss, "BLOCK", block)
    torch.manual_seed(0)
    model = HDGI(5, 6, 3, 4).double()
    for number, activation in enumerate(model.activations):
        torch.nn.init.constant_(activation.weight, 0.1 + number / 5)  # type: ignore[arg-type]
    sides = [[torch.randn(40, 6, dtype=torch.double, requires_grad=True) for _ in range(3)] for _ in range(2)]
    order = torch.randperm(40)
    wanted = [value for name, value in model.named_parameters() if not name.startswith(("weights", "biases"))]
    found = []
    for loss_of in (infomax_loss, by_autograd):
        loss = loss_of(model, sides[0], sides[1], order[:15], order[10:])
        found.append((loss.item(), torch.autograd.grad(3.0 * loss, [*wanted, *sides[0], *sides[1]])))
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-12) and len(wanted) == 7
    for mine, expected in zip(found[0][1], found[1][1], strict=True):
        assert expected.any() and torch.allclose(mine, expected, rtol=1e-9, atol=1e-15)


def test_an_epoch_has_the_gradients_of_pyg_in_csr() -> None:
    """The operators, the shuffling and the loss together, against the model that the benchmark measures beside it."""
    graph = made_up(300, 12)
    training = HDGITraining(graph, SETTINGS, 0.0)
    mine, features = training.model, training.contrast.features
    theirs = of_pyg(12, SETTINGS, len(graph.paths)).to(features.device)
    with torch.no_grad():
        for number, convolution in enumerate(theirs.encoder.convolutions):
            convolution.lin.weight.copy_(mine.weights[number].weight)
        theirs.encoder.project.load_state_dict(mine.attention.project.state_dict())
        theirs.encoder.query.copy_(mine.attention.query.weight)
        theirs.weight.copy_(mine.discriminator)
    torch.manual_seed(1)
    expected = theirs.loss(*theirs(features, training.contrast.related)) / 2
    expected.backward()
    torch.manual_seed(1)
    projected, users = mine.project(features), torch.arange(300, device=features.device)
    shuffled = corrupted(projected, torch.randperm(300).to(features.device))
    loss = infomax_loss(
        mine,
        mine.convolve(projected, training.contrast.related),
        mine.convolve(shuffled, training.contrast.related),
        users,
        users,
    )
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == pytest.approx(expected.item(), abs=1e-6)
    pairs: list[tuple[object, object]] = [(mine.discriminator.grad, theirs.weight.grad)]
    for number, convolution in enumerate(theirs.encoder.convolutions):
        for one, other in (
            (mine.weights[number].weight, convolution.lin.weight),
            (mine.biases[number], convolution.bias),
        ):
            pairs.append((one.grad, other.grad))
    for one, other in pairs:
        assert (
            isinstance(one, Tensor)
            and isinstance(other, Tensor)
            and one.any()
            and torch.allclose(one, other, rtol=1e-4, atol=1e-7)
        )
