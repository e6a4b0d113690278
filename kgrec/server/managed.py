"""The managed Neo4j with GDS and Browser: a real server on loopback, without Docker, Java or Maven on the machine."""

import secrets
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from neo4j.exceptions import AuthError, CypherSyntaxError, DriverError, Neo4jError

from kgrec.errors import KgrecError
from kgrec.files import exclusive
from kgrec.interrupts import held_back
from kgrec.server.answers import Connection, others_connected, serves_both, serves_browser, versions
from kgrec.server.checks import LOOPBACK, MEBIBYTE, check_disk, check_memory, check_port, heap_bytes
from kgrec.server.offline import commit, sweep, take_over
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
from kgrec.terminal import note, waiting

USER = "neo4j"
REST_OF_PROCESS = 400 * MEBIBYTE  # metaspace, threads, network buffers
READY_SECONDS = 180
LEFT_SECONDS = 1  # after which nobody waits for a dead process any more
STOP_SECONDS = 60
POLL_SECONDS = 0.3


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
            neo4j_version, gds_version = versions(connection)
        return Status(process.pid, connection, state.options, process.memory_info().rss, neo4j_version, gds_version)

    def require_alone(self) -> None:
        """Refuse to go on where another process is connected by Bolt.

        Raises:
            KgrecError: somebody is connected; names whom.
        """
        running = self._running()
        others = others_connected(running[0], running[1].options.bolt_port) if running else []
        if others:
            raise KgrecError(
                f"The managed Neo4j is in use by {' and '.join(others)}, and would be stopped: end that first (Browser "
                "is connected as long as its page is open)."
            )

    def replace_graph(self, folder: Path) -> None:
        """Stop the server, put an imported graph in the place of its own, and start it again with the same options.

        Ctrl-C takes effect at the end. Killed at any moment it leaves the old graph or the new one, whole, to the next
        start.

        Args:
            folder: of `kgrec.server.offline.import_folder`, with a graph imported into it.

        Raises:
            KgrecError: the server did not run, is in use, or does not start.
        """
        with held_back(), exclusive(self._lock):
            self.require_alone()
            running = self._running()
            if running is None:
                raise KgrecError("The managed Neo4j was stopped meanwhile, and its graph is as it was.")
            process, state = running
            self._end(process)
            forget_state(self.home)
            commit(self.home, folder)
            try:
                self._start(state.options)
            except KgrecError as error:
                error.add_note("The imported graph is there as soon as `kgrec db start` starts the server.")
                raise

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
        sweep(self.home)
        take_over(self.home)
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
                if serves_both(process, state.options):
                    versions(connection)
                    if serves_browser(state.options.http_port):
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
        with suppress(psutil.NoSuchProcess):  # it ended by itself
            process.terminate()
            if not _ends(process, STOP_SECONDS):
                note(f"Neo4j did not stop within {STOP_SECONDS} seconds and is killed; it recovers on start.")
                process.kill()
                _ends(process, STOP_SECONDS)

    def _log_size(self) -> int:
        return self.log_file.stat().st_size if self.log_file.exists() else 0


def _ends(process: psutil.Process, seconds: float) -> bool:
    """Wait for the end of a process; one that the program which started it does not wait for has ended too."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        # Java's first thread ends before the others.
        dead = process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1
        with suppress(psutil.TimeoutExpired):
            process.wait(LEFT_SECONDS if dead else 0.1)
            return True
        if dead:
            return True
    return False


def _override(options: Options, bolt_port: int | None, http_port: int | None, heap: str | None) -> Options:
    return Options(bolt_port or options.bolt_port, http_port or options.http_port, heap or options.heap)


def _in_words(options: Options) -> str:
    return f"Bolt on port {options.bolt_port}, HTTP on port {options.http_port} and a heap of {options.heap}"
