"""SASRec's pieces: causality, padding, the last place alone, PyTorch's own layer, personas, the item table."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from recommender import sasrec
from recommender.blocks import PaperBlock
from recommender.conditioning import PersonaConditioning
from recommender.sasrec import SASRec, text_table
from recommender.sequences import padded
from recommender.settings import BlockName, Conditioning, SASRecSettings

N_ITEMS, DIM = 20, 16
WAYS: list[Conditioning] = ["add", "gate", "prefix"]
ALL_WAYS: list[Conditioning | None] = [None, *WAYS]
BLOCK_NAMES: list[BlockName] = ["paper", "authors", "ligr"]
RAGGED = [[5], [1, 2, 3], [9, 9], [4, 3, 2, 1, 8, 7, 6, 5], [11, 12, 13, 14, 15]]


def model(way: Conditioning | None = None, block: BlockName = "paper", blocks: int = 2) -> SASRec:
    torch.manual_seed(0)
    conditioning = PersonaConditioning(way, 4, DIM, 0.2) if way else None
    settings = SASRecSettings(dim=DIM, heads=2, max_length=8, dropout=0.1, block=block, blocks=blocks)
    made = SASRec(N_ITEMS, settings, conditioning)
    with torch.no_grad():  # biases, norms and embeddings that begin small or as nothing are to count
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
        made.items.weight[0] = 0.0
    return made.double().eval()


def persona(n: int = 1) -> Tensor:
    """The first of them is none where there are many."""
    personas = torch.tensor([[1.0, -2.0, 0.5, 3.0]]).repeat(n, 1) * torch.arange(n).add(1)[:, None]
    if n > 1:
        personas[0] = 0.0
    return personas.double()


def given(way: Conditioning | None, n: int = 1) -> Tensor | None:
    return persona(n) if way else None


@pytest.mark.parametrize("block", BLOCK_NAMES)
@pytest.mark.parametrize("way", ALL_WAYS)
def test_later_items_do_not_change_earlier_states(way: Conditioning | None, block: BlockName) -> None:
    made = model(way, block)
    one = made(torch.tensor([[1, 2, 3, 4]]), given(way))
    for place in range(1, 4):
        changed = torch.tensor([[1, 2, 3, 4]])
        changed[0, place] = 9
        two = made(changed, given(way))
        assert torch.allclose(one[:, :place], two[:, :place], atol=1e-12)
        assert not torch.allclose(one[:, place:], two[:, place:], atol=1e-3)


@pytest.mark.parametrize("block", BLOCK_NAMES)
@pytest.mark.parametrize("way", ALL_WAYS)
def test_the_amount_of_padding_does_not_matter(way: Conditioning | None, block: BlockName) -> None:
    made = model(way, block)
    for history in RAGGED:
        short, long = torch.tensor([history]), torch.tensor([[*history, *[0] * (8 - len(history))]])
        assert torch.allclose(made(short, given(way)), made(long, given(way))[:, : len(history)], atol=1e-12)
        assert torch.allclose(made.next_states(short, given(way)), made.next_states(long, given(way)), atol=1e-12)


@pytest.mark.parametrize("blocks", [1, 3])
@pytest.mark.parametrize("block", BLOCK_NAMES)
@pytest.mark.parametrize("way", ALL_WAYS)
def test_the_last_place_alone_is_what_it_is_among_all(way: Conditioning | None, block: BlockName, blocks: int) -> None:
    made, sequences = model(way, block, blocks), padded(RAGGED, 8)
    states = made(sequences, given(way, len(RAGGED)))
    assert states.shape == (len(RAGGED), 8, DIM)
    found = made.next_states(sequences, given(way, len(RAGGED)))
    for row, history in enumerate(RAGGED):
        assert torch.allclose(found[row], states[row, len(history) - 1], atol=1e-12)


@pytest.mark.parametrize("way", ALL_WAYS)
def test_a_batch_is_its_rows(way: Conditioning | None) -> None:
    made, personas = model(way), given(way, len(RAGGED))
    found = made.next_scores(padded(RAGGED, 8), personas)
    for row, history in enumerate(RAGGED):
        alone = made.next_scores(torch.tensor([history]), None if personas is None else personas[row : row + 1])
        assert torch.allclose(found[row, 1:], alone[0, 1:], atol=1e-12)


def left_padded(mine: SASRec, histories: list[list[int]]) -> Tensor:
    """SASRec as most write it: padded on the left, PyTorch's attention, both masks written out. ``[batch, dim]``"""
    length = max(map(len, histories))
    sequences = torch.tensor([[0] * (length - len(history)) + history for history in histories])
    states = mine.items.weight[sequences] * math.sqrt(DIM)
    states = states + mine.positions.weight[torch.arange(length - 1, -1, -1)]  # the last place is position 0
    causal = torch.ones(length, length, dtype=torch.bool).triu(1)
    itself = torch.eye(length, dtype=torch.bool)  # or padded places would see nothing, which is nan
    hidden = (causal | (sequences == 0)[:, None]) & ~itself  # [batch, query, key]
    for block in mine.blocks:
        assert isinstance(block, PaperBlock) and isinstance(block.attention.out, nn.Linear)
        attended, _ = F.multi_head_attention_forward(
            block.attention_norm(states).transpose(0, 1),
            states.transpose(0, 1),
            states.transpose(0, 1),
            DIM,
            block.attention.heads,
            torch.cat([block.attention.query.weight, block.attention.key_value.weight]),
            torch.cat([block.attention.query.bias, block.attention.key_value.bias]),
            None,
            None,
            False,
            0.0,
            block.attention.out.weight,
            block.attention.out.bias,
            training=False,
            attn_mask=hidden.repeat_interleave(block.attention.heads, dim=0),
        )
        states = states + attended.transpose(0, 1)
        states = states + block.feed(block.feed_norm(states))
    return F.layer_norm(states[:, -1], (DIM,), mine.norm.weight, mine.norm.bias)


def test_the_whole_is_that_of_an_implementation_padded_on_the_left() -> None:
    made = model()
    assert torch.allclose(made.next_states(padded(RAGGED, 8)), left_padded(made, RAGGED), atol=1e-10)


def test_dropout_is_in_training_alone() -> None:
    made, sequences = model(), padded(RAGGED, 8)
    assert torch.equal(made(sequences), made(sequences))
    made.train()
    assert not torch.allclose(made(sequences), made(sequences))


def test_padding_is_never_scored() -> None:
    scores = model().next_scores(torch.tensor([[1, 2]]))
    assert scores.shape == (1, N_ITEMS + 1) and scores[0, 0] == -torch.inf and torch.isfinite(scores[0, 1:]).all()


def test_scores_are_products_with_the_item_vectors() -> None:
    made, sequences = model(), padded(RAGGED, 8)
    expected = made.next_states(sequences) @ made.items.weight[1:].T
    assert torch.allclose(made.next_scores(sequences)[:, 1:], expected)


def test_the_loss_is_over_known_next_items_alone() -> None:
    small = SASRec(2, SASRecSettings(dim=2, heads=1))
    with torch.no_grad():
        small.items.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    states = torch.tensor([[[2.0, 0.5], [9.0, 9.0]]])
    # The padded place does not count; at the other, item 1 scores 2 and item 2 scores 0.5.
    loss = small.loss(states, torch.tensor([[1, 0]]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(0.5 - 2.0)))


def test_padding_learns_nothing() -> None:
    made = model("prefix").train()
    sequences, targets = padded([[1, 2], [3, 4, 5]], 8), padded([[2, 3], [4, 5, 6]], 8)
    made.loss(made(sequences, persona(2)), targets).backward()  # type: ignore[no-untyped-call]
    gradient = made.items.weight.grad
    assert gradient is not None and (gradient[0] == 0).all() and (gradient[1:].abs().sum(dim=1) > 0).all()


@pytest.mark.parametrize("way", WAYS)
def test_persona_changes_the_scores(way: Conditioning) -> None:
    sequence, made = torch.tensor([[1, 2, 3]]), model(way)
    one, two = (made.next_scores(sequence, value) for value in (persona(), -persona()))
    assert not torch.allclose(one[:, 1:], two[:, 1:])


@pytest.mark.parametrize("way", WAYS)
def test_a_conditioned_model_is_not_asked_without_personas(way: Conditioning) -> None:
    with pytest.raises(ValueError, match="needs personas"):
        model(way).next_scores(torch.tensor([[1]]))


def test_no_persona_under_add_is_the_base_model() -> None:
    base, conditioned = model(), model("add")
    conditioned.load_state_dict(base.state_dict(), strict=False)
    sequence = torch.tensor([[1, 2, 3]])
    none = torch.zeros(1, 4, dtype=torch.double)
    assert torch.allclose(base.next_scores(sequence), conditioned.next_scores(sequence, none))


def test_add_by_hand() -> None:
    conditioning = PersonaConditioning("add", 1, 2, 0.0).eval()
    conditioning.fit_scale(torch.tensor([[1.0], [3.0], [0.0]]))  # mean 2, spread 1; the zero row is no persona
    with torch.no_grad():
        conditioning.project.weight.copy_(torch.tensor([[1.0], [-1.0]]))
    projected = conditioning(torch.tensor([[5.0], [0.0]]))
    assert projected.tolist() == [[3.0, -3.0], [0.0, 0.0]]
    assert conditioning.leave(torch.ones(2, 1, 2), projected).tolist() == [[[4.0, -2.0]], [[1.0, 1.0]]]


def test_gate_by_hand() -> None:
    """With weights of zero and a bias of log 3, three quarters are the state's and one quarter the persona's."""
    conditioning = PersonaConditioning("gate", 1, 2, 0.0).eval()
    with torch.no_grad():
        conditioning.gate.weight.zero_()
        conditioning.gate.bias.fill_(math.log(3))
    found = conditioning.leave(torch.tensor([[[4.0, 8.0]]]), torch.tensor([[0.0, -4.0]]))
    assert torch.allclose(found, torch.tensor([[[3.0, 5.0]]]))


def test_prefix_is_a_token_in_front_that_is_taken_away_again() -> None:
    conditioning = PersonaConditioning("prefix", 1, 2, 0.0)
    tokens, projected = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), torch.tensor([[7.0, 8.0]])
    entered = conditioning.enter(tokens, projected)
    assert entered.tolist() == [[[7.0, 8.0], [1.0, 2.0], [3.0, 4.0]]]
    assert torch.equal(conditioning.leave(entered, projected), tokens)


def test_personas_are_dropped_whole() -> None:
    torch.manual_seed(0)
    conditioning = PersonaConditioning("add", 4, DIM, 0.5).train()
    projected = conditioning(persona().float().repeat(200, 1))
    dropped = projected.abs().sum(1) == 0
    assert 60 < dropped.sum() < 140 and torch.allclose(projected[~dropped], projected[~dropped][:1])


def test_text_table_keeps_the_neighbours_of_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sasrec, "BLOCK", 4)
    torch.manual_seed(0)
    texts = torch.zeros(9, 12)
    texts[1:] = F.normalize(torch.randn(8, 3) @ torch.randn(3, 12), dim=1)
    texts[8] = 0.0  # no text
    table = text_table(texts, 4)
    centred = texts[1:8] - texts[1:8].mean(0)
    mine, theirs = torch.cdist(table[1:8], table[1:8]), torch.cdist(centred, centred)
    assert torch.allclose(mine / mine.max(), theirs / theirs.max(), atol=1e-4)
    assert table[8].abs().sum() > 0
