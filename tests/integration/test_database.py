"""The connection: streams, Ctrl-C between fetches, and what is wrong with GDS."""

import re
import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import numpy as np
import pytest
from graphdatascience.error.gds_not_installed import GdsNotFound
from graphdatascience.error.unable_to_connect import UnableToConnectError
from graphdatascience.query_runner.neo4j_query_runner import Neo4jQueryRunner
from neo4j.exceptions import Neo4jError, ServiceUnavailable
from neo4j.warnings import Neo4jDeprecationWarning

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, connect
from kgrec.graph.lock import learning, writing
from kgrec.graph.transaction_size import transaction_limit
from kgrec.graph.vectors import vector_parameters
from kgrec.server.checks import heap_bytes
from kgrec.settings import Neo4jSettings
from tests.conftest import empty
from tests.integration.cuttable import cuttable
from tests.integration.graph_dump import rows


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


@pytest.mark.parametrize("protocol", [(5, 8), (6, 0)])
def test_vectors_are_stored_alike_as_bytes_and_as_lists(database: Database, protocol: tuple[int, int]) -> None:
    """Single precision, bit for bit; a server that speaks no Bolt 6 gets lists, as any gets of long vectors."""
    if database.protocol < protocol:
        pytest.skip("Neo4j 5 takes no vectors")
    vectors = np.random.default_rng(0).standard_normal((3, 130)).astype(np.float32)
    sent = vector_parameters(cast(Database, SimpleNamespace(protocol=protocol)), vectors)
    assert isinstance(sent[0], list) == (protocol < (6, 0))
    database.write("personas/items", item_ids=["a", "b", "c"], vectors=sent, run_id="run")
    found = database.read("project/item_personas", run_id="run")
    assert [row["item_id"] for row in found] == ["a", "b", "c"]
    assert np.array([row["vector"] for row in found], dtype=np.float32).tobytes() == vectors.tobytes()
    ((kind,),) = rows(database, "MATCH (p:ItemPersona) RETURN DISTINCT valueType(p.vector)")
    assert kind.startswith("LIST<FLOAT")
    assert isinstance(vector_parameters(database, np.zeros((1, 4_097), dtype=np.float32))[0], list)


def test_the_limit_of_transactions_is_the_servers(database: Database) -> None:
    """By GDS's account of the same settings, which is in bytes."""
    told = rows(
        database,
        "CALL gds.debug.sysInfo() YIELD key, value WHERE key CONTAINS 'memory.transaction' AND value > 0 RETURN value",
    )
    assert transaction_limit(database) == pytest.approx(min(value for (value,) in told), rel=1e-3)


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


ASKING = """
import sys
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
with Database(*sys.argv[1:4], patience=1) as database:
    print("connected", flush=True)
    input()
    try:
        database.read("project/items")
    except KgrecError as error:
        print(error)
"""


def test_a_lost_connection_is_one_note_and_one_sentence_and_the_driver_adds_none(neo4j_address: dict[str, str]) -> None:
    with cuttable(urlsplit(neo4j_address["uri"]).port or 0) as proxy:
        arguments = [f"bolt://127.0.0.1:{proxy.port}", neo4j_address["user"], neo4j_address["password"]]
        asking = subprocess.Popen(
            [sys.executable, "-c", ASKING, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert asking.stdout is not None and asking.stdout.readline() == "connected\n"
        proxy.cut()
        said, errors = asking.communicate("\n")
    assert re.fullmatch(rf"Neo4j at bolt://127.0.0.1:{proxy.port} does not answer: is it running \(.*\)\?\n", said)
    assert errors == "Neo4j does not answer: trying again, for about a minute.\n"


def test_a_stream_that_is_cut_off_leaves_word_that_nobody_answers(neo4j_address: dict[str, str]) -> None:
    with cuttable(urlsplit(neo4j_address["uri"]).port or 0) as proxy:
        there = f"bolt://127.0.0.1:{proxy.port}", neo4j_address["user"], neo4j_address["password"]
        with Database(*there, patience=1) as behind:
            stream = behind.stream("project/items", fetch_size=1)
            assert next(stream)["item_id"] == "01"
            proxy.cut()
            with pytest.raises(KgrecError, match="does not answer"):
                next(stream)
            assert not behind.answers
            proxy.mend()
            assert len(behind.read("project/items")) == 25 and behind.answers


PROJECTING = """
import sys
from kgrec.graph.database import Database
from kgrec.graph.lock import learning, writing
from kgrec.graph.transaction_size import transaction_limit
from kgrec.graph.vectors import vector_parameters
with Database(*sys.argv[1:4]) as database, writing(database), database.projection("load/core_projection") as (_, graph):
    print(graph.name(), flush=True)
    input()
"""


def test_a_projection_whose_owner_was_killed_is_dropped_by_the_next(
    database: Database, neo4j_address: dict[str, str]
) -> None:
    """A living owner's stays, and so does what kgrec did not make."""
    command = [sys.executable, "-c", PROJECTING, *neo4j_address.values()]
    gds = database.gds()

    def there() -> set[str]:
        return {name for (name,) in rows(database, "CALL gds.graph.list() YIELD graphName RETURN graphName")}

    project = "MATCH (i:Item) WITH gds.graph.project($name, i, null) AS g RETURN g"
    foreign = {"somebodys", f"kgrec-{'0' * 12}-1-1-of-another-machine"}
    for name in foreign:
        database.driver.execute_query(project, name=name)
    holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        left = holder.stdout.readline().strip()
        with database.projection("load/core_projection") as (_, mine):
            assert there() == foreign | {left, mine.name()}
        holder.kill()
        holder.wait()
        assert there() == foreign | {left}
        with writing(database), database.projection("load/core_projection") as (_, mine):
            assert there() == foreign | {mine.name()}
        of_a_lost_lock = f"kgrec-{'0' * 12}-1-1-writer{'0' * 12}-x"  # on another machine, of a writer who lost the lock
        database.driver.execute_query(project, name=of_a_lost_lock)
        with database.projection("load/core_projection"):
            assert of_a_lost_lock in there()
        with writing(database), database.projection("load/core_projection"):
            assert of_a_lost_lock not in there()
        of_a_learner = of_a_lost_lock.replace("writer", "learner")  # who writes does not know whether it is lost
        database.driver.execute_query(project, name=of_a_learner)
        with writing(database), database.projection("load/core_projection"):
            assert of_a_learner in there()
        with learning(database), database.projection("load/core_projection"):
            assert of_a_learner not in there()
    finally:
        holder.kill()
        holder.communicate()
        for name in there():
            gds.graph.drop(name)


def test_a_projection_that_cannot_fit_is_refused_with_the_heap_that_it_needs(database: Database) -> None:
    heap = database.read("memory/heap")[0]["bytes"]
    n = heap // 8_000  # node similarity takes more than 8 kB a node
    database.driver.execute_query("UNWIND range(1, $n) AS k CREATE (:Item)", n=n)
    with (
        pytest.raises(KgrecError, match=r"needs a heap of \d+[mg] for this, by GDS's estimate, and Neo4j at") as caught,
        database.projection("co_occurrence/projection", splits=["train"], neighbours=500),
    ):
        pass
    found = re.search(r"of (\S+) for this.* has (\d+[mg]): .*`kgrec db start --heap (\S+)`", str(caught.value))
    assert found is not None and found[1] == found[3]
    assert heap_bytes(found[2]) == heap < heap_bytes(found[1]) < 2 * heap + (1 << 30)
    assert len(database.gds().graph.list()) == 0


def test_many_relationship_types_fit_the_default_heap_and_count_in_the_estimate(database: Database) -> None:
    """GDS keeps 6.5 MB of buffers a type and thread: with its usual four threads, 40 types take more than 1 GB."""
    types = [f"KIND_{n}" for n in range(40)]
    database.driver.execute_query(
        "MATCH (one:Item {item_id: '01'}), (other:Item {item_id: '02'}) "
        "UNWIND $types AS type CREATE (one)-[:$(type)]->(other)",
        types=types,
    )
    wanted: dict[str, Any] = {"splits": ["train"], "co_occurrence": []}
    with database.projection("project/personas", types=types, **wanted) as (_, graph):
        assert sorted(graph.relationship_types()) == sorted(types)
    few, many = (database.read("project/personas_memory", types=some, **wanted)[0] for some in (types[:1], types))
    assert many["bytes"] - few["bytes"] > 39 * 6_500_000


@pytest.mark.parametrize(
    ("code", "message", "sentence"),
    [
        (
            "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
            "The allocation of an extra 2.0 MiB would use more than the limit 358.4 MiB.",
            "ran out of memory, and what was finished is kept: .*`kgrec db start --heap SIZE`",
        ),
        (
            "Neo.ClientError.Procedure.ProcedureCallFailed",
            "Failed to invoke procedure `gds.nodeSimilarity.stream`: Caused by: java.lang.IllegalStateException: "
            "Memory required to run Node Similarity (546282936b) exceeds available memory (525900240b)",
            "ran out of memory",
        ),
        ("Neo.DatabaseError.General.UnknownError", "Java heap space", "ran out of memory"),
        (
            "Neo.ClientError.Security.AuthenticationRateLimit",
            "The client has provided incorrect authentication details too many times in a row.",
            "lets nobody in as 'neo4j' for some seconds, after too many wrong passwords: wait for its .*auth_lock_time",
        ),
        ("Neo.ClientError.Statement.SyntaxError", "Invalid input", "refused a statement: Invalid input"),
    ],
)
def test_what_the_server_fails_by_is_told(database: Database, code: str, message: str, sentence: str) -> None:
    """In the words that a server with a small heap, or with a limit to wrong passwords, was heard to use."""
    with pytest.raises(KgrecError, match=sentence), database._explained():
        raise Neo4jError._hydrate_neo4j(code=code, message=message)


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


def test_the_driver_writes_no_list_out_for_its_log(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    item_ids = [f"item-{number}" for number in range(1_500)]
    with caplog.at_level("DEBUG", "neo4j.io"):
        database.write("load/spark_items", events=[{"item_id": item_id} for item_id in item_ids])
        found = database.read("load/known_items", items=item_ids)
    assert sorted(row["item_id"] for row in found) == sorted(item_ids)
    assert "'items': <1,500 values>" in caplog.text
    assert "'item-1', 'item-2'" not in caplog.text
