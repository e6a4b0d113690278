"""SASRec's pieces: causality, padding, PyTorch's own layer, losses by hand, learning, exact repetition, no leak."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.training.checkpoint import load as load_checkpoint
from recommender import trainer
from recommender.blocks import Block
from recommender.conditioning import PersonaConditioning
from recommender.dataset import Dataset
from recommender.losses import FullSoftmax, SampledSoftmax, loss_for
from recommender.sasrec import SASRec, text_table
from recommender.sequences import padded
from recommender.settings import SASRecSettings
from recommender.trained import load_model
from recommender.trainer import SASRecTraining, train
from tests.unit.datasets import dataset

SMALL = SASRecSettings(dim=16, heads=2, max_length=8, dropout=0.1, epochs=4, patience=4, batch_size=16)
WAYS = ["add", "gate", "prefix"]


def model(way: str | None = None) -> SASRec:
    torch.manual_seed(0)
    conditioning = PersonaConditioning(way, 4, 16, 0.2) if way else None  # type: ignore[arg-type]
    return SASRec(20, SMALL, conditioning).eval()


def persona() -> torch.Tensor:
    return torch.tensor([[1.0, -2.0, 0.5, 3.0]])


@pytest.mark.parametrize("way", [None, *WAYS])
def test_later_items_do_not_change_earlier_states(way: str | None) -> None:
    given = persona() if way else None
    one = model(way)(torch.tensor([[1, 2, 3, 4]]), given)
    two = model(way)(torch.tensor([[1, 2, 3, 9]]), given)
    assert torch.allclose(one[:, :3], two[:, :3], atol=1e-6) and not torch.allclose(one[:, 3], two[:, 3])


@pytest.mark.parametrize("way", [None, *WAYS])
def test_padding_does_not_change_the_state(way: str | None) -> None:
    given = persona() if way else None
    short = model(way)(torch.tensor([[5, 6, 7]]), given)[:, -1]
    long = model(way)(torch.tensor([[0, 0, 0, 5, 6, 7]]), given)[:, -1]
    assert torch.allclose(short, long, atol=1e-6)


def test_padding_is_never_scored() -> None:
    scores = model().next_scores(torch.tensor([[1, 2]]))
    assert scores.shape == (1, 21) and scores[0, 0] == -torch.inf and torch.isfinite(scores[0, 1:]).all()


def test_block_is_that_of_the_paper() -> None:
    """Against the formulas in plain numpy, one head: the queries are normalised, keys and values are not."""
    torch.manual_seed(1)
    block = Block(4, 1, 0.0).eval()
    x = torch.randn(1, 3, 4)
    hidden = torch.ones(3, 3, dtype=torch.bool).triu(1)[None]
    mine = block(x, hidden)[0].detach().numpy()
    weights = {name: value.detach().numpy().astype(np.float64) for name, value in block.state_dict().items()}
    states = x[0].numpy().astype(np.float64)

    def norm(value: np.ndarray) -> np.ndarray:
        return np.asarray((value - value.mean(-1, keepdims=True)) / np.sqrt(value.var(-1, keepdims=True) + 1e-5))

    wq, wk, wv = np.split(weights["attention.in_proj_weight"], 3)
    bq, bk, bv = np.split(weights["attention.in_proj_bias"], 3)
    queries, keys, values = norm(states) @ wq.T + bq, states @ wk.T + bk, states @ wv.T + bv
    logits = queries @ keys.T / math.sqrt(4)
    logits[np.triu_indices(3, 1)] = -np.inf
    attention = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    states = states + attention @ values @ weights["attention.out_proj.weight"].T + weights["attention.out_proj.bias"]
    inner = np.maximum(norm(states) @ weights["feed.0.weight"].T + weights["feed.0.bias"], 0)
    states = states + inner @ weights["feed.3.weight"].T + weights["feed.3.bias"]
    assert np.allclose(mine, states, atol=1e-5)


def test_full_loss_by_hand() -> None:
    small = SASRec(2, SASRecSettings(dim=2, heads=1))
    with torch.no_grad():
        small.items.weight.copy_(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    states = torch.tensor([[[9.0, 9.0], [2.0, 0.5]]])
    # The padded place does not count; at the other, item 1 scores 2 and item 2 scores 0.5.
    loss = small.loss(states, torch.tensor([[0, 1]]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(0.5 - 2.0)))


def test_sampled_loss_leaves_the_target_out_of_the_negatives() -> None:
    small = model()
    states, targets = torch.randn(2, 16), torch.tensor([3, 4])
    with_hit = SampledSoftmax().against(states, targets, small.items.weight, torch.tensor([3, 7]))
    first = torch.logsumexp(states[0] @ small.items.weight[[3, 7]].T, 0) - states[0] @ small.items.weight[3]
    second = torch.logsumexp(states[1] @ small.items.weight[[4, 3, 7]].T, 0) - states[1] @ small.items.weight[4]
    assert with_hit.item() == pytest.approx(((first + second) / 2).item(), abs=1e-5)


def test_sampled_loss_over_everything_is_the_full_loss() -> None:
    small, targets = model(), torch.tensor([[3, 4, 5]])
    states = torch.randn(1, 3, 16)
    sampled = SampledSoftmax().against(states[0], targets[0], small.items.weight, torch.arange(1, 21))
    assert sampled.item() == pytest.approx(small.loss(states, targets).item(), abs=1e-5)


def test_text_table_keeps_the_neighbours_of_the_texts() -> None:
    torch.manual_seed(0)
    texts = torch.zeros(9, 12)
    texts[1:] = torch.nn.functional.normalize(torch.randn(8, 3) @ torch.randn(3, 12), dim=1)
    texts[8] = 0.0  # no text
    table = text_table(texts, 4)
    centred = texts[1:8] - texts[1:8].mean(0)
    mine, theirs = torch.cdist(table[1:8], table[1:8]), torch.cdist(centred, centred)
    assert torch.allclose(mine / mine.max(), theirs / theirs.max(), atol=1e-4)
    assert table[8].abs().sum() > 0


@pytest.mark.parametrize("way", WAYS)
def test_persona_changes_the_scores(way: str) -> None:
    sequence = torch.tensor([[1, 2, 3]])
    one, two = (model(way).next_scores(sequence, value) for value in (persona(), -persona()))
    assert not torch.allclose(one[:, 1:], two[:, 1:])


def test_no_persona_under_add_is_the_base_model() -> None:
    base, conditioned = model(), model("add")
    conditioned.load_state_dict(base.state_dict(), strict=False)
    sequence = torch.tensor([[1, 2, 3]])
    assert torch.allclose(base.next_scores(sequence), conditioned.next_scores(sequence, torch.zeros(1, 4)))


def test_add_by_hand() -> None:
    conditioning = PersonaConditioning("add", 1, 2, 0.0).eval()
    conditioning.fit_scale(torch.tensor([[1.0], [3.0], [0.0]]))  # mean 2, spread 1; the zero row is no persona
    with torch.no_grad():
        conditioning.project.weight.copy_(torch.tensor([[1.0], [-1.0]]))
    projected = conditioning(torch.tensor([[5.0], [0.0]]))
    assert projected.tolist() == [[3.0, -3.0], [0.0, 0.0]]
    assert conditioning.leave(torch.ones(2, 1, 2), projected).tolist() == [[[4.0, -2.0]], [[1.0, 1.0]]]


def test_personas_are_dropped_whole() -> None:
    torch.manual_seed(0)
    conditioning = PersonaConditioning("add", 4, 16, 0.5).train()
    projected = conditioning(persona().repeat(200, 1))
    dropped = projected.abs().sum(1) == 0
    assert 60 < dropped.sum() < 140 and torch.allclose(projected[~dropped], projected[~dropped][:1])


def cycle(n_users: int = 40, n_items: int = 20) -> Dataset:
    """Every user walks around the items: the next one is always the successor."""
    walks = [[(user + step) % n_items + 1 for step in range(9)] for user in range(n_users)]
    torch.manual_seed(3)
    return dataset(
        [walk[:7] for walk in walks],
        [walk[7] for walk in walks],
        [walk[8] for walk in walks],
        n_items,
        personas=torch.randn(n_users, 4),
        texts=torch.randn(n_items + 1, 6),
    )


def weights(path: Path) -> dict[str, torch.Tensor]:
    stored = load_checkpoint(path)
    assert stored is not None
    kept: dict[str, torch.Tensor] = stored["best_model"]
    return kept


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def test_learns_a_rule(tmp_path: Path) -> None:
    data = cycle()
    settings = SMALL.model_copy(update={"epochs": 60, "patience": 60, "learning_rate": 1e-2, "dropout": 0.0})
    history = train(tmp_path, "base", data, settings)
    assert history.best_score > 0.95
    scores = load_model(tmp_path, "base", data).next_scores(torch.tensor([[4, 5, 6]]))
    assert scores.argmax().item() == 7


def test_seeded_runs_repeat_exactly_and_other_seeds_do_not(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(tmp_path, name, cycle(), SMALL.model_copy(update={"seed": seed}), "add")
    assert same(weights(tmp_path / "a.pt"), weights(tmp_path / "b.pt"))
    assert not same(weights(tmp_path / "a.pt"), weights(tmp_path / "c.pt"))


def test_interrupted_training_ends_like_an_uninterrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = cycle()
    train(tmp_path, "whole", data, SMALL, "add")
    real = SASRecTraining.train_epoch

    def cut(self: SASRecTraining, epoch: int) -> float:
        if epoch == 2:
            raise KeyboardInterrupt
        return real(self, epoch)

    monkeypatch.setattr(SASRecTraining, "train_epoch", cut)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, "cut", data, SMALL, "add")
    monkeypatch.undo()
    assert train(tmp_path, "cut", data, SMALL, "add").resumed_at == 2
    assert same(weights(tmp_path / "whole.pt"), weights(tmp_path / "cut.pt"))


def test_a_batch_in_parts_has_the_gradient_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users of one to seven targets: each target counts the same, whatever part it is in."""
    whole = cycle().sequences
    uneven = dataset(
        [items[: 2 + user % 6] for user, items in enumerate(whole.train)],
        whole.validation.tolist(),
        whole.test.tolist(),
        20,
    )
    found = []
    for parts in (1, 4, 40):
        monkeypatch.setattr(trainer, "PARTS", parts)
        training = SASRecTraining(uneven, SMALL.model_copy(update={"dropout": 0.0}), None)
        loss = training._accumulate(training.taught)
        found.append((loss, [parameter.grad for parameter in training.model.parameters()]))
    for loss, gradients in found[1:]:
        assert loss == pytest.approx(found[0][0])
        for mine, whole_gradient in zip(gradients, found[0][1], strict=True):
            assert mine is not None and whole_gradient is not None and torch.allclose(mine, whole_gradient, atol=1e-6)


def rolled(data: Dataset, split: str) -> Dataset:
    """The same data set with the targets of a split handed round among the users."""
    sequences = data.sequences
    targets = {name: getattr(sequences, name) for name in ("validation", "test")}
    targets[split] = np.roll(targets[split], 1)
    return dataset(
        sequences.train,
        targets["validation"].tolist(),
        targets["test"].tolist(),
        data.n_items,
        personas=data.personas,
        texts=data.texts,
    )


def test_test_targets_are_not_learned_from(tmp_path: Path) -> None:
    train(tmp_path, "one", cycle(), SMALL, "add")
    train(tmp_path, "two", rolled(cycle(), "test"), SMALL, "add")
    assert same(weights(tmp_path / "one.pt"), weights(tmp_path / "two.pt"))


def test_validation_targets_are_not_learned_from() -> None:
    """They choose the epoch; the weights of a given epoch do not depend on them."""
    models = []
    for data in (cycle(), rolled(cycle(), "validation")):
        training = SASRecTraining(data, SMALL, None)
        torch.manual_seed(0)
        training.train_epoch(0)
        models.append(training.model.state_dict())
    assert same(models[0], models[1])


def test_a_checkpoint_stands_for_its_data_but_not_for_the_last_bits_of_floats(tmp_path: Path) -> None:
    data = cycle()
    train(tmp_path, "m", data, SMALL, "add")
    nudged = dataclasses.replace(data, personas=data.personas * (1 + 1e-6), texts=data.texts * (1 + 1e-6))
    assert train(tmp_path, "m", nudged, SMALL, "add").resumed_at == SMALL.epochs
    sequences = data.sequences
    reversed_users = (sequences.train[::-1], sequences.validation.tolist(), [0] * 40, 20, data.personas, data.texts)
    others = [
        dataclasses.replace(data, persona_run="another"),
        dataclasses.replace(data, texts_digest="another"),
        rolled(data, "validation"),
        dataset(*reversed_users),
    ]
    for other in others:
        with pytest.raises(KgrecError, match="other settings or on another graph"):
            train(tmp_path, "m", other, SMALL, "add")


def test_model_of_other_items_or_other_personas_is_refused(tmp_path: Path) -> None:
    data = cycle()
    train(tmp_path, "persona-add", data, SMALL, "add")
    new_item = dataclasses.replace(
        data, item_ids=[*data.item_ids, "new"], titles=[*data.titles, ""], texts=torch.zeros(22, 6)
    )
    with pytest.raises(KgrecError, match="items of the graph have changed"):
        load_model(tmp_path, "persona-add", new_item)
    with pytest.raises(KgrecError, match="trained with the personas of run run"):
        load_model(tmp_path, "persona-add", dataclasses.replace(data, persona_run="other"))
    with pytest.raises(KgrecError, match="kgrec train sasrec"):
        load_model(tmp_path, "base", data)


def test_long_sequences_keep_their_end() -> None:
    assert padded([[1, 2, 3, 4], [5]], 3).tolist() == [[2, 3, 4], [0, 0, 5]]


def test_users_who_teach_nothing_are_said() -> None:
    with pytest.raises(KgrecError, match="two training interactions"):
        SASRecTraining(dataset([[1]], [2], [3], 20), SMALL, None)
    with pytest.raises(KgrecError, match="kgrec train personas"):
        SASRecTraining(dataset([[1, 4]], [2], [3], 20), SMALL, "add")


class Doubling(torch.nn.Module):
    """Another block, of the same two signatures."""

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()

    def forward(self, states: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        return 2 * states


def test_block_and_loss_are_parts() -> None:
    """With blocks that double the states, and a last layer norm, the state is that of the item and its place alone."""
    doubled = SASRec(20, SMALL, block=Doubling, objective=lambda states, targets, items: states.sum() * 0 + 42).eval()
    states = doubled(torch.tensor([[3, 5]]))
    with torch.no_grad():
        given = doubled.items.weight[[3, 5]] * math.sqrt(16) + doubled.positions.weight[[1, 0]]
        expected = torch.nn.functional.layer_norm(4 * given, (16,))
    assert torch.allclose(states[0], expected, atol=1e-5)
    assert doubled.loss(states, torch.tensor([[5, 0]])).item() == 42


def test_a_large_catalogue_is_taught_by_samples() -> None:
    assert isinstance(loss_for(50_000), FullSoftmax) and isinstance(loss_for(50_001), SampledSoftmax)
