from datetime import UTC, datetime
from itertools import count, groupby
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgloader.readers.records import Interaction
from kgloader.report import Report
from kgloader.writers.by_user import DEFAULT_SEED, InteractionWrites
from kgloader.writers.splits import mark_splits
from kgloader.writers.ties import tie_break
from kgrec.graph.by_users import stream_by_users
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.graph.sessions import SESSION_GAP
from recommender.sequences import NO_TIME
from tests.conftest import empty
from tests.integration.graph_dump import dump, rows

HOUR = SESSION_GAP // 24
run = count()


def write(database: Database, interactions: list[Interaction]) -> None:
    writes = InteractionWrites()(database, interactions, Report())
    database.write_together([(write.statement, write.parameters) for write in writes if write.rows])


def item(place: int) -> str:
    """Every interaction of a user has its own item, so that none is the same as another."""
    return f"item {place:03}"


def items_in_order(database: Database) -> dict[str, list[str]]:
    """Of each user, as the recommender reads them."""
    return {
        user_id: [visit[1] for visit in own]
        for row in stream_by_users(database, "project/sequences", no_time=NO_TIME)
        for user_id, own in groupby(zip(row["user_ids"], row["item_ids"], strict=True), key=itemgetter(0))
    }


def expected_order(user: str, times: list[int | None]) -> list[int]:
    """Places in the file: those without a time first, as they stand in it, then the oldest; ties by their hash."""

    def key(place: int) -> tuple[bool, int, int]:
        time = times[place]
        return (False, 0, place) if time is None else (True, time, tie_break(DEFAULT_SEED, user, item(place), time))

    return sorted(range(len(times)), key=key)


def expected_splits(user: str, times: list[int | None]) -> list[str]:
    """The split of each interaction, given in the order of the file."""
    order = expected_order(user, times)
    splits = ["train"] * len(times)
    if len(times) >= 3:
        splits[order[-1]], splits[order[-2]] = "test", "validation"
    return splits


def expected_sessions(times: list[int | None]) -> list[tuple[int, int, int]]:
    """Start, end and length of each session."""
    sessions: list[list[int]] = []
    for time in sorted(time for time in times if time is not None):
        if not sessions or time - sessions[-1][-1] > SESSION_GAP:
            sessions.append([])
        sessions[-1].append(time)
    return [(times[0], times[-1], len(times)) for times in sessions]


def session_name(start: int, _: int, length: int) -> str:
    return f"{datetime.fromtimestamp(start / 1_000, UTC):%Y-%m-%d}, {length} item{'' if length == 1 else 's'}"


# Multiples of eight hours, so that equal times and gaps of exactly a day come up.
some_time = st.none() | st.integers(-3, 40).map(lambda step: step * 8 * HOUR)
sequences = st.lists(st.lists(some_time, min_size=1, max_size=12), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=sequences, later=sequences)
def test_splits_and_sessions_are_those_of_a_plain_reference(
    database: Database, first: list[list[int | None]], later: list[list[int | None]]
) -> None:
    ensure_schema(database)
    prefix = f"{next(run)}-"
    users: dict[str, list[int | None]] = {}
    for part in (first, later):  # the later part goes to the same users, and to new ones
        batch = []
        for number, times in enumerate(part):
            known = users.setdefault(f"{prefix}{number}", [])
            for time in times:
                place = len(known)
                batch.append(Interaction(f"{prefix}{number}", item(place), None, time, place))
                known.append(time)
        write(database, batch)
        assert mark_splits(database).users == len(part)
    sequences = items_in_order(database)
    for user, times in users.items():
        found = rows(
            database,
            "MATCH (:User {user_id: $user})-[r:INTERACTED]->() RETURN r.split ORDER BY r.position",
            user=user,
        )
        assert [split for (split,) in found] == expected_splits(user, times)
        assert sequences[user] == [item(place) for place in expected_order(user, times)]
        shown = [name for row in database.read("explore/user-sessions", user_id=user) for name in row["items"]]
        timed = [place for place in expected_order(user, times) if times[place] is not None]
        assert shown == [f"{item(place)} ({expected_splits(user, times)[place]})" for place in timed]
        found = rows(
            database,
            "MATCH (u:User {user_id: $user})-[:HAS_SESSION]->(s) "
            "RETURN s.started_at, s.ended_at, s.length, COUNT { (s)-[:CONTAINS]->() }, s.session_id, s.name "
            "ORDER BY s.started_at",
            user=user,
        )
        assert found == [
            (*session, session[2], f"{user}@{session[0]}", session_name(*session))
            for session in expected_sessions(times)
        ]
    inside = "MATCH (u:User)-[:HAS_SESSION]->()-[c:CONTAINS]->(i), (u)-[r:INTERACTED {timestamp: c.timestamp}]->(i) "
    assert rows(database, inside + "RETURN all(pair IN collect([c.split, r.split]) WHERE pair[0] = pair[1])") == [
        (True,)
    ]


def test_without_changed_users_nothing_happens(database: Database) -> None:
    write(database, [Interaction("quiet", f"item {n}", None, n, n) for n in range(4)])
    mark_splits(database)
    before: Any = dump(database)
    marks = mark_splits(database)
    assert (marks.users, marks.sessions, marks.old_sessions) == (0, 0, 0)
    assert dump(database) == before
    write(database, [Interaction("quiet", f"item {n}", None, n, n) for n in range(4)])
    assert dump(database) == before


@pytest.mark.parametrize("limit", ["USERS_PER_BATCH", "INTERACTIONS_PER_BATCH"])
def test_more_than_one_batch(database: Database, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(f"kgloader.writers.splits.{limit}", 7)
    empty(database)
    write(database, [Interaction(f"crowd {n}", f"item {k}", None, k, k) for n in range(20) for k in range(3)])
    marks = mark_splits(database)
    assert (marks.users, marks.sessions) == (20, 20)
    assert rows(database, "MATCH (n:Changed) RETURN n") == []


def test_a_graph_loaded_before_there_were_ties_is_in_the_order_of_its_file_until_it_is_loaded_again(
    database: Database,
) -> None:
    empty(database)
    batch = [Interaction("old", f"item {n}", None, 5, 10 - n) for n in range(6)]
    write(database, batch)
    mark_splits(database)
    now = dump(database)
    rows(database, "MATCH (u:User)-[r:INTERACTED]->() SET u:Changed REMOVE r.tie")
    mark_splits(database)
    ordered = "MATCH ()-[r:INTERACTED]->(i) RETURN i.item_id, r.split ORDER BY r.position"
    assert rows(database, ordered)[-2:] == [("item 1", "validation"), ("item 0", "test")]
    assert items_in_order(database) == {"old": [f"item {n}" for n in reversed(range(6))]}
    write(database, batch)
    assert mark_splits(database).users == 1
    assert dump(database) == now
