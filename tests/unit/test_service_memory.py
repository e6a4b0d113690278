"""What the service remembers for when the graph is away: users as arrays, what they told, what likes mean."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
import torch

from kgrec.errors import KgrecError
from kgrec.feedback.events import Event
from kgrec.graph.names import phrases
from kgrec.training.fits import Fit
from recommender.histories import Users
from recommender.service import current
from recommender.service.current import Current
from recommender.service.known_users import KnownUsers
from recommender.service.loaded import Contents, Loaded
from recommender.service.memory import Memory
from recommender.service.titles import Titles
from recommender.snapshot import Snapshot

ITEMS = ["i1", "i2", "i3"]
FACTS = ["Category Salt mines", "Author Salt", "http://dbpedia.org/resource/Salt_mines_(film)"]
BY_KIND = {"catalogue": FACTS[:2], "DBpedia": FACTS[2:]}


def number(item_id: str) -> int:
    return ITEMS.index(item_id) + 1


def known() -> KnownUsers:
    """Four users, in two blocks; an item that the snapshot has not is in a history."""
    snapshot = SimpleNamespace(
        numbers=lambda lists: [[number(one) for one in some if one in ITEMS] for some in lists],
        require_personas=lambda fit: SimpleNamespace(dim=2),
    )
    names, second = ["", ""], torch.tensor([[0.0, 0.0], [0.6, 0.8]])
    blocks = [
        Users(["a", "ab"], [["i1", "new"], []], torch.eye(2), names, [[], ["i3"]], [[], []]),
        Users(["b", "é"], [["i3", "i2", "i3"], ["i2"]], second, names, [[], []], [[], []]),
    ]
    return KnownUsers.of(blocks, cast(Snapshot, snapshot))


def remembering(users: int) -> Memory:
    titles = Titles(
        ITEMS, {item: number(item) for item in ITEMS}, pa.array(["One", "Salt", "Three"]), np.array([1, 2, 3])
    )
    personas = [
        {"persona_id": name, "name": name, "vector": vector, "per_user": 2}
        for name, vector in (("East", [1.0, 0.0]), ("North", [0.0, 1.0]))
    ]
    facts = cast(Snapshot, SimpleNamespace(columns_of_facts=BY_KIND))
    return Memory({"run_id": "r", "temperature": 0.1}, personas, titles, known(), facts, users)


def histories(memory: Memory, *user_ids: str) -> list[tuple[list[str], list[str]]] | None:
    rows = memory.recall("project/histories", {"user_ids": list(user_ids)})
    return None if rows is None else [(row["item_ids"], row["disliked"]) for row in rows]


def test_any_known_user_is_remembered_and_found_by_the_beginning_of_the_id(tmp_path: Path) -> None:
    Fit.FINAL.folder(tmp_path).mkdir(parents=True)
    known().save(tmp_path, "snapshot")
    kept = KnownUsers.load(tmp_path, "snapshot")
    with pytest.raises(KgrecError, match="another snapshot"):
        KnownUsers.load(tmp_path, "another")
    assert kept.user_ids() == ["a", "ab", "b", "é"] and kept.user_ids("a", 1) == ["a"]
    assert [kept.row(user_id) for user_id in ("", "a", "ab", "b", "c", "é", "\ud800")] == [None, 0, 1, 2, None, 3, None]
    assert kept.history(2).tolist() == [3, 2, 3] and kept.hidden(1).tolist() == [3]
    memory = remembering(0)
    assert histories(memory, "é", "a", "ab") == [(["i2"], []), (["i1"], []), ([], ["i3"])]
    assert histories(memory, "a", "nobody") is None
    (persona,) = memory.recall("project/personas_of_users", {"user_ids": ["b", "é"]}) or []
    assert (persona["user_id"], persona["persona"]) == ("é", "North")  # b's is that of the items
    (found,) = memory.recall("serve/memberships", {"user_ids": ["é"]}) or []
    assert [one["name"] for one in found["memberships"]] == ["North", "East"]
    assert sum(one["weight"] for one in found["memberships"]) == pytest.approx(1)


def test_what_was_told_is_never_given_up_and_what_was_seen_is() -> None:
    memory = remembering(1)
    for user_id in ("a", "b"):
        row = {"user_id": user_id, "item_ids": ["i2"], "disliked": [], "interests": []}
        memory.keep("project/histories", {"user_ids": [user_id]}, [row])
    assert histories(memory, "a", "b") == [(["i1"], []), (["i2"], [])]  # a as it was loaded
    memory.tell([Event("a", "like", "i2"), Event("a", "dislike", "i1"), Event("new", "interaction", "i3")])
    for user_id in ("é", "ab"):
        row = {"user_id": user_id, "item_ids": [], "disliked": [], "interests": []}
        memory.keep("project/histories", {"user_ids": [user_id]}, [row])
    assert histories(memory, "a", "new") == [(["i2"], ["i1"]), (["i3"], [])] and memory.disliked("a") == [1]
    assert memory.recall("project/personas_of_users", {"user_ids": ["a"]}) == []  # that of the items now
    assert memory.recall("serve/users", {"starts": "", "limit": 9}) == [
        {"user_id": user_id} for user_id in ("a", "ab", "b", "new", "é")
    ]


def test_interests_are_remembered_whatever_is_told_next() -> None:
    """Of who has nothing else, whose persona no item tells either, they are enough for a list."""
    memory, stated = remembering(1), [{"key": "Category Salt", "name": "Salt", "item_ids": []}]
    row = {"user_id": "keen", "item_ids": [], "disliked": [], "interests": stated}
    memory.keep("project/histories", {"user_ids": ["keen"]}, [row])
    assert memory.recall("project/histories", {"user_ids": ["keen"]}) == [row]
    memory.tell([Event("keen", "interaction", "i3"), Event("keen", "dislike", "i1")])
    after = {"user_id": "keen", "item_ids": ["i3"], "disliked": ["i1"], "interests": stated}
    assert memory.recall("project/histories", {"user_ids": ["keen"]}) == [after]


def test_likes_mean_what_names_in_memory_say() -> None:
    memory = remembering(1)

    def keys(like: str) -> list[str]:
        found = {"queries": [phrases(like)], "n": 5}
        rows = [memory.recall(f"project/{name}", found) or [] for name in ("features_named", "items_titled")]
        return [row["key"] for some in rows for row in some]

    assert keys("salt") == [FACTS[1], FACTS[0], FACTS[2], "Item i2"]
    assert keys("MINES salt") == [FACTS[0], FACTS[2]] and keys('"mines\\') == []
    (entity,) = memory.recall("project/entity_of_iri", {"iri": FACTS[2]}) or []
    assert (entity["kind"], entity["name"]) == ("Entity", "Salt mines (film)")


def loaded(name: str, tell: Callable[[list[Event]], None], close: Callable[[], None] = lambda: None) -> Any:
    personas = SimpleNamespace(run_id=name)
    return SimpleNamespace(
        contents=("", "", 0), since=datetime.now(UTC), recommender=SimpleNamespace(personas=personas),
        tell=tell, close=close,
    )  # fmt: skip


def test_what_is_told_while_another_run_is_loaded_is_told_to_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "BEAT", 0.01)
    told: list[tuple[str, list[Event]]] = []
    during = [Event("a", "like", "i1")]
    loading, goes_on = threading.Event(), threading.Event()
    loads = iter(["first", "second"])

    def load() -> Loaded:
        name = next(loads)
        if name == "second":
            loading.set()
            goes_on.wait(10)
        return cast(Loaded, loaded(name, lambda events: told.append((name, list(events)))))

    serving = Current(load, lambda found: found.contents, 0.0)
    serving.tell([Event("b", "like", "i1")])
    serving.reload()
    assert loading.wait(10)
    serving.tell(during)
    goes_on.set()
    while len(told) < 3:
        threading.Event().wait(0.01)
    serving.close()
    assert told == [("first", [Event("b", "like", "i1")]), ("first", during), ("second", during)]


def test_a_look_that_fails_does_not_end_the_watch_and_closing_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver raised an AttributeError of its own where a connection broke; closing took it from under a look."""
    monkeypatch.setattr(current, "BEAT", 0.01)
    loads = iter(["first", "second"])
    looks: list[str] = []
    looking, goes_on = threading.Event(), threading.Event()

    def look(found: Loaded) -> Contents:
        looks.append("")
        if len(looks) == 1:
            raise AttributeError("'NoneType' object has no attribute 'complete'")
        if serving.loaded.recommender.personas.run_id == "second":
            looking.set()
            goes_on.wait(10)
            looks.append("ended")
        return "", "another", 1

    def load() -> Loaded:
        return cast(Loaded, loaded(next(loads), lambda events: None, lambda: looks.append("closed")))

    serving = Current(load, look, 60.0)
    assert looking.wait(10)  # so it was switched, two looks after the failure
    monkeypatch.setattr(current, "BEAT", 10.0)
    threading.Timer(0.1, goes_on.set).start()
    serving.close()
    assert looks[-2:] == ["ended", "closed"]
