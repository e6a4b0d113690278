"""Telling hidden interactions by the rest: losses by dense arithmetic, what is learned, and what must not matter."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from gnn import hidden_interactions as module
from gnn.hidden_interactions import HiddenInteractionsTraining
from gnn.hops import hops
from gnn.meta_path import MetaPath
from gnn.relationships import Relationships
from gnn.settings import HDGISettings
from gnn.shared_space import users
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import HELD_OUT, UserVectors, learn
from gnn.training_graph import TrainingGraph, training_graph
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit
from recommender.dataset import Dataset
from recommender.sequences import VALIDATION
from tests.unit.datasets import STRANGER, shop, streamed, with_other_tests
from tests.unit.tastes import SHELF, two_tastes
from tests.unit.walks import by_type

SETTINGS = HDGISettings(dim=8, epochs=6)
PATHS = [MetaPath.parse(path) for path in SETTINGS.meta_paths]
TEXTS = ("INTERACTED", "INTERACTED > BY", "INTERACTED > IN_CATEGORY", "INTERACTED > SAME_AS > SUBJECT")


def taken(given: StreamedGraph, fit: Fit = Fit.VALIDATION) -> TrainingGraph:
    return training_graph(given, fit, PATHS, 0, 0)


def trained(graph: TrainingGraph, held_out: float = HELD_OUT) -> HiddenInteractionsTraining:
    """With vectors that are far from those of the beginning, and without dropout."""
    training = HiddenInteractionsTraining(graph, SETTINGS, held_out)
    with torch.no_grad():
        for parameter in training.model.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    training.model.eval()
    return training


def table(rows: list[list[int]], n_items: int) -> sp.csr_array:
    dense = np.zeros((len(rows), n_items), dtype=np.float32)
    for row, items in enumerate(rows):
        dense[row, items] = 1.0
    return sp.csr_array(dense)


def by_hand(vectors: np.ndarray, shown: list[list[int]], hidden: list[list[int]]) -> float:
    """The mean over users of the mean over their hidden items of minus the logarithm of the softmax."""
    losses = []
    for seen, told in zip(shown, hidden, strict=True):
        state = vectors[seen].sum(axis=0) / math.sqrt(len(seen))
        scores = {item: float(state @ vectors[item]) for item in range(len(vectors)) if item not in seen}
        highest = max(scores.values())
        total = highest + math.log(sum(math.exp(score - highest) for score in scores.values()))
        losses.append(np.mean([total - scores[item] for item in told]))
    return float(np.mean(losses))


def items_of(training: HiddenInteractionsTraining) -> np.ndarray:
    found: np.ndarray = training.vectors()[1].double().numpy()
    return found


SHOWN, HIDDEN = [[0, 3], [5], [1, 2, 7]], [[1], [0, 9, 4], [8, 30]]


def test_loss_is_that_of_a_dense_softmax() -> None:
    training = trained(two_tastes())
    found = training._loss((table(SHOWN, 40), table(HIDDEN, 40)), None)
    assert found.item() == pytest.approx(by_hand(items_of(training), SHOWN, HIDDEN), rel=1e-4)


def test_a_sample_of_all_items_is_no_sample() -> None:
    training = trained(two_tastes())
    parts = table(SHOWN, 40), table(HIDDEN, 40)
    assert training._loss(parts, np.arange(40)).item() == pytest.approx(training._loss(parts, None).item(), rel=1e-5)


def test_sampled_loss_by_hand() -> None:
    """Of four items drawn out of 40, each stands for ten; those of a user's own that were not drawn for themselves."""
    training, drawn = trained(two_tastes()), np.array([3, 5, 9, 20])
    vectors, losses = items_of(training), []
    for seen, told in zip(SHOWN, HIDDEN, strict=True):
        state = vectors[seen].sum(axis=0) / math.sqrt(len(seen))
        weights = {int(item): 10.0 for item in drawn} | dict.fromkeys(told, 1.0)
        scores = {item: float(state @ vectors[item]) for item in weights if item not in seen}
        highest = max(scores.values())
        total = sum(weights[item] * math.exp(score - highest) for item, score in scores.items())
        losses.append(np.mean([highest + math.log(total) - scores[item] for item in told]))
    found = training._loss((table(SHOWN, 40), table(HIDDEN, 40)), drawn).item()
    assert found == pytest.approx(np.mean(losses), rel=1e-4)


def test_sampled_loss_is_near_the_whole_one_in_the_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the correction it would be too small by the logarithm of one over the part that is drawn, 1.7."""
    monkeypatch.setattr(module, "ALL_ITEMS", 100)
    monkeypatch.setattr(module, "SAMPLE", 400)
    graph, n_items = two_tastes(), 2_000
    items = replace(
        graph.items,
        item_ids=[f"i{item:04}" for item in range(n_items)],
        nodes=1_000 + np.arange(n_items),
        texts=torch.zeros(n_items, 3),
        made_of=[""] * n_items,
    )
    training = trained(replace(graph, items=items))
    training.known = np.arange(n_items)  # as if somebody had chosen each of them
    with torch.no_grad():
        training.model.own.normal_(std=0.3)
    parts = table(SHOWN, n_items), table(HIDDEN, n_items)
    whole = training._loss(parts, None).item()
    samples = [training._sample() for _ in range(200)]
    assert all(sample is not None and 300 < len(sample) <= 400 for sample in samples)
    losses = [training._loss(parts, sample).item() for sample in samples]
    assert np.std(losses) > 0 and abs(np.mean(losses) - whole) < 0.05


def test_what_nobody_chose_teaches_nothing_and_has_no_vector_of_its_own() -> None:
    """Five more items, the last by their ids: the loss stays as it was, and only texts and features make theirs."""
    graph = two_tastes()
    n_items = len(graph.items.item_ids)
    more = replace(
        graph.items,
        item_ids=[*graph.items.item_ids, *(f"z{item}" for item in range(5))],
        nodes=np.concatenate([graph.items.nodes, 9_000 + np.arange(5)]),
        texts=torch.cat([graph.items.texts, torch.rand(5, graph.items.texts.shape[1])]),
        made_of=[*graph.items.made_of, *[""] * 5],
    )
    narrow = trained(graph)
    wide = HiddenInteractionsTraining(replace(graph, items=more), SETTINGS, HELD_OUT)
    wide.train_epoch(0)
    own, text, _ = wide.model.parts(np.arange(n_items, n_items + 5))
    assert not own.any() and text.any()
    with torch.no_grad():
        wide.model.own[:n_items] = narrow.model.own
        wide.model.text.weight.copy_(narrow.model.text.weight)
        wide.model.feature.copy_(narrow.model.feature)
    wide.model.eval()
    losses = [
        training._loss((table(SHOWN, width), table(HIDDEN, width)), None).item()
        for training, width in ((narrow, n_items), (wide, n_items + 5))
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_up_to_the_limit_there_is_no_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    training = trained(two_tastes())
    monkeypatch.setattr(module, "ALL_ITEMS", 40)
    assert training._sample() is None
    monkeypatch.setattr(module, "ALL_ITEMS", 39)
    assert training._sample() is not None


def test_gradient_of_a_sample_of_all_items_is_that_of_the_whole() -> None:
    training = trained(two_tastes())
    wanted, parts = list(training.model.parameters()), (table(SHOWN, 40), table(HIDDEN, 40))
    found = [
        torch.autograd.grad(training._loss(parts, sample), wanted, allow_unused=True)
        for sample in (None, np.arange(40))
    ]
    for one, other in zip(*found, strict=True):
        assert one is None or torch.allclose(one, other, atol=1e-5)
    assert found[0][0].isfinite().all() and found[0][0].any()


def test_hidden_and_shown_are_the_users_items(monkeypatch: pytest.MonkeyPatch) -> None:
    training = trained(two_tastes())
    for _ in range(3):
        shown, hidden = training._hidden(np.arange(200))
        assert shown.shape == hidden.shape and 150 < shown.shape[0] <= 200
        assert (np.diff(shown.indptr) > 0).all() and (np.diff(hidden.indptr) > 0).all()
        assert {one.data.tolist() == [1.0] * one.nnz for one in (shown, hidden)} == {True}
        whole = {tuple(row) for row in training.chosen.toarray().tolist()}
        assert {tuple(row) for row in (shown + hidden).toarray().tolist()} <= whole
        assert 0.4 < hidden.nnz / (hidden.nnz + shown.nnz) < 0.6
    monkeypatch.setattr(module, "HIDDEN", 0.0)
    assert training._hidden(np.arange(200))[0].shape[0] == 0 and training.train_epoch(0) == 0.0


def test_an_epoch_teaches_everybody_once_but_those_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "USERS", 7)
    graph = two_tastes()
    training = HiddenInteractionsTraining(graph, SETTINGS, 0.25)
    seen: list[np.ndarray] = []
    held_out = sorted(set(range(200)) - set(training.taught.tolist()))
    assert len(held_out) == 50 and sum(hidden[0].shape[0] for hidden, _ in training.validated) <= 50
    real = training._hidden

    def noted(rows: np.ndarray) -> module.Hidden:
        seen.append(rows)
        return real(rows)

    monkeypatch.setattr(training, "_hidden", noted)
    before = training.model.own.detach().clone()
    training.train_epoch(0)
    assert sorted(np.concatenate(seen).tolist()) == sorted(training.taught.tolist()) and len(seen) == 22
    assert max(map(len, seen)) == 7 and not training.model.own.equal(before)
    everybody = HiddenInteractionsTraining(graph, SETTINGS, 0.0)
    assert sorted(everybody.taught.tolist()) == list(range(200)) and everybody.validated == []


def test_validation_is_always_of_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL_ITEMS", 10)
    monkeypatch.setattr(module, "SAMPLE", 8)
    training = trained(two_tastes())
    score = training.validate()
    assert score == training.validate() < 0
    (((shown, hidden), sample),) = training.validated
    assert score == pytest.approx(-training._loss((shown, hidden), sample).item())


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> UserVectors:
    settings = HDGISettings(dim=16, epochs=250, patience=250)
    return learn(two_tastes(), settings, tmp_path_factory.mktemp("tastes"))


def separated(found: UserVectors) -> tuple[float, float]:
    """Of two tastes: part of the users whose ten nearest are of their own, and of whom all unseen own items are first.

    Nothing but the interactions tells the taste.
    """
    taste = np.arange(200) % 2
    cosines = (found.vectors @ found.vectors.T).numpy()
    np.fill_diagonal(cosines, -2.0)
    nearest = np.argsort(-cosines, axis=1)[:, :10]
    scores = (found.vectors @ found.items.T).numpy()
    shelf = np.arange(2 * SHELF) // SHELF
    first = []
    for user, chosen in enumerate(two_tastes().chosen.toarray() > 0):
        own = scores[user, (shelf == taste[user]) & ~chosen]
        first.append(own.min() > scores[user, shelf != taste[user]].max())
    return float((taste[nearest] == taste[:, None]).all(axis=1).mean()), float(np.mean(first))


def test_learned_vectors_tell_two_tastes_apart(learned: UserVectors) -> None:
    near, first = separated(learned)
    assert near > 0.95 and first > 0.95
    assert learned.history.losses[-1] < learned.history.losses[0] - 0.3
    assert learned.item_ids == [f"i{node}" for node in range(1_000, 1_040)] and learned.items.shape == (40, 16)
    assert learned.vectors.norm(dim=1).tolist() == pytest.approx([1.0] * 200, abs=1e-5)


def test_so_do_those_learned_by_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALL_ITEMS", 10)
    monkeypatch.setattr(module, "SAMPLE", 12)
    near, first = separated(learn(two_tastes(), HDGISettings(dim=16, epochs=250, patience=250), tmp_path))
    assert near > 0.9 and first > 0.9


def test_a_users_vector_is_that_of_the_sum_of_the_items(learned: UserVectors) -> None:
    graph = two_tastes()
    assert learned.vectors.equal(users(graph.chosen, learned.items))
    dense = graph.chosen.toarray() @ learned.items.numpy()
    assert learned.vectors.numpy() == pytest.approx(dense / np.linalg.norm(dense, axis=1, keepdims=True), abs=1e-5)


def test_the_same_seed_gives_the_same_vectors_and_another_does_not(tmp_path: Path) -> None:
    graph = taken(streamed(shop()))
    one, two, other = (
        learn(graph, SETTINGS.model_copy(update={"seed": seed}), tmp_path / str(number))
        for number, seed in enumerate((7, 7, 8))
    )
    assert one.vectors.equal(two.vectors) and one.items.equal(two.items) and one.path_weights == two.path_weights
    assert one.history.losses == two.history.losses and one.run_id == two.run_id
    assert not one.items.equal(other.items) and one.run_id != other.run_id


@pytest.mark.parametrize("epochs", [None, 6])
def test_interrupted_training_ends_like_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs: int | None
) -> None:
    graph = taken(streamed(shop()))
    whole = learn(graph, SETTINGS, tmp_path / "whole", epochs=epochs)
    real = HiddenInteractionsTraining.train_epoch

    def cut(self: HiddenInteractionsTraining, epoch: int) -> float:
        if epoch == 3:
            raise KeyboardInterrupt
        return real(self, epoch)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(HiddenInteractionsTraining, "train_epoch", cut)
        learn(graph, SETTINGS, tmp_path / "cut", epochs=epochs)
    resumed = learn(graph, SETTINGS, tmp_path / "cut", epochs=epochs)
    assert resumed.history.resumed_at == 3 and resumed.history.losses == whole.history.losses
    assert resumed.vectors.equal(whole.vectors) and resumed.items.equal(whole.items)
    assert resumed.path_weights == whole.path_weights


def test_fit_that_is_not_validated_learns_from_everybody_for_just_the_epochs_given(tmp_path: Path) -> None:
    graph, settings = replace(two_tastes(), fit=Fit.FINAL), HDGISettings(epochs=2, patience=1, dim=8)
    found = learn(graph, settings, tmp_path, epochs=5)
    assert len(found.history.losses) == 5 and found.history.best_epoch == 4 and found.history.scores == []


def renumbered(given: StreamedGraph, seed: int) -> StreamedGraph:
    """The same graph with other node ids, in the order in which they are streamed then."""
    ends = [end for found in (given.interactions, given.facts) for one in found.values() for end in one.pairs]
    nodes = np.unique(np.concatenate([*ends, given.item_nodes, given.user_nodes[given.user_nodes >= 0]]))
    number = np.random.default_rng(seed).permutation(len(nodes))

    def new(old: np.ndarray) -> np.ndarray:
        return number[np.searchsorted(nodes, old)]

    interactions, facts = (
        {name: Relationships.of(*map(new, one.pairs)) for name, one in found.items()}
        for found in (given.interactions, given.facts)
    )
    return replace(
        given,
        user_nodes=np.where(given.user_nodes < 0, given.user_nodes, new(given.user_nodes.clip(min=nodes[0]))),
        item_nodes=new(given.item_nodes),
        interactions=interactions,
        facts=facts,
    )


def test_node_numbers_change_nothing(tmp_path: Path) -> None:
    given, vectors = streamed(shop()), []
    for number, one in enumerate((given, renumbered(given, 1), renumbered(given, 2))):
        found = learn(taken(one), SETTINGS, tmp_path / str(number))
        vectors.append((found.vectors.numpy(), found.items.numpy()))
        assert found.item_ids == given.item_ids and found.user_ids == given.user_ids
    for users_, items in vectors[1:]:
        assert users_ == pytest.approx(vectors[0][0], abs=1e-4) and items == pytest.approx(vectors[0][1], abs=1e-4)
    assert np.abs(vectors[0][1]).max() > 0.01


def with_other_validation(data: Dataset) -> Dataset:
    places = np.flatnonzero(data.sequences.splits == VALIDATION)
    items = data.sequences.items.copy()
    items[places] = np.roll(items[places], 5)
    return replace(data, sequences=replace(data.sequences, items=items))


def test_no_fit_depends_on_later_interactions(tmp_path: Path) -> None:
    def all_fits(data: Dataset, run: str) -> dict[Fit, UserVectors]:
        return {fit: learn(taken(streamed(data), fit), SETTINGS, tmp_path / run, epochs=4) for fit in Fit}

    before = all_fits(shop(), "before")

    def changed(after: dict[Fit, UserVectors]) -> set[Fit]:
        for fit in Fit:
            same = {before[fit].vectors.equal(after[fit].vectors), before[fit].items.equal(after[fit].items)}
            assert len(same) == 1 and same == {before[fit].run_id == after[fit].run_id}, fit
        return {fit for fit in Fit if not before[fit].vectors.equal(after[fit].vectors)}

    assert changed(all_fits(with_other_tests(shop()), "tests")) == {Fit.FINAL}
    assert changed(all_fits(with_other_validation(shop()), "validation")) == {Fit.TEST, Fit.FINAL}


def test_who_has_few_items_has_a_vector_and_who_has_none_has_not(tmp_path: Path) -> None:
    """The shop has a user of one item; a stranger has none."""
    graph = taken(streamed(shop()))
    counts = dict(zip(graph.user_ids, np.diff(graph.chosen.indptr).tolist(), strict=True))
    found = learn(graph, SETTINGS, tmp_path)
    rows = dict(zip(found.user_ids, found.vectors, strict=True))
    single = [user_id for user_id, count in counts.items() if count == 1]
    assert single and all(rows[user_id].norm().item() == pytest.approx(1.0, abs=1e-5) for user_id in single)
    assert counts[STRANGER] == 0 and not rows[STRANGER].any()
    (item,) = graph.chosen[[graph.user_ids.index(single[0])]].indices
    assert torch.cosine_similarity(rows[single[0]], found.items[item], dim=0).item() == pytest.approx(1.0, abs=1e-5)


def with_one_item_each(n_users: int, *more: tuple[int, int]) -> TrainingGraph:
    """Users of one item each, and what some have more."""
    pairs = [(user, 1_000 + user % 4) for user in range(n_users)] + list(more)
    rows = [(*pair, "INTERACTED") for pair in pairs]
    found = hops(MetaPath.parse("INTERACTED"), np.arange(n_users), by_type(rows))
    assert found is not None
    return replace(two_tastes(n_users), purchases=found[0])


def test_too_few_users_with_two_items_are_said(tmp_path: Path) -> None:
    for epochs in (None, 3):
        with pytest.raises(KgrecError, match="Too few users have two items"):
            learn(with_one_item_each(30), SETTINGS, tmp_path, epochs=epochs)
    one = with_one_item_each(30, (0, 1_009))
    with pytest.raises(KgrecError, match="Too few users have two items"):  # the only one is held out
        learn(one, SETTINGS, tmp_path)
    assert learn(one, SETTINGS, tmp_path, epochs=3).vectors.any(dim=1).all()


def test_a_catalogue_without_facts_and_with_items_without_text(tmp_path: Path) -> None:
    given = streamed(shop())
    texts, made_of = given.texts.copy(), list(given.made_of)
    for row in (0, 4, 5, 29):
        texts[row], made_of[row] = 0.0, ""
    bare = replace(given, facts={}, texts=texts, made_of=made_of)
    graph = taken(bare)
    assert [str(path) for path in graph.paths] == ["INTERACTED"] and graph.items.features.shape == (30, 0)
    found = learn(graph, SETTINGS, tmp_path)
    assert found.vectors.isfinite().all() and found.items.any(dim=1).all()
    assert list(found.path_weights) == ["text of the items", "INTERACTED"] and sum(
        found.path_weights.values()
    ) == pytest.approx(1)


def test_weights_are_the_parts_of_the_items_vectors() -> None:
    """Each meta-path's by dense algebra; the path of one step has what is the items' own."""
    training = trained(training_graph(streamed(shop()), Fit.VALIDATION, list(map(MetaPath.parse, TEXTS)), 0, 0))
    model, features = training.model.cpu(), training.model.features.toarray()
    lengths = {"text of the items": (model.texts @ model.text.weight.T).square().sum().item()}
    lengths[TEXTS[0]] = model.own.square().sum().item()
    start = 0
    for text, width in zip(TEXTS[1:], (8, 3, 5), strict=True):
        part = features[:, start : start + width] @ model.feature.detach().numpy()[start : start + width]
        lengths[text], start = float((part**2).sum()), start + width
    total = sum(lengths.values())
    assert start == features.shape[1]
    assert training.shares() == pytest.approx({name: length / total for name, length in lengths.items()}, rel=1e-4)
    assert sum(training.shares().values()) == pytest.approx(1)
