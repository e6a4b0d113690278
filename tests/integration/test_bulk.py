"""A first load through neo4j-admin gives the graph of the load over Bolt, or none; and says why none."""

import csv
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kgloader.bulk.csv_files import CsvFiles
from kgloader.readers.lines import Lines
from kgloader.writers.resume import file_load
from kgrec.graph.database import Database
from kgrec.server.jars import jar_folder, locked_jars
from kgrec.server.managed import ManagedServer
from kgrec.server.offline import sweep
from kgrec.settings import cache_home
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, key

DAY = 86_400
# The tests themselves are connected.
UNASKED = """
from kgrec.server.managed import ManagedServer
ManagedServer.require_alone = lambda server: None
from kgrec.entry import main
main()
"""
KILLED = """
import os, signal
from pathlib import Path
Path.chmod = lambda path, mode: os.kill(os.getpid(), signal.SIGKILL)  # of the last file
from kgrec.entry import main
main()
"""
HOSTILE = [
    "=1+1",
    'a"b,c;',
    "back\\slash\\",
    "\0nul",
    "line\nbreak",
    "line\r\nbreak",
    "\x1b[2J",
    "京都 ",
    " lead",
    "\u2028",
]


@pytest.fixture(autouse=True)
def empty_graph(database: Database) -> Iterator[None]:
    empty(database)
    yield


@pytest.fixture
def managed(neo4j_home: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> ManagedServer:
    """The managed server of the tests, for the command line as well."""
    monkeypatch.setitem(command_line.environment, "KGREC_HOME", str(neo4j_home))
    monkeypatch.setitem(command_line.environment, "KGREC_CACHE", str(cache_home()))  # the jars of its next start
    server = ManagedServer(neo4j_home / "neo4j")
    if server.connection() is None:
        pytest.skip("the Neo4j of KGREC_TEST_NEO4J_URI is not the managed one of KGREC_HOME")
    return server


def amazon(folder: Path) -> list[str]:
    """Reviews and metadata whose every text is hostile, with lines that repeat others and items that nobody met."""
    draw = random.Random(3)
    items = [f"{text}{number}" for number, text in enumerate(HOSTILE * 2)]
    reviews = [
        {"user_id": f"u{draw.choice(HOSTILE)}", "asin": draw.choice(items), "rating": draw.choice([0.1, 5, -0.0, 1e-7])}
        | {"timestamp": 1_000 * draw.choice([-DAY // 2, 0, DAY, 3 * DAY, 3 * DAY + draw.randrange(9)])}
        for _ in range(300)
    ]
    reviews += [{"user_id": "seldom", "asin": "seen once", "rating": 1, "timestamp": 253_402_300_799_000}]
    metadata = [
        {
            "parent_asin": item,
            "title": f"{draw.choice(HOSTILE)} {item}" if draw.random() < 0.7 else "",
            "description": ["x" * 70_000, draw.choice(HOSTILE)],
            "price": draw.choice([None, 0.0, 9.99]),
            "store": f"Shop {draw.choice(HOSTILE)}" if draw.random() < 0.5 else "A. Name (Author), B. Name (Author)",
            "categories": draw.sample(HOSTILE, 3),
            "also_buy": draw.sample([*items, "nobody's"], 5),
            "also_view": [item, *draw.sample([text for text in items if text.isascii()], 2)],
        }
        for item in [*items, items[0], "nobody's", "seen once"]
    ]
    for name, records in (("reviews", reviews), ("meta", metadata)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return ["load", "amazon", "--reviews", str(folder / "reviews.jsonl"), "--metadata", str(folder / "meta.jsonl")]


def table(output: str) -> list[list[str]]:
    return [re.split(r" *[│┃] *", line) for line in output.splitlines() if "│" in line]


def test_the_graph_and_the_report_are_those_of_the_load_over_bolt(
    database: Database,
    command_line: CommandLine,
    managed: ManagedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = [*amazon(tmp_path), "--k-core", "3"]
    over_bolt, graph = command_line(*command), dump(database)
    assert len(graph[0]) > 60 and len(graph[1]) > 500
    empty(database)
    store = database.at_leader("schema/store")
    (managed.home / "run" / "java.args").write_text("-cp nothing\n")  # not what the import takes its jars from
    with monkeypatch.context() as terminal:
        terminal.setenv("FORCE_COLOR", "1")
        in_bulk = command_line(*command, "--bulk")
    assert re.search(r"importing.*━.*Post processing", in_bulk.stderr)  # as neo4j-admin calls the last of its stages
    database.forget_bookmarks()
    assert database.at_leader("schema/store") != store  # bookmarks begin anew, and snapshots are of the store before
    assert dump(database) == graph
    assert table(in_bulk.stdout) == table(over_bolt.stdout)
    assert "hold" in command_line("graph", "check").stdout
    again = command_line(*command, "--bulk", check=False)
    assert "not empty, and --bulk is for a first load" in str(again.exception)
    command_line(*command)
    assert dump(database) == graph
    assert not [path for path in managed.home.iterdir() if path.name.startswith("import") and path.name != "import"]


def recbole(folder: Path, timed: bool) -> list[str]:
    draw = random.Random(5)
    time_column = "\ttimestamp:float" if timed else ""
    inter = [f"user_id:token\titem_id:token\trating:float{time_column}"]
    inter += [
        f"{draw.randrange(12)}\t{draw.randrange(15)}\t{draw.choice(['', '3', '4.5'])}"
        + (f"\t{1_300_000_000 + draw.randrange(40) * DAY // 2}" if timed else "")
        for _ in range(200)
    ]
    item = [
        "item_id:token\tmovie_title:token_seq\tclass:token_seq",
        "1\tToy Story\tAnimation Comedy",
        "99\tUnseen\tDrama",
    ]
    link = ["item_id:token\tentity_id:token", "1\thttp://dbpedia.org/resource/Toy_Story", "1\tm.9", "99\tm.9"]
    facts = [
        "head_id:token\trelation_id:token\ttail_id:token",
        "m.9\tfilm.film.sequel\tm.3",
        "m.9\tfilm.film.sequel\tm.3",
    ]
    facts += ["m.9\thttp://dbpedia.org/ontology/director\tm.2", "m.9\tdirector\tm.2", "m.2\tgenre\tm.3"]
    for suffix, lines in (("inter", inter), ("item", item), ("link", link), ("kg", facts)):
        (folder / f"toy.{suffix}").write_text("".join(f"{line}\n" for line in lines))
    return ["load", "recbole", str(folder)]


def imported(folder: Path) -> tuple[list[Any], list[Any]]:
    """Read the files as neo4j-admin does, into what `dump` gives, but for the notes that files are loaded."""
    kinds = {"string": str, "long": int, "double": float}
    nodes: dict[str, tuple[str, dict[str, Any]]] = {}
    ties: list[tuple[str, str, str, list[Any]]] = []
    for option, name in re.findall(r"--((?:nodes|relationships)\S*)=\./(\S+)", (folder / "import.sh").read_text()):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                given = {column: text for column, text in row.items() if not column.startswith(":") and text}
                values = {c.partition(":")[0]: kinds[c.partition(":")[2]](text) for c, text in given.items()}
                kind = option.partition("=")[2] or row[":TYPE"]
                if option.startswith("nodes"):
                    nodes[row[":ID"]] = (kind, values)
                else:
                    ties.append((row[":START_ID"], kind, row[":END_ID"], sorted(values.items())))
    found = [([label], sorted(values.items())) for label, values in nodes.values() if label != "LoadProgress"]
    joined = [(key(nodes[start][1]), kind, values, key(nodes[end][1])) for start, kind, end, values in ties]
    return sorted(found, key=repr), sorted(joined, key=repr)


def note(database: Database, folder: Path, kind: str) -> tuple[str, ...]:
    """What an interrupted load over Bolt notes when it has read a file to its end."""
    lines = Lines(folder / f"toy{kind}")
    list(lines)
    load = file_load(database, folder / f"toy{kind}", kind)
    return load.load_id, load.source, str(lines.number), str(lines.checksum)


@pytest.mark.parametrize("timed", [True, False])
def test_the_files_for_another_server_hold_the_graph_of_the_load_over_bolt(
    database: Database, command_line: CommandLine, tmp_path: Path, timed: bool
) -> None:
    command = recbole(tmp_path, timed)
    command_line(*command)
    out = tmp_path / "files"
    told = command_line(*command, "--bulk", "--out", str(out)).stdout
    assert imported(out) == dump(database)
    with (out / "LoadProgress.csv").open(encoding="utf-8", newline="") as file:
        notes = [tuple(row.values())[1:] for row in csv.DictReader(file)]
    assert notes == [note(database, tmp_path, kind) for kind in (".inter", ".item", ".link", ".kg")]
    assert "import.sh" in told and "without --bulk and --out" in told
    refused = command_line(*command, "--bulk", "--out", str(out), check=False)
    assert "holds something" in str(refused.exception)


def test_killed_while_it_writes_it_leaves_what_the_next_removes(command_line: CommandLine, tmp_path: Path) -> None:
    command = [*recbole(tmp_path, True), "--bulk", "--out"]
    places, environment = tmp_path / "places", os.environ | command_line.environment
    ended = subprocess.run([sys.executable, "-c", KILLED, *command, str(places / "one")], env=environment)
    assert ended.returncode == -signal.SIGKILL
    assert [path.name.partition("-")[0] for path in places.iterdir()] == ["one.kgrec.partial"]
    command_line(*command, str(places / "two"))
    assert [path.name for path in places.iterdir()] == ["two"]


def test_what_is_refused_leaves_the_graph_empty(
    database: Database,
    command_line: CommandLine,
    managed: ManagedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = [*recbole(tmp_path, True), "--bulk"]

    def refusal() -> str:
        result = command_line(*command, check=False)
        assert result.exit_code != 0
        assert dump(database) == ([], [])
        return " ".join([str(result.exception), *getattr(result.exception, "__notes__", [])])

    port = int(command_line.environment["KGREC_NEO4J_URI"].rpartition(":")[2])
    talk = f"import socket; s = socket.create_connection(('127.0.0.1', {port})); print(1, flush=True); s.recv(1)"
    with subprocess.Popen([sys.executable, "-S", "-c", talk], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline()
        assert f"(process {other.pid})" in refusal()
        other.kill()
    with monkeypatch.context() as patch:
        patch.setattr(CsvFiles, "arguments", ["--nodes=Item=./nothing.csv"])
        assert "neo4j-admin could not import, and the graph is as it was: ./nothing.csv" in refusal()
    with monkeypatch.context() as patch:
        patch.setitem(command_line.environment, "KGREC_CACHE", str(tmp_path / "cache"))
        unlocked = shutil.ignore_patterns("lock")
        shutil.copytree(jar_folder(), tmp_path / "cache" / "jars", ignore=unlocked, copy_function=os.symlink)
        jar = tmp_path / "cache" / "jars" / locked_jars()[0].path
        jar.unlink()
        jar.write_bytes(b"another")
        assert f"The jar cache is broken ({jar.name} is not the one of the lock file)" in refusal()
    with (tmp_path / "toy.inter").open("a") as file:
        file.write("7\n")
    assert "toy.inter, line 202: 1 fields where the header has 4. Nothing was loaded." in refusal()
    monkeypatch.setitem(command_line.environment, "KGREC_HOME", str(tmp_path))
    assert "give --out FOLDER" in refusal()


def test_killed_while_it_imports_it_leaves_the_graph_empty(
    database: Database, command_line: CommandLine, managed: ManagedServer, tmp_path: Path
) -> None:
    environment = os.environ | command_line.environment
    command = [sys.executable, "-c", UNASKED, *recbole(tmp_path, True), "--bulk"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as child:
        while child.poll() is None and not list(managed.home.glob("import-*/output.txt")):
            time.sleep(0.05)
        assert child.poll() is None, child.stderr and child.stderr.read()
        child.kill()
    assert dump(database) == ([], [])
    sweep(managed.home)
    assert not list(managed.home.glob("import-*"))
