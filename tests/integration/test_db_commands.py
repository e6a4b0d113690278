"""The life of the managed server, by `kgrec db` in processes of its own: a real Neo4j with GDS and Browser."""

import base64
import fcntl
import functools
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from neo4j.exceptions import Neo4jError

from kgrec.errors import KgrecError
from kgrec.graph.database import Database, connect
from kgrec.server.managed import ManagedServer
from kgrec.server.process import UNRESTRICTED, State, is_alive, read_state
from kgrec.settings import Neo4jSettings

HEAP = "512m"


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for listener in (first, second):
            listener.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def kgrec(home: Path, *arguments: object) -> "subprocess.Popen[str]":
    """Start ``kgrec db ...`` on a home of its own, as a shell would."""
    return subprocess.Popen(
        [sys.executable, "-m", "kgrec", "db", *map(str, arguments)],
        env={**os.environ, "KGREC_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kgrec_start(home: Path) -> "subprocess.Popen[str]":
    bolt, http = free_ports()
    return kgrec(home, "start", "--bolt-port", bolt, "--http-port", http, "--heap", HEAP)


def run(home: Path, *arguments: object) -> tuple[int, str]:
    """Wait for the command and for its pipes, which a server holding them would keep open."""
    command = kgrec(home, *arguments)
    out, err = command.communicate(timeout=240)
    return command.returncode, out + err


def process_of(server: ManagedServer) -> psutil.Process:
    status = server.status()
    assert status is not None
    return psutil.Process(status.pid)


def wait_for_state(server: ManagedServer) -> psutil.Process:
    """Wait until the server's process exists, long before it answers."""
    while (state := read_state(server.home)) is None:
        time.sleep(0.02)
    return psutil.Process(state.pid)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """KGREC_HOME with a server that two commands, given at once, have started."""
    folder = tmp_path_factory.mktemp("kgrec-home")
    bolt, http = free_ports()
    arguments = ("start", "--bolt-port", bolt, "--http-port", http, "--heap", HEAP)
    both = [kgrec(folder, *arguments) for _ in range(2)]
    said = [command.communicate(timeout=240) for command in both]
    try:
        assert [command.returncode for command in both] == [0, 0], said
        yield folder
    finally:
        ManagedServer(folder / "neo4j").stop()


@pytest.fixture(scope="module")
def server(home: Path) -> ManagedServer:
    return ManagedServer(home / "neo4j")


def test_two_starts_at_once_make_one_server(server: ManagedServer) -> None:
    argument = f"--home-dir={server.home}"
    serving = [one.pid for one in psutil.process_iter(["cmdline"]) if argument in (one.info["cmdline"] or [])]
    assert serving == [process_of(server).pid]


def test_another_home_on_the_same_port_is_told_whose_it_is(server: ManagedServer, tmp_path: Path) -> None:
    status = server.status()
    assert status is not None
    other = ManagedServer(tmp_path / "other")
    told = f"Port {{}} is in use by the Neo4j of {server.home} .process {status.pid}.: choose another with {{}}"
    with pytest.raises(KgrecError, match=told.format(status.options.bolt_port, "--bolt-port")):
        other.start(status.options.bolt_port, free_ports()[0], HEAP)
    with pytest.raises(KgrecError, match=told.format(status.options.http_port, "--http-port")):
        other.start(free_ports()[0], status.options.http_port, HEAP)


def test_a_home_that_loses_the_race_for_a_port_does_not_take_the_others_server_for_its_own(
    server: ManagedServer, tmp_path: Path
) -> None:
    """The other home's server answers there, and refuses the password: nobody is told to remove anything."""
    status = server.status()
    assert status is not None
    other = ManagedServer(tmp_path / "other")
    other._make_password()
    with subprocess.Popen(["sleep", "1"]) as child:  # as Java, which ends when it finds its port taken
        process = psutil.Process(child.pid)
        state = State(child.pid, process.create_time(), status.options)
        with pytest.raises(KgrecError, match=f"{status.options.bolt_port} is in use by the Neo4j of {server.home}"):
            other._wait_until_ready(process, state, log_start=0)


def test_gds_and_browser_answer(server: ManagedServer) -> None:
    connection = server.connection()
    assert connection is not None
    with urllib.request.urlopen(connection.browser) as page:
        assert b"<html" in page.read()
    with Database(connection.uri, connection.user, connection.password) as database:
        assert database.gds().server_version() is not None


def test_it_has_its_whole_heap_from_the_start(server: ManagedServer) -> None:
    connection = server.connection()
    assert connection is not None
    with Database(connection.uri, connection.user, connection.password) as database:
        told = database.driver.execute_query("CALL gds.debug.sysInfo() YIELD key, value RETURN key, value").records
    said = {row["key"]: row["value"] for row in told}
    assert said["heapTotalInBytes"] == said["heapMaxInBytes"]


def test_no_procedures_but_those_of_gds_may_do_what_users_may_not(server: ManagedServer) -> None:
    """Docker compose gives them the same: tests/unit/test_server_jars.py."""
    connection = server.connection()
    assert connection is not None
    with Database(connection.uri, connection.user, connection.password) as database:
        [[value]] = database.driver.execute_query(
            "SHOW SETTINGS YIELD name, value WHERE name = 'dbms.security.procedures.unrestricted' RETURN value"
        ).records
    assert value == UNRESTRICTED == "gds.*"


def test_other_commands_find_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGREC_HOME", str(home))
    with connect(Neo4jSettings(uri=None)) as database:
        database.driver.verify_connectivity()


def test_a_second_start_finds_the_running_server(home: Path, server: ManagedServer) -> None:
    before = process_of(server).pid
    code, said = run(home, "start")
    assert code == 0
    assert "is running already" in said
    assert process_of(server).pid == before


def test_other_options_for_a_running_server_are_refused(home: Path) -> None:
    code, said = run(home, "start", "--heap", "600m")
    assert code == 1
    assert "runs already" in said and "kgrec db stop" in said and "Traceback" not in said


def test_it_listens_on_loopback_only(server: ManagedServer) -> None:
    process = process_of(server)
    listening = [one for one in process.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert len(listening) == 2
    assert {one.laddr.ip.removeprefix("::ffff:") for one in listening} == {"127.0.0.1"}
    assert process.net_connections("udp") == []  # no discovery


def test_the_password_is_the_owners_alone(server: ManagedServer) -> None:
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    password = server.password_file.read_bytes()
    assert len(password) >= 32
    holding = [path for path in server.home.rglob("*") if path.is_file() and password in path.read_bytes()]
    assert holding == [server.password_file]
    assert password.decode() not in " ".join(process_of(server).cmdline())


def test_any_other_password_is_refused(server: ManagedServer) -> None:
    connection = server.connection()
    assert connection is not None
    for wrong in ("neo4j", "wrong-password"):
        with pytest.raises(KgrecError, match="refused user 'neo4j': wrong user name or password"):
            Database(connection.uri, connection.user, wrong)


def test_no_file_of_the_machine_is_read_by_load_csv(server: ManagedServer, tmp_path: Path) -> None:
    connection = server.connection()
    assert connection is not None
    secret = tmp_path / "secret.csv"
    secret.write_text("secret\n")
    (server.home / "import" / "mine.csv").write_text("mine\n")
    with Database(connection.uri, connection.user, connection.password) as database:
        for path in (str(secret), "/etc/passwd", "/mine.csv", f"/../../{secret}"):
            with pytest.raises((KgrecError, Neo4jError)), database.driver.session() as session:
                session.run("LOAD CSV FROM $url AS line RETURN line", url=f"file://{path}").consume()


def test_no_address_is_asked_by_load_csv(server: ManagedServer, tmp_path: Path) -> None:
    """Not the machine's own services either: a query is no way round what only they may see."""
    connection = server.connection()
    assert connection is not None
    (tmp_path / "inside.csv").write_text("inside\n")
    asked: list[str] = []

    class Inside(SimpleHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            asked.append(self.path)

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Inside, directory=str(tmp_path))) as inside:
        threading.Thread(target=inside.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{inside.server_port}/inside.csv"
        with urllib.request.urlopen(address) as answer:
            assert answer.read() == b"inside\n"
        with Database(connection.uri, connection.user, connection.password) as database:
            for url in (address, address.replace("127.0.0.1", "localhost"), address.replace("127.0.0.1", "[::1]")):
                with pytest.raises((KgrecError, Neo4jError)), database.driver.session() as session:
                    session.run("LOAD CSV FROM $url AS line RETURN line", url=url).consume()
        inside.shutdown()
    assert asked == ["/inside.csv"]


def test_a_wrong_password_file_is_named_and_the_server_left_running(server: ManagedServer) -> None:
    before = process_of(server).pid
    password = server.password_file.read_text()
    server.password_file.write_text("not the password")
    try:
        with pytest.raises(KgrecError, match=f"does not accept the password in {server.password_file}"):
            server.start()
    finally:
        server.password_file.write_text(password)
    assert process_of(server).pid == before


def test_status_and_logs(home: Path, server: ManagedServer) -> None:
    code, said = run(home, "status")
    assert code == 0
    connection = server.connection()
    assert connection is not None
    for expected in (connection.uri, connection.browser, str(server.password_file), "2026.08.1", "2.26.0", HEAP):
        assert expected in said
    assert connection.password not in said
    code, said = run(home, "logs", "-n", 1)
    assert code == 0
    assert len(said.splitlines()) == 1
    code, record = run(home, "logs", "-n", 1, "--format", "json")
    found = json.loads(record)
    assert code == 0 and list(found) == ["time", "level", "message"]
    assert found["level"] in ("DEBUG", "INFO", "WARN", "ERROR")  # whatever the server said last
    assert said.startswith(found["time"]) and said.endswith(f"{found['message']}\n")


def test_logs_follow_the_growing_file(home: Path, server: ManagedServer) -> None:
    following = kgrec(home, "logs", "-n", 1, "--follow")
    assert following.stdout is not None
    following.stdout.readline()
    with server.log_file.open("a") as log:
        log.write("a line of the test\n")
    assert following.stdout.readline() == "a line of the test\n"
    following.send_signal(signal.SIGINT)
    following.communicate(timeout=30)
    assert following.returncode == 130


def test_data_survive_a_restart_on_the_same_ports(home: Path, server: ManagedServer) -> None:
    before = server.connection()
    assert before is not None
    old = process_of(server)
    with Database(before.uri, before.user, before.password) as database, database.driver.session() as session:
        session.run("CREATE (:Kept {value: 1})").consume()
    assert run(home, "stop") == (0, "Neo4j is stopped.\n")
    assert not is_alive(old)
    assert run(home, "status")[0] == 3
    assert server.connection() is None
    assert run(home, "stop") == (0, "No managed Neo4j was running.\n")
    for plugin in (server.home / "plugins").iterdir():
        jar = plugin.resolve()
        plugin.unlink()
        shutil.copy(jar, plugin)  # as it stands in a home that was copied with the files that its links lead to

    code, said = run(home, "start")
    assert code == 0, said
    after = server.connection()
    assert after == before
    assert process_of(server).pid != old.pid
    with Database(after.uri, after.user, after.password) as database, database.driver.session() as session:
        assert session.run("MATCH (n:Kept) RETURN n.value AS value").single(strict=True)["value"] == 1


def test_a_start_killed_before_the_server_was_ready_is_taken_up(tmp_path: Path) -> None:
    server = ManagedServer(tmp_path / "neo4j")
    command = kgrec_start(tmp_path)
    process = wait_for_state(server)
    command.kill()
    command.communicate()
    try:
        connection = server.start()
        assert process_of(server).pid == process.pid
        with Database(connection.uri, connection.user, connection.password) as database:
            database.driver.verify_connectivity()
    finally:
        server.stop()
    assert not is_alive(process)


def test_nobody_takes_the_account_over_at_the_first_start(tmp_path: Path) -> None:
    """Another user of the machine asks without a pause, from before the port opens, to be let in by Neo4j's default."""
    server, (bolt, http) = ManagedServer(tmp_path), free_ports()
    answers: list[int] = []
    over = threading.Event()

    def attack() -> None:
        login = base64.b64encode(b"neo4j:neo4j").decode()
        headers = {"Authorization": f"Basic {login}", "Content-Type": "application/json"}
        change = b'{"statements": [{"statement": "ALTER CURRENT USER SET PASSWORD FROM \'neo4j\' TO \'taken-over\'"}]}'
        while not over.is_set():
            client = HTTPConnection("127.0.0.1", http, timeout=5)
            try:
                client.request("POST", "/db/system/tx/commit", change, headers)
                answers.append(client.getresponse().status)
            except (OSError, HTTPException):
                pass
            finally:
                client.close()

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        connection = server.start(bolt, http, HEAP)
        asked = len(answers)
        while len(answers) < asked + 20:
            time.sleep(0.05)
    finally:
        over.set()
        attacker.join()
    try:
        assert set(answers) == {401}
        with Database(connection.uri, connection.user, connection.password) as database:
            database.driver.verify_connectivity()  # not locked out by that either
    finally:
        server.stop()


def test_an_interrupted_start_leaves_nothing_running(tmp_path: Path) -> None:
    server = ManagedServer(tmp_path / "neo4j")
    command = kgrec_start(tmp_path)
    process = wait_for_state(server)
    command.send_signal(signal.SIGINT)
    _, said = command.communicate(timeout=120)
    assert command.returncode == 130, said
    assert not is_alive(process)
    assert read_state(server.home) is None


def test_a_server_that_dies_at_start_is_said_with_its_reason_and_log(tmp_path: Path) -> None:
    bolt, http = free_ports()
    server = ManagedServer(tmp_path / "neo4j")
    with pytest.raises(KgrecError, match=r"ended while it started \(.*heap.*console\.log"):
        server.start(bolt, http, heap="1m")
    databases = server.home / "data" / "databases"
    databases.mkdir()
    with (databases / "store_lock").open("w") as held:  # as if another server had these data open
        fcntl.lockf(held, fcntl.LOCK_EX)
        with pytest.raises(KgrecError, match=r"ended while it started \(.*lock.*neo4j\.log"):
            server.start(bolt, http, heap=HEAP)
    assert read_state(server.home) is None
    assert server.connection() is None


def test_logs_before_the_first_start(tmp_path: Path) -> None:
    code, said = run(tmp_path, "logs")
    assert code == 1
    assert said.startswith("Error: There is no log yet at")
