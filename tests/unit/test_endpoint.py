"""The client of an endpoint against a server on loopback that misbehaves."""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from kgloader.dbpedia import sparql, transport
from kgloader.dbpedia.candidates import _label_query
from kgloader.dbpedia.kinds import WORK_CLASSES
from kgloader.dbpedia.settings import DBpediaSettings
from kgloader.dbpedia.sparql import Endpoint, PartialAnswerError
from kgrec.errors import KgrecError
from kgrec.files import draft_of
from kgrec.settings import load_section
from tests.misbehaving import Answer, Server, drip, misbehaving, raw, silence, solutions, status

QUERY = "SELECT ?label ?entity {}"
NEEDED = ("label", "entity")
BELL = {"label": "Hollow Bell", "entity": "http://dbpedia.org/resource/Hollow_Bell"}
WHOLE = status(200, solutions(BELL))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/sparql-results+json\r\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with misbehaving(WHOLE) as running:
        yield running


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries but those that a server asks for."""
    monkeypatch.setattr(sparql, "LONGEST_WAIT", 0.0)


def client(url: str, cache: Path, timeout: float = 30.0, retries: int = 2, **options: Any) -> Endpoint:
    return Endpoint(url, cache, min_interval=0.0, timeout=timeout, retries=retries, **options)


def ask(endpoint: Endpoint) -> list[dict[str, str]]:
    return endpoint.select(QUERY, NEEDED, ("entity",))


def refused(endpoint: Endpoint) -> str:
    with pytest.raises(KgrecError) as error:
        ask(endpoint)
    return str(error.value)


# What takes too long


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (HEAD, b"X-More: 1\r\n"),
        (HEAD + b"X-Long: ", b"1"),
        (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
        (HEAD + b"\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 500 Oops\r\n\r\n", b" " * 1000),
        (b"HTTP/1.1 301 Moved\r\nX-Long: ", b"1"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["headers", "a header", "body", "body to the end", "chunks", "size of a chunk", "error", "redirect", "100"],
)
def test_an_answer_that_drips_ends_with_its_time(server: Server, tmp_path: Path, head: bytes, piece: bytes) -> None:
    """The server would drip until the test is over: without a limit it never is."""
    server.answers[:] = [drip(server, head, piece)]
    said = refused(client(server.url, tmp_path, timeout=0.2, retries=0))
    assert server.url in said and ("no whole answer" in said or "HTTP status 500" in said)
    assert not list(tmp_path.iterdir())
    server.answers[:] = [WHOLE]
    assert ask(client(server.url, tmp_path)) == [BELL]


def test_an_answer_without_end_is_refused(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (sparql, transport):
        monkeypatch.setattr(module, "LARGEST_ANSWER", 2**20)
    server.answers[:] = [drip(server, HEAD + b"\r\n", b" " * 2**20)]
    assert "answers with more than 1 MiB: set a smaller batch_size" in refused(client(server.url, tmp_path))
    assert not list(tmp_path.iterdir())


def blackhole() -> Iterator[str]:
    """A port that takes no further connection and refuses none: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
        for one in waiting:
            one.close()


def nobody() -> Iterator[str]:
    yield "http://127.0.0.1:1/sparql"


def silent() -> Iterator[str]:
    with misbehaving() as running:
        running.answers.append(silence(running))
        yield running.url


def unresolved() -> Iterator[str]:
    """A name whose resolution hangs: no resolver can be made to here."""
    real, over = socket.getaddrinfo, threading.Event()

    def hanging(*arguments: Any, **options: Any) -> Any:
        over.wait()
        return real(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", hanging)
        yield "http://endpoint.invalid/sparql"
        over.set()


@pytest.mark.parametrize(
    ("unreachable", "reason"),
    [(nobody, "refused"), (blackhole, ""), (silent, "no whole answer within"), (unresolved, "no whole answer within")],
)
def test_an_unreachable_endpoint_is_given_up_with_every_try_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    unreachable: Callable[[], Iterator[str]],
    reason: str,
) -> None:
    """Little patience stands for a hundred seconds, and a thousand tries would take far longer."""
    monkeypatch.setattr(sparql, "PATIENCE", 1.5)
    monkeypatch.setattr(sparql, "LEAST_TRY", 0.1)
    monkeypatch.setattr(sparql, "LONGEST_WAIT", 0.2)
    monkeypatch.setattr(transport, "SLOW", 0.1)
    with closing(unreachable()) as addresses:  # type: ignore[type-var]
        url = next(addresses)
        endpoint = client(url, tmp_path, timeout=0.2, retries=1_000)
        said = refused(endpoint)
    assert f"{url} cannot be reached: " in said and f"({endpoint.requests} tries in " in said and reason in said
    assert sparql.KEPT in said and 1 < endpoint.requests < 1_000
    told = capsys.readouterr().err
    for number in range(1, endpoint.requests):
        assert f"gave no answer, try {number} of 1001: " in told
    assert "The next try is in " in told and reason in told
    if unreachable is not nobody:
        assert "has not answered yet; this try ends after " in told


def test_the_patience_of_the_defaults_is_below_two_minutes_and_no_shorter_than_one_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of the test's own, moved by pauses and by tries, each of which takes all of its time."""
    settings = DBpediaSettings()
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def never(wrapper: object, opener: object, seconds: float, slow: object) -> bytes:
        sleep(seconds)
        raise TimeoutError

    monkeypatch.setattr(sparql, "LONGEST_WAIT", 60.0)
    monkeypatch.setattr(sparql, "fetch", never)
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for timeout, least, most in ((settings.timeout_seconds, 60, 110), (5.0, 15, 110), (600.0, 600, 601)):
        now = 0.0
        refused(Endpoint("http://127.0.0.1:1", tmp_path, settings.min_interval_seconds, timeout, settings.retries))
        assert least <= now <= most


# What the server asks for


def test_a_time_that_the_server_asks_for_is_waited_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    soon = format_datetime(datetime.fromtimestamp(time.time() + 50, UTC), usegmt=True)
    past = "Sun, 06 Nov 1994 08:49:37 GMT"
    asked = ["7", soon, past, "soon", "\xb2", "-1"]
    server.answers[:] = [*(status(503, Retry_After=text) for text in asked), WHOLE]
    assert ask(client(server.url, tmp_path, retries=len(asked))) == [BELL]
    pauses = [seconds for seconds in slept if seconds]
    assert pauses[0] == 7.0 and 48.0 <= pauses[1] <= 50.0 and len(pauses) == 2  # the others are pauses of its own, of 0


@pytest.mark.parametrize("asked", ["5400", "Fri, 27 Nov 2026 13:30:00 GMT"])
def test_a_time_beyond_patience_stops_with_the_moment_to_come_back(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """At noon in Greenwich, and half past eight where the user is."""
    server.answers[:] = [status(429, Retry_After=asked), WHOLE]
    endpoint = client(server.url, tmp_path, retries=5)
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "HERE3:30")
        time.tzset()
        patch.setattr(time, "time", lambda: datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp())
        said = refused(endpoint)
    time.tzset()
    assert "asks to be left alone until 2026-11-27 10:00:00 HERE, with HTTP status 429." in said
    assert sparql.KEPT in said and server.url in said and endpoint.requests == 1
    assert ask(endpoint) == [BELL]


@pytest.mark.parametrize("asked", ["9" * 5_000, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_time_without_measure_is_one_sentence(server: Server, tmp_path: Path, asked: str) -> None:
    server.answers[:] = [status(503, Retry_After=asked)]
    assert "asks to be left alone until " in refused(client(server.url, tmp_path))


# Redirects


@pytest.mark.parametrize(("code", "method"), [(301, "POST"), (302, "POST"), (303, "GET"), (307, "POST"), (308, "POST")])
@pytest.mark.parametrize("query", ["", "?default-graph-uri=http%3A%2F%2Fdbpedia.org"])
def test_a_redirect_keeps_the_query(server: Server, tmp_path: Path, code: int, method: str, query: str) -> None:
    """After a 303 the address is that of the answer; a query of its own is left as it is."""
    location = f"{server.url}/there{query}"
    server.answers[:] = [status(code, Location=location), status(code, Location="/again" + query), WHOLE]
    assert ask(client(server.url, tmp_path)) == [BELL]
    assert [one.method for one in server.asked] == ["POST", method, method]
    kept = None if query and method == "GET" else QUERY
    assert [one.query for one in server.asked] == [QUERY, kept, kept]
    assert server.asked[2].target.startswith("/again" + query)
    assert {one.headers["User-Agent"] for one in server.asked} == {sparql.USER_AGENT}


def test_a_redirect_is_followed_before_the_end_of_its_body(server: Server, tmp_path: Path) -> None:
    server.answers[:] = [drip(server, b"HTTP/1.1 307 There\r\nLocation: /there\r\n\r\n", b"moved "), WHOLE]
    assert ask(client(server.url, tmp_path, timeout=5.0, retries=0)) == [BELL]


def test_credentials_stay_with_the_host_that_they_were_given_for(server: Server, tmp_path: Path) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    for location, given in ((server.url + "/there", True), (elsewhere, False)):
        server.asked.clear()
        server.answers[:] = [status(307, Location=location), WHOLE]
        assert ask(client(server.url, tmp_path / str(given), credentials=("ann", "s3cret"))) == [BELL]
        assert [one.headers.get("Authorization") for one in server.asked] == [
            "Basic YW5uOnMzY3JldA==",
            "Basic YW5uOnMzY3JldA==" if given else None,
        ]


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("", "redirects in a circle"),
        ("ftp://127.0.0.1/", "none of the web"),
        ("file:///etc/passwd", "none of the web"),
        ("http://ann:s3cret@127.0.0.1/", "none of the web"),
        ("https:///", "none of the web"),
        ("http://[::1", "cannot be reached"),
        ("http://127.0.0.1:port/", "cannot be reached"),
        (f"http://{'a' * 70}.org/", "cannot be reached"),
    ],
)
def test_a_redirect_to_nowhere_is_one_sentence(server: Server, tmp_path: Path, location: str, sentence: str) -> None:
    server.answers[:] = [status(302, Location=location or server.url)]
    said = refused(client(server.url, tmp_path))
    assert server.url in said and sentence in said and "s3cret" not in said


# What is no answer


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "its answer is not SPARQL JSON"),
        (b"<html><body>Sign in to the hotel's network</body></html>", "its answer is not SPARQL JSON"),
        (b'{"head": {}, "boolean": true}', "its answer is not SPARQL JSON"),
        (b'{"results": {"bindings": []}}', "its answer is not SPARQL JSON"),
        (b'{"head": {"vars": ["label", "entity"]}, "results": {"bindings": {}}}', "its answer is not SPARQL JSON"),
        (b'{"head": {"vars": ["label"]}, "results": {"bindings": []}}', "its answer has no ?entity"),
        (solutions(BELL, {"label": "Blue Door"}), "a solution has no ?entity"),
        (solutions(BELL | {"label": 7}), "a solution has a value that is no text"),
        (solutions(BELL | {"label": {"a": "b"}}), "a solution has a value that is no text"),
        (solutions(BELL).replace(b'"type": "uri", ', b""), "its answer is not SPARQL JSON"),
        (solutions(BELL).replace(b"Hollow Bell", b"Hollow \xff"), "its answer is not SPARQL JSON"),
        (solutions(BELL)[:-3], "its answer is not SPARQL JSON"),
        (b"[" * 100_000, "its answer is not SPARQL JSON"),
    ],
)
def test_what_is_no_answer_is_said_and_asked_for_again(
    server: Server, tmp_path: Path, body: bytes, sentence: str
) -> None:
    server.answers[:] = [status(200, body), WHOLE]
    endpoint = client(server.url, tmp_path)
    said = refused(endpoint)
    assert server.url in said and sentence in said and endpoint.requests == 1
    assert not list(tmp_path.iterdir())
    assert ask(endpoint) == ask(endpoint) == [BELL] and endpoint.requests == 2  # and then it is kept


def test_a_term_of_another_kind_is_no_iri_and_half_a_character_no_text(server: Server, tmp_path: Path) -> None:
    """Both times: from the endpoint, and from the cache."""
    literal = json.loads(solutions(BELL))
    literal["results"]["bindings"][0]["entity"]["type"] = "literal"
    literal["results"]["bindings"][0]["label"]["value"] = "Hollow \ud800 Bell"
    server.answers[:] = [status(200, json.dumps(literal).encode())]
    for _ in range(2):
        assert ask(client(server.url, tmp_path)) == [{"label": "Hollow ? Bell", "entity": ""}]
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "passing",
    [
        raw(b"nonsense\r\n\r\n"),
        raw(b""),
        raw(HEAD + b"Content-Length: 500\r\n\r\n" + solutions(BELL)),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
        raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        raw(HEAD + b"X: " + b"1" * 70_000 + b"\r\n\r\n"),
        status(502),
    ],
)
def test_a_passing_fault_is_tried_again(server: Server, tmp_path: Path, passing: Answer) -> None:
    server.answers[:] = [passing, passing, WHOLE]
    assert ask(client(server.url, tmp_path)) == [BELL]
    assert [one.query for one in server.asked] == [QUERY] * 3


@pytest.mark.parametrize("marked", [status(206, solutions(BELL)), status(200, solutions(BELL), X_SQL_State="S1TAT")])
def test_a_partial_answer_is_never_kept(server: Server, tmp_path: Path, marked: Answer) -> None:
    server.answers[:] = [marked]
    with pytest.raises(PartialAnswerError):
        ask(client(server.url, tmp_path))
    assert not list(tmp_path.iterdir())


# The cache


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"[{]", b"\xff\xfe", b"7", b"[7]", b'{"label": "a"}', b'[{"label": "a"}]',
        b'[{"label": "a", "entity": 7}]', b"[]", b'{"digest": "", "solutions": []}',
    ],
)  # fmt: skip
def test_a_kept_answer_without_what_is_needed_is_asked_for_again(
    server: Server, tmp_path: Path, damaged: bytes
) -> None:
    endpoint = client(server.url, tmp_path)
    ask(endpoint)
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damaged)
    assert ask(endpoint) == [BELL] and endpoint.requests == 2
    assert kept.read_bytes() == whole and endpoint.cached == 0


def test_a_kept_answer_that_is_damaged_or_of_another_query_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    endpoint = client(server.url, tmp_path)
    ask(endpoint)
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole.replace(b"Hollow", b"Hollox"))
    assert ask(endpoint) == [BELL] and kept.read_bytes() == whole
    client(server.url + "?other", tmp_path).select(QUERY, NEEDED)
    [other] = set(tmp_path.iterdir()) - {kept}
    kept.write_bytes(other.read_bytes())
    assert ask(endpoint) == [BELL] and kept.read_bytes() == whole


def test_what_a_killed_load_left_half_written_is_swept(server: Server, tmp_path: Path) -> None:
    """Not the draft of one that may still run, and nothing of the user's."""
    left, fresh, own, answer = (tmp_path / name for name in ("a.json", "b.json", "c.partial", "d.json"))
    left, fresh = draft_of(left), draft_of(fresh)
    for path in (left, fresh, own, answer):
        path.write_text("{")
    for path in (left, own, answer):
        os.utime(path, (time.time() - 2 * 86_400,) * 2)
    assert ask(client(server.url, tmp_path)) == [BELL]
    assert not left.exists() and fresh.exists() and own.exists() and answer.exists()
    client(server.url, tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_full_disk_is_one_sentence_and_nothing_half_written(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft of the answer lies on a device that is always full."""
    endpoint = client(server.url, tmp_path / "cache")
    real = Path.open

    def full(path: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return real(Path("/dev/full") if "w" in mode else path, mode, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        said = refused(endpoint)
    assert str(tmp_path / "cache") in said and os.strerror(28) in said and "KGREC_CACHE" in said
    assert not list((tmp_path / "cache").iterdir())
    assert ask(endpoint) == [BELL]


# Addresses, secrets and proxies


def test_no_secret_is_shown_or_names_a_file(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"{server.url}?key=s3cret"
    server.answers[:] = [status(503), status(401), status(307, Location=url), status(200), WHOLE]
    endpoint = client(url, tmp_path, credentials=("ann", "pass-w0rd"))
    said = refused(endpoint) + refused(endpoint)
    assert "HTTP status 401" in said and f"{server.url} " in said
    assert ask(endpoint) == [BELL] and {one.target for one in server.asked} == {"/sparql?key=s3cret"}
    [kept] = tmp_path.iterdir()
    for place in (said, capsys.readouterr().err, kept.name, kept.read_text()):
        assert "s3cret" not in place and "pass-w0rd" not in place


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://ann:s3cret@dbpedia.org/sparql", "give them apart, best in KGREC_DBPEDIA_USER"),
        ("https://ann:s3/cret@dbpedia.org/", "give them apart"),
        ("ann:s3cret@dbpedia.org/sparql", "give them apart"),
        ("dbpedia.org/sparql", "it must begin with http:// or https://"),
        ("ftp://dbpedia.org/sparql", "it must begin with http:// or https://"),
        ("", "it must begin with http:// or https://"),
        ("http://", "it names no host"),
        ("http:///sparql", "it names no host"),
        ("http://[::1/sparql", "it names no host"),
        ("http://dbpedia.org:99999/", "no port that there is"),
        ("http://dbpedia.org/spar ql", "an address has no space"),
        ("http://dbpedia.org/sparql\x1b[2J", "an address has no space"),
        ("http://dbpédia.org/", "are written with %"),
    ],
)
def test_an_address_that_is_none_is_said_without_its_secrets(address: str, sentence: str) -> None:
    with pytest.raises(KgrecError) as error:
        load_section("dbpedia", DBpediaSettings, {"endpoint": address})
    assert sentence in str(error.value) and "s3" not in str(error.value)


def test_the_proxy_of_the_environment_is_asked_unless_it_is_not_for_that_host(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with misbehaving(WHOLE) as proxy:
        monkeypatch.setenv("http_proxy", f"http://ann:s3cret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "localhost")
        assert ask(client(server.url, tmp_path)) == [BELL]
        assert [one.target for one in proxy.asked] == [server.url] and not server.asked
        assert proxy.asked[0].headers["Proxy-Authorization"] == "Basic YW5uOnMzY3JldA=="
        # From there it is redirected to a host that is asked without the proxy, and learns nothing of its password.
        proxy.answers[:] = [status(307, Location=server.url.replace("127.0.0.1", "localhost"))]
        assert ask(client(server.url + "2", tmp_path)) == [BELL]
        assert "Proxy-Authorization" not in server.asked[0].headers and server.asked[0].query == QUERY


def test_a_title_that_looks_like_a_prefix_takes_no_longer_than_another(server: Server, tmp_path: Path) -> None:
    """SPARQLWrapper looks for prefixes with a regular expression that takes minutes for such titles."""
    query = _label_query(list(WORK_CLASSES), [f"{number} PREFIX {':<' * 490}" for number in range(50)])
    start = time.process_time()
    assert client(server.url, tmp_path).select(query, NEEDED) == [BELL]
    assert time.process_time() - start < 10
    assert server.asked[0].query == query
