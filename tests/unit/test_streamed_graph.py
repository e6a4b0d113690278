"""A streamed graph kept in a folder: the same when it comes back, refused with the reason where it is not whole."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gnn.meta_path import MetaPath
from gnn.relationships import Relationships
from gnn.settings import HDGISettings
from gnn.streamed_graph import FILES, KINDS, StreamedGraph
from gnn.trainer import graph_digest
from gnn.training_graph import TrainingGraph, training_graph
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit
from tests.unit.walks import by_type

PATHS = [MetaPath.parse(text) for text in ("INTERACTED", "INTERACTED > BY", "INTERACTED > SAME_AS > GENRE")]


@pytest.fixture
def streamed() -> StreamedGraph:
    """Three users, the last without interactions; 21 has no text, 22 is first chosen in validation, 23 in the test."""
    interactions = [
        (10, 20, "train"),
        (10, 21, "train"),
        (11, 21, "train"),
        (10, 22, "validation"),
        (11, 21, "test"),
        (11, 23, "test"),
    ]
    ties = [(20, 21, "validation"), (21, 20, "validation"), (20, 22, "test"), (21, 23, "final"), (22, 20, "final")]
    facts = [(20, 30, "BY"), (21, 30, "BY"), (22, 31, "BY"), (23, 32, "BY")]
    return StreamedGraph(
        user_ids=["a", "b", "c"],
        user_nodes=np.array([10, 11, -3]),
        interactions=by_type(interactions),
        facts=by_type(facts),
        co_occurrence=by_type(ties),
        types=["BY", "CO_OCCURS_WITH", "GENRE", "INTERACTED", "SAME_AS"],
        item_ids=["i20", "i21", "i22", "i23"],
        item_nodes=np.array([20, 21, 22, 23]),
        texts=np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32),
        made_of=["text of 20", "", "text of 22", "text of 23"],
    )


def taken(streamed: StreamedGraph, fit: Fit) -> TrainingGraph:
    return training_graph(streamed, fit, PATHS, 4, 0)


def test_fits_by_hand(streamed: StreamedGraph) -> None:
    items = {fit: taken(streamed, fit).purchases.node_ids.tolist() for fit in Fit}
    assert items == {Fit.VALIDATION: [20, 21], Fit.TEST: [20, 21, 22], Fit.FINAL: [20, 21, 22, 23]}
    makers = {fit: taken(streamed, fit).paths[PATHS[1]][-1].node_ids.tolist() for fit in Fit}
    assert makers == {Fit.VALIDATION: [30], Fit.TEST: [30, 31], Fit.FINAL: [30, 31, 32]}
    for fit in Fit:
        graph = taken(streamed, fit)
        assert graph.missing == PATHS[2:] and graph.purchases.counts.tolist() == [1] * len(graph.purchases.counts)
        assert not graph.features[2].any() and graph.user_ids == ["a", "b", "c"]
    assert taken(streamed, Fit.VALIDATION).features[0, :2].tolist() == [1.0, 0.0]  # of item 20 alone
    assert taken(streamed, Fit.TEST).features[0, 1] > 0


def test_each_fit_walks_its_own_co_occurrence(streamed: StreamedGraph) -> None:
    path = MetaPath.parse("INTERACTED > CO_OCCURS_WITH")
    ends = {}
    for fit in Fit:
        graph = training_graph(streamed, fit, [path], 4, 0)
        first, last = graph.paths[path]
        pairs = last.matrix.indices().T.tolist()
        ends[fit] = {(int(first.node_ids[one]), int(last.node_ids[other])) for one, other in pairs}
        assert graph.items.reached[path].nnz == len(streamed.co_occurrence[fit.value])
    assert ends == {fit: set(zip(*streamed.co_occurrence[fit.value].pairs, strict=True)) for fit in Fit}
    other = replace(streamed, co_occurrence={k: v for k, v in streamed.co_occurrence.items() if k != "final"})
    for fit in Fit:
        one, two = (training_graph(graph, fit, [PATHS[0], path], 4, 0) for graph in (streamed, other))
        assert (graph_digest(one, HDGISettings()) != graph_digest(two, HDGISettings())) == (fit is Fit.FINAL)


def test_who_chose_what_by_hand(streamed: StreamedGraph) -> None:
    """Columns are all items in the order of their ids, whatever the fit and the order of their nodes."""
    chosen_by = {split: found.pairs for split, found in streamed.interactions.items()}
    makers, made = streamed.facts["BY"].pairs
    turned = replace(
        streamed,
        interactions={split: Relationships.of(users, 43 - items) for split, (users, items) in chosen_by.items()},
        facts={"BY": Relationships.of(43 - makers, made)},
        item_nodes=np.array([23, 22, 21, 20]),
    )
    for graph in (streamed, turned):
        chosen = {fit: taken(graph, fit).chosen.toarray().tolist() for fit in Fit}
        assert chosen[Fit.VALIDATION] == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
        assert chosen[Fit.TEST] == [[1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
        assert chosen[Fit.FINAL] == [[1, 1, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]]


def test_items_are_the_same_in_all_fits(streamed: StreamedGraph) -> None:
    first, *others = (taken(streamed, fit).items for fit in Fit)
    assert first.item_ids == ["i20", "i21", "i22", "i23"] and first.made_of == streamed.made_of
    assert list(first.reached) == [PATHS[1]]
    for items in others:
        assert items.item_ids == first.item_ids and (items.features.toarray() == first.features.toarray()).all()


def test_later_texts_do_not_matter_to_earlier_fits(streamed: StreamedGraph) -> None:
    changed = replace(streamed, made_of=["text of 20", "", "text of 22", "another text"])
    same = {fit for fit in Fit if taken(streamed, fit).texts == taken(changed, fit).texts}
    assert same == {Fit.VALIDATION, Fit.TEST}


def test_saved_graph_is_the_same(streamed: StreamedGraph, tmp_path: Path) -> None:
    streamed.save(tmp_path / "new" / "graph")
    loaded = StreamedGraph.load(tmp_path / "new" / "graph")
    for fit in Fit:
        before, after = taken(streamed, fit), taken(loaded, fit)
        assert after.features.equal(before.features) and after.missing == before.missing
        assert graph_digest(after, HDGISettings()) == graph_digest(before, HDGISettings())
    assert loaded.types == streamed.types and loaded.made_of == streamed.made_of
    assert loaded.item_ids == streamed.item_ids
    for kind in KINDS:
        before, after = getattr(streamed, kind), getattr(loaded, kind)
        assert list(after) == list(before)
        for name, found in before.items():
            for array in ("sources", "offsets", "targets"):
                np.testing.assert_array_equal(getattr(after[name], array), getattr(found, array))


def test_meta_path_that_was_not_streamed_is_refused(streamed: StreamedGraph) -> None:
    """It would look like one without an instance."""
    with pytest.raises(KgrecError, match=r"saved without IN_CATEGORY: save it again"):
        training_graph(streamed, Fit.FINAL, [MetaPath.parse("INTERACTED > IN_CATEGORY")], 4, 0)


def test_fit_without_interactions_or_texts_is_refused(streamed: StreamedGraph) -> None:
    with pytest.raises(KgrecError, match="no training interactions"):
        taken(replace(streamed, interactions={"test": streamed.interactions["test"]}), Fit.VALIDATION)
    with pytest.raises(KgrecError, match="kgrec load embeddings"):
        taken(replace(streamed, made_of=["", "", "text of 22", ""]), Fit.VALIDATION)


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:25])

    return shorten


def of_format_1(folder: Path) -> None:
    (folder / "graph.json").write_text('{"version": 1}')


def flip(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[len(content) // 2] ^= 4
        (folder / name).write_bytes(content)

    return change


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (remove("graph.json"), r"not a saved graph: graph\.json is missing"),
        (remove("graph_users.parquet"), r"not a saved graph: graph_users\.parquet is missing"),
        (remove("graph_texts.npz"), r"not a saved graph: graph_texts\.npz is missing"),
        (cut("graph_relationships.npz"), "is damaged"),
        (cut("graph_texts.npz"), "is damaged"),
        (cut("graph.json"), "is damaged"),
        *((flip(name), "is damaged, as the checksum of") for name in FILES),
        (of_format_1, "format 1, not 5"),
    ],
)
def test_damage_is_said(streamed: StreamedGraph, tmp_path: Path, damage: Callable[[Path], None], sentence: str) -> None:
    streamed.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(KgrecError, match=sentence):
        StreamedGraph.load(tmp_path)


def test_half_written_graph_is_none(streamed: StreamedGraph, tmp_path: Path) -> None:
    streamed.save(tmp_path)
    (tmp_path / "graph_relationships.npz").unlink()
    (tmp_path / "graph_relationships.npz").mkdir()  # the disk refuses the second save
    with pytest.raises(KgrecError, match="cannot be written"):
        streamed.save(tmp_path)
    with pytest.raises(KgrecError, match=r"graph\.json is missing"):
        StreamedGraph.load(tmp_path)
