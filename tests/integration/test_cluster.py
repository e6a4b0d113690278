"""At an address of a cluster, neo4j://: where reads and writes go, what they see, and where a projection lives."""

from collections.abc import Iterator

import pytest
from neo4j import Driver
from pydantic import ValidationError

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, connect
from kgrec.graph.drivers import direct
from kgrec.graph.lock import reading, writing
from kgrec.settings import Neo4jSettings

PROJECTED = "load/core_projection"


@pytest.fixture
def routed(database: Database, neo4j_address: dict[str, str]) -> Iterator[Database]:
    """The same server as if it were a cluster: a single one gives a routing table as well."""
    uri = neo4j_address["uri"].replace("bolt", "neo4j")
    with Database(uri, neo4j_address["user"], neo4j_address["password"]) as opened:
        opened.write("load/spark_users", events=[{"user_id": "u"}])
        yield opened


def test_reads_go_to_readers(routed: Database) -> None:
    """A server refuses to write where it was asked as a reader."""
    with pytest.raises(KgrecError, match="read access mode"):
        next(routed.stream("load/spark_users", events=[{"user_id": "x"}]))
    for read in (routed.read, routed.table):
        with pytest.raises(KgrecError, match="read access mode"):
            read("load/spark_users", events=[{"user_id": "x"}])
    assert routed.at_leader("schema/ping") == [{"ok": 1}]


def test_a_read_waits_for_what_was_written_before(routed: Database) -> None:
    before = set(routed.bookmarks.get_bookmarks())
    assert before  # of the leader, when it connected
    routed.write("load/spark_users", events=[{"user_id": "v"}])
    after = set(routed.bookmarks.get_bookmarks())
    assert len(after) == 1 and after != before
    routed.bookmarks.update_bookmarks(after, ["of no transaction"])
    for read in (lambda: routed.read("schema/ping"), lambda: next(routed.stream("schema/ping"))):
        with pytest.raises(KgrecError, match="bookmark"):
            read()


def test_a_projection_and_what_is_done_with_it_stay_at_one_member(routed: Database) -> None:
    driver: Driver = routed.driver
    with routed.projection(PROJECTED) as (gds, graph):
        assert routed.driver is not driver and routed.driver._pool.is_direct_pool
        cores = gds.k_core_decomposition.stream(graph, log_progress=False)
        assert len(routed.read("memory/projections")) == 1
        with writing(routed):
            routed.write("load/spark_users", events=[{"user_id": "w"}])
    assert routed.driver is driver
    assert len(cores) >= 1 and routed.read("memory/projections") == []
    with reading(routed):
        assert routed.read("load/size")[0]["User"] >= 2
    with pytest.raises(ZeroDivisionError), routed.projection(PROJECTED):
        _ = 1 / 0
    assert routed.driver is driver and routed.read("memory/projections") == []


@pytest.mark.parametrize(
    ("uri", "member"),
    [
        ("neo4j://any.example:7687", "bolt://one.example:7688"),
        ("neo4j+s://x.databases.neo4j.io", "bolt+s://one.example:7688"),
        ("neo4j+ssc://any.example", "bolt+ssc://one.example:7688"),
    ],
)
def test_one_member_is_asked_as_securely_as_all(uri: str, member: str) -> None:
    assert direct(uri, "one.example:7688") == member


def test_a_projection_asks_for_a_session_where_the_settings_name_its_memory(
    database: Database, neo4j_address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aura cannot be had here; the plugin takes the memory of a session and passes it over."""
    database.write("load/spark_users", events=[{"user_id": "u"}])
    given = Neo4jSettings(**neo4j_address, session_memory="2GB")
    asked: list[object] = []
    read = Database.read

    def noted(self: Database, name: str, **parameters: object) -> list[dict[str, object]]:
        if name == PROJECTED:
            asked.append(parameters["resources"])
        assert name != f"{PROJECTED}_memory"  # the server's heap is not that of the session
        return read(self, name, **parameters)

    monkeypatch.setattr(Database, "read", noted)
    with connect(given) as opened, opened.projection(PROJECTED) as (_, graph):
        assert graph.node_count() >= 1
    assert asked == [{"memory": "2GB"}]
    with pytest.raises(ValidationError, match="session_memory"):
        Neo4jSettings(session_memory="much")
