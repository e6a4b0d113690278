"""The blocks of SASRec against PyTorch's own attention and against their papers' formulas in numpy."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recommender.attention import CausalAttention
from recommender.blocks import BLOCKS, AuthorsBlock, LiGRBlock, PaperBlock, at
from recommender.settings import BlockName

DIM, HEADS = 8, 2
LENGTHS = [1, 3, 7, 4]
Formula = Callable[[dict[str, np.ndarray], np.ndarray], np.ndarray]
NAMES: list[BlockName] = ["paper", "authors", "ligr"]


def shaken(module: nn.Module) -> nn.Module:
    """Give every weight a random value, so that biases and norms which begin as nothing count."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)
    return module.double().eval()


def ragged(dim: int = DIM) -> Tensor:
    """Sequences of random states, of ``LENGTHS``, padded on the right with large values that nobody may see."""
    generator = torch.Generator().manual_seed(6)
    states = torch.randn(len(LENGTHS), max(LENGTHS), dim, generator=generator, dtype=torch.double)
    for row, length in enumerate(LENGTHS):
        states[row, length:] = 1e3
    return states


def pytorchs(mine: CausalAttention) -> nn.MultiheadAttention:
    """PyTorch's layer with the same weights."""
    theirs = nn.MultiheadAttention(DIM, HEADS, batch_first=True).double().eval()
    assert isinstance(mine.out, nn.Linear) and theirs.in_proj_weight is not None
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([mine.query.weight, mine.key_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([mine.query.bias, mine.key_value.bias]))
        theirs.out_proj.weight.copy_(mine.out.weight)
        theirs.out_proj.bias.copy_(mine.out.bias)
    return theirs


@pytest.mark.parametrize("side", ["left", "right"])
def test_paper_block_is_that_of_pytorchs_attention(side: str) -> None:
    """Padded on either side, with the causal mask and that of the padding written out for each sequence."""
    block, states = shaken(PaperBlock(DIM, HEADS, 0.5)), ragged()
    assert isinstance(block, PaperBlock)
    length = max(LENGTHS)
    moved = states.clone()
    hidden = torch.ones(len(LENGTHS), length, length, dtype=torch.bool)  # [batch, query, key]
    places = []
    for row, real in enumerate(LENGTHS):
        start = length - real if side == "left" else 0
        moved[row] = 1e3
        moved[row, start : start + real] = states[row, :real]
        places.append(range(start, start + real))
        for query in range(length):
            hidden[row, query, min(start, query) : query + 1] = False  # a padded place sees something, or it is nan
            if query in places[-1]:
                hidden[row, query, :start] = True
    queries = block.attention_norm(moved)
    mask = hidden.repeat_interleave(HEADS, dim=0)
    attended, _ = pytorchs(block.attention)(queries, moved, moved, attn_mask=mask, need_weights=False)
    own = moved + attended
    expected = own + block.feed(block.feed_norm(own))
    found = block(states)
    for row, real in enumerate(LENGTHS):
        assert torch.allclose(found[row, :real], expected[row, list(places[row])], atol=1e-10)


def weights_of(block: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in block.state_dict().items()}


def attention(w: dict[str, np.ndarray], queries: np.ndarray, memory: np.ndarray) -> np.ndarray:
    """What the heads attend to, side by side: ``[length, dim]``."""
    (wk, wv), (bk, bv) = (np.split(w[f"attention.key_value.{part}"], 2) for part in ("weight", "bias"))
    q = queries @ w["attention.query.weight"].T + w["attention.query.bias"]
    k, v = memory @ wk.T + bk, memory @ wv.T + bv
    result = np.empty_like(q)
    size = DIM // HEADS
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        for place in range(len(q)):
            logits = np.array([q[place, part] @ k[other, part] / math.sqrt(size) for other in range(place + 1)])
            shares = np.exp(logits) / np.exp(logits).sum()
            result[place, part] = shares @ v[: place + 1, part]
    return np.asarray(result)


def norm(w: dict[str, np.ndarray], name: str, x: np.ndarray) -> np.ndarray:
    standard = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return np.asarray(standard * w[f"{name}.weight"] + w[f"{name}.bias"])


def linear(w: dict[str, np.ndarray], name: str, x: np.ndarray) -> np.ndarray:
    return np.asarray(x @ w[f"{name}.weight"].T + w.get(f"{name}.bias", 0.0))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-x)))


def paper(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    x = x + linear(w, "attention.out", attention(w, norm(w, "attention_norm", x), x))
    return np.asarray(x + linear(w, "feed.3", np.maximum(linear(w, "feed.0", norm(w, "feed_norm", x)), 0)))


def authors(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """``modules.py`` of the authors: ``queries`` is the normalised input, and the residual of both halves."""
    queries = norm(w, "attention_norm", x)
    x = norm(w, "feed_norm", attention(w, queries, x) + queries)
    return np.asarray(x + linear(w, "feed.3", np.maximum(linear(w, "feed.0", x), 0)))


def ligr(w: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """``x + F(norm(x)) * sigmoid(x W)``, twice."""
    normed = norm(w, "attention_norm", x)
    attended = linear(w, "attention.out", attention(w, normed, normed))
    x = x + attended * sigmoid(linear(w, "attention_gate", x))
    normed = norm(w, "feed_norm", x)
    gate = linear(w, "feed.gate", normed)
    fed = linear(w, "feed.down", gate * sigmoid(gate) * linear(w, "feed.up", normed))
    return np.asarray(x + fed * sigmoid(linear(w, "feed_gate", x)))


@pytest.mark.parametrize(("name", "formula"), [("paper", paper), ("authors", authors), ("ligr", ligr)])
def test_blocks_are_their_formulas(name: BlockName, formula: Formula) -> None:
    block, states = shaken(BLOCKS[name](DIM, HEADS, 0.5)), ragged()
    found = block(states).detach().numpy()
    for row, length in enumerate(LENGTHS):
        expected = formula(weights_of(block), states[row, :length].numpy())
        assert np.allclose(found[row, :length], expected, atol=1e-9)


def test_names_are_those_of_their_classes() -> None:
    assert {"paper": PaperBlock, "authors": AuthorsBlock, "ligr": LiGRBlock} == BLOCKS
    ligr_block = LiGRBlock(DIM, HEADS, 0.0)
    assert ligr_block.feed.gate.out_features == 4 * DIM and ligr_block.feed.gate.bias is None


@pytest.mark.parametrize("name", NAMES)
def test_one_place_alone_is_what_it_is_among_all(name: BlockName) -> None:
    block, states = shaken(BLOCKS[name](DIM, HEADS, 0.5)), ragged()
    last = torch.tensor(LENGTHS) - 1
    alone = block(states, last)
    assert alone.shape == (len(LENGTHS), 1, DIM)
    assert torch.allclose(alone, at(block(states), last), atol=1e-10)


class Kept(nn.Module):
    """Dropout that drops nothing, though it says that it would."""

    dropped = 1

    def forward(self, x: Tensor) -> Tensor:
        return x


@pytest.mark.parametrize("one_place", [False, True])
def test_attention_in_training_is_the_same_but_for_what_is_dropped(one_place: bool) -> None:
    """Training writes out the weights to drop some of them; PyTorch's fused attention serves."""
    layer, states = shaken(CausalAttention(DIM, HEADS, 0.5)), ragged()
    last = torch.tensor(LENGTHS) - 1 if one_place else None
    served = layer(at(states, last), states, last)
    layer.dropout = Kept()
    trained = layer.train()(at(states, last), states, last)
    for row, length in enumerate(LENGTHS):
        real = slice(0, 1 if one_place else length)
        assert torch.allclose(trained[row, real], served[row, real], atol=1e-10)


def test_attention_that_serves_is_not_left_to_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which would make ready for the products of each head anew."""
    precisions, fused = [], F.scaled_dot_product_attention

    def watched(q: Tensor, k: Tensor, v: Tensor, **others: Any) -> Tensor:
        precisions.append(torch.backends.mkldnn.matmul.fp32_precision)  # type: ignore[attr-defined]
        return fused(q, k, v, **others)

    monkeypatch.setattr(F, "scaled_dot_product_attention", watched)
    layer, states = shaken(CausalAttention(DIM, HEADS, 0.5)), ragged()
    for last in (None, torch.tensor(LENGTHS) - 1):
        layer(at(states, last), states, last)
    assert precisions == ["none"] * 2


@pytest.mark.parametrize("name", NAMES)
def test_dropout_of_a_block_is_in_training_alone(name: BlockName) -> None:
    block, states = shaken(BLOCKS[name](DIM, HEADS, 0.5)), ragged()
    assert torch.equal(block(states), block(states))
    block.train()
    assert not torch.allclose(block(states)[:, 0], block(states)[:, 0])
