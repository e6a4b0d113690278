"""``kgrec serve``."""

import ipaddress
import signal
import socket
from pathlib import Path

import click
import uvicorn

from kgrec.errors import KgrecError
from kgrec.options import NEO4J_OPTIONS, RUN, neo4j_options, neo4j_settings
from kgrec.settings import load_section
from kgrec.terminal import waiting
from recommender.service.application import application
from recommender.service.current import Current
from recommender.service.loaded import Loaded
from recommender.service.logs import begin, log
from recommender.service.settings import ServeSettings

CONNECTIONS = 1_000
HEAD = 32 * 1024  # bytes of a request before its body


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8_000, show_default=True, help="0 takes a free one.")
@RUN
@neo4j_options()
@click.pass_context
def serve(context: click.Context, /, host: str, port: int, run: Path, **given: str | None) -> None:
    """Answer over HTTP: lists for users and sessions, personas, reasons, feedback.

    Models and index are in memory; what a user did is read from Neo4j for each request. While Neo4j is away, answers
    come from memory and say so. A run folder that is trained anew is loaded beside what is served and takes its place
    without a failed request; SIGHUP asks for that at once. SIGTERM ends it after what is under way. Beyond loopback it
    needs a token in KGREC_SERVE_TOKEN.

    \b
    Examples:
      kgrec serve
      KGREC_SERVE_TOKEN=... kgrec serve --host 0.0.0.0 --port 8080 --run runs/books
    """
    settings = load_section("serve", ServeSettings)
    neo4j = neo4j_settings(context, {name: given[f"neo4j_{name}"] for name in NEO4J_OPTIONS})
    listener = _listen(host, port)
    with listener:
        address, port = listener.getsockname()[:2]
        beyond = not ipaddress.ip_address(address.partition("%")[0]).is_loopback
        if beyond and settings.token is None:
            raise KgrecError(
                f"To listen at {address}, beyond this machine, needs a token of 16 characters or more: set "
                "KGREC_SERVE_TOKEN."
            )
        begin()
        with waiting("loading models and index"):
            current = Current(
                lambda: Loaded.of(run, settings, neo4j),
                Loaded.now,
                settings.timeout_seconds + settings.graph_seconds,
            )
        server = uvicorn.Server(
            uvicorn.Config(
                application(current, settings, neo4j),
                log_config=None,
                access_log=False,  # it would name users
                server_header=False,
                proxy_headers=False,
                ws="none",
                limit_concurrency=CONNECTIONS,
                h11_max_incomplete_event_size=HEAD,
                timeout_graceful_shutdown=int(settings.timeout_seconds) + 1,
            )
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)  # the server has ended by it when it comes here
        signal.signal(signal.SIGHUP, lambda *_: current.reload())
        shown = f"[{address}]" if ":" in address else address
        log("serving", url=f"http://{shown}:{port}", folder=str(run))
        server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Take the port: before the models are loaded, so that nobody waits for them in vain.

    Raises:
        KgrecError: it is taken, or the address is none of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=2_048)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "that is no address"
        raise KgrecError(
            f"kgrec cannot listen at {host}, port {port} ({why}): give others by --host, --port."
        ) from error
