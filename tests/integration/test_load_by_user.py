"""Interactions by user make the graph of the plainest statements, also after a kill, and where a kill is not done."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from more_itertools import chunked
from neo4j import ResultSummary

from kgloader.readers.records import Interaction
from kgloader.report import Report
from kgloader.writers import by_user
from kgloader.writers.by_user import DEFAULT_SEED, InteractionWrites
from kgloader.writers.interactions import INTERACTION
from kgloader.writers.seen import Seen
from kgloader.writers.splits import mark_splits
from kgloader.writers.ties import tie_break
from kgrec.graph import transaction_size
from kgrec.graph.database import Database, Row
from kgrec.graph.schema import ensure_schema
from kgrec.graph.statements import statement
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows
from tests.integration.test_load_amazon import SMALL_BATCHES

PLAIN = """
MERGE (user:User {user_id: $user_id}) ON CREATE SET user.name = $user_id
MERGE (item:Item {item_id: $item_id}) ON CREATE SET item.name = $item_id
MERGE (user)-[interaction:INTERACTED {PLACE}]->(item)
ON CREATE SET interaction.rating = $rating, interaction.position = $position, user:Changed
SET interaction.tie = $tie
"""


@pytest.fixture(autouse=True)
def empty_graph(database: Database) -> Iterator[None]:
    empty(database)
    ensure_schema(database)
    yield


def drawn(count: int, seed: int, timed: bool, users: range) -> list[Interaction]:
    """Few users, items, times and ratings, so that all of them repeat, and many interactions are the same again."""
    draw = random.Random(seed)
    return [
        Interaction(
            f"U{draw.choice(users)}",
            f"B{draw.randrange(6)}",
            draw.choice([None, 1.0, 2.5]),
            draw.randrange(4) * 100_000_000 if timed else None,
            position,
        )
        for position in range(1, count + 1)
    ]


def write_recbole(path: Path, interactions: list[Interaction]) -> None:
    lines = [f"{one.user_id}\t{one.item_id}\t{one.rating or ''}\t{one.timestamp}" for one in interactions]
    path.write_text("\n".join(["user_id:token\titem_id:token\trating:float\ttimestamp:float", *lines]) + "\n")


def write_plainly(database: Database, interactions: list[Interaction]) -> None:
    with database.driver.session() as session:
        for one in interactions:
            place = "position: $position" if one.timestamp is None else "timestamp: $timestamp"
            tie = None if one.timestamp is None else tie_break(DEFAULT_SEED, one.user_id, one.item_id, one.timestamp)
            session.run(PLAIN.replace("PLACE", place), one._asdict() | {"tie": tie}).consume()


def write_by_user(database: Database, interactions: list[Interaction], domain: str | None = None) -> set[str]:
    """Write in batches of 40, and return the statements that were used."""
    prepare, used = InteractionWrites(domain=domain), set()
    for batch in chunked(interactions, 40):
        writes = [write for write in prepare(database, batch, Report()) if write.rows]
        database.write_together([(write.statement, write.parameters) for write in writes])
        used |= {write.statement for write in writes}
    return used


def test_the_graph_is_that_of_the_plainest_statements(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first file, without times beside; then one that shares users with it, and the first one again.

    Of the keys all are told apart, or many are taken for seen, or nearly all.
    """
    first = drawn(150, 1, True, range(8)) + drawn(30, 2, False, range(8, 10))
    second = drawn(100, 3, True, range(5, 15))
    files = (first, second, first)
    graphs = []
    for interactions in files:
        write_plainly(database, interactions)
        mark_splits(database)
        graphs.append(dump(database))
    assert graphs[1] == graphs[2] != graphs[0]
    for bits in (2**20, 64, 8):
        empty(database)
        monkeypatch.setattr(by_user, "Seen", partial(Seen, bits))
        for interactions, graph in zip(files, graphs, strict=True):
            used = write_by_user(database, interactions)
            assert ("load/interactions_new" in used) == (graph == graphs[0])
            mark_splits(database)
            assert dump(database) == graph


def test_items_are_named_and_of_the_domain_whichever_statement_makes_them(database: Database) -> None:
    """In an empty graph, and in one that has interactions, with a time and without; who made an item keeps it."""
    ways = {
        "load/interactions_new": Interaction("u", "first", None, 1_000, 1),
        "load/interactions": Interaction("u", "timed", None, 2_000, 1),
        "load/interactions_in_file_order": Interaction("u", "untimed", None, None, 2),
    }
    for name, interaction in ways.items():
        assert name in write_by_user(database, [interaction], "Books")
        write_by_user(database, [interaction._replace(user_id="v")], "Films")
    items = "MATCH (i:Item) RETURN i.item_id, i.name, i.domain ORDER BY i.item_id"
    assert rows(database, items) == [(name, name, "Books") for name in ("first", "timed", "untimed")]


def test_a_transaction_takes_as_many_interactions_as_the_server_allows(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that allows a transaction a quarter of little is given ten at a time, and has the same graph."""
    given = drawn(95, 5, True, range(20))
    write_recbole(tmp_path / "made-up.inter", given)
    true_write, sizes = Database.write_together, Counter[int]()

    def counted(self: Database, statements: Sequence[tuple[str, Row]]) -> list[ResultSummary]:
        sizes[sum(len(values["user"]) for name, values in statements if name.startswith("load/interactions"))] += 1
        return true_write(self, statements)

    monkeypatch.setattr(Database, "write_together", counted)
    command_line("load", "recbole", str(tmp_path))
    whole = dump(database)
    assert sizes[95] == 1 and sizes[10] == 0
    empty(database)
    monkeypatch.setattr(transaction_size, "transaction_limit", lambda database: 4 * 10 * INTERACTION)
    command_line("load", "recbole", str(tmp_path))
    assert sizes[95] == 1 and sizes[10] == 9 and sizes[5] == 1
    assert dump(database) == whole


def test_the_last_batch_of_a_killed_first_load_is_waited_for(database: Database) -> None:
    """Its transaction can outlive its process, and is not in the graph yet when the next load begins."""
    interactions = drawn(40, 1, True, range(8))
    left = [write for write in InteractionWrites()(database, interactions, Report()) if write.rows]
    found: list[str] = []

    def begin() -> None:
        found.extend(write.statement for write in InteractionWrites()(database, interactions, Report()) if write.rows)

    beginning = Thread(target=begin)
    with database.driver.session() as session, session.begin_transaction() as outlived:
        for write in left:
            outlived.run(statement(write.statement), write.parameters).consume()
        beginning.start()
        beginning.join(0.5)
        assert not found
        outlived.commit()
    beginning.join()
    assert "load/interactions" in found and "load/interactions_new" not in found


def test_a_first_load_that_is_killed_goes_on_to_the_same_graph(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    """SIGKILL while a batch is written and the next one read; the rest is merged."""
    path = tmp_path / "made-up.inter"
    given = drawn(8_000, 4, True, range(200))
    write_recbole(path, given)
    command_line("load", "recbole", str(tmp_path))
    uninterrupted = dump(database)
    empty(database)
    environment = {**os.environ, **command_line.environment}
    command = [sys.executable, "-c", SMALL_BATCHES, "load", "recbole", str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not rows(database, "MATCH (p:LoadProgress) RETURN p"):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
    assert process.returncode == -signal.SIGKILL, errors
    resumed = command_line("load", "recbole", str(tmp_path))
    assert "went on behind line" in resumed.stdout
    assert dump(database) == uninterrupted
    assert "Nothing was new" in command_line("load", "recbole", str(tmp_path)).stdout
