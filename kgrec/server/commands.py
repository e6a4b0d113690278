"""``kgrec db``: start, stop and look at the managed Neo4j."""

import re
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kgrec.errors import KgrecError
from kgrec.records import JSON, write_document, write_line
from kgrec.server.checks import MEBIBYTE
from kgrec.server.managed import ManagedServer, Status
from kgrec.terminal import say, waiting, write

NOT_RUNNING = 3  # the exit status by which service tools say so
FOLLOW_SECONDS = 0.5
LOGGED = re.compile(r"(?P<time>\d{4}-\S+ \S+)\s+(?P<level>[A-Z]+)\s+(?P<message>.*)")


@click.group()
def db() -> None:
    """The managed Neo4j: a real server with Graph Data Science and Browser on this machine.

    It needs neither Docker nor Java: the first start fetches 206 MB of jars into the user's cache. It listens on
    127.0.0.1 only; its data and its generated password stay in the user's data folder (KGREC_HOME changes which).
    All other commands use it unless --uri points them to another Neo4j.

    Example: kgrec db start
    """


@db.command()
@click.option("--bolt-port", type=click.IntRange(1, 65535), help="Where kgrec connects; at first 7687.")
@click.option("--http-port", type=click.IntRange(1, 65535), help="Where Browser is served; at first 7474.")
@click.option("--heap", metavar="SIZE", help="Memory for Java, such as 512m or 4g; at first 1g.")
@JSON
def start(bolt_port: int | None, http_port: int | None, heap: str | None, format: str) -> None:
    """Start Neo4j, or find it running, and print the address of Browser.

    The options are remembered: a later plain start uses the same.

    Example: kgrec db start --bolt-port 17687 --http-port 17474 --heap 2g
    """
    server = ManagedServer()
    already = server.connection() is not None
    connection = server.start(bolt_port, http_port, heap)
    if format == "json":
        write_document(
            {
                "already": already,
                "bolt": connection.uri,
                "browser": connection.browser,
                "user": connection.user,
                "password file": str(server.password_file),
            }
        )
        return
    say(f"Neo4j {'is running already' if already else 'is running'} at {connection.uri}")
    say(f"Browser: {connection.browser}  user {connection.user}, password in {server.password_file}")


@db.command()
@JSON
def stop(format: str) -> None:
    """Stop Neo4j; the data stay.

    Only the process that `kgrec db start` started is ended.

    Example: kgrec db stop
    """
    with waiting("Stopping Neo4j"):
        stopped = ManagedServer().stop()
    if format == "json":
        write_document({"stopped": stopped})
    else:
        say("Neo4j is stopped." if stopped else "No managed Neo4j was running.")


@db.command()
@JSON
@click.pass_context
def status(context: click.Context, format: str) -> None:
    """Tell whether Neo4j runs, and where everything is.

    The exit status is 0 when it runs and 3 when it does not.

    Example: kgrec db status
    """
    server = ManagedServer()
    found = server.status()
    if format == "json":
        write_document({"running": found is not None, "home": str(server.home)} | _document(server, found))
        context.exit(0 if found else NOT_RUNNING)
    if found is None:
        say(f"No managed Neo4j is running (home: {server.home}). Start it with `kgrec db start`.")
        context.exit(NOT_RUNNING)
    answering = found.neo4j_version is not None
    rows = {
        "State": f"running, process {found.pid}" if answering else f"process {found.pid} does not answer yet",
        "Neo4j": found.neo4j_version or "-",
        "Graph Data Science": found.gds_version or "-",
        "Bolt": found.connection.uri,
        "Browser": found.connection.browser,
        "User": found.connection.user,
        "Password file": str(server.password_file),
        "Data folder": str(server.home / "data"),
        "Memory": f"{found.memory // MEBIBYTE} MiB, heap at most {found.options.heap}",
    }
    for name, value in rows.items():
        say(f"{name:<20}{value}")  # no table: it would fold long paths


def _document(server: ManagedServer, found: Status | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "process": found.pid,
        "neo4j": found.neo4j_version,
        "gds": found.gds_version,
        "bolt": found.connection.uri,
        "browser": found.connection.browser,
        "user": found.connection.user,
        "password file": str(server.password_file),
        "memory": found.memory,
        "heap": found.options.heap,
    }


@db.command()
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, 1_000_000),
    default=40,
    show_default=True,
    help="How many of the last lines.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on printing as the log grows, until Ctrl-C.")
@JSON
def logs(lines: int, follow: bool, format: str) -> None:
    """Print the end of Neo4j's log; as JSON an object a line.

    Example: kgrec db logs -n 100 --follow
    """
    tell = _write_records if format == "json" else write
    log = ManagedServer().log_file
    if not log.exists():
        raise KgrecError(f"There is no log yet at {log}: start Neo4j with `kgrec db start`.")
    position = _print_end(log, lines, tell)
    while follow:
        time.sleep(FOLLOW_SECONDS)
        size = log.stat().st_size
        if size < position:  # Neo4j has begun a new log file
            position = 0
        position = _print_from(log, position, tell)


def _print_end(log: Path, lines: int, tell: Callable[[str], None]) -> int:
    with log.open(encoding="utf-8", errors="replace") as file:
        tell("".join(deque(file, maxlen=lines)))
        return file.tell()


def _print_from(log: Path, position: int, tell: Callable[[str], None]) -> int:
    with log.open(encoding="utf-8", errors="replace") as file:
        file.seek(position)
        tell(file.read())
        return file.tell()


def _write_records(text: str) -> None:
    """Write lines of the log as records; one that begins none, as of a trace, has a message alone."""
    for line in filter(None, text.split("\n")):
        found = LOGGED.fullmatch(line)
        write_line(found.groupdict() if found else {"time": None, "level": None, "message": line})
