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
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import graph_digest
from gnn.training_graph import TrainingGraph, training_graph
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit

PATHS = [MetaPath.parse(text) for text in ("INTERACTED", "INTERACTED > BY", "INTERACTED > SAME_AS > GENRE")]


@pytest.fixture
def streamed() -> StreamedGraph:
    """Three users, the last without interactions; item 22 is first chosen in validation, 23 in the test."""
    interactions = [
        (10, 20, "train"),
        (10, 21, "train"),
        (11, 21, "train"),
        (10, 22, "validation"),
        (11, 21, "test"),
        (11, 23, "test"),
    ]
    facts = [(20, 30, "BY"), (21, 30, "BY"), (22, 31, "BY"), (23, 32, "BY")]
    return StreamedGraph(
        user_ids=["a", "b", "c"],
        user_nodes=np.array([10, 11, -3]),
        interactions=pd.DataFrame(interactions, columns=["sourceNodeId", "targetNodeId", "split"]),
        facts=pd.DataFrame(facts, columns=["sourceNodeId", "targetNodeId", "relationshipType"]),
        types=["BY", "GENRE", "INTERACTED", "SAME_AS"],
        item_nodes=np.array([20, 22, 23]),
        texts=np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32),
        made_of=["text of 20", "text of 22", "text of 23"],
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


def test_later_texts_do_not_matter_to_earlier_fits(streamed: StreamedGraph) -> None:
    changed = replace(streamed, made_of=["text of 20", "text of 22", "another text"])
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
    pd.testing.assert_frame_equal(loaded.interactions, streamed.interactions)
    pd.testing.assert_frame_equal(loaded.facts, streamed.facts)


def test_meta_path_that_was_not_streamed_is_refused(streamed: StreamedGraph) -> None:
    """It would look like one without an instance."""
    with pytest.raises(KgrecError, match=r"saved without IN_CATEGORY: save it again"):
        training_graph(streamed, Fit.FINAL, [MetaPath.parse("INTERACTED > IN_CATEGORY")], 4, 0)


def test_fit_without_interactions_or_texts_is_refused(streamed: StreamedGraph) -> None:
    with pytest.raises(KgrecError, match="no training interactions"):
        taken(replace(streamed, interactions=streamed.interactions[3:]), Fit.VALIDATION)
    with pytest.raises(KgrecError, match="kgrec load embeddings"):
        taken(replace(streamed, item_nodes=np.array([90, 91, 92])), Fit.VALIDATION)


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def cut(name: str) -> Callable[[Path], None]:
    def shorten(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:25])

    return shorten


def of_format_2(folder: Path) -> None:
    manifest = json.loads((folder / "graph.json").read_text())
    (folder / "graph.json").write_text(json.dumps(manifest | {"version": 2}))


def without_an_item(folder: Path) -> None:
    pd.read_parquet(folder / "graph_items.parquet")[1:].to_parquet(folder / "graph_items.parquet")


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (remove("graph.json"), r"not a saved graph: graph\.json is missing"),
        (remove("graph_facts.parquet"), r"not a saved graph: graph_facts\.parquet is missing"),
        (remove("graph_texts.npz"), r"not a saved graph: graph_texts\.npz is missing"),
        (cut("graph_interactions.parquet"), "is damaged"),
        (cut("graph_texts.npz"), "is damaged"),
        (cut("graph.json"), "is damaged"),
        (without_an_item, "differ in length"),
        (of_format_2, "format 2, not 1"),
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
