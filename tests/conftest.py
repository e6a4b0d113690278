"""Fixtures: one managed Neo4j for the whole run, an empty graph per test module, and the command line."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings

from kgrec.commands import kgrec
from kgrec.graph.database import Database
from kgrec.settings import data_home

os.environ["NUMBA_DISABLE_JIT"] = "1"  # ranx, the oracle of the metrics, compiles for longer than it runs

# Runners that start the tests by nohup let them ignore Ctrl-C, and the processes that tests start would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# No test depends on how fast the machine is.
settings.register_profile("kgrec", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kgrec")


INTEGRATION = Path(__file__).parent / "integration"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow whatever talks to a server: ``-m "not slow"`` starts none."""
    for item in items:
        if INTEGRATION in item.path.parents:
            item.add_marker(pytest.mark.slow)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def neo4j_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """KGREC_HOME of the managed Neo4j of the tests, wherever it was started."""
    if "KGREC_TEST_NEO4J_URI" in os.environ:
        return data_home()
    return tmp_path_factory.mktemp("kgrec-home")


@pytest.fixture(scope="session")
def neo4j_address(neo4j_home: Path) -> Iterator[dict[str, str]]:
    """Uri, user and password of a real Neo4j: KGREC_TEST_NEO4J_URI's, or a managed one started here."""
    if "KGREC_TEST_NEO4J_URI" in os.environ:
        yield {
            "uri": os.environ["KGREC_TEST_NEO4J_URI"],
            "user": "neo4j",
            "password": os.environ["KGREC_TEST_NEO4J_PASSWORD"],
        }
        return
    from kgrec.server.managed import ManagedServer

    server = ManagedServer(neo4j_home / "neo4j")
    connection = server.start(bolt_port=free_port(), http_port=free_port())
    yield {"uri": connection.uri, "user": connection.user, "password": connection.password}
    server.stop()


@pytest.fixture(scope="module")
def database(neo4j_address: dict[str, str]) -> Iterator[Database]:
    """An empty graph for each test module."""
    with Database(neo4j_address["uri"], neo4j_address["user"], neo4j_address["password"]) as opened:
        empty(opened)
        yield opened
        empty(opened)


def empty(database: Database) -> None:
    """Remove every node; constraints and indexes stay."""
    with database.driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()


class CommandLine:
    """Runs ``kgrec`` in this process against the test server."""

    def __init__(self, address: dict[str, str], folder: Path):
        (folder / "kgrec.toml").touch()
        self.environment = {
            "KGREC_NEO4J_URI": address["uri"],
            "KGREC_NEO4J_USER": address["user"],
            "KGREC_NEO4J_PASSWORD": address["password"],
            "KGREC_CACHE": str(folder / "cache"),
            "KGREC_SETTINGS": str(folder / "kgrec.toml"),
        }

    def __call__(self, *arguments: str, check: bool = True) -> Result:
        result = CliRunner().invoke(kgrec, arguments, env=self.environment)
        if check and result.exit_code != 0:
            raise AssertionError(
                f"kgrec {' '.join(arguments)}\n{result.output}\n{result.exception!r}"
            ) from result.exception
        return result


@pytest.fixture(scope="module")
def command_line(neo4j_address: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return CommandLine(neo4j_address, tmp_path_factory.mktemp("kgrec"))
