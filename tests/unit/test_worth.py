"""What user vectors are worth: votes by hand and by brute force, ranks of spaces, and the warning."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from click.testing import CliRunner

from benchmarks.probe import main as probe
from gnn import linear_probe
from gnn import worth as module
from gnn.clusters import Stability
from gnn.commands import _document, _report_worth
from gnn.fastrp import fastrp
from gnn.hops import hops
from gnn.identity import Numbers
from gnn.meta_path import MetaPath
from gnn.settings import HDGISettings
from gnn.train import TrainedPersonas
from gnn.trainer import learn
from gnn.training_graph import TrainingGraph, training_graph
from gnn.truncated_svd import truncated_svd
from gnn.worth import Questions, Worth, better_untrained, centred, compare, propagated, unlearned, worth
from kgrec.results import Results
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from tests.unit.datasets import shop, streamed, with_other_tests
from tests.unit.tastes import bare_items
from tests.unit.walks import RELATIONSHIPS, USERS, by_type


def asked(chosen: list[list[int]], users: list[int], items: list[int], n_items: int = 200) -> Questions:
    table = np.zeros((len(chosen), n_items), dtype=np.float32)
    for user, own in enumerate(chosen):
        table[user, own] = 1.0
    return Questions(sp.csr_array(table), np.array(users), np.array(items))


def rates(vectors: torch.Tensor, questions: Questions) -> tuple[float, float]:
    found = worth("any", vectors, questions)
    return found.hit_rate_at_10, found.hit_rate_at_100


def test_nearest_users_vote_for_what_they_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """One neighbour each: 0 and 1 know each other's next item, 2 and 3 do not."""
    monkeypatch.setattr(module, "NEIGHBOURS", 1)
    questions = asked([[1, 2], [1, 3], [4, 5], [4, 6]], [0, 1, 2, 3], [3, 2, 7, 8])
    vectors = torch.tensor([[1.0, 0.1], [2.0, 0.1], [0.1, 1.0], [0.1, 3.0]])
    assert rates(vectors, questions) == (0.5, 0.5)
    assert rates(vectors[[0, 2, 1, 3]], questions) == (0.0, 0.0)  # each user's neighbour is now of the other pair


def test_who_has_no_vector_finds_nothing_and_does_not_vote() -> None:
    questions = asked([[1, 2], [1, 3], [1, 3]], [0, 1, 2], [3, 2, 2])
    assert rates(torch.tensor([[1.0], [1.0], [0.0]]), questions)[0] == pytest.approx(2 / 3)
    assert rates(torch.tensor([[1.0], [0.0], [0.0]]), questions)[0] == 0.0


def test_items_that_nobody_had_and_those_of_the_own_history_are_missed() -> None:
    questions = asked([[1, 2], [1, 2, 3]], [0, 0, 0], [-1, 1, 3])
    assert rates(torch.ones(2, 1), questions)[0] == pytest.approx(1 / 3)


def test_votes_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NEIGHBOURS", 5)
    monkeypatch.setattr(module, "COSINES_AT_ONCE", 100)  # in parts of three users
    generator = np.random.default_rng(2)
    chosen = [generator.choice(30, 6, replace=False).tolist() for _ in range(33)]
    users, items = generator.integers(0, 33, 50), generator.integers(0, 30, 50)
    vectors = generator.normal(size=(33, 4))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    hits = []
    for user, item in zip(users, items, strict=True):
        cosines = {other: float(unit[user] @ unit[other]) for other in range(33) if other != user}
        votes = np.zeros(30)
        for other in sorted(cosines, key=lambda one: -cosines[one])[:5]:
            votes[chosen[other]] += max(cosines[other], 0.0)
        unseen = [one for one in range(30) if one not in chosen[user]]
        hits.append(item in unseen and sum(votes[one] >= votes[item] for one in unseen) <= 10)
    found = worth("any", torch.from_numpy(vectors), asked(chosen, users.tolist(), items.tolist(), 30))
    assert found.hit_rate_at_10 == pytest.approx(np.mean(hits)) and 0 < np.mean(hits) < 1


def test_dot_products_by_hand() -> None:
    """Item 0 is the first for user 0, item 11 for user 1, and both have those already; for user 2 all are alike."""
    falling = torch.arange(12.0, 0.0, -1.0)
    items = torch.stack([falling, 13.0 - falling], dim=1)
    users = torch.tensor([[0.1, 0.0], [0.0, 3.0], [0.0, 0.0]])

    def found(user: int, item: int) -> tuple[float | None, float | None]:
        one = worth("any", users, asked([[0], [11], []], [user], [item], 12), items)
        return one.dot_hit_rate_at_10, one.dot_hit_rate_at_100

    assert [found(0, item) for item in (1, 10)] == [(1.0, 1.0)] * 2 and found(0, 11) == (0.0, 1.0)
    assert [found(1, item) for item in (10, 1)] == [(1.0, 1.0)] * 2 and found(1, 0) == (0.0, 1.0)
    assert [found(0, item) for item in (0, -1)] == [(0.0, 0.0)] * 2
    assert found(2, 3) == (0.0, 1.0)  # ties are against it
    without = worth("any", users, asked([[0], [11], []], [0], [1], 12))
    assert without.dot_hit_rate_at_10 is None and without.dot_hit_rate_at_100 is None


def test_dot_products_are_those_of_brute_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COSINES_AT_ONCE", 100)  # in parts of a few users
    generator = np.random.default_rng(3)
    chosen = [generator.choice(30, 6, replace=False).tolist() for _ in range(33)]
    users, items = generator.integers(0, 33, 50), generator.integers(0, 30, 50)
    of_users, of_items = generator.normal(size=(33, 4)), generator.normal(size=(30, 4))
    hits = []
    for user, item in zip(users, items, strict=True):
        scores = {one: of_users[user] @ of_items[one] for one in range(30) if one not in chosen[user]}
        hits.append(item in scores and sum(score >= scores[item] for score in scores.values()) <= 10)
    questions = asked(chosen, users.tolist(), items.tolist(), 30)
    found = worth("any", torch.from_numpy(of_users).float(), questions, torch.from_numpy(of_items).float())
    assert found.dot_hit_rate_at_10 == pytest.approx(np.mean(hits)) and 0 < np.mean(hits) < 1


def test_directions_by_hand() -> None:
    """Three along one axis and one along another: singular values of root 3 and 1."""
    questions = asked([[0]] * 5, [0], [1])
    vectors = torch.tensor([[2.0, 0.0, 0.0], [1.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 0.0]])
    found = worth("any", vectors, questions)
    assert found.mean_cosine == pytest.approx(3 / 6)  # of six pairs, three are of the same direction
    share = math.sqrt(3) / (math.sqrt(3) + 1)
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert found.effective_rank == pytest.approx(math.exp(entropy), rel=1e-4)


def test_propagation_is_the_mean_over_meta_paths_by_hand() -> None:
    """By items user 10 has one neighbour, 11, and by authors another, 12; half of each operator is the user's own."""
    texts = ("INTERACTED", "INTERACTED > BY")
    paths = {MetaPath.parse(text): hops(MetaPath.parse(text), USERS, by_type(RELATIONSHIPS)) for text in texts}
    found = {path: walked for path, walked in paths.items() if walked is not None}
    first = next(iter(found.values()))[0]
    graph = TrainingGraph(Fit.VALIDATION, list("abcd"), torch.eye(4), "", found, [], first, bare_items(first.node_ids))
    assert np.allclose(propagated(graph, "binary")[0].numpy(), [0.5, 0.25, 0.25, 0.0])
    assert len(found) == 2


def test_centring_leaves_out_users_of_whom_nothing_is_known() -> None:
    vectors = torch.tensor([[1.0, 0.0], [3.0, 2.0], [0.0, 0.0]])
    assert centred(vectors).tolist() == [[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0]]


SETTINGS = HDGISettings(dim=8, structure_dim=8, semantic_dim=4, epochs=3, personas=2)
PATHS = [MetaPath.parse(path) for path in SETTINGS.meta_paths]


def found_in(data_set: str, run: Path) -> list[Worth]:
    graph = streamed(shop() if data_set == "shop" else with_other_tests(shop()))
    taught = training_graph(graph, Fit.VALIDATION, PATHS, SETTINGS.structure_dim, SETTINGS.seed)
    return compare(graph, taught, learn(taught, SETTINGS, run), SETTINGS)


def test_the_personas_are_compared_with_what_was_not_learned_and_tests_are_not_looked_at(tmp_path: Path) -> None:
    found = found_in("shop", tmp_path / "one")
    assert [one.vectors for one in found] == [
        "random",
        "FastRP",
        "truncated SVD of the interactions",
        "features",
        "features, propagated untrained",
        "personas",
    ]
    assert found_in("with other tests", tmp_path / "two") == found
    assert all(0.0 <= one.hit_rate_at_10 <= one.hit_rate_at_100 <= 1.0 for one in found)
    with_dots = [one.vectors for one in found if one.dot_hit_rate_at_100 is not None]
    assert with_dots == ["truncated SVD of the interactions", "personas"]


def test_all_vectors_are_probed_for_the_category_and_tests_are_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {one.category_accuracy for one in found_in("shop", tmp_path / "one")} == {None}  # of 45 users, too few
    monkeypatch.setattr(linear_probe, "FEWEST", 5)
    found = found_in("shop", tmp_path / "one")
    assert all(one.category_accuracy is not None and 0.0 <= one.category_accuracy <= 1.0 for one in found)
    assert len({one.category_accuracy for one in found}) > 1
    assert len({one.most_frequent_category for one in found} - {None}) == 1
    assert found_in("with other tests", tmp_path / "two") == found


def test_the_probe_is_told_below_the_table_where_there_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    one = Worth("personas", 0.1, 0.2, 0.3, 0.4, 0.5, 6.0)
    _report_worth([one])
    assert "category" not in capsys.readouterr().out
    _report_worth([replace(one, category_accuracy=0.4321, most_frequent_category=0.3333)])
    told = " ".join(capsys.readouterr().out.split())
    assert "linear probe of the vector: personas 0.4321; the most frequent one each time 0.3333." in told


def test_personas_of_infomax_have_dot_products(tmp_path: Path) -> None:
    graph, settings = streamed(shop()), SETTINGS.model_copy(update={"objective": "infomax"})
    taught = training_graph(graph, Fit.VALIDATION, PATHS, SETTINGS.structure_dim, SETTINGS.seed)
    personas = compare(graph, taught, learn(taught, settings, tmp_path), settings)[-1]
    assert personas.vectors == "personas" and personas.dot_hit_rate_at_100


def test_what_was_not_learned_is_what_it_is_called() -> None:
    graph = training_graph(streamed(shop()), Fit.VALIDATION, PATHS, SETTINGS.structure_dim, SETTINGS.seed)
    found = {name: (vectors, items) for name, vectors, items in unlearned(graph, SETTINGS)}
    assert found["FastRP"][0].equal(centred(fastrp(graph, 8, SETTINGS.seed))) and found["FastRP"][1] is None
    users, items = truncated_svd(graph, 8, SETTINGS.seed)
    given = found["truncated SVD of the interactions"]
    assert given[0].equal(users) and given[1] is not None and given[1].equal(items)
    assert found["features"][0].equal(centred(graph.features))


def test_questions_are_the_validation_interactions() -> None:
    data, graph = shop(), streamed(shop())
    found = Questions.of(graph, training_graph(graph, Fit.VALIDATION, PATHS, 8, 0))
    places = data.sequences.targets(Fit.VALIDATION)
    expected = {
        (data.user_ids[user], int(data.sequences.items[place])) for user, place in enumerate(places) if place >= 0
    }
    told = {
        (graph.user_ids[user], 1 + graph.item_ids.index(data.item_ids[item]))
        for user, item in zip(found.users, found.items, strict=True)
    }
    assert told == expected


def test_many_users_are_asked_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question is compared with all users."""
    given = streamed(shop())
    n_users, everybody = len(given.user_ids), len(given.interactions["validation"])
    graph = training_graph(given, Fit.VALIDATION, [MetaPath.parse("INTERACTED")], 0, 0)
    monkeypatch.setattr(module, "FEWEST", 7)
    numbers = []
    for cosines in (n_users * 100, n_users * 20, n_users):
        monkeypatch.setattr(module, "COSINES", cosines)
        numbers.append(len(Questions.of(given, graph).users))
    assert everybody > 20 and numbers == [everybody, 20, 7]


def test_questions_of_an_item_that_there_is_nothing_of_have_no_column() -> None:
    graph = streamed(shop())
    asked_first = Questions.of(graph, training_graph(graph, Fit.VALIDATION, PATHS, 8, 0))
    validation = graph.interactions["validation"]
    gone = replace(validation, targets=np.concatenate([[77], validation.targets[1:]]))
    changed = replace(graph, interactions=graph.interactions | {"validation": gone})
    found = Questions.of(changed, training_graph(changed, Fit.VALIDATION, PATHS, 8, 0))
    assert (found.items < 0).sum() == 1 and (found.items != asked_first.items).sum() == 1


def test_what_learning_has_not_made_better_is_named() -> None:
    def one(name: str, hits: float) -> Worth:
        return Worth(name, hits / 2, hits, None, None, 0.0, 1.0)

    others = [one("random", 0.9), one("features", 0.3), one("features, propagated untrained", 0.5)]
    assert better_untrained([*others, one("personas", 0.4)]) == ["features, propagated untrained"]
    assert better_untrained([*others, one("personas", 0.2)]) == ["features", "features, propagated untrained"]
    assert better_untrained([*others, one("personas", 0.5)]) == better_untrained([]) == []


@pytest.mark.parametrize("votes", [0.2, 0.5])
def test_learning_that_has_not_paid_is_told_in_words_and_in_json(
    votes: float, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [Worth(name, 0.1, hits, None, None, 0.0, 1.0) for name, hits in (("features", 0.4), ("personas", votes))]
    _report_worth(found)
    told = " ".join(capsys.readouterr().out.split())
    history, stable, numbers = History([1.0], [-1.0]), Stability(2, 1.0, 0.0), Numbers([1, 2], [0.0, 0.0], 0, 2)
    trained = TrainedPersonas(
        {Fit.FINAL: "run"}, 3, {}, [], history, Results(found), Results(), Results(), stable, None, numbers
    )
    worse = votes < 0.4
    assert ("know less of the next item than what they are learned from (features)" in told) == worse
    assert _document(trained)["better without learning"] == (["features"] if worse else [])


def test_the_probe_goes_through_objectives_and_adjacencies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_HDGI_EPOCHS", "2")
    monkeypatch.setenv("KGREC_HDGI_DIM", "8")
    streamed(shop()).save(tmp_path / "data" / "graph")
    arguments = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), "--seed", "3", "--seed", "4"]
    lines = CliRunner().invoke(probe, arguments, catch_exceptions=False).stdout.splitlines()
    head, rows = lines[0], [line.strip("| ").split(" | ") for line in lines[2:]]
    unlearned_ones = [
        "random",
        "FastRP",
        "truncated SVD of the interactions",
        "features",
        "features, propagated untrained",
    ]
    ways = ["interactions", "infomax, hops", "infomax, counts", "infomax, binary"]
    assert [row[:2] for row in rows] == [[one, seed] for seed in "34" for one in [*unlearned_ones, *ways]]
    assert {len(line.split("|")) for line in lines} == {len(head.split("|"))}
    learned = {row[0]: tuple(row[2:]) for row in rows if row[0] in ways}
    assert len(set(learned.values())) == 4  # each way is another
    assert all("" not in figures for figures in learned.values())
