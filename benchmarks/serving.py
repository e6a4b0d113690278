"""How many requests a second the service answers, and how long one takes, by a real load generator over a real Neo4j.

    python -m benchmarks.serving serve --items 1000000 --home FOLDER     # until Ctrl-C
    python -m benchmarks.serving load --seconds 15                       # in another shell
    python -m benchmarks.serving outage --home FOLDER

`serve` fills a managed Neo4j of its own with made-up items, users and personas, and serves models and tables of drawn
numbers of that size, with every source on, as `benchmarks.recommending` does: what the models learned does not change
how long they take. Items have a maker each, users about 13 items, popular ones more often. `load` asks with vegeta
(`go install github.com/tsenart/vegeta/v12@latest`) for lists of ten for users in turn, and after sessions, by one
client that asks again as soon as it has its answer, and by several at once. `outage` stops and starts Neo4j while
vegeta asks at a constant rate, and tells what was answered. ``--json FILE`` keeps all.
"""

import json
import subprocess
import time
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import requests
import torch
import uvicorn
from more_itertools import chunked
from pydantic import SecretStr

from benchmarks.peers.histories import histories
from benchmarks.recommending import DIM, served
from kgrec.graph.database import Database, connect_as
from kgrec.graph.schema import ensure_schema
from kgrec.server.managed import ManagedServer
from kgrec.settings import Neo4jSettings
from recommender.histories import all_users
from recommender.recommend import Recommender
from recommender.service.application import application
from recommender.service.current import Current
from recommender.service.graph import Graph
from recommender.service.known_users import AT_ONCE, KnownUsers
from recommender.service.loaded import Loaded
from recommender.service.memory import CURRENT, Memory
from recommender.service.settings import ServeSettings
from recommender.service.titles import Titles

USERS = 10_000
PERSONAS = 24
BATCH = 20_000  # rows written at once
ITEMS = """
UNWIND $rows AS row
MERGE (maker:Brand {name: row.maker})
CREATE (:Item {item_id: row.item_id, title: row.title})-[:BY]->(maker)
"""
HISTORIES = """
UNWIND $rows AS row
CREATE (user:User {user_id: row.user_id, persona: row.persona, persona_run: ''})
WITH user, row
UNWIND range(0, size(row.item_ids) - 1) AS position
MATCH (item:Item {item_id: row.item_ids[position]})
CREATE (user)-[:INTERACTED {position: position, split: 'train'}]->(item)
"""
RUN = """
CREATE (:CurrentRun {kind: 'personas', run_id: '', promoted: true})
WITH 1 AS once
UNWIND $rows AS row
CREATE (:Persona {persona_id: row.name, run_id: '', number: row.number, name: row.name, size: 1, vector: row.vector})
"""


@click.group()
def main() -> None:
    """Serve made-up models, and ask them."""


@main.command()
@click.option("--items", default=100_000, show_default=True)
@click.option(
    "--home", type=click.Path(path_type=Path), required=True, help="Folder of the managed Neo4j, or a new one."
)
@click.option("--bolt-port", default=31_003, show_default=True)
@click.option("--http-port", default=32_003, show_default=True)
@click.option("--port", default=8_103, show_default=True)
@click.option("--at-once", default=ServeSettings().at_once, show_default=True)
def serve(items: int, home: Path, bolt_port: int, http_port: int, port: int, at_once: int) -> None:
    """Make graph and models, and serve them."""
    server = ManagedServer(home)
    connection = server.start(bolt_port, http_port)
    settings = ServeSettings(at_once=at_once)
    neo4j = Neo4jSettings(uri=connection.uri, user=connection.user, password=SecretStr(connection.password))
    given = histories(USERS, items)
    with connect_as(Database, neo4j) as database:
        _fill(database, given, items)
    current = Current(lambda: _loaded(given, items, settings, neo4j), lambda loaded: loaded.contents, 10.0)
    config = uvicorn.Config(application(current, settings), port=port, log_config=None, access_log=False, ws="none")
    print(f"Serving {items:,} items at port {port}.", flush=True)
    uvicorn.Server(config).run()


def _fill(database: Database, given: list[np.ndarray], items: int) -> None:
    found = database.driver.execute_query("MATCH (item:Item) RETURN count(item) AS items").records[0]["items"]
    if found == items:
        return
    with database.driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
    ensure_schema(database)
    generator = np.random.default_rng(1)
    vectors = torch.nn.functional.normalize(torch.randn(USERS, DIM, generator=torch.Generator().manual_seed(1)), dim=1)
    for numbers in chunked(range(items), BATCH):
        made = [
            {"item_id": _item(number), "title": f"Title {number}", "maker": f"Maker {generator.integers(items // 20)}"}
            for number in numbers
        ]
        database.driver.execute_query(ITEMS, rows=made)
    for users in chunked(range(USERS), BATCH // 20):
        rows: list[dict[str, Any]] = [
            {
                "user_id": _user(user),
                "persona": vectors[user].tolist(),
                "item_ids": [_item(number - 1) for number in given[user].tolist()],
            }
            for user in users
        ]
        database.driver.execute_query(HISTORIES, rows=rows)
    named = [
        {"name": f"Persona {number}", "number": number, "vector": vectors[number].tolist()}
        for number in range(PERSONAS)
    ]
    database.driver.execute_query(RUN, rows=named)


def _loaded(given: list[np.ndarray], items: int, settings: ServeSettings, neo4j: Neo4jSettings) -> Loaded:
    graph = connect_as(Graph, neo4j, settings.graph_seconds)
    recommender = Recommender(graph, Path(), served=served(given, items))
    snapshot = recommender.snapshot
    titles = Titles.read(graph, snapshot)
    known = KnownUsers.of(all_users(graph, snapshot, AT_ONCE), snapshot)
    recommender.served.lists([[1]], torch.zeros(1, DIM), 1)
    current, personas = graph.read(CURRENT)[0], graph.read("serve/personas", run_id="")
    graph.remember(Memory(current, personas, titles, known, snapshot, settings.remembered_users))
    return Loaded(recommender, graph, graph, Path(), titles, (None, None, items), datetime.now(UTC))


def _item(number: int) -> str:
    return f"{number:09d}X"


def _user(number: int) -> str:
    return f"A{number:09d}"


@main.command()
@click.option("--url", default="http://127.0.0.1:8103", show_default=True)
@click.option("--seconds", default=15, show_default=True, help="Of each kind of load.")
@click.option("--clients", "several", multiple=True, type=int, default=(1, 4), show_default=True)
@click.option("--vegeta", default="vegeta", show_default=True, help="The executable.")
@click.option("--json", "out", type=click.Path(path_type=Path))
def load(url: str, seconds: int, several: tuple[int, ...], vegeta: str, out: Path | None) -> None:
    """Ask as fast as it answers, by one client and by several."""
    rows = []
    for what, targets in (("user", _user_targets(url)), ("session", _session_targets(url))):
        _attack(vegeta, targets, 2, ["-rate=0", "-max-workers=1"])  # not measured
        for clients in several:
            found = _attack(vegeta, targets, seconds, ["-rate=0", f"-max-workers={clients}"])
            rows.append({"name": f"{what}, {clients} at once", **_figures(found)})
            print(_line(rows[-1]), flush=True)
    _keep(rows, out)


@main.command()
@click.option("--url", default="http://127.0.0.1:8103", show_default=True)
@click.option("--home", type=click.Path(path_type=Path), required=True, help="Folder of the managed Neo4j.")
@click.option("--rate", default=10, show_default=True, help="Requests a second.")
@click.option("--seconds", default=60, show_default=True)
@click.option("--vegeta", default="vegeta", show_default=True, help="The executable.")
@click.option("--json", "out", type=click.Path(path_type=Path))
def outage(url: str, home: Path, rate: int, seconds: int, vegeta: str, out: Path | None) -> None:
    """Stop Neo4j after a quarter of the time, and start it after half of it."""
    server = ManagedServer(home)
    targets = _user_targets(url, 20) + _session_targets(url, 20)
    before = _degraded(url)
    command = [vegeta, "attack", f"-rate={rate}", f"-duration={seconds}s", "-timeout=60s", "-format=json"]
    attack = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert attack.stdin is not None
    attack.stdin.write("\n".join(targets).encode())
    attack.stdin.close()
    time.sleep(seconds / 4)
    server.stop()
    print("stopped", flush=True)
    time.sleep(seconds / 4)
    begun = time.perf_counter()
    server.start()
    print(f"started in {time.perf_counter() - begun:.0f} s", flush=True)
    assert attack.stdout is not None
    results = attack.stdout.read()
    report = subprocess.run([vegeta, "report", "-type=json"], input=results, capture_output=True, check=True)
    row = {
        "name": f"outage, {rate} a second",
        **_figures(json.loads(report.stdout)),
        "degraded": _degraded(url) - before,
    }
    print(_line(row), "graph:", requests.get(f"{url}/ready", timeout=60).json()["graph"])
    _keep([row], out)


def _user_targets(url: str, n: int = USERS) -> list[str]:
    return [json.dumps({"method": "GET", "url": f"{url}/v1/users/{_user(user)}/recommendations"}) for user in range(n)]


def _session_targets(url: str, n: int = 1_000) -> list[str]:
    made = []
    for user in range(n):
        body = json.dumps({"items": [_item(number) for number in range(user, user + 5)]}).encode()
        made.append(
            json.dumps(
                {
                    "method": "POST",
                    "url": f"{url}/v1/sessions/recommendations",
                    "body": b64encode(body).decode(),
                    "header": {"Content-Type": ["application/json"]},
                }
            )
        )
    return made


def _attack(vegeta: str, targets: list[str], seconds: int, how: list[str]) -> dict[str, Any]:
    command = [vegeta, "attack", f"-duration={seconds}s", "-timeout=60s", "-format=json", *how]
    results = subprocess.run(command, input="\n".join(targets).encode(), capture_output=True, check=True).stdout
    report = subprocess.run([vegeta, "report", "-type=json"], input=results, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(report.stdout)
    return found


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    latencies = found["latencies"]
    return {
        "requests": found["requests"],
        "per_second": found["throughput"],
        "p50_ms": latencies["50th"] / 1e6,
        "p99_ms": latencies["99th"] / 1e6,
        "statuses": found["status_codes"],
    }


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['name']}: {row['requests']:,} requests, {row['per_second']:.1f} a second, p50 {row['p50_ms']:.1f} ms, "
        f"p99 {row['p99_ms']:.1f} ms, statuses {row['statuses']}"
        + (f", degraded {row['degraded']:.0f}" if "degraded" in row else "")
    )


def _degraded(url: str) -> float:
    lines = requests.get(f"{url}/metrics", timeout=60).text.splitlines()
    return float(next(line for line in lines if line.startswith("kgrec_degraded_total")).split()[1])


def _keep(rows: list[dict[str, Any]], out: Path | None) -> None:
    if out is not None:
        kept = json.loads(out.read_text()) if out.exists() else []
        out.write_text(json.dumps([*kept, *rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
