"""Fetching the jars: over real HTTP from a small repository on loopback, whole and damaged."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from kgrec.errors import KgrecError
from kgrec.server import jars
from kgrec.server.process import UNRESTRICTED

ROOT = Path(__file__).parents[2]
CONTENT = {"org.a:one:1.0": b"first jar", "org.a.b:two:2.0:linux": b"second jar"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository of two jars, and an empty cache that is to hold them."""
    folder = tmp_path / "repository"
    lines = ["# a comment"]
    for coordinate, content in CONTENT.items():
        jar = jars.LockedJar(hashlib.sha256(content).hexdigest(), len(content), coordinate)
        (folder / jar.path).parent.mkdir(parents=True)
        (folder / jar.path).write_bytes(content)
        lines.append(f"{jar.sha256} {jar.size} {jar.coordinate}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setattr(jars, "REPOSITORY", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(jars, "_lock_text", lambda: "\n".join(lines))
    monkeypatch.setenv("KGREC_CACHE", str(tmp_path / "cache"))
    yield folder
    server.shutdown()
    server.server_close()


def test_fetches_once_and_then_needs_no_network(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = jars.ensure_jars()
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    assert [path.name for path in paths] == ["one-1.0.jar", "two-2.0-linux.jar"]
    monkeypatch.setattr(jars, "REPOSITORY", "http://127.0.0.1:1")
    assert jars.ensure_jars() == paths


def test_an_interrupted_fetch_is_taken_up(repository: Path) -> None:
    first, second = (jars.jar_folder() / jar.path for jar in jars.locked_jars())
    for path, content in ((first, b"first jar"), (second, b"sec")):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    (repository / jars.locked_jars()[0].path).unlink()  # the whole one is not asked for again
    assert [path.read_bytes() for path in jars.ensure_jars()] == list(CONTENT.values())


def test_a_changed_jar_is_refused_and_not_kept(repository: Path) -> None:
    changed = jars.locked_jars()[1].path
    (repository / changed).write_bytes(b"secret jar")
    with pytest.raises(KgrecError, match=r"two-2.0-linux.jar .* is not the jar of kgrec's lock file"):
        jars.ensure_jars()
    assert not (jars.jar_folder() / changed).exists()
    assert not list(jars.jar_folder().glob("verified-*"))
    assert not list(jars.jar_folder().rglob("*.partial"))


def test_a_missing_jar_is_one_sentence(repository: Path) -> None:
    (repository / jars.locked_jars()[0].path).unlink()
    with pytest.raises(KgrecError, match=r"one-1.0.jar cannot be fetched from http://127.0.0.1:\d+ \(HTTPError\)"):
        jars.ensure_jars()


def test_no_network_is_one_sentence(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", pauses.append)  # noted, not slept
    monkeypatch.setattr(jars, "REPOSITORY", "http://127.0.0.1:1")
    with pytest.raises(KgrecError, match=r"cannot be fetched .* \(ConnectionError\): check the network"):
        jars.ensure_jars()
    assert len(pauses) == len(CONTENT) * (jars.TRIES - 1)


@pytest.mark.parametrize(
    ("damage", "said"), [("remove", "is missing"), ("cut", "is not the one"), ("change", "is not the one")]
)
def test_a_cache_damaged_later_names_its_folder(repository: Path, damage: str, said: str) -> None:
    path = jars.ensure_jars()[1]
    whole = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if damage == "cut" else whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(KgrecError, match="jar cache is broken") as caught:
        jars.ensure_jars()
    assert f"two-2.0-linux.jar {said}" in str(caught.value)
    assert f"remove the folder {jars.jar_folder()}" in str(caught.value)


def test_a_cache_folder_that_is_a_file_is_one_sentence(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("")
    with pytest.raises(KgrecError, match=r"jar cache .* cannot be used"):
        jars.ensure_jars()


def test_the_lock_file_is_that_of_the_versions() -> None:
    locked = jars.locked_jars()
    coordinates = [jar.coordinate for jar in locked]
    assert tuple(coordinates[: len(jars.COORDINATES)]) == jars.COORDINATES
    assert len({jar.path for jar in locked}) == len(locked)
    assert all(len(jar.sha256) == 64 and jar.size > 0 for jar in locked)
    for coordinate in coordinates:
        if coordinate.startswith("org.neo4j.gds:"):
            assert coordinate.endswith(f":{jars.GDS_VERSION}")


def test_docker_compose_starts_the_same_neo4j_on_loopback_with_a_password() -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["neo4j"]
    assert service["image"] == f"neo4j:{jars.NEO4J_VERSION}"
    assert service["environment"]["NEO4J_PLUGINS"] == '["graph-data-science"]'
    assert service["environment"]["NEO4J_dbms_security_procedures_unrestricted"] == UNRESTRICTED
    assert service["environment"]["NEO4J_AUTH"].startswith("neo4j/${KGREC_NEO4J_PASSWORD:?")
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
