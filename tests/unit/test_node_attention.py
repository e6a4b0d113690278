"""The attention of HDGI-A against PyTorch Geometric, autograd and examples worked by hand."""

from pathlib import Path

import pytest
import torch
from torch.nn import functional as F
from torch_geometric.nn import GATConv
from torch_geometric.nn.conv.han_conv import group

import gnn.neighbours
from gnn.hdgi import HDGI
from gnn.hops import Hop, hops
from gnn.infomax import HDGITraining
from gnn.meta_path import MetaPath
from gnn.node_attention import Neighbourhoods, NodeAttention
from gnn.settings import HDGISettings
from gnn.trainer import learn
from kgrec.errors import KgrecError
from tests.unit.tastes import two_tastes
from tests.unit.walks import RELATIONSHIPS, USERS, by_type, counted, of_chance

CPU = torch.device("cpu")
PATHS = ["INTERACTED", "INTERACTED > BY", "INTERACTED > BY|MADE_BY"]
# Sums of numbers of size 30 in other orders: over 400 seeds they differ by 1.4e-14 at most. Single precision in one
# place makes that 6e-8.
ROUNDING = 1e-12


def of_chance_hops(text: str) -> list[Hop]:
    users, relationships = of_chance()
    found = hops(MetaPath.parse(text), users, by_type(relationships))
    assert found is not None
    return found


@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("text", PATHS)
def test_attention_is_that_of_pyg(text: str, heads: int) -> None:
    """PyG gets the pairs that were walked one by one, and adds the users themselves."""
    torch.manual_seed(0)
    users, relationships = of_chance()
    reference = GATConv(5, 8 // heads, heads=heads, bias=False).double()
    attention = NodeAttention(8, heads).double()
    with torch.no_grad():
        attention.to_other.copy_(reference.att_src[0])
        attention.to_user.copy_(reference.att_dst[0])
    pairs = torch.tensor([pair for pair in counted(users, relationships, text) if pair[0] != pair[1]]).T
    x, gradient = torch.randn(len(users), 5, dtype=torch.double), torch.randn(len(users), 8, dtype=torch.double)
    expected = reference(x, pairs)
    around = Neighbourhoods.of(text, of_chance_hops(text), CPU)
    mine = attention(reference.lin(x), around)
    torch.testing.assert_close(mine, expected, rtol=0, atol=ROUNDING)
    weight = reference.lin.weight
    wanted = torch.autograd.grad(expected, [weight, reference.att_src, reference.att_dst], gradient)
    got = torch.autograd.grad(mine, [weight, attention.to_other, attention.to_user], gradient)
    for one, two in zip(got, wanted, strict=True):
        torch.testing.assert_close(one.flatten(), two.flatten(), rtol=0, atol=ROUNDING)
        assert one.any()


def test_encoder_is_pyg_attention_then_leaky_relu_then_semantic_attention() -> None:
    """The authors' code has torch's own LeakyReLU there, of slope 0.01; ours is a number of single precision."""
    torch.manual_seed(0)
    users, relationships = of_chance()
    model, x = HDGI(5, 8, len(PATHS), 8, heads=4).double(), torch.randn(len(users), 5, dtype=torch.double)
    states = []
    for number, text in enumerate(PATHS):
        reference, attention = GATConv(5, 2, heads=4, bias=False).double(), model.node_attention[number]
        assert isinstance(attention, NodeAttention)
        with torch.no_grad():
            reference.lin.weight.copy_(model.weights[number].weight)
            reference.att_src[0].copy_(attention.to_other)
            reference.att_dst[0].copy_(attention.to_user)
        pairs = torch.tensor([pair for pair in counted(users, relationships, text) if pair[0] != pair[1]]).T
        states.append(F.leaky_relu(reference(x, pairs)))
    expected, weights = group(states, model.attention.query.weight, model.attention.project)
    mine, my_weights = model(x, [Neighbourhoods.of(text, of_chance_hops(text), CPU) for text in PATHS])
    torch.testing.assert_close(mine, expected, rtol=0, atol=1e-9)
    torch.testing.assert_close(my_weights, weights, rtol=0, atol=1e-9)
    assert (expected < 0).any()


def test_slope_of_the_states_is_not_learned() -> None:
    given = {"objective": "infomax", "convolution": "attention", "dim": 8, "learning_rate": 0.1}
    training = HDGITraining(two_tastes(), HDGISettings.model_validate(given), held_out=0.0)
    before = {name: value.clone() for name, value in training.model.state_dict().items()}
    training.train_epoch(0)
    after = training.model.state_dict()
    assert after["activations.0.weight"].equal(before["activations.0.weight"])
    assert not after["node_attention.0.to_other"].equal(before["node_attention.0.to_other"])


def test_discriminator_begins_as_that_of_torch_bilinear_by_xavier() -> None:
    torch.manual_seed(0)
    reference = torch.nn.init.xavier_uniform_(torch.nn.Bilinear(64, 64, 1).weight)
    found = HDGI(5, 64, 1, 4, heads=4).discriminator
    assert found.abs().max().item() == pytest.approx(reference.abs().max().item(), rel=0.01)


def test_gradient_is_numerically_right() -> None:
    attention = NodeAttention(4, 2).double()
    around = Neighbourhoods.of("", of_chance_hops("INTERACTED > BY"), CPU)
    x = torch.randn(14, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda rows: attention(rows, around), x)


def test_large_scores_do_not_overflow() -> None:
    attention, around = NodeAttention(4, 1), Neighbourhoods.of("", of_chance_hops("INTERACTED"), CPU)
    rows = 1e4 * torch.randn(14, 4)
    assert attention(rows, around).isfinite().all()


def test_neighbourhoods_by_hand() -> None:
    """Users 10 and 11 share an item; 12 and 13 have nobody but themselves."""
    found = hops(MetaPath.parse("INTERACTED"), USERS, by_type(RELATIONSHIPS))
    assert found is not None
    around = Neighbourhoods.of("", found, CPU)
    assert around.starts.tolist() == [0, 2, 4, 5, 6]
    assert around.users.tolist() == [0, 0, 1, 1, 2, 3] and around.others.tolist() == [0, 1, 0, 1, 2, 3]
    assert around.reverse.tolist() == [0, 2, 1, 3, 4, 5]
    rows = torch.randn(4, 6)
    assert torch.allclose(NodeAttention(6, 3)(rows, around)[2:], rows[2:])


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gnn.neighbours, "MAX_PAIRS", 1_000)
    with pytest.raises(KgrecError, match="INTERACTED joins more than 1,000 pairs"):
        learn(two_tastes(), HDGISettings(objective="infomax", convolution="attention"), tmp_path)


def test_learns_to_tell_true_users_from_corrupted_ones(tmp_path: Path) -> None:
    given = {"epochs": 120, "patience": 20, "dim": 16, "learning_rate": 1e-2, "heads": 2}
    settings = HDGISettings.model_validate(given | {"objective": "infomax", "convolution": "attention"})
    learned = learn(two_tastes(), settings, tmp_path)
    assert -learned.history.best_score < 0.5
    same = learned.vectors @ learned.vectors.T  # cosine
    taste = torch.arange(200) % 2
    assert same[taste == 0][:, taste == 0].mean() > same[taste == 0][:, taste == 1].mean() + 0.5


def test_heads_share_the_width() -> None:
    with pytest.raises(ValueError, match="not divisible"):
        HDGISettings(dim=10, heads=4, convolution="attention")
    assert HDGISettings(dim=10, heads=4).dim == 10
