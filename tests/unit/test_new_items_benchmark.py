"""The benchmark of new items and users: nothing of what it asks for is learned, and every system answers."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import new_items as module
from benchmarks.new_items import KGREC, around, held_out, learned_from, measure, table, without
from tests.unit.datasets import shop, streamed


def test_what_is_held_out_is_learned_by_nobody() -> None:
    data = shop()
    held, sequences = held_out(data, 3), data.sequences
    owners = np.repeat(np.arange(len(sequences)), np.diff(sequences.offsets))
    assert held.items.sum() == 3 and not held.items[0]
    assert not held.items[sequences.items[held.before]].any() and (held.before <= held.anew).all()
    new, users = held.questions["new items"], held.questions["new users"]
    assert held.items[new.targets].all() and not held.items[users.targets].any()
    asked = {(tuple(h), t) for one in held.questions.values() for h, t in zip(one.histories, one.targets, strict=True)}
    assert len(users.targets) and len(asked) == len(new.targets) + len(users.targets)
    for user in range(len(sequences)):
        mine = sequences.items[(owners == user) & held.anew]
        later = sequences.items[(owners == user) & ~held.anew]
        if len(later):  # the first of them is asked for, of the history before it
            assert (tuple(item for item in mine.tolist() if not held.items[item]), int(later[0])) in asked
    grown = learned_from(data, held.before)
    reduced = without(grown, held.items)
    assert reduced.n_items == data.n_items - 3 and len(reduced.sequences.items) == held.before.sum()
    assert [reduced.item_ids[item - 1] for item in reduced.sequences.items] == [
        data.item_ids[item - 1] for item in grown.sequences.items
    ]
    graph = around(streamed(data), reduced)
    gone = {2_000 + item for item in np.flatnonzero(held.items)}
    assert set(graph.item_ids) == set(reduced.item_ids) and not gone & set(graph.item_nodes)
    for found in graph.facts.values():
        sources, targets = found.pairs
        assert not gone & {*sources.tolist(), *targets.tolist()}


def test_every_system_ranks_every_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_SASREC_EPOCHS", "2")
    monkeypatch.setenv("KGREC_HDGI_EPOCHS", "3")
    monkeypatch.setattr(module, "BEFORE", 1)
    found = measure(shop(), streamed(shop()), tmp_path, 3)
    assert set(found) == {"new items", "new users"}
    for ranks in found.values():
        assert all(((one >= 1) & (one <= shop().n_items)).all() for one in ranks.values())
    assert len(found["new users"][KGREC])
    rows = table([found])
    assert {row["system"] for row in rows} == set(found["new items"]) and all(
        row["kgrec more, HR@10"] == 0 for row in rows if row["system"] == KGREC
    )
