"""Relationships out of a GDS projection, sequences and one of them out of the graph, vectors into it; before and after.

    python -m benchmarks.streaming [--users 50000] [--each 20] [--dim 128] [--rounds 3] [--json FILE]

Before: the GDS client, a record a relationship; a record a user, whose lists are gone through one by one; all users for
one; a list of numbers a vector. After: what `kgrec train` and `kgrec recommend` do, to sorted compressed rows, to
arrays from records of many users, of that user alone, and from bytes. Rounds alternate between the two. The graph is
made up, in a managed Neo4j of its own with the default heap, on the ports given; nothing of it stays.
"""

import json
import statistics
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
from more_itertools import chunked, consume

from benchmarks.own_server import connected, own_server
from gnn.projection import stream_relationships
from kgrec.counted import uncounted
from kgrec.graph.database import Database, Row
from kgrec.graph.in_flight import write_batches
from kgrec.graph.schema import ensure_schema
from kgrec.graph.splits import ensure_split
from kgrec.graph.vectors import vector_parameters
from recommender.interactions import read_sequences
from recommender.sequences import NO_TIME, SPLITS

ITEMS, AT_ONCE = 20_000, 5_000
INTERACTIONS = (
    "UNWIND $rows AS row MATCH (user:User {user_id: row[0]}) UNWIND row[1] AS visit "
    "MATCH (item:Item {item_id: visit[0]}) "
    "CREATE (user)-[:INTERACTED {split: 'train', timestamp: visit[1], tie: visit[1], position: visit[1]}]->(item)"
)
SEQUENCES_BEFORE = (
    "MATCH (user:User) WHERE user.user_id IS NOT NULL CALL (user) { "
    "MATCH (user)-[interaction:INTERACTED]->(item:Item) WITH interaction, item.item_id AS item_id ORDER BY "
    "interaction.timestamp IS NOT NULL, interaction.timestamp, interaction.tie, interaction.position, item_id "
    "RETURN collect(item_id) AS item_ids, collect(interaction.split) AS splits, "
    "collect(coalesce(interaction.timestamp, $no_time)) AS times "
    "} RETURN user.user_id AS user_id, item_ids, splits, times ORDER BY user.user_id"
)
VECTORS_BEFORE = (
    "UNWIND $rows AS row CREATE (evaluation:EvaluationPersona {run_id: $run_id, user_id: row.user_id}) "
    "WITH evaluation, row CALL db.create.setNodeVectorProperty(evaluation, 'vector', row.vector)"
)
FORGET = "MATCH (one:EvaluationPersona) CALL (one) { DELETE one } IN TRANSACTIONS OF 10000 ROWS"
TRAINED = ["train"]


def fill(database: Database, user_ids: list[str], each: int) -> None:
    """Make users who chose so many distinct items each."""
    item_ids = [f"item-{number:07}" for number in range(ITEMS)]
    generator = np.random.default_rng(0)
    ensure_schema(database)
    for batch in chunked(user_ids, AT_ONCE):
        database.write("load/spark_users", events=[{"user_id": user_id} for user_id in batch])
    for batch in chunked(item_ids, AT_ONCE):
        database.write("load/spark_items", events=[{"item_id": item_id} for item_id in batch])
    with database.driver.session() as session:
        for users in chunked(user_ids, 1_000):
            places = (generator.integers(ITEMS, size=(len(users), 1)) + 37 * np.arange(each)) % ITEMS
            rows = [
                (user, [(item_ids[place], place) for place in own])
                for user, own in zip(users, places.tolist(), strict=True)
            ]
            session.run(INTERACTIONS, rows=rows).consume()


def seconds(work: Callable[[], int], expected: int) -> float:
    """Seconds of the work, which counts what it did."""
    start = time.perf_counter()
    if work() != expected:
        raise click.ClickException("not all was streamed, or written")
    return time.perf_counter() - start


def compared(
    name: str, unit: str, count: int, before: Callable[[], int], after: Callable[[], int], rounds: int
) -> dict[str, object]:
    """Time both in turn, print what came out, and return it."""
    seconds(after, count), seconds(before, count)  # the server compiles what it runs often
    times = [(seconds(before, count), seconds(after, count)) for _ in range(rounds)]
    ratios = [slow / fast for slow, fast in times]
    rates = [count / statistics.median(column) for column in zip(*times, strict=True)]
    print(f"| {name} | {rates[0]:,.1f} | {rates[1]:,.1f} | {statistics.median(ratios):.1f} ", end="")
    print(f"({min(ratios):.1f} to {max(ratios):.1f}) |", flush=True)
    return {
        "name": name,
        "unit": unit,
        "before": rates[0],
        "after": rates[1],
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "rounds": rounds,
    }


def out_of(database: Database, count: int, rounds: int) -> dict[str, object]:
    """Relationships out of a projection."""
    asked: dict[str, Any] = {"types": [], "splits": TRAINED, "co_occurrence": []}
    with database.projection("project/personas", **asked) as (gds, graph):

        def before() -> int:
            frame = gds.graph.relationships.stream(graph)
            return len(frame.sort_values(["relationshipType", "sourceNodeId", "targetNodeId"], ignore_index=True))

        def after() -> int:
            return sum(map(len, stream_relationships(database, graph).values()))

        return compared("out of a projection", "relationships/s", count, before, after, rounds)


def in_order(database: Database, count: int, rounds: int) -> dict[str, object]:
    """Interactions of all users in their order."""
    number = {row["item_id"]: place for place, row in enumerate(database.stream("project/items"), start=1)}

    def before() -> int:
        ensure_split(database)
        items, times, splits, ends = array("q"), array("q"), array("b"), array("q")
        with database.driver.session() as session:
            result = session.run(SEQUENCES_BEFORE, no_time=NO_TIME)
            while records := result.fetch(1_000):
                for record in records:
                    row = dict(zip(record.keys(), record.values(), strict=True))
                    items.extend(map(number.__getitem__, row["item_ids"]))
                    splits.extend(map(SPLITS.index, row["splits"]))
                    times.extend(row["times"])
                    ends.append(len(items))
        return len(items)

    def after() -> int:
        return len(read_sequences(database, number, uncounted, 0)[1].items)

    return compared("sequences", "interactions/s", count, before, after, rounds)


def of_one(database: Database, user_ids: list[str], rounds: int) -> dict[str, object]:
    """The history of a single user, as `kgrec recommend` reads it; before, of all."""
    number = {row["item_id"]: place for place, row in enumerate(database.stream("project/items"), start=1)}

    def before() -> int:
        users, sequences = read_sequences(database, number, uncounted, 0)
        return int(np.diff(sequences.offsets)[users.index(user_ids[-1])] > 0)

    def after() -> int:
        return len(database.read("project/histories", user_ids=user_ids[-1:]))

    return compared("one user's history", "histories/s", 1, before, after, rounds)


def into(database: Database, user_ids: list[str], dim: int, rounds: int) -> dict[str, object]:
    """Vectors onto new nodes, with the key by which they are found."""
    vectors = np.random.default_rng(1).standard_normal((len(user_ids), dim), dtype=np.float32)
    run = 0

    def before() -> int:
        nonlocal run
        run += 1
        for start in range(0, len(user_ids), AT_ONCE):
            batch = slice(start, start + AT_ONCE)
            pairs = zip(user_ids[batch], vectors[batch].tolist(), strict=True)
            rows = [{"user_id": user_id, "vector": vector} for user_id, vector in pairs]
            with database.driver.session() as session:
                session.run(VECTORS_BEFORE, rows=rows, run_id=f"run-{run}").consume()
        return len(user_ids)

    def after() -> int:
        nonlocal run
        run += 1
        batches: Iterator[Row] = (
            {
                "user_ids": user_ids[start : start + AT_ONCE],
                "vectors": vector_parameters(database, vectors[start : start + AT_ONCE]),
                "names": user_ids[start : start + AT_ONCE],
                "run_id": f"run-{run}",
                "fit": "test",
            }
            for start in range(0, len(user_ids), AT_ONCE)
        )
        consume(write_batches(database, "personas/evaluation_users", batches))
        return len(user_ids)

    found = compared(f"vectors of {dim} in", "vectors/s", len(user_ids), before, after, rounds)
    with database.driver.session() as session:
        session.run(FORGET).consume()
    return found


@click.command()
@click.option("--users", default=50_000, show_default=True)
@click.option("--each", default=20, show_default=True, help="Items of a user.")
@click.option("--dim", default=128, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--bolt-port", default=27687, show_default=True)
@click.option("--http-port", default=27474, show_default=True)
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path))
def main(users: int, each: int, dim: int, rounds: int, bolt_port: int, http_port: int, path: Path | None) -> None:
    """Print one line a direction: a second before and after, and their ratio with its spread."""
    user_ids = [f"user-{number:07}" for number in range(users)]
    with own_server(bolt_port, http_port) as connection, connected(connection) as database:
        fill(database, user_ids, each)
        print("| what | before, a second | after, a second | ratio |\n|---|---|---|---|")
        found = [out_of(database, users * each, rounds), in_order(database, users * each, rounds)]
        found += [of_one(database, user_ids, rounds), into(database, user_ids, dim, rounds)]
    if path is not None:
        path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
