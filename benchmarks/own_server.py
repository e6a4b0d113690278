"""A managed Neo4j of a benchmark's own, with the default heap, of which nothing stays."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.stages import peak
from kgrec.graph.database import Database
from kgrec.server.answers import Connection
from kgrec.server.managed import ManagedServer


@contextmanager
def own_server(bolt_port: int, http_port: int) -> Iterator[Connection]:
    """Start one in a temporary folder, and say at the end how much memory it took."""
    with tempfile.TemporaryDirectory(prefix="kgrec-benchmark-") as name:
        server = ManagedServer(Path(name) / "neo4j")
        connection = server.start(bolt_port, http_port)
        try:
            yield connection
            status = server.status()
            print(f"\npeak memory of the server: {peak(status.pid) if status else 0:.0f} MiB")
        finally:
            server.stop()


def connected(connection: Connection) -> Database:
    """Connect to it."""
    return Database(connection.uri, connection.user, connection.password)
