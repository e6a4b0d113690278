"""What is refused before anything starts."""

import hashlib
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kgrec.errors import KgrecError
from kgrec.server import managed
from kgrec.server.checks import HOME_ARGUMENT, check_disk, check_port, heap_bytes
from kgrec.server.managed import ManagedServer
from kgrec.server.password import write_secret
from kgrec.server.process import Options, State, read_options, read_state, reason_of_death, write_state


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield psutil.Process(child.pid)
    child.kill()
    child.wait()


def test_a_taken_port_is_named_with_its_holder_and_the_option(taken_port: int) -> None:
    with pytest.raises(KgrecError) as caught:
        check_port(taken_port, "--bolt-port")
    assert f"Port {taken_port} is in use by" in str(caught.value)
    assert f"(process {os.getpid()})" in str(caught.value)
    assert "--bolt-port" in str(caught.value)


def test_a_free_port_passes(taken_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        free = other.getsockname()[1]
    check_port(free, "--bolt-port")


@pytest.mark.parametrize("option", ["bolt_port", "http_port"])
def test_start_refuses_a_taken_port(tmp_path: Path, taken_port: int, option: str) -> None:
    ports = {"bolt_port": 1, "http_port": 1} | {option: taken_port}
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        ports = {name: other.getsockname()[1] if port == 1 else port for name, port in ports.items()}
    with pytest.raises(KgrecError, match=f"{taken_port} is in use.*--{option.replace('_', '-')}"):
        ManagedServer(tmp_path / "home").start(**ports, heap="256m")
    assert read_options(tmp_path / "home") == Options()  # a failed start is not remembered


def test_one_port_for_both_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KgrecError, match="cannot share port 9999"):
        ManagedServer(tmp_path).start(bolt_port=9999, http_port=9999)


def test_too_little_memory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KgrecError, match=r"Neo4j needs \d+ MiB of memory and \d+ MiB are available.*--heap"):
        ManagedServer(tmp_path).start(heap="900g")
    assert not (tmp_path / "server.json").exists()


def test_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**12, 10**12, 0))
    with pytest.raises(KgrecError, match="has 0 MiB of disk left"):
        check_disk(tmp_path)


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KgrecError, match="folder of the managed Neo4j"):
        ManagedServer(tmp_path / "file" / "home").start()


@pytest.mark.parametrize(("heap", "size"), [("512m", 512 << 20), ("2G", 2 << 30)])
def test_heap_sizes(heap: str, size: int) -> None:
    assert heap_bytes(heap) == size


@pytest.mark.parametrize("heap", ["", "1", "0g", "1t", "-1g", "1.5g", "1g -Dx", "1" * 5_000 + "g"])
def test_heaps_that_are_none(heap: str) -> None:
    with pytest.raises(KgrecError, match="heap size"):
        heap_bytes(heap)


def test_stop_leaves_a_foreign_process_alone(tmp_path: Path, sleeper: psutil.Process) -> None:
    """A process number in the state file that now belongs to something else."""
    server = ManagedServer(tmp_path)
    write_state(tmp_path, State(sleeper.pid, sleeper.create_time(), Options()))
    assert server.connection() is None
    assert server.status() is None
    assert server.stop() is False
    assert sleeper.is_running()
    assert read_state(tmp_path) is None


def test_a_server_that_another_program_started_and_does_not_wait_for_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It stays in the list of processes until that program waits for it."""
    monkeypatch.setattr(managed, "STOP_SECONDS", 20)
    home = f"{HOME_ARGUMENT}{tmp_path}"
    starts = (
        "import subprocess, sys, time; code = 'import time; print(0, flush=True); time.sleep(100)'\n"
        "print(subprocess.Popen([sys.executable, '-c', code, sys.argv[1]]).pid, flush=True); time.sleep(100)"
    )
    with subprocess.Popen([sys.executable, "-c", starts, home], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        said = [int(parent.stdout.readline()) for _ in range(2)]  # its number, and that it is up
        process = psutil.Process(max(said))
        write_state(tmp_path, State(process.pid, process.create_time(), Options()))
        assert ManagedServer(tmp_path).stop() is True
        assert process.status() == psutil.STATUS_ZOMBIE and "killed" not in capsys.readouterr().err
        parent.kill()


def test_a_reused_process_number_is_not_the_server(tmp_path: Path, sleeper: psutil.Process) -> None:
    """The same number and even the same command line, but created at another time."""
    says_so_and_sleeps = "import time; print('up', flush=True); time.sleep(600)"
    imposter = subprocess.Popen(
        [sys.executable, "-c", says_so_and_sleeps, f"--home-dir={tmp_path}"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert imposter.stdout and imposter.stdout.readline() == "up\n"  # in its exec a process has no command line
        created = psutil.Process(imposter.pid).create_time()
        assert State(imposter.pid, created, Options()).process(tmp_path) is not None
        assert State(imposter.pid, created - 60, Options()).process(tmp_path) is None
        assert State(imposter.pid, created, Options()).process(tmp_path / "other") is None
    finally:
        imposter.kill()
        imposter.communicate()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"[" * 100_000, b"\xff", b'{"options": [], "heap": 5}'])
def test_damaged_files_of_a_home_are_named(tmp_path: Path, text: bytes) -> None:
    server = ManagedServer(tmp_path)
    for name, read in (("server.json", server.status), ("options.json", server.start)):
        path = tmp_path / name
        path.write_bytes(text)
        with pytest.raises(KgrecError, match=f"{path} is damaged: .*delete"):
            read()
        path.unlink()


@pytest.mark.parametrize(
    "changed",
    [
        *({"pid": pid} for pid in ("x", -1, 1.5, 2**63)),
        *({"created": created} for created in ("x", None, float("nan"))),
        *({"options": {"bolt_port": port}} for port in ("x", None, -5, 99999)),
        {"options": {"http_port": 99999}},
        {"options": {"heap": 5}},
        {"options": {"heap": "1g -Dx"}},
    ],
)
def test_a_state_that_cannot_be_is_damaged(tmp_path: Path, changed: dict[str, object]) -> None:
    path, state = tmp_path / "server.json", {"pid": 1, "created": 2.0, "options": {}}
    path.write_text(json.dumps(state))
    assert read_state(tmp_path) == State(1, 2.0, Options())
    path.write_text(json.dumps(state | changed))
    with pytest.raises(KgrecError, match=f"{path} is damaged: end the Neo4j of {tmp_path} if it still runs"):
        read_state(tmp_path)


def test_a_lost_password_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "data" / "databases").mkdir(parents=True)
    server = ManagedServer(tmp_path)
    with pytest.raises(KgrecError, match=r"password file .* is gone"):
        server._make_password()
    assert not server.password_file.exists()


def test_a_password_that_others_can_read_is_refused_with_what_mends_it(tmp_path: Path) -> None:
    server = ManagedServer(tmp_path)
    server._make_password()
    kept = server._password()
    for mode in (0o640, 0o604, 0o660):
        server.password_file.chmod(mode)
        with pytest.raises(KgrecError, match=f"can be read by others: run `chmod 600 {server.password_file}`"):
            server._password()
    server.password_file.chmod(0o600)
    assert server._password() == kept


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b" \n", b"one\ntwo", b"x" * 1_001, b"x" * 10_000_000])
def test_a_password_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    server = ManagedServer(tmp_path)
    write_secret(server.password_file, "kept\n")
    assert server._password() == "kept"
    server.password_file.write_bytes(content)
    with pytest.raises(KgrecError, match=f"password file {server.password_file} holds no password, one line of at"):
        server._password()


def test_before_the_first_start_neo4j_is_told_of_no_other_password(tmp_path: Path) -> None:
    """A start that was cut short between the two files writes what is missing; a password of one's own is kept."""
    server, initial = ManagedServer(tmp_path), tmp_path / "data" / "dbms" / "auth.ini"
    server._make_password()
    user, credential, flags = initial.read_text().strip().split(":")
    algorithm, digest, salt, iterations = credential.split(",")
    hashed = bytes.fromhex(salt) + server._password().encode()
    for _ in range(int(iterations)):
        hashed = hashlib.new("sha256", hashed).digest()
    assert (user, algorithm, flags, digest) == ("neo4j", "SHA-256", "", hashed.hex().upper())
    assert stat.S_IMODE(initial.stat().st_mode) == 0o600
    password = server._password()
    initial.unlink()
    server._make_password()
    assert initial.exists() and server._password() == password


def test_the_reason_of_death_is_the_deepest_cause_of_this_start(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "console.log").write_text("WARNING: x\nError occurred during initialization of VM\n\tat java\n\n")
    assert reason_of_death(tmp_path, 0) == ("Error occurred during initialization of VM", logs / "console.log")
    old = "2026 ERROR of an older start\n"
    (logs / "neo4j.log").write_text(
        f"{old}2026 INFO a\n2026 ERROR Failed\n\tat a\nCaused by: Outer: a\nCaused by: B: b\n"
    )
    assert reason_of_death(tmp_path, len(old)) == ("B: b", logs / "neo4j.log")
