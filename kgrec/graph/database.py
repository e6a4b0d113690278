"""One connection to Neo4j: statements by name, batches, and the GDS client, with errors a user can act on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, LiteralString, Self, TypeVar

from neo4j import READ_ACCESS, WRITE_ACCESS, GraphDatabase, Record, Result, ResultSummary, Session
from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError, ServiceUnavailable

from kgrec.counted import Counted
from kgrec.errors import KgrecError, first_line
from kgrec.graph.drivers import ROUTED, direct, open_driver
from kgrec.graph.parameters import briefly
from kgrec.graph.projections import memory_error, name_of_mine, require_heap, sweep
from kgrec.graph.statements import statement
from kgrec.interrupts import held_back
from kgrec.settings import Neo4jSettings, load_section

if TYPE_CHECKING:
    from graphdatascience import GraphDataScience
    from graphdatascience.graph.graph_api import Graph

    from kgrec.graph.lock import Lock

Row = dict[str, Any]


class Database:
    """A Neo4j database with the Graph Data Science library.

    Use as a context manager. Every statement lives in ``cypher/`` and is called by name; values only ever travel as
    parameters.

    Of a cluster, at a ``neo4j://`` address, the leader writes and any member reads. A read sees all that this object
    has written, and all that anybody had written when it connected: its sessions keep their bookmarks together, and the
    first of them is the leader's.
    """

    def __init__(
        self,
        uri: str,
        user: str,
        password: str,
        name: str = "neo4j",
        session_memory: str | None = None,
        patience: float | None = None,
    ):
        self.uri = uri
        self.user = user
        self.name = name
        self.patience = patience
        self.session_memory = session_memory  # of Aura's GDS sessions; None where the server has the plugin
        self.login = (user, password)  # for those who connect themselves: the executors of Spark
        self.writer: Lock | None = None  # that of `kgrec.graph.lock.writing`
        self.learner: Lock | None = None  # that of `kgrec.graph.lock.learning`
        self.answers = True  # when it was last asked; who did not, however often, is not waited for once more
        self.bookmarks = GraphDatabase.bookmark_manager()
        self.driver = open_driver(uri, self.login, patience)
        try:
            with self._explained():
                # Of Bolt, as (6, 1): what the connection can carry.
                self.protocol: tuple[int, int] = self.driver.get_server_info().protocol_version
            self.at_leader("schema/ping")
        except BaseException:
            self.driver.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.driver.close()

    def read(self, name: str, **parameters: Any) -> list[Row]:
        """Run a reading statement and return its rows; retried on passing faults."""
        with self._session(READ_ACCESS) as session:
            return session.execute_read(lambda tx: _rows(tx.run(*_said(name, parameters))))

    def at_leader(self, name: str, **parameters: Any) -> list[Row]:
        """Run a statement in one transaction at the leader of a cluster, and return its rows; retried.

        For what has to know all that is written now, and for the writer's lock itself: so it asks for none.
        """
        with self._session() as session:
            return session.execute_write(lambda tx: _rows(tx.run(*_said(name, parameters))))

    def state(self) -> str:
        """Return what stands for the graph of now: another text after any transaction that wrote, whoever's it was.

        It is the store, and the bookmark of the last one, which the leader sends with every answer; empty where it
        sends none.
        """
        with self._session() as session:
            (found,) = session.execute_write(lambda tx: _rows(tx.run(_text("schema/store"))))
            bookmarks = sorted(session.last_bookmarks().raw_values)
        return " ".join([found["store"], *bookmarks]) if bookmarks else ""

    def forget_bookmarks(self) -> None:
        """Wait no more for what was written before: the store is another one now."""
        self.bookmarks = GraphDatabase.bookmark_manager()

    def table(self, name: str, **parameters: Any) -> tuple[list[str], list[list[Any]]]:
        """Run a reading statement and return its columns and rows, nodes and paths as the driver gives them."""
        with self._session(READ_ACCESS) as session:
            return session.execute_read(lambda tx: _table(tx.run(*_said(name, parameters))))

    def stream(self, name: str, fetch_size: int = 1_000, **parameters: Any) -> Iterator[Row]:
        """Run a reading statement and yield its rows at constant memory; not retried.

        Ctrl-C takes effect between two fetches, however long the consumer works on its rows.

        Args:
            name: of the statement.
            fetch_size: rows that are in memory at once: fewer where a row holds long lists.
            **parameters: of the statement.
        """
        with self._explained():
            session = self._open(READ_ACCESS, fetch_size=fetch_size)
        try:
            with self._explained():
                result = session.run(*_said(name, parameters))
                records = result.fetch(fetch_size)
            while records:
                yield from map(_row, records)
                with self._explained():
                    records = result.fetch(fetch_size)
        finally:
            with self._explained():
                session.close()

    def write(self, name: str, **parameters: Any) -> ResultSummary:
        """Run a writing statement in one transaction; retried on passing faults."""
        self._check_lock()
        with self._session() as session:
            return session.execute_write(lambda tx: tx.run(*_said(name, parameters)).consume())

    def write_together(self, statements: Sequence[tuple[str, Row]]) -> list[ResultSummary]:
        """Run several writing statements in one transaction: all of them take effect, or none."""
        self._check_lock()
        with self._session() as session:
            return session.execute_write(
                lambda tx: [tx.run(*_said(name, values)).consume() for name, values in statements]
            )

    def run(self, name: str, **parameters: Any) -> ResultSummary:
        """Run a statement in an implicit transaction, as ``CALL { } IN TRANSACTIONS`` and index changes require."""
        self._check_lock()
        with self._session() as session:
            return session.run(*_said(name, parameters)).consume()

    def run_counted(
        self, name: str, counted: Counted, unit: str, total: int, batch: int, **parameters: Any
    ) -> ResultSummary:
        """Run a statement as `run` does, that returns each row of a transaction of ``batch`` rows when it is done.

        ``counted`` yields these, about ``total`` in ``unit``, and may show how many there were.
        """
        self._check_lock()
        with self._session(fetch_size=batch) as session:
            result = session.run(*_said(name, parameters), batch=batch)
            for _ in counted(result, unit, total):
                pass
            return result.consume()

    def gds(self) -> "GraphDataScience":
        """Return the Graph Data Science client on this connection.

        Raises:
            KgrecError: the server has no GDS plugin, or does not answer.
        """
        # Imported on use: it brings pandas and pyarrow, which most commands need not wait for.
        from graphdatascience import GraphDataScience
        from graphdatascience.error.gds_not_installed import GdsNotFound
        from graphdatascience.error.unable_to_connect import UnableToConnectError

        with self._explained():
            try:
                return GraphDataScience(self.driver, database=self.name, arrow=False, show_progress=False)
            except GdsNotFound as error:
                raise KgrecError(
                    f"Neo4j at {self.uri} has no Graph Data Science library: install its plugin."
                ) from error
            except UnableToConnectError as error:
                cause = error.args[0] if error.args and isinstance(error.args[0], Exception) else error
                raise cause from error

    @contextmanager
    def projection(
        self, name: str, job_id: str | None = None, **parameters: Any
    ) -> Iterator["tuple[GraphDataScience, Graph]"]:
        """Project a part of the graph into the GDS catalog, and drop the projection whatever happens.

        Projections that dead processes left behind are dropped first. A projection that needs more memory than the
        server can have is not begun.

        Args:
            name: a statement that ends in ``gds.graph.project($graph_name, ..., $resources)``; one of the same name and
                ``_memory`` estimates what the projection, and what is computed on it, need.
            job_id: of `kgrec.graph.jobs.watched`, where somebody watches how far the projection is.
            parameters: the other parameters of both.

        Raises:
            KgrecError: the server has no GDS plugin, too little memory for what is asked of it, or nothing to project.
        """
        with self._one_member(), self._projected(name, job_id, parameters) as found:
            yield found

    @contextmanager
    def _projected(
        self, name: str, job_id: str | None, parameters: dict[str, Any]
    ) -> Iterator["tuple[GraphDataScience, Graph]"]:
        gds = self.gds()
        sweep(self)
        if self.session_memory is None:  # a session has a heap of its own
            require_heap(self, name, parameters)
        # Cypher feeds a projection by one thread, and each more costs 6.5 MB of buffers a relationship type.
        named = {} if job_id is None else {"jobId": job_id}
        resources = {"readConcurrency": 1} | named if self.session_memory is None else {"memory": self.session_memory}
        graph_name = name_of_mine(self)
        with self._explained():
            try:
                projected = self.read(name, graph_name=graph_name, resources=resources, **parameters)
                if not projected or not projected[0]["nodes"]:
                    raise KgrecError("The graph holds nothing to compute on: load first, with `kgrec load`.")
                yield gds, gds.graph.get(graph_name)
            except ServiceUnavailable:
                self.answers = False
                raise
            finally:
                if self.answers:  # else the projection went with the server's memory, or the next command sweeps it
                    gds.graph.drop(graph_name, fail_if_missing=False)

    def _check_lock(self) -> None:
        if self.writer is not None:
            self.writer.check()

    @contextmanager
    def _session(self, access: str = WRITE_ACCESS, **more: Any) -> Iterator[Session]:
        with self._explained(), self._open(access, **more) as session:
            yield session
        self.answers = True

    def _open(self, access: str, **more: Any) -> Session:
        return self.driver.session(
            database=self.name, default_access_mode=access, bookmark_manager=self.bookmarks, **more
        )

    @contextmanager
    def _one_member(self) -> Iterator[None]:
        """Ask only the leader of a cluster in the block: a projection lives in the memory of one member.

        One statement may read the projection and write what it found, and only the leader writes.
        """
        if not self.uri.startswith(ROUTED):
            yield
            return
        leader = self.at_leader("schema/leader", database=self.name)[0]["address"]
        routed, self.driver = self.driver, open_driver(direct(self.uri, leader), self.login)
        try:
            yield
        finally:
            self.driver, one = routed, self.driver
            one.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the driver's exceptions into one sentence, and keep Ctrl-C out of the driver."""
        try:
            with held_back():
                yield
        except AuthError as error:
            raise KgrecError(f"Neo4j at {self.uri} refused user {self.user!r}: wrong user name or password.") from error
        except ServiceUnavailable as error:
            self.answers = False
            raise KgrecError(f"Neo4j at {self.uri} does not answer: is it running ({first_line(error)})?") from error
        except (Neo4jError, DriverError) as error:
            raise self._in_words(error) from error

    def _in_words(self, error: Neo4jError | DriverError) -> KgrecError:
        if isinstance(error, Neo4jError):
            out_of_memory = memory_error(error, self.uri)
            if out_of_memory is not None:
                return out_of_memory
            if error.code and "AuthenticationRateLimit" in error.code:
                return KgrecError(
                    f"Neo4j at {self.uri} lets nobody in as {self.user!r} for some seconds, after too many wrong "
                    "passwords: wait for its dbms.security.auth_lock_time, then give the right one."
                )
            if error.code and "DatabaseNotFound" in error.code:
                return KgrecError(f"Neo4j at {self.uri} has no database {self.name!r}.")
        if isinstance(error, ClientError):
            return KgrecError(f"Neo4j at {self.uri} refused a statement: {first_line(error)}")
        return KgrecError(f"Neo4j at {self.uri} failed: {first_line(error)}")


Opened = TypeVar("Opened", bound=Database)


def connect(settings: Neo4jSettings | None = None) -> Database:
    """Connect to the Neo4j of the settings, or to the managed server where they name none.

    Args:
        settings: those of the settings file and the environment where ``None``.

    Raises:
        KgrecError: no server runs, none answers, or the password is wrong.
    """
    return connect_as(Database, settings)


def connect_as(kind: type[Opened], settings: Neo4jSettings | None = None, patience: float | None = None) -> Opened:
    """Connect by a class of one's own, as `connect` does; ``patience`` as of `kgrec.graph.drivers.open_driver`."""
    settings = settings or load_section("neo4j", Neo4jSettings)
    if settings.uri is None:
        from kgrec.server.managed import ManagedServer  # the managed server is not needed to reach any other

        connection = ManagedServer().connection()
        if connection is None:
            raise KgrecError(
                "No managed Neo4j is running: start it with `kgrec db start`, or point to yours with --uri."
            )
        return kind(connection.uri, connection.user, connection.password, settings.database, patience=patience)
    if settings.password is None:
        raise KgrecError(f"No password for Neo4j at {settings.uri}: set KGREC_NEO4J_PASSWORD or give --password.")
    password = settings.password.get_secret_value()
    return kind(settings.uri, settings.user, password, settings.database, settings.session_memory, patience=patience)


def _text(name: str) -> LiteralString:
    # The driver asks for literal strings to keep data out of statements; ours come from files of the package.
    return statement(name)


def _said(name: str, parameters: Row) -> tuple[LiteralString, Row]:
    return _text(name), briefly(parameters)


def _rows(result: Result) -> list[Row]:
    return [_row(record) for record in result]


def _row(record: Record) -> Row:
    # `Record.data` would copy every list, number by number, in search of nodes, which no statement returns here.
    return dict(zip(record.keys(), record.values(), strict=True))


def _table(result: Result) -> tuple[list[str], list[list[Any]]]:
    return list(result.keys()), [list(record.values()) for record in result]
