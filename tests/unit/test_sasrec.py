"""SASRec's pieces: causality, padding, PyTorch's own layer, losses by hand, learning, exact repetition, no leak."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.training import load_checkpoint
from recommender import trainer
from recommender.conditioning import PersonaConditioning
from recommender.sasrec import Block, SASRec, text_table
from recommender.sequences import Catalogue, Sequences, UserPersonas, padded
from recommender.settings import SASRecSettings
from recommender.trainer import PersonaInput, SASRecTraining, load_model, train

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
    with_hit = small.sampled_loss(states, targets, torch.tensor([3, 7]))
    first = torch.logsumexp(states[0] @ small.items.weight[[3, 7]].T, 0) - states[0] @ small.items.weight[3]
    second = torch.logsumexp(states[1] @ small.items.weight[[4, 3, 7]].T, 0) - states[1] @ small.items.weight[4]
    assert with_hit.item() == pytest.approx(((first + second) / 2).item(), abs=1e-5)


def test_sampled_loss_over_everything_is_the_full_loss() -> None:
    small, targets = model(), torch.tensor([[3, 4, 5]])
    states = torch.randn(1, 3, 16)
    sampled = small.sampled_loss(states[0], targets[0], torch.arange(1, 21))
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


def cycle(n_users: int = 40, n_items: int = 20) -> tuple[Sequences, Catalogue]:
    """Every user walks around the items: the next one is always the successor."""
    walks = [[(user + step) % n_items + 1 for step in range(9)] for user in range(n_users)]
    sequences = Sequences(
        [f"u{user}" for user in range(n_users)],
        [walk[:7] for walk in walks],
        np.array([walk[7] for walk in walks]),
        np.array([walk[8] for walk in walks]),
    )
    return sequences, Catalogue([f"i{item:02}" for item in range(n_items)], [""] * n_items)


def inputs(sequences: Sequences) -> PersonaInput:
    torch.manual_seed(3)
    n_users = len(sequences.user_ids)
    return PersonaInput("add", UserPersonas("run", torch.randn(n_users, 4), [None] * n_users), torch.randn(21, 6))


def weights(path: Path) -> dict[str, torch.Tensor]:
    stored = load_checkpoint(path)
    assert stored is not None
    kept: dict[str, torch.Tensor] = stored["best_model"]
    return kept


def same(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def test_learns_a_rule(tmp_path: Path) -> None:
    sequences, catalogue = cycle()
    settings = SMALL.model_copy(update={"epochs": 60, "patience": 60, "learning_rate": 1e-2, "dropout": 0.0})
    history = train(tmp_path, "base", sequences, catalogue, settings)
    assert history.best_score > 0.95
    scores = load_model(tmp_path, "base", catalogue, None).next_scores(torch.tensor([[4, 5, 6]]))
    assert scores.argmax().item() == 7


def test_seeded_runs_repeat_exactly_and_other_seeds_do_not(tmp_path: Path) -> None:
    sequences, catalogue = cycle()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = SMALL.model_copy(update={"seed": seed})
        train(tmp_path, name, sequences, catalogue, settings, inputs(sequences))
    assert same(weights(tmp_path / "a.pt"), weights(tmp_path / "b.pt"))
    assert not same(weights(tmp_path / "a.pt"), weights(tmp_path / "c.pt"))


def test_interrupted_training_ends_like_an_uninterrupted_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sequences, catalogue = cycle()
    train(tmp_path, "whole", sequences, catalogue, SMALL, inputs(sequences))
    real = SASRecTraining.train_epoch

    def cut(self: SASRecTraining, epoch: int) -> float:
        if epoch == 2:
            raise KeyboardInterrupt
        return real(self, epoch)

    monkeypatch.setattr(SASRecTraining, "train_epoch", cut)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, "cut", sequences, catalogue, SMALL, inputs(sequences))
    monkeypatch.undo()
    assert train(tmp_path, "cut", sequences, catalogue, SMALL, inputs(sequences)).resumed_at == 2
    assert same(weights(tmp_path / "whole.pt"), weights(tmp_path / "cut.pt"))


def test_a_batch_in_parts_has_the_gradient_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users of one to seven targets: each target counts the same, whatever part it is in."""
    sequences, _ = cycle()
    uneven = dataclasses.replace(sequences, train=[items[: 2 + user % 6] for user, items in enumerate(sequences.train)])
    found = []
    for parts in (1, 4, 40):
        monkeypatch.setattr(trainer, "PARTS", parts)
        training = SASRecTraining(uneven, 20, SMALL.model_copy(update={"dropout": 0.0}), None)
        loss = training._accumulate(training.taught)
        found.append((loss, [parameter.grad for parameter in training.model.parameters()]))
    for loss, gradients in found[1:]:
        assert loss == pytest.approx(found[0][0])
        for mine, whole in zip(gradients, found[0][1], strict=True):
            assert mine is not None and whole is not None and torch.allclose(mine, whole, atol=1e-6)


def test_test_targets_are_not_learned_from(tmp_path: Path) -> None:
    sequences, catalogue = cycle()
    changed = dataclasses.replace(sequences, test=np.roll(sequences.test, 1))
    train(tmp_path, "one", sequences, catalogue, SMALL, inputs(sequences))
    train(tmp_path, "two", changed, catalogue, SMALL, inputs(sequences))
    assert same(weights(tmp_path / "one.pt"), weights(tmp_path / "two.pt"))


def test_validation_targets_are_not_learned_from() -> None:
    """They choose the epoch; the weights of a given epoch do not depend on them."""
    sequences, _ = cycle()
    models = []
    for validation in (sequences.validation, np.roll(sequences.validation, 1)):
        training = SASRecTraining(dataclasses.replace(sequences, validation=validation), 20, SMALL, None)
        torch.manual_seed(0)
        training.train_epoch(0)
        models.append(training.model.state_dict())
    assert same(models[0], models[1])


def test_model_of_another_catalogue_or_other_personas_is_refused(tmp_path: Path) -> None:
    sequences, catalogue = cycle()
    train(tmp_path, "persona-add", sequences, catalogue, SMALL, inputs(sequences))
    with pytest.raises(KgrecError, match="items of the graph have changed"):
        load_model(tmp_path, "persona-add", Catalogue([*catalogue.item_ids, "new"], [""] * 21), "run")
    with pytest.raises(KgrecError, match="trained with the personas of run run"):
        load_model(tmp_path, "persona-add", catalogue, "other")
    with pytest.raises(KgrecError, match="kgrec train sasrec"):
        load_model(tmp_path, "base", catalogue, None)


def test_long_sequences_keep_their_end() -> None:
    assert padded([[1, 2, 3, 4], [5]], 3).tolist() == [[2, 3, 4], [0, 0, 5]]


def test_users_who_teach_nothing_are_said() -> None:
    lone = Sequences(["u"], [[1]], np.array([2]), np.array([3]))
    with pytest.raises(KgrecError, match="two training interactions"):
        trainer.SASRecTraining(lone, 20, SMALL, None)
