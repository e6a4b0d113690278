"""Training: it learns, repeats exactly, goes on exactly, each fit learns from its own splits, and files are checked."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.training import blocked_softmax
from kgrec.training.checkpoint import Checkpoint
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from recommender import trainer
from recommender.asked import ranks
from recommender.dataset import Dataset, Personas
from recommender.sasrec import SASRec, text_table
from recommender.scoring import ByModel
from recommender.sequences import Sequences
from recommender.settings import SASRecSettings
from recommender.trained import BASE, BASE_TEXT, Variant, load_model, with_persona
from recommender.trainer import SASRecTraining, train
from tests.unit.datasets import dataset

SMALL = SASRecSettings(dim=16, heads=2, max_length=8, dropout=0.1, epochs=4, patience=4, batch_size=16)
N_USERS, N_ITEMS = 20, 20
ADD = with_persona("add")
Weights = dict[str, torch.Tensor]


def cycle() -> Dataset:
    """Every user walks around the items: the next one is always the successor."""
    walks = [[(user + step) % N_ITEMS + 1 for step in range(9)] for user in range(N_USERS)]
    torch.manual_seed(3)
    return dataset(
        [walk[:7] for walk in walks],
        [walk[7] for walk in walks],
        [walk[8] for walk in walks],
        N_ITEMS,
        personas=torch.randn(N_USERS, 4),
        texts=torch.randn(N_ITEMS + 1, 6),
    )


def rolled(data: Dataset, of: Fit) -> Dataset:
    """The same data set with the targets of a fit handed round among the users."""
    places = data.sequences.targets(of)
    items = data.sequences.items.copy()
    items[places] = items[np.roll(places, 3)]
    assert not np.array_equal(items, data.sequences.items)
    return dataclasses.replace(data, sequences=dataclasses.replace(data.sequences, items=items))


def other_personas(data: Dataset, fit: Fit) -> Dataset:
    """The same data set with other personas of a fit, of another run."""
    found = data.personas[fit]
    changed = Personas(f"another-{fit}", found.vectors.roll(1, 0), found.names, found.items)
    return dataclasses.replace(data, personas=data.personas | {fit: changed})


def checkpoint(path: Path) -> Checkpoint:
    stored = load_checkpoint(path)
    assert stored is not None
    return stored


def trained(
    run: Path, data: Dataset, of: Fit, variant: Variant = ADD, settings: SASRecSettings = SMALL
) -> tuple[Weights, History]:
    """Train, three epochs where they are not chosen, and return the kept weights as the file has them."""
    history = train(run, variant, data, settings, of, None if of is Fit.VALIDATION else 3)
    kept: Weights = checkpoint(of.folder(run) / f"{variant.name}.pt")["best_model"]
    return kept, history


def same(one: Weights, two: Weights) -> bool:
    return all(torch.equal(one[name], two[name]) for name in one)


def test_learns_a_rule(tmp_path: Path) -> None:
    """The validation fit soon prefers the right one of what is unseen; taught for longer, any model knows the rule."""
    data = cycle()
    settings = SMALL.model_copy(update={"epochs": 12, "patience": 12, "learning_rate": 1e-2, "dropout": 0.0})
    assert train(tmp_path, BASE, data, settings).best_score > 0.95
    train(tmp_path, BASE, data, settings, Fit.TEST, 40)
    model = load_model(tmp_path, BASE.name, data, Fit.TEST)
    assert model.next_scores(torch.tensor([[4, 5, 6], [19, 20, 0]])).argmax(dim=1).tolist() == [7, 1]


@pytest.mark.parametrize("of", list(Fit))
def test_seeded_runs_repeat_exactly_and_other_seeds_do_not(tmp_path: Path, of: Fit) -> None:
    found = [
        trained(tmp_path / name, cycle(), of, settings=SMALL.model_copy(update={"seed": seed}))[0]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert same(found[0], found[1]) and not same(found[0], found[2])


@pytest.mark.parametrize("of", [Fit.VALIDATION, Fit.TEST])
def test_interrupted_training_ends_like_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: Fit
) -> None:
    whole, _ = trained(tmp_path / "whole", cycle(), of)
    real = SASRecTraining.train_epoch

    def cut(self: SASRecTraining, epoch: int) -> float:
        if epoch == 2:
            raise KeyboardInterrupt
        return real(self, epoch)

    monkeypatch.setattr(SASRecTraining, "train_epoch", cut)
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "cut", cycle(), of)
    with pytest.raises(KgrecError, match="was interrupted: run `kgrec train sasrec"):
        load_model(tmp_path / "cut", ADD.name, cycle(), of)
    monkeypatch.undo()
    resumed, history = trained(tmp_path / "cut", cycle(), of)
    assert history.resumed_at == 2 and same(whole, resumed)


def test_a_batch_in_parts_has_the_gradient_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Users of one to seven targets: each target counts the same, whatever part it is in."""
    monkeypatch.setattr(blocked_softmax, "BFLOAT16", False)  # each part would be rounded for itself
    histories = cycle().sequences.known(Fit.VALIDATION).histories
    uneven = dataset(
        [items[: 2 + user % 6] for user, items in enumerate(histories)], [1] * N_USERS, [2] * N_USERS, N_ITEMS
    )
    found = []
    for parts in (1, 4, 40):
        monkeypatch.setattr(trainer, "PARTS", parts)
        training = SASRecTraining(uneven, SMALL.model_copy(update={"dropout": 0.0}), BASE, Fit.VALIDATION)
        loss = training._accumulate(training.taught)
        found.append((loss, [parameter.grad for parameter in training.model.parameters()]))
    for loss, gradients in found[1:]:
        assert loss == pytest.approx(found[0][0])
        for mine, whole_gradient in zip(gradients, found[0][1], strict=True):
            assert mine is not None and whole_gradient is not None and torch.allclose(mine, whole_gradient, atol=1e-6)


def test_a_validation_scores_no_more_than_is_of_use_and_processes_share_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "QUESTIONS", 5)
    found = []
    for scored, n_asked in ((7 * N_ITEMS, 7), (N_ITEMS, 5), (10**6, N_USERS)):
        monkeypatch.setattr(trainer, "SCORED", scored)
        found.append(SASRecTraining(cycle(), SMALL, BASE, Fit.VALIDATION).asked)
        assert len(found[-1].users) == n_asked
    shares = [found[0].share(number, 3) for number in range(3)]
    assert sorted(user for share in shares for user in share.users) == sorted(found[0].users)
    assert found[1].share(0, 1) is found[1] and not len(found[1].share(5, 6).users)
    assert not len(ranks(found[1].share(5, 6), ByModel(SASRec(N_ITEMS, SMALL))))


def test_the_validation_fit_does_not_learn_from_its_targets() -> None:
    """They choose the epoch; the weights of a given epoch do not depend on them."""
    models = []
    for data in (cycle(), rolled(cycle(), Fit.VALIDATION), rolled(cycle(), Fit.TEST)):
        training = SASRecTraining(data, SMALL, BASE, Fit.VALIDATION)
        for epoch in range(2):
            torch.manual_seed(epoch)
            training.train_epoch(epoch)
        models.append(training.model.state_dict())
    assert same(models[0], models[1]) and same(models[0], models[2])


@pytest.mark.parametrize(
    ("of", "changed", "learns"),
    [
        (Fit.VALIDATION, Fit.TEST, False),
        (Fit.TEST, Fit.TEST, False),
        (Fit.TEST, Fit.VALIDATION, True),
        (Fit.FINAL, Fit.TEST, True),
        (Fit.FINAL, Fit.VALIDATION, True),
    ],
)
def test_each_fit_learns_from_its_own_splits(tmp_path: Path, of: Fit, changed: Fit, learns: bool) -> None:
    one, first = trained(tmp_path / "one", cycle(), of)
    two, second = trained(tmp_path / "two", rolled(cycle(), changed), of)
    assert same(one, two) != learns
    assert (first.losses, first.scores) == (second.losses, second.scores) or learns


@pytest.mark.parametrize("of", list(Fit))
@pytest.mark.parametrize("changed", list(Fit))
def test_each_fit_reads_its_own_personas(tmp_path: Path, of: Fit, changed: Fit) -> None:
    one, _ = trained(tmp_path / "one", cycle(), of)
    two, _ = trained(tmp_path / "two", other_personas(cycle(), changed), of)
    assert same(one, two) == (of is not changed)


@pytest.mark.parametrize("of", [Fit.TEST, Fit.FINAL])
def test_given_epochs_are_trained_and_the_last_weights_kept(tmp_path: Path, of: Fit) -> None:
    """More than the settings' epochs, too: those only bound what validation chooses."""
    history = train(tmp_path, BASE, cycle(), SMALL, of, epochs=6)
    assert len(history.losses) == 6 and history.best_epoch == 5 and not history.scores
    stored = checkpoint(of.folder(tmp_path) / "base.pt")
    assert stored["finished"] and same(stored["best_model"], stored["model"])
    loaded = load_model(tmp_path, BASE.name, cycle(), of)
    assert same(loaded.state_dict(), stored["model"]) and not loaded.training


def test_the_epochs_of_the_validation_fit_are_those_of_the_others(tmp_path: Path) -> None:
    """The test fit of as many epochs, on data that have no validation items, is the validation fit."""
    chosen = train(tmp_path / "one", BASE, cycle(), SMALL)
    histories = cycle().sequences.known(Fit.VALIDATION).histories
    without = dataset(histories, [0] * N_USERS, [1] * N_USERS, N_ITEMS)
    train(tmp_path / "two", BASE, without, SMALL, Fit.TEST, chosen.best_epoch + 1)
    stored = [
        checkpoint(of.folder(tmp_path / name) / "base.pt") for name, of in (("one", Fit.VALIDATION), ("two", Fit.TEST))
    ]
    assert same(stored[0]["best_model"], stored[1]["best_model"])


def test_epochs_are_chosen_or_given() -> None:
    for of, epochs in ((Fit.VALIDATION, 3), (Fit.TEST, None), (Fit.FINAL, None)):
        with pytest.raises(ValueError, match="chooses the number of epochs"):
            train(Path("nowhere"), BASE, cycle(), SMALL, of, epochs)


def test_one_base_starts_at_random_and_one_from_the_texts(tmp_path: Path) -> None:
    data = cycle()
    other = dataclasses.replace(data, texts=data.texts.roll(1, 0), texts_digest="other")
    bare = dataclasses.replace(data, texts=torch.zeros(N_ITEMS + 1, 0), texts_digest="")
    first = {
        (name, variant.name): SASRecTraining(one, SMALL, variant, Fit.TEST).model.items.weight
        for name, one in (("data", data), ("other", other))
        for variant in (BASE, BASE_TEXT)
    }
    assert torch.equal(first["data", "base"], first["other", "base"])
    # Of the 16 dimensions only six come from the texts' components; the others stay random.
    for name, one in (("data", data), ("other", other)):
        expected = text_table(one.texts, SMALL.dim)[1:, :6]
        assert torch.allclose(first[name, "base-text"][1:, :6], expected) and (first[name, "base-text"][0] == 0).all()
    assert not torch.allclose(first["data", "base-text"], first["other", "base-text"])
    base = [trained(tmp_path / name, one, Fit.TEST, BASE)[0] for name, one in (("a", data), ("b", other), ("c", bare))]
    assert same(base[0], base[1]) and same(base[0], base[2])
    with pytest.raises(KgrecError, match="kgrec load embeddings"):
        SASRecTraining(bare, SMALL, BASE_TEXT, Fit.TEST)


def test_a_checkpoint_stands_for_its_data_but_not_for_the_last_bits_of_floats(tmp_path: Path) -> None:
    data = cycle()
    trained(tmp_path, data, Fit.VALIDATION)
    found = data.personas[Fit.VALIDATION]
    nudged = dataclasses.replace(
        data,
        texts=data.texts * (1 + 1e-6),
        personas={Fit.VALIDATION: dataclasses.replace(found, vectors=found.vectors * (1 + 1e-6))},
    )
    assert trained(tmp_path, nudged, Fit.VALIDATION)[1].resumed_at == SMALL.epochs
    reversed_users = [history[::-1] for history in data.sequences.known(Fit.VALIDATION).histories]
    others = [
        other_personas(data, Fit.VALIDATION),
        dataclasses.replace(data, texts_digest="another"),
        rolled(data, Fit.VALIDATION),
        dataset(reversed_users, [1] * N_USERS, [2] * N_USERS, N_ITEMS, found.vectors, data.texts),
    ]
    for other in others:
        with pytest.raises(KgrecError, match="other settings or on another graph"):
            trained(tmp_path, other, Fit.VALIDATION)


def test_a_checkpoint_of_an_older_arithmetic_is_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(trainer, "ARITHMETIC", "1")
        trained(tmp_path, cycle(), Fit.VALIDATION)
    with pytest.raises(KgrecError, match="or by an older kgrec: give --fresh"):
        trained(tmp_path, cycle(), Fit.VALIDATION)


def test_the_checkpoint_of_a_test_fit_does_not_stand_for_the_test_items_or_for_another_number_of_epochs(
    tmp_path: Path,
) -> None:
    train(tmp_path, ADD, cycle(), SMALL, Fit.TEST, 2)
    same_one = other_personas(rolled(cycle(), Fit.TEST), Fit.FINAL)
    assert train(tmp_path, ADD, same_one, SMALL, Fit.TEST, 2).resumed_at == 2
    for other, epochs in ((cycle(), 3), (rolled(cycle(), Fit.VALIDATION), 2), (other_personas(cycle(), Fit.TEST), 2)):
        with pytest.raises(KgrecError, match="other settings or on another graph"):
            train(tmp_path, ADD, other, SMALL, Fit.TEST, epochs)


def test_settings_that_only_a_conditioned_model_has_do_not_make_a_base_another(tmp_path: Path) -> None:
    for variant in (BASE, ADD):
        trained(tmp_path, cycle(), Fit.VALIDATION, variant)
    later = SMALL.model_copy(update={"n_candidates": 5, "conditioning": "gate"})
    hidden = later.model_copy(update={"persona_dropout": 0.1})
    assert trained(tmp_path, cycle(), Fit.VALIDATION, ADD, later)[1].resumed_at == 4
    assert trained(tmp_path, cycle(), Fit.VALIDATION, BASE, hidden)[1].resumed_at == 4
    with pytest.raises(KgrecError, match="other settings"):
        trained(tmp_path, cycle(), Fit.VALIDATION, ADD, hidden)


@pytest.mark.parametrize("variant", [BASE, ADD])
@pytest.mark.parametrize(
    ("made", "wanted"),
    [(Fit.FINAL, Fit.TEST), (Fit.VALIDATION, Fit.TEST), (Fit.TEST, Fit.FINAL), (Fit.TEST, Fit.VALIDATION)],
)
def test_the_file_of_another_fit_is_refused(tmp_path: Path, variant: Variant, made: Fit, wanted: Fit) -> None:
    trained(tmp_path, cycle(), made, variant)
    target = wanted.folder(tmp_path) / f"{variant.name}.pt"
    target.parent.mkdir(parents=True)
    shutil.copy(made.folder(tmp_path) / target.name, target)
    with pytest.raises(KgrecError, match=f"is not of the {wanted} fit, but of the {made} fit: train it again"):
        load_model(tmp_path, variant.name, cycle(), wanted)


def test_the_file_of_another_model_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, cycle(), Fit.TEST, BASE)
    folder = Fit.TEST.folder(tmp_path)
    shutil.copy(folder / "base.pt", folder / f"{ADD.name}.pt")
    with pytest.raises(KgrecError, match=f"{ADD.name}.pt holds the weights of base: train it again with --fresh"):
        load_model(tmp_path, ADD.name, cycle(), Fit.TEST)


def test_a_file_of_before_there_were_fits_is_refused(tmp_path: Path) -> None:
    trained(tmp_path, cycle(), Fit.TEST, BASE)
    path = Fit.TEST.folder(tmp_path) / "base.pt"
    stored = checkpoint(path)
    del stored["settings"]["fit"]
    torch.save(stored, path)
    with pytest.raises(KgrecError, match="older kgrec"):
        load_model(tmp_path, BASE.name, cycle(), Fit.TEST)


def with_items(data: Dataset, item_ids: list[str], vectors: torch.Tensor) -> Dataset:
    """The data set with other items in the places behind its own, and without those that are not named."""
    kept = [data.number[item_id] for item_id in item_ids if item_id in data.number]
    number = np.zeros(data.n_items + 1, dtype=np.int64)
    number[kept] = np.arange(1, len(kept) + 1)
    sequences, n = data.sequences, len(item_ids) + 1
    stays = number[sequences.items] > 0
    offsets = np.concatenate([[0], np.cumsum(stays)])[sequences.offsets]
    made = Sequences(offsets, number[sequences.items[stays]], sequences.splits[stays], sequences.times[stays])
    personas = {fit: dataclasses.replace(found, items=vectors) for fit, found in data.personas.items()}
    return dataclasses.replace(
        data,
        item_ids=item_ids,
        titles=[""] * len(item_ids),
        texts=torch.zeros(n, 6),
        sequences=made,
        co_occurrence={},
        personas=personas,
    )


def test_model_of_other_items_has_rows_of_those_it_knows_and_encodes_the_others(tmp_path: Path) -> None:
    """A new item has the row that the space of the personas tells; nothing is scored of one that is gone."""
    data = cycle()
    trained(tmp_path, data, Fit.TEST)
    vectors = torch.randn(data.n_items + 2, data.require_personas(Fit.TEST).dim)
    vectors[-1] = vectors[3]
    own = load_model(tmp_path, ADD.name, data, Fit.TEST)
    more = load_model(tmp_path, ADD.name, with_items(data, [*data.item_ids, "new"], vectors), Fit.TEST)
    assert own.unlearned is None and torch.equal(own.items.weight, more.items.weight[:-1])
    assert more.unlearned is not None and more.unlearned.nonzero().tolist() == [[data.n_items + 1]]
    assert more.scores(torch.ones(1, own.items.embedding_dim)).shape == (1, data.n_items + 2)

    fewer = with_items(data, data.item_ids[:-2], vectors[:-3])
    left = load_model(tmp_path, ADD.name, fewer, Fit.TEST)
    assert left.unlearned is None and torch.equal(left.items.weight, own.items.weight[:-2])

    others = with_items(data, [*data.item_ids[:5], *(f"new {n}" for n in range(20))], torch.zeros(26, vectors.shape[1]))
    with pytest.raises(KgrecError, match=r"has 5 of the 20 items that .* was trained on"):
        load_model(tmp_path, ADD.name, others, Fit.TEST)
    told = [(None, "is missing, which an earlier kgrec"), ("[1]", "is damaged"), ("[" * 100_000, "is damaged")]
    for content, sentence in told:
        (file,) = tmp_path.glob("items-*.json")
        file.unlink() if content is None else file.write_text(content)
        with pytest.raises(KgrecError, match=sentence):
            load_model(tmp_path, ADD.name, fewer, Fit.TEST)
        file.touch()
    load_model(tmp_path, ADD.name, data, Fit.TEST)  # of the same items it is not asked for


def test_model_of_other_personas_is_refused(tmp_path: Path) -> None:
    data = cycle()
    trained(tmp_path, data, Fit.TEST)
    with pytest.raises(KgrecError, match="trained with the personas of run run-test, but the graph has those of anoth"):
        load_model(tmp_path, ADD.name, other_personas(data, Fit.TEST), Fit.TEST)
    with pytest.raises(KgrecError, match="kgrec train personas"):
        load_model(tmp_path, ADD.name, dataclasses.replace(data, personas={}), Fit.TEST)
    with pytest.raises(KgrecError, match="has no test fit of base: run `kgrec train sasrec"):
        load_model(tmp_path, BASE.name, data, Fit.TEST)
    load_model(tmp_path, ADD.name, other_personas(data, Fit.FINAL), Fit.TEST)  # of another fit's personas it needs none


@pytest.mark.parametrize("block", ["paper", "authors", "ligr"])
@pytest.mark.parametrize("loss", ["full", "sampled", "gbce"])
def test_every_block_and_loss_is_trained_and_loaded(tmp_path: Path, block: str, loss: str) -> None:
    settings = SASRecSettings.model_validate(SMALL.model_dump() | {"block": block, "loss": loss, "epochs": 3})
    kept, history = trained(tmp_path, cycle(), Fit.VALIDATION, BASE, settings)
    assert history.losses[-1] < history.losses[0]
    assert same(load_model(tmp_path, BASE.name, cycle(), Fit.VALIDATION).state_dict(), kept)


def test_users_who_teach_nothing_are_said() -> None:
    lonely = dataset([[1]], [2], [3], N_ITEMS)
    with pytest.raises(KgrecError, match="No user has two interactions"):
        SASRecTraining(lonely, SMALL, BASE, Fit.VALIDATION)
    assert SASRecTraining(lonely, SMALL, BASE, Fit.TEST).taught == [0]  # the validation item makes two
    with pytest.raises(KgrecError, match="kgrec train personas"):
        SASRecTraining(dataset([[1, 4]], [2], [3], N_ITEMS), SMALL, ADD, Fit.VALIDATION)
    with pytest.raises(KgrecError, match="Nobody has a validation interaction"):
        SASRecTraining(dataset([[1, 4]], [0], [3], N_ITEMS), SMALL, BASE, Fit.VALIDATION)


@pytest.mark.parametrize("variant", [BASE, ADD], ids=["base", "add"])
def test_batches_of_one_shape_teach_what_batches_as_long_as_needed_teach(variant: Variant) -> None:
    """The shape of a model that is recorded on CUDA: longer, and with more users, than any batch has."""
    settings = SMALL.model_copy(update={"dropout": 0.0, "persona_dropout": 0.0})
    curves: list[list[float]] = []
    for shape in (None, (16, 8)):
        training = SASRecTraining(cycle(), settings, variant, Fit.VALIDATION)
        training.parts, training.shape = 1, shape
        curves.append([])
        for epoch in range(3):
            torch.manual_seed(epoch)
            curves[-1].append(training.train_epoch(epoch))
        assert training._batch([[3], [4, 5]]).shape == (shape or (2, 2))
    assert curves[1] == pytest.approx(curves[0], rel=1e-6)
