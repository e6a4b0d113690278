"""An HTTP server on loopback that answers as it is told: wrongly, slowly, or not at all."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Asked:
    """A request: ``target`` as it stands in its first line, and the query, wherever it was."""

    method: str
    target: str
    query: str | None
    headers: dict[str, str]


@dataclass
class Server:
    """A running server: what it was asked, and its answers in turn, of which the last stays."""

    url: str
    answers: list[Answer]
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)  # the test is: nothing drips on

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0


def solutions(*rows: dict[str, Any]) -> bytes:
    """SPARQL JSON; a value that begins with http is an IRI."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["label", "entity"]
    bindings = [{name: {"type": _kind(value), "value": value} for name, value in row.items()} for row in rows]
    return json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}}).encode()


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """An ordinary answer; underscores in names of headers are hyphens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def raw(content: bytes) -> Answer:
    """These bytes in the place of HTTP, and the end of the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(content)

    return answer


def drip(server: Server, head: bytes, piece: bytes) -> Answer:
    """A head at once, then a piece now and then, without end."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while not server.over.wait(0.02):
            handler.wfile.write(piece)

    return answer


def silence(server: Server) -> Answer:
    """Nothing."""

    def answer(_: BaseHTTPRequestHandler) -> None:
        server.over.wait()

    return answer


@contextmanager
def misbehaving(*answers: Answer) -> Iterator[Server]:
    """Serve the answers until the block ends."""
    server = Server("", list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            query = parse_qs(body or urlsplit(self.path).query).get("query", [None])[0]
            server.asked.append(Asked(self.command, self.path, query, dict(self.headers)))
            with suppress(OSError):  # who asked has gone
                (server.answers.pop(0) if len(server.answers) > 1 else server.answers[0])(self)

        do_GET = do_POST  # noqa: N815 - the library's name

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        server.url = f"http://127.0.0.1:{http.server_address[1]}/sparql"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            http.shutdown()
            thread.join()


def _kind(value: object) -> str:
    return "uri" if str(value).startswith("http") else "literal"
