"""The managed Neo4j with GDS and Browser: a real server on loopback, without Docker, Java or Maven on the machine."""

import secrets
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil
from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, CypherSyntaxError, DriverError, Neo4jError

from kgrec.errors import KgrecError
from kgrec.files import exclusive
from kgrec.server.checks import LOOPBACK, MEBIBYTE, check_disk, check_memory, check_port, heap_bytes, listens
from kgrec.server.password import LONGEST, initial_user, read_secret, write_secret
from kgrec.server.process import (
    NEO4J_2026,
    PAGE_CACHE,
    Options,
    Release,
    State,
    forget_state,
    is_alive,
    launch,
    read_options,
    read_state,
    reason_of_death,
    server_log,
    write_options,
    write_state,
)
from kgrec.settings import data_home
from kgrec.terminal import say, waiting

USER = "neo4j"
REST_OF_PROCESS = 400 * MEBIBYTE  # metaspace, threads, network buffers
READY_SECONDS = 180
STOP_SECONDS = 60
POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Connection:
    """How to reach the running server."""

    uri: str
    user: str
    password: str = field(repr=False)
    browser: str


@dataclass(frozen=True)
class Status:
    """The running server; the versions are ``None`` as long as it does not answer, ``memory`` is in bytes."""

    pid: int
    connection: Connection
    options: Options
    memory: int
    neo4j_version: str | None
    gds_version: str | None


class ManagedServer:
    """Neo4j Community with GDS and Browser, one per home folder, listening on 127.0.0.1 only.

    The process outlives the one that started it. Its number is kept in the home, so any later process finds it.
    """

    def __init__(self, home: Path | None = None, release: Release = NEO4J_2026):
        self.home = (home or data_home() / "neo4j").absolute()
        self.password_file = self.home / "password"
        self.log_file = server_log(self.home)
        self.release = release

    def start(self, bolt_port: int | None = None, http_port: int | None = None, heap: str | None = None) -> Connection:
        """Start the server, or find it running; return when Bolt, GDS and Browser answer.

        Args:
            bolt_port: where drivers connect; without it the port of the last start, at first 7687.
            http_port: where Browser is served; without it the port of the last start, at first 7474.
            heap: memory of Java such as ``"2g"``; without it that of the last start, at first 1g.

        Raises:
            KgrecError: a port is in use, memory or disk is short, the jar cache is broken, the server died, or it runs
                already with other options.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
            with exclusive(self._lock):
                running = self._running()
                if running is None:
                    return self._start(_override(read_options(self.home), bolt_port, http_port, heap))
                process, state = running
                if _override(state.options, bolt_port, http_port, heap) != state.options:
                    raise KgrecError(
                        f"The managed Neo4j runs already, with {_in_words(state.options)}: stop it before you start it "
                        "with other options (`kgrec db stop`)."
                    )
                self._wait_until_ready(process, state, log_start=self._log_size())
                return self._connection(state)
        except OSError as error:
            raise KgrecError(
                f"The folder of the managed Neo4j, {self.home}, cannot be used: {error.strerror or error}."
            ) from error

    def stop(self) -> bool:
        """Stop the server that was started for this home; return whether there was one."""
        if not self.home.exists():
            return False
        with exclusive(self._lock):
            running = self._running()
            if running is not None:
                self._end(running[0])
            forget_state(self.home)
        return running is not None

    def connection(self) -> Connection | None:
        """Tell how to reach the server, or ``None`` when it does not run."""
        running = self._running()
        return self._connection(running[1]) if running else None

    def status(self) -> Status | None:
        """Tell about the running server, or ``None`` when it does not run."""
        running = self._running()
        if running is None:
            return None
        process, state = running
        connection = self._connection(state)
        neo4j_version = gds_version = None
        with suppress(DriverError, Neo4jError):  # it may be starting or ending
            neo4j_version, gds_version = _versions(connection)
        return Status(process.pid, connection, state.options, process.memory_info().rss, neo4j_version, gds_version)

    @property
    def _lock(self) -> Path:
        return self.home / "lock"

    def _running(self) -> tuple[psutil.Process, State] | None:
        state = read_state(self.home)
        process = state.process(self.home) if state else None
        return (process, state) if process and state else None

    def _connection(self, state: State) -> Connection:
        return Connection(
            uri=f"bolt://{LOOPBACK}:{state.options.bolt_port}",
            user=USER,
            password=self._password(),
            browser=f"http://{LOOPBACK}:{state.options.http_port}/browser/",
        )

    def _start(self, options: Options) -> Connection:
        if options.bolt_port == options.http_port:
            raise KgrecError(f"Bolt and HTTP cannot share port {options.bolt_port}: give another with --http-port.")
        check_memory(heap_bytes(options.heap) + heap_bytes(PAGE_CACHE) + REST_OF_PROCESS)
        check_port(options.bolt_port, "--bolt-port")
        check_port(options.http_port, "--http-port")
        check_disk(self.home)
        jars = self.release.jars()
        self._make_password()
        log_start = self._log_size()
        state = launch(self.home, jars, options, self.release)
        process = psutil.Process(state.pid)
        try:
            write_state(self.home, state)
            with waiting(f"Starting Neo4j in {self.home}"):
                self._wait_until_ready(process, state, log_start)
            write_options(self.home, options)
        except BaseException:  # Ctrl-C too: what was started here is not left behind
            self._end(process)
            forget_state(self.home)
            raise
        return self._connection(state)

    def _wait_until_ready(self, process: psutil.Process, state: State, log_start: int) -> None:
        connection = self._connection(state)
        answer = "it does not listen on its ports"
        deadline = time.monotonic() + READY_SECONDS
        while is_alive(process):
            try:
                # Another home's server may have taken a port since it was looked at; it knows another password.
                if _serves_both(process, state.options):
                    _versions(connection)
                    if _serves_browser(state.options.http_port):
                        return
            except AuthError as error:
                raise KgrecError(
                    f"The managed Neo4j does not accept the password in {self.password_file}: put the right one there, "
                    f"or remove {self.home} to begin with an empty graph."
                ) from error
            except CypherSyntaxError as error:
                raise KgrecError(
                    f"Neo4j started without the Graph Data Science library: see {self.log_file}."
                ) from error
            except (DriverError, Neo4jError) as error:  # not yet
                answer = str(error).splitlines()[0]
            if time.monotonic() > deadline:
                raise KgrecError(f"Neo4j is not ready after {READY_SECONDS} seconds ({answer}): see {self.log_file}.")
            time.sleep(POLL_SECONDS)
        check_port(state.options.bolt_port, "--bolt-port")
        check_port(state.options.http_port, "--http-port")
        reason, log = reason_of_death(self.home, log_start)
        raise KgrecError(f"Neo4j ended while it started ({reason}): see {log}.")

    def _make_password(self) -> None:
        """Before the first start, make the password and what Neo4j knows it by: no other one is ever in force.

        A start that was cut short anywhere is taken up by the next.
        """
        started = (self.home / "data" / "databases").exists()
        if started and not self.password_file.exists():
            raise KgrecError(
                f"The password file {self.password_file} is gone: put it back, or remove {self.home} to begin with an "
                "empty graph."
            )
        if not self.password_file.exists():
            write_secret(self.password_file, secrets.token_urlsafe(24))
        if not started:
            initial = self.home / "data" / "dbms" / "auth.ini"
            initial.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(initial, initial_user(USER, self._password()))

    def _password(self) -> str:
        path = self.password_file
        try:
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                raise KgrecError(f"The password file {path} is no plain file: put one with the right password there.")
            if mode & 0o077:
                raise KgrecError(f"The password file {path} can be read by others: run `chmod 600 {path}`.")
            return read_secret(path)
        except OSError as error:
            raise KgrecError(f"The password file {path} cannot be read: {error.strerror}.") from error
        except ValueError as error:
            raise KgrecError(
                f"The password file {path} holds no password, one line of at most {LONGEST:,} characters: put the "
                "right one there."
            ) from error

    def _end(self, process: psutil.Process) -> None:
        try:
            process.terminate()
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            say(f"Neo4j did not stop within {STOP_SECONDS} seconds and is killed; it recovers on start.", err=True)
            process.kill()
            process.wait(STOP_SECONDS)
        except psutil.NoSuchProcess:
            pass  # it ended by itself

    def _log_size(self) -> int:
        return self.log_file.stat().st_size if self.log_file.exists() else 0


def _versions(connection: Connection) -> tuple[str, str]:
    """Ask Bolt for the versions of Neo4j and GDS, once: an answer means that both are up."""
    with (
        GraphDatabase.driver(connection.uri, auth=(connection.user, connection.password)) as driver,
        driver.session(database="neo4j") as session,
    ):
        gds = session.run("RETURN gds.version()").single(strict=True).value()
        kernel = session.run(
            "CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel' RETURN versions[0]"
        )
        neo4j = kernel.single(strict=True).value()
    return neo4j, gds


def _serves_both(process: psutil.Process, options: Options) -> bool:
    try:
        return listens(process, options.bolt_port) and listens(process, options.http_port)
    except psutil.Error:  # it has just ended
        return False


def _serves_browser(port: int) -> bool:
    client = HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        client.request("GET", "/browser/")
        return client.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        client.close()


def _override(options: Options, bolt_port: int | None, http_port: int | None, heap: str | None) -> Options:
    return Options(bolt_port or options.bolt_port, http_port or options.http_port, heap or options.heap)


def _in_words(options: Options) -> str:
    return f"Bolt on port {options.bolt_port}, HTTP on port {options.http_port} and a heap of {options.heap}"
