"""The connection: streams, Ctrl-C between fetches, and what is wrong with GDS."""

import signal

import pytest
from graphdatascience.error.gds_not_installed import GdsNotFound
from graphdatascience.error.unable_to_connect import UnableToConnectError
from graphdatascience.query_runner.neo4j_query_runner import Neo4jQueryRunner
from neo4j.exceptions import ServiceUnavailable
from neo4j.warnings import Neo4jDeprecationWarning

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, connect
from kgrec.settings import Neo4jSettings
from tests.conftest import empty


@pytest.fixture(autouse=True)
def items(database: Database) -> None:
    empty(database)
    database.driver.execute_query(
        "UNWIND range(1, 25) AS n CREATE (:Item {item_id: right('0' + n, 2), title: 'T' + n})"
    )


def test_a_stream_gives_every_row_once(database: Database) -> None:
    for size in (1, 7, 25, 100):
        rows = list(database.stream("project/items", fetch_size=size))
        assert [row["item_id"] for row in rows] == [f"{n:02}" for n in range(1, 26)]


def test_ctrl_c_takes_effect_while_the_consumer_works(database: Database) -> None:
    """Not at the end of the stream, as it did when the whole stream was held back."""
    seen = []
    with pytest.raises(KeyboardInterrupt):
        for row in database.stream("project/items", fetch_size=5):
            seen.append(row["item_id"])
            if len(seen) == 3:
                signal.raise_signal(signal.SIGINT)
    assert len(seen) == 3
    assert len(database.read("project/items")) == 25  # the connection is as good as before


def test_a_stream_that_is_left_early_gives_its_session_back(database: Database) -> None:
    for _ in range(150):  # more than the driver's pool has connections
        next(database.stream("project/items", fetch_size=2))
    assert len(database.read("project/items")) == 25


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (GdsNotFound("not installed"), "has no Graph Data Science library: install its plugin"),
        (UnableToConnectError(ServiceUnavailable("gone away")), "does not answer: is it running .*gone away"),
    ],
)
def test_what_is_wrong_with_gds_is_told_apart(
    database: Database, monkeypatch: pytest.MonkeyPatch, fault: Exception, sentence: str
) -> None:
    """A server without the plugin cannot be had here."""

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(Neo4jQueryRunner, "server_version", fail)
    with pytest.raises(KgrecError, match=sentence):
        database.gds()


def test_a_fault_of_our_own_is_not_said_to_be_one_of_gds(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise TypeError("a fault in the code")

    monkeypatch.setattr(Neo4jQueryRunner, "server_version", fail)
    with pytest.raises(TypeError):
        database.gds()


def test_a_projection_of_nothing_is_said_and_leaves_nothing(database: Database) -> None:
    with (
        pytest.raises(KgrecError, match="nothing to compute on"),
        database.projection("project/personas", types=["BY"], splits=["train"], co_occurrence=[]),
    ):
        pass
    assert len(database.gds().graph.list()) == 0


def test_deprecations_of_the_server_are_seen(database: Database) -> None:
    with pytest.warns(Neo4jDeprecationWarning, match="id"):
        database.driver.execute_query("MATCH (n:Item) RETURN id(n) AS node LIMIT 1")


def test_connect_without_settings_reads_the_environment(
    neo4j_address: dict[str, str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in neo4j_address.items():
        monkeypatch.setenv(f"KGREC_NEO4J_{name}".upper(), value)
    with connect() as found:
        assert found.uri == neo4j_address["uri"] and len(found.read("project/items")) == 25
    with pytest.raises(KgrecError, match="wrong user name or password"):
        connect(Neo4jSettings(uri=neo4j_address["uri"], password="not the password"))
