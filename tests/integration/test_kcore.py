import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from kgloader.report import Report
from kgloader.writers.kcore import keep_core
from kgloader.writers.splits import mark_splits
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows

Pair = tuple[str, str]


@pytest.fixture(autouse=True)
def empty_graph(database: Database) -> Iterator[None]:
    empty(database)
    yield


def write(path: Path, pairs: list[Pair]) -> str:
    lines = [
        json.dumps({"reviewerID": user, "asin": item, "overall": 5, "unixReviewTime": 1_300_000_000 + place * 50_000})
        for place, (user, item) in enumerate(pairs)
    ]
    path.write_text("\n".join(lines))
    return str(path)


def nodes(database: Database) -> set[str]:
    return {name for (name,) in rows(database, "MATCH (n:User|Item) RETURN coalesce(n.user_id, n.item_id)")}


def test_a_core_worked_by_hand(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    # U1, U2 with B1, B2 hold together. U3 has B2 twice and B3, but B3 has only U3: B3 goes, then U3, though B2 stays.
    pairs = [("U1", "B1"), ("U1", "B2"), ("U2", "B1"), ("U2", "B2"), ("U3", "B2"), ("U3", "B2"), ("U3", "B3")]
    done = command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.json", pairs), "--k-core", "2")
    assert nodes(database) == {"U1", "U2", "B1", "B2"}
    assert re.search(r"removing what is outside the 2-core .* 2 users and items", done.stderr)
    assert rows(database, "MATCH (:User)-[r:INTERACTED]->(:Item) RETURN count(r), count(r.split)") == [(4, 4)]
    assert rows(database, "MATCH (s:Session) WHERE NOT EXISTS { (:User)-[:HAS_SESSION]->(s) } RETURN s") == []


@pytest.mark.parametrize("k", [2, 3])
def test_the_core_is_that_of_networkx_and_loading_again_ends_the_same(
    database: Database, command_line: CommandLine, tmp_path: Path, k: int
) -> None:
    draw = random.Random(k)
    pairs = [(f"U{draw.randrange(60)}", f"B{int(draw.paretovariate(0.8)) % 50}") for _ in range(330)]
    core = nx.k_core(nx.Graph(pairs), k)
    assert 5 < len(core) < len(nx.Graph(pairs))
    arguments = ("load", "amazon", "--reviews", write(tmp_path / "reviews.json", pairs), "--k-core", str(k))
    command_line(*arguments)
    assert nodes(database) == set(core)
    found = rows(database, "MATCH (u:User)-[:INTERACTED]->(i:Item) RETURN u.user_id, i.item_id")
    assert sorted(found) == sorted(pair for pair in pairs if pair[0] in core and pair[1] in core)
    once = dump(database)
    command_line(*arguments)
    assert dump(database) == once
    assert rows(database, "CALL gds.graph.list() YIELD graphName RETURN graphName") == []


def test_users_and_items_that_met_nobody_are_outside(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    """As a call that was interrupted between its users and its items leaves them."""
    pairs = [(user, item) for user in ("U1", "U2") for item in ("B1", "B2")]
    command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.json", pairs))
    rows(database, "CREATE (:Item {item_id: 'B3'}), (:User {user_id: 'U3'})")
    report = Report()
    keep_core(database, 2, report)
    assert nodes(database) == {"U1", "U2", "B1", "B2"}
    assert report.removed == {"users outside the 2-core": 1, "items outside the 2-core": 1}


def test_an_empty_core_removes_nothing(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    reviews = write(tmp_path / "reviews.json", [("U1", "B1"), ("U1", "B2")])
    result = command_line("load", "amazon", "--reviews", reviews, "--k-core", "2", check=False)
    assert isinstance(result.exception, KgrecError)
    assert "2-core is empty" in str(result.exception)
    assert nodes(database) == {"U1", "B1", "B2"}
    command_line("load", "amazon", "--reviews", reviews)
    assert rows(database, "MATCH (n:Changed|LoadProgress) RETURN n") == []


def test_users_who_lose_an_item_are_split_anew(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    pairs = [(user, item) for user in ("U1", "U2", "U3") for item in ("B1", "B2", "B3")] + [("U1", "B4")]
    command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.json", pairs))
    splits = "MATCH (:User {user_id: 'U1'})-[r:INTERACTED]->(i) RETURN i.item_id, r.split ORDER BY r.timestamp"
    assert rows(database, splits)[-1] == ("B4", "test")
    report = Report()
    keep_core(database, 3, report)
    assert report.removed == {"users outside the 3-core": 0, "items outside the 3-core": 1}
    assert rows(database, "MATCH (u:User&Changed) RETURN u.user_id") == [("U1",)]
    mark_splits(database)
    assert rows(database, splits) == [("B1", "train"), ("B2", "validation"), ("B3", "test")]
    lengths = rows(database, "MATCH (:User {user_id: 'U1'})-[:HAS_SESSION]->(s) RETURN sum(s.length)")
    assert lengths == [(3,)]


@pytest.mark.parametrize("refused", [True, False])
def test_the_projection_goes_when_the_algorithm_fails(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: bool
) -> None:
    """Refused by the server, as where it lacks memory: one sentence. Any other fault stays what it is."""
    command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.json", [("U1", "B1")]))
    algorithm = type(database.gds().k_core_decomposition)
    real = algorithm.stream

    def fail(*given: Any, **_: Any) -> Any:
        if refused:
            return real(*given, concurrency=0)
        raise RuntimeError("fault")

    monkeypatch.setattr(algorithm, "stream", fail)
    with pytest.raises(KgrecError if refused else RuntimeError, match="refused .*Concurrency" if refused else "fault"):
        keep_core(database, 2, Report())
    assert rows(database, "CALL gds.graph.list() YIELD graphName RETURN graphName") == []
