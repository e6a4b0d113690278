"""What is told of the items, on a graph small enough to be worked out by hand, and against plain numpy."""

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from gnn.items import Items, items_of
from gnn.meta_path import MetaPath
from gnn.streamed_graph import StreamedGraph
from gnn.training_graph import training_graph
from kgrec.training.fits import Fit
from tests.unit.datasets import shop, streamed
from tests.unit.walks import by_type

ITEMS = {"a": 24, "b": 21, "c": 22, "d": 23}
FACTS = [
    (24, 30, "BY"),
    (21, 30, "BY"),
    (22, 31, "BY"),
    (24, 40, "IN_CATEGORY"),
    (21, 40, "IN_CATEGORY"),
    (22, 40, "IN_CATEGORY"),
    (23, 40, "IN_CATEGORY"),
    (24, 41, "IN_CATEGORY"),
    (24, 50, "SAME_AS"),
    (50, 60, "SUBJECT"),
    (50, 61, "SUBJECT"),
    (21, 51, "SAME_AS"),
    (51, 61, "SUBJECT"),
    (51, 62, "GENRE"),
]

TIES = [(21, 24, "validation"), (24, 21, "validation"), (22, 23, "final"), (23, 22, "final"), (21, 24, "final")]


@pytest.fixture
def graph() -> StreamedGraph:
    """Items a to d, of which c and d have no page, d no maker, and all the same category; d is of the test alone."""
    interactions = [(10, 24, "train"), (10, 21, "train"), (11, 22, "validation"), (11, 23, "test")]
    return StreamedGraph(
        user_ids=["u", "v"],
        user_nodes=np.array([10, 11]),
        interactions=by_type(interactions),
        facts=by_type(FACTS),
        co_occurrence=by_type(TIES),
        types=["BY", "CO_OCCURS_WITH", "GENRE", "IN_CATEGORY", "INTERACTED", "SAME_AS", "SIMILAR_TO", "SUBJECT"],
        item_ids=list(ITEMS),
        item_nodes=np.array(list(ITEMS.values())),
        texts=np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.6, 0.8]], dtype=np.float32),
        made_of=["text of a", "", "text of c", "text of d"],
    )


def of(graph: StreamedGraph, *texts: str, fit: Fit = Fit.VALIDATION) -> Items:
    return items_of(graph, fit, [MetaPath.parse(text) for text in texts])


def test_one_meta_path_by_hand(graph: StreamedGraph) -> None:
    """Maker 30 has two of four items, maker 31 one; each row of length 1 then."""
    items = of(graph, "INTERACTED > BY")
    assert items.item_ids == ["a", "b", "c", "d"] and items.texts.numpy().tolist() == graph.texts.tolist()
    (reached,) = items.reached.values()
    expected = [[math.log(2), 0], [math.log(2), 0], [0, math.log(4)], [0, 0]]
    assert reached.toarray() == pytest.approx(np.array(expected), abs=1e-6)
    assert items.features.toarray() == pytest.approx(np.array([[1, 0], [1, 0], [0, 1], [0, 0]]), abs=1e-6)


def test_what_all_items_have_counts_nothing(graph: StreamedGraph) -> None:
    features = of(graph, "INTERACTED > IN_CATEGORY").features.toarray()
    assert features[0] == pytest.approx([0.0, 1.0], abs=1e-6) and not features[1:].any()
    both = of(graph, "INTERACTED > BY|IN_CATEGORY").features.toarray()  # 30, 31, 40, 41
    length = math.hypot(math.log(2), math.log(4))
    assert both[0] == pytest.approx([math.log(2) / length, 0, 0, math.log(4) / length], abs=1e-6)


def test_several_meta_paths_stand_side_by_side(graph: StreamedGraph) -> None:
    """Each node of a path in a column of its own, also one that two paths reach; a row's length is over all."""
    texts = ["INTERACTED > BY", "INTERACTED > SAME_AS > SUBJECT", "INTERACTED > SAME_AS > SUBJECT|GENRE"]
    items = of(graph, *texts)
    two, four = math.log(2), math.log(4)
    rows = np.array(
        [
            [two, 0, four, two, four, two, 0],
            [two, 0, 0, two, 0, two, four],
            [0, four, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0],
        ]
    )
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(min=1e-9)
    assert items.features.toarray() == pytest.approx(expected, abs=1e-6)
    assert items.features.dtype == np.float32
    assert list(items.ends.items()) == [
        (MetaPath.parse(text), part) for text, part in zip(texts, (slice(0, 2), slice(2, 4), slice(4, 7)), strict=True)
    ]


def test_a_meta_path_of_one_step_or_without_an_instance_reaches_nothing(graph: StreamedGraph) -> None:
    items = of(graph, "INTERACTED", "INTERACTED > SIMILAR_TO", "INTERACTED > BY")
    assert list(map(str, items.reached)) == list(map(str, items.ends)) == ["INTERACTED > BY"]
    nothing = of(graph, "INTERACTED", "INTERACTED > SIMILAR_TO")
    assert nothing.features.shape == (4, 0) and nothing.ends == {}


def test_a_way_counts_once_however_many_there_are(graph: StreamedGraph) -> None:
    more = replace(graph, facts=by_type([*FACTS, (24, 52, "SAME_AS"), (52, 61, "SUBJECT"), (21, 30, "MADE_BY")]))
    for text in ("INTERACTED > SAME_AS > SUBJECT", "INTERACTED > BY|MADE_BY"):
        assert (of(more, text).features.toarray() == of(graph, text).features.toarray()).all()


def test_items_and_facts_of_later_splits_are_there_in_all_fits(graph: StreamedGraph) -> None:
    paths = [MetaPath.parse("INTERACTED > BY"), MetaPath.parse("INTERACTED > IN_CATEGORY")]
    for fit in Fit:
        items = training_graph(graph, fit, paths, 0, 0).items
        assert items.item_ids == list(ITEMS) and items.made_of == graph.made_of
        assert items.features[[2]].toarray()[0] == pytest.approx([0, 1, 0, 0], abs=1e-6)  # first chosen in validation


def test_features_are_those_of_brute_force() -> None:
    """On the made-up shop, whose fourth items have no page: one relationship after the other, dense arithmetic."""
    given = streamed(shop())
    texts = ["INTERACTED > BY", "INTERACTED > IN_CATEGORY", "INTERACTED > SAME_AS > SUBJECT"]
    outwards = defaultdict(list)
    for kind, found in given.facts.items():
        for source, target in zip(*found.pairs, strict=True):
            outwards[source, kind].append(target)
    columns: list[np.ndarray] = []
    for text in texts:
        reached = []
        for node in given.item_nodes.tolist():
            ends = {node}
            for kind in text.split(" > ")[1:]:
                ends = {target for end in ends for target in outwards[end, kind]}
            reached.append(ends)
        for node in sorted(set.union(*reached)):
            has = np.array([node in ends for ends in reached], dtype=float)
            columns.append(has * math.log(len(has) / has.sum()))
    dense = np.stack(columns, axis=1)
    expected = dense / np.linalg.norm(dense, axis=1, keepdims=True)
    assert of(given, *texts).features.toarray() == pytest.approx(expected, abs=1e-6)


def test_items_reach_what_they_co_occur_with_in_the_fit(graph: StreamedGraph) -> None:
    """Items a to d are of nodes 21 to 24 in the order of `ITEMS`; the test fit has no co-occurrence."""
    path = MetaPath.parse("INTERACTED > CO_OCCURS_WITH")
    ties = {}
    for fit in Fit:
        reached = of(graph, str(path), fit=fit).reached.get(path)
        ties[fit] = 0 if reached is None else reached.nnz
    assert ties == {Fit.VALIDATION: 2, Fit.TEST: 0, Fit.FINAL: 3}
    beside = [of(graph, "INTERACTED > BY", "INTERACTED > SAME_AS > SUBJECT", fit=fit).features.toarray() for fit in Fit]
    assert (beside[0] == beside[1]).all() and (beside[0] == beside[2]).all()  # the catalogue is the same in all fits
