"""A streamed graph kept in a folder: the same when it comes back, refused with the reason where it is not whole."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gnn.meta_path import MetaPath
from gnn.settings import HDGISettings
from gnn.streamed_graph import FILES, StreamedGraph
from gnn.trainer import graph_digest
from gnn.training_graph import TrainingGraph, training_graph
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit

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
        interactions=pd.DataFrame(interactions, columns=["sourceNodeId", "targetNodeId", "split"]),
        facts=pd.DataFrame(facts, columns=["sourceNodeId", "targetNodeId", "relationshipType"]),
        co_occurrence=pd.DataFrame(ties, columns=["sourceNodeId", "targetNodeId", "fit"]),
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
        assert graph.items.reached[path].nnz == (streamed.co_occurrence["fit"] == fit.value).sum()
    own = {fit: streamed.co_occurrence[streamed.co_occurrence["fit"] == fit.value] for fit in Fit}
    assert ends == {fit: set(own[fit][["sourceNodeId", "targetNodeId"]].itertuples(index=False)) for fit in Fit}
    later = streamed.co_occurrence["fit"] == "final"
    other = replace(streamed, co_occurrence=streamed.co_occurrence[~later])
    for fit in Fit:
        one, two = (training_graph(graph, fit, [PATHS[0], path], 4, 0) for graph in (streamed, other))
        assert (graph_digest(one, HDGISettings()) != graph_digest(two, HDGISettings())) == (fit is Fit.FINAL)


def test_who_chose_what_by_hand(streamed: StreamedGraph) -> None:
    """Columns are all items in the order of their ids, whatever the fit and the order of their nodes."""
    renumbered = {20: 23, 21: 22, 22: 21, 23: 20}
    turned = replace(
        streamed,
        interactions=streamed.interactions.assign(targetNodeId=streamed.interactions["targetNodeId"].map(renumbered)),
        facts=streamed.facts.assign(sourceNodeId=streamed.facts["sourceNodeId"].map(renumbered)),
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
    pd.testing.assert_frame_equal(loaded.interactions, streamed.interactions)
    pd.testing.assert_frame_equal(loaded.facts, streamed.facts)
    pd.testing.assert_frame_equal(loaded.co_occurrence, streamed.co_occurrence)


def test_meta_path_that_was_not_streamed_is_refused(streamed: StreamedGraph) -> None:
    """It would look like one without an instance."""
    with pytest.raises(KgrecError, match=r"saved without IN_CATEGORY: save it again"):
        training_graph(streamed, Fit.FINAL, [MetaPath.parse("INTERACTED > IN_CATEGORY")], 4, 0)


def test_fit_without_interactions_or_texts_is_refused(streamed: StreamedGraph) -> None:
    with pytest.raises(KgrecError, match="no training interactions"):
        taken(replace(streamed, interactions=streamed.interactions[3:]), Fit.VALIDATION)
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


def without_an_item_before_there_were_checksums(folder: Path) -> None:
    pd.read_parquet(folder / "graph_items.parquet")[1:].to_parquet(folder / "graph_items.parquet")
    types = json.loads((folder / "graph.json").read_text())["types"]
    (folder / "graph.json").write_text(json.dumps({"version": 3, "types": types}))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (remove("graph.json"), r"not a saved graph: graph\.json is missing"),
        (remove("graph_facts.parquet"), r"not a saved graph: graph_facts\.parquet is missing"),
        (remove("graph_texts.npz"), r"not a saved graph: graph_texts\.npz is missing"),
        (cut("graph_interactions.parquet"), "is damaged"),
        (cut("graph_texts.npz"), "is damaged"),
        (cut("graph.json"), "is damaged"),
        *((flip(name), "is damaged, as the checksum of") for name in FILES),
        (without_an_item_before_there_were_checksums, "differ in length"),
        (of_format_1, "format 1, not 4"),
    ],
)
def test_damage_is_said(streamed: StreamedGraph, tmp_path: Path, damage: Callable[[Path], None], sentence: str) -> None:
    streamed.save(tmp_path)
    damage(tmp_path)
    with pytest.raises(KgrecError, match=sentence):
        StreamedGraph.load(tmp_path)


def test_half_written_graph_is_none(streamed: StreamedGraph, tmp_path: Path) -> None:
    streamed.save(tmp_path)
    (tmp_path / "graph_facts.parquet").unlink()
    (tmp_path / "graph_facts.parquet").mkdir()  # the disk refuses the second save
    with pytest.raises(KgrecError, match="cannot be written"):
        streamed.save(tmp_path)
    with pytest.raises(KgrecError, match=r"graph\.json is missing"):
        StreamedGraph.load(tmp_path)
