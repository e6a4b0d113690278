"""Sequences over a real Neo4j: those of an independent computation, bit for bit, however many records they come in."""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from kgrec.counted import uncounted
from kgrec.errors import KgrecError
from kgrec.graph import by_users
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from recommender.interactions import read_sequences
from recommender.sequences import NO_TIME, SPLITS, Sequences
from tests.conftest import empty
from tests.integration.graph_dump import rows

WRITE = """
UNWIND $visits AS visit
MATCH (user:User {user_id: visit.user}), (item:Item {item_id: visit.item})
CREATE (user)-[:INTERACTED {
  timestamp: visit.time, tie: visit.tie, position: visit.position, split: visit.split
}]->(item)
"""
ITEMS = [f"B{number}" for number in range(12)] + ["é", "\uffff", "𐀀", " B", "b"]
USERS = [f"u{number}" for number in range(30)] + ["é", "\uffff", "𐀀", " u", "U"]
IDLE = USERS[3:6]  # chose nothing

Visit = dict[str, Any]


def visits() -> list[Visit]:
    """Equal times, ties and positions, no time, no tie, an item again and again, and all splits."""
    draw = random.Random(5)
    return [
        {
            "user": draw.choice([user for user in USERS if user not in IDLE]),
            "item": draw.choice(ITEMS),
            "time": draw.choice([None, -7, 0, 3, 2**53 + 1, 2**53 + 2]),
            "tie": draw.choice([None, 1, 2**63 - 2, 2**63 - 1]),
            "position": draw.randrange(4),
            "split": draw.choice(SPLITS),
        }
        for _ in range(600)
    ]


def by_hand(made: list[Visit]) -> dict[str, list[tuple[str, str, int]]]:
    """Item, split and time of each user's interactions, in their order."""

    def order(visit: Visit) -> tuple[Any, ...]:
        time, tie = visit["time"], visit["tie"]
        return time is not None, time or 0, tie is None, tie or 0, visit["position"], visit["item"], visit["split"]

    users = sorted({visit["user"] for visit in made})
    return {
        user: [
            (visit["item"], visit["split"], NO_TIME if visit["time"] is None else visit["time"])
            for visit in sorted((one for one in made if one["user"] == user), key=order)
        ]
        for user in users
    }


def read(database: Database) -> tuple[list[str], Sequences]:
    numbers = {item_id: number for number, item_id in enumerate(sorted(ITEMS), start=1)}
    return read_sequences(database, numbers, uncounted, len(USERS))


def blocks(database: Database) -> Iterator[list[str]]:
    """Ids of the users of each block of histories, as `recommend --all-users` reads them."""
    after = by_users.BEFORE_ALL
    while found := database.read("project/block_of_histories", after=after, n=4, run_id="", promoted=False):
        yield [row["user_id"] for row in found]
        after = found[-1]["user_id"]


@pytest.fixture(scope="module")
def given(database: Database) -> list[Visit]:
    """Users, items and relationships are created in no order, so that Neo4j's own ids tell nothing of it.

    The statements are planned while there is no user yet: for so few, Neo4j would look at all and compare their ids
    itself, in another order than its index has them ("\uffff" and what is beyond it), and may remember that.
    """
    ensure_schema(database)
    database.read("project/user_ids", after=by_users.BEFORE_ALL, n=1)
    database.read("project/sequences", first="a", last="b", no_time=NO_TIME)
    database.read("co_occurrence/interactions", first="a", last="b")
    list(blocks(database))
    draw, made = random.Random(6), visits()
    seen: dict[tuple[Any, ...], Visit] = {}
    for visit in made:  # what differs in the split alone has no order
        seen.setdefault(tuple(visit[name] for name in ("user", "item", "time", "tie", "position")), visit)
    kept = list(seen.values())
    for label, key, names in (("User", "user_id", USERS), ("Item", "item_id", ITEMS)):
        rows(database, f"UNWIND $names AS name CREATE (:{label} {{{key}: name}})", names=draw.sample(names, len(names)))
    rows(database, WRITE, visits=draw.sample(kept, len(kept)))
    return kept


@pytest.mark.parametrize(("at_once", "users"), [(by_users.AT_ONCE, by_users.USERS), (40, 7), (1, 1)])
def test_they_are_those_of_an_independent_computation(
    database: Database, given: list[Visit], monkeypatch: pytest.MonkeyPatch, at_once: int, users: int
) -> None:
    monkeypatch.setattr(by_users, "AT_ONCE", at_once)
    monkeypatch.setattr(by_users, "USERS", users)
    user_ids, found = read(database)
    expected = by_hand(given)
    assert user_ids == list(expected)
    flat = [visit for own in expected.values() for visit in own]
    columns = (
        (found.offsets, np.cumsum([0, *map(len, expected.values())]), np.int64),
        (found.items, [sorted(ITEMS).index(item) + 1 for item, _, _ in flat], np.int64),
        (found.splits, [SPLITS.index(split) for _, split, _ in flat], np.int8),
        (found.times, [time for _, _, time in flat], np.int64),
    )
    for column, wanted, kind in columns:
        assert column.dtype == kind
        np.testing.assert_array_equal(column, np.array(wanted, dtype=kind))


@pytest.mark.usefixtures("given")
def test_blocks_of_histories_are_of_all_users_in_the_order_of_their_ids(database: Database) -> None:
    assert [user_id for block in blocks(database) for user_id in block] == sorted(USERS)


def test_what_all_chose_is_that_of_an_independent_computation(database: Database, given: list[Visit]) -> None:
    found = list(by_users.stream_by_users(database, "co_occurrence/interactions"))
    columns = ("user_ids", "item_ids", "splits")
    chosen = sorted(one for row in found for one in zip(*(row[column] for column in columns), strict=True))
    assert chosen == sorted((one["user"], one["item"], one["split"]) for one in given)


def test_an_interaction_in_no_split_is_refused(database: Database, given: list[Visit]) -> None:
    mark = "MATCH ()-[r:INTERACTED]->() WITH r, r.split AS split LIMIT 1 SET r.split = $split RETURN split"
    ((split,),) = rows(database, mark, split=None)
    try:
        with pytest.raises(KgrecError, match="0 users and 1 interactions are not split into"):
            read(database)
    finally:
        rows(database, "MATCH ()-[r:INTERACTED]->() WHERE r.split IS NULL SET r.split = $split", split=split)


def test_a_changed_user_is_refused(database: Database, given: list[Visit]) -> None:
    rows(database, "MATCH (u:User {user_id: $user}) SET u:Changed", user=IDLE[0])
    try:
        with pytest.raises(KgrecError, match="1 users and 0 interactions are not split into"):
            read(database)
    finally:
        rows(database, "MATCH (u:Changed) REMOVE u:Changed")


def test_of_an_empty_graph_there_are_none(database: Database) -> None:
    empty(database)
    user_ids, found = read(database)
    assert (user_ids, len(found), len(found.items)) == ([], 0, 0)
