import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kgloader import commands
from kgloader.writers import interactions, resume
from kgrec.errors import KgrecError, told
from kgrec.graph.database import Database
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows

DAY = 24 * 60 * 60
SMALL_BATCHES = (
    "from kgloader import commands; from kgrec.commands import main; commands.INTERACTIONS_PER_BATCH = 1_000; main()"
)


@pytest.fixture(autouse=True)
def empty_graph(database: Database) -> Iterator[None]:
    empty(database)
    yield


def review(user: str, item: str, seconds: int, rating: float = 4.0) -> dict[str, Any]:
    return {"reviewerID": user, "asin": item, "overall": rating, "unixReviewTime": seconds}


def random_reviews(count: int, seed: int = 1, users: int = 30, items: int = 40) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [
        review(f"U{draw.randrange(users)}", f"B{draw.randrange(items)}", 1_300_000_000 + draw.randrange(90) * DAY // 2)
        for _ in range(count)
    ]


def write(path: Path, records: list[Any]) -> str:
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


METADATA: list[Any] = [
    repr(
        {
            "asin": "B1",
            "title": "One &amp; two",
            "brand": "Acme",
            "price": 2.5,
            "categories": [["Toys", "Games"]],
            "related": {"also_bought": ["B2", "B3", "B99", "B1"], "also_viewed": ["B2"], "bought_together": ["B4"]},
        }
    ),
    {"asin": "B2", "title": "Two", "brand": "Visit Amazon's J. Smith Page", "category": ["Toys"], "also_buy": ["B1"]},
    {"parent_asin": "B3", "title": "Three", "main_category": "Books", "author": {"name": "J. Smith"}, "price": None},
    {"parent_asin": "B99", "title": "Nobody's", "store": "Nobody", "categories": ["Nothing"]},
]


def test_reviews_and_metadata_become_the_graph_and_a_second_load_changes_nothing(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    reviews = write(tmp_path / "reviews.json.gz", random_reviews(400))
    metadata = write(tmp_path / "meta.json", METADATA)
    first = command_line("load", "amazon", "--reviews", reviews, "--metadata", metadata)
    once = dump(database)
    assert "User" in first.stdout
    assert "items not in the reviews" in first.stdout
    assert rows(database, "MATCH (i:Item {item_id: 'B1'}) RETURN i.title, i.price") == [("One & two", 2.5)]
    ties = "MATCH (a:Item)-[r]->(b) RETURN a.item_id, type(r), labels(b)[0], coalesce(b.item_id, b.name)"
    assert sorted(rows(database, ties)) == [
        ("B1", "ALSO_BOUGHT", "Item", "B2"),
        ("B1", "ALSO_BOUGHT", "Item", "B3"),
        ("B1", "ALSO_BOUGHT", "Item", "B4"),
        ("B1", "ALSO_VIEWED", "Item", "B2"),
        ("B1", "BY", "Brand", "Acme"),
        ("B1", "IN_CATEGORY", "Category", "Games"),
        ("B1", "IN_CATEGORY", "Category", "Toys"),
        ("B2", "ALSO_BOUGHT", "Item", "B1"),
        ("B2", "BY", "Author", "J. Smith"),
        ("B2", "IN_CATEGORY", "Category", "Toys"),
        ("B3", "BY", "Author", "J. Smith"),
        ("B3", "IN_CATEGORY", "Category", "Books"),
    ]
    assert rows(database, "MATCH (i:Item {item_id: 'B99'}) RETURN i") == []
    assert rows(database, "MATCH (n:Changed|LoadProgress) RETURN n") == []

    second = command_line("load", "amazon", "--reviews", reviews, "--metadata", metadata)
    assert dump(database) == once
    counts = re.findall(r"│ *([\w .()]+?) *│ *([\d,]+) *│", second.stdout)
    assert counts[: [what for what, _ in counts].index("User")] == [
        ("rows of reviews.json.gz", "400"),
        ("rows of meta.json", "4"),
        ("interactions already there", "400"),
        ("items not in the reviews", "1"),
        ("ties to items not in the reviews", "1"),
    ]
    assert "Nothing was new" in second.stdout and "Nothing was new" not in first.stdout
    for stdout in (first.stdout, second.stdout):
        assert "0" not in [count for _, count in re.findall(r"│ *([\w .()]+?) *│ *([\d,]+) *│", stdout)]


def test_every_interaction_is_kept_once_with_its_rating_time_and_line(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    records = [
        review("U1", "B1", 10, 1.0),
        review("U1", "B1", 10, 2.0),  # the same again: the first one counts
        review("U1", "B1", 11, 3.0),
        {"user_id": "U1", "parent_asin": "B2", "asin": "B2X", "rating": 5, "timestamp": 12_345},
    ]
    command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.jsonl", records))
    query = (
        "MATCH (:User)-[r:INTERACTED]->(i) "
        "RETURN i.item_id, r.rating, r.timestamp, r.position, r.split ORDER BY r.position"
    )
    assert rows(database, query) == [
        ("B1", 1.0, 10_000, 1, "train"),
        ("B1", 3.0, 11_000, 3, "validation"),
        ("B2", 5.0, 12_345, 4, "test"),
    ]


def test_the_share_of_ties_is_told_and_another_seed_orders_them_anew(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Amazon's files of 2014, which know days only: six of the eight share theirs with another of the same user.
    days = {"U1": [1, 1, 1, 2], "U2": [1, 3, 3, 3]}
    records = [review(user, f"B{n}", day * DAY) for user in days for n, day in enumerate(days[user])]
    reviews = write(tmp_path / "reviews.json", records)
    told = command_line("load", "amazon", "--reviews", reviews).stdout
    assert re.search(r"of the interactions *│ ties, broken by a seeded hash *│ 75.00% │", told)
    assert re.search(r"without a time, in the order of the file *│ +0.00% │", told)
    once = dump(database)
    ties = "MATCH ()-[r:INTERACTED]->() RETURN r.tie ORDER BY r.position"
    before = rows(database, ties)
    monkeypatch.setitem(command_line.environment, "KGREC_LOAD_SEED", "8")
    assert re.search(r"users split anew *│ +2 │", command_line("load", "amazon", "--reviews", reviews).stdout)
    assert all(new != old for new, old in zip(rows(database, ties), before, strict=True))
    assert "Nothing was new" in command_line("load", "amazon", "--reviews", reviews).stdout
    monkeypatch.delitem(command_line.environment, "KGREC_LOAD_SEED")
    command_line("load", "amazon", "--reviews", reviews)
    assert dump(database) == once


def test_metadata_alone_completes_items_that_are_there(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    metadata = write(tmp_path / "meta.json", METADATA)
    refused = command_line("load", "amazon", "--metadata", metadata, check=False)
    assert refused.exit_code != 0
    assert isinstance(refused.exception, KgrecError)
    assert "no items" in str(refused.exception)
    command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.json", [review("U1", "B2", 1)]))
    command_line("load", "amazon", "--metadata", metadata)
    assert rows(database, "MATCH (i:Item) RETURN i.item_id, i.title") == [("B2", "Two")]
    assert rows(database, "MATCH (b:Brand|Author|Category) RETURN b.name ORDER BY b.name") == [("J. Smith",), ("Toys",)]


class Fault(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.mark.parametrize("kind", ["reviews", "metadata"])
def test_an_interrupted_load_goes_on_and_ends_as_an_uninterrupted_one(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(commands, "INTERACTIONS_PER_BATCH", 50)
    monkeypatch.setattr(commands, "ITEMS_PER_BATCH", 1)
    reviews = write(tmp_path / "reviews.json", random_reviews(420))
    metadata = write(tmp_path / "meta.json", METADATA)
    arguments = ("load", "amazon", "--reviews", reviews, "--metadata", metadata)
    command_line(*arguments)
    uninterrupted = dump(database)
    empty(database)

    true_write, batches = resume.progress_write, 0

    def failing_write(load: resume.FileLoad, progress: resume.Progress) -> Any:
        nonlocal batches
        batches += load.source.startswith(kind)
        if batches == 3:
            raise Fault
        return true_write(load, progress)

    with monkeypatch.context() as faulty:
        faulty.setattr(resume, "progress_write", failing_write)
        with pytest.raises(Fault):
            command_line(*arguments)
    assert rows(database, "MATCH (p:LoadProgress) RETURN p.rows") == [(100 if kind == "reviews" else 2,)]
    if kind == "reviews":
        assert rows(database, "MATCH ()-[r:INTERACTED]->() WHERE r.position > 100 RETURN r") == []
        assert rows(database, "MATCH (u:User&Changed) RETURN count(u) > 0") == [(True,)]
    resumed = command_line(*arguments)
    assert "went on behind line" in resumed.stdout
    assert dump(database) == uninterrupted


def test_a_changed_file_is_read_from_its_start(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "INTERACTIONS_PER_BATCH", 2)
    path = tmp_path / "reviews.json"
    write(path, [review("U1", "B1", 1), review("U1", "B2", 2), "broken"])
    result = command_line("load", "amazon", "--reviews", str(path), check=False)
    assert "line 3: neither JSON" in str(result.exception)
    write(path, [review("U9", "B1", 1), review("U1", "B3", 3), review("U1", "B4", 4)])
    command_line("load", "amazon", "--reviews", str(path))
    found = rows(database, "MATCH (u:User)-[:INTERACTED]->(i) RETURN u.user_id, i.item_id")
    assert sorted(found) == [("U1", "B1"), ("U1", "B2"), ("U1", "B3"), ("U1", "B4"), ("U9", "B1")]
    assert rows(database, "MATCH (n:LoadProgress|Changed) RETURN n") == []


def test_what_was_loaded_before_a_broken_line_is_said_and_the_mended_file_goes_on_there(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "INTERACTIONS_PER_BATCH", 10)
    monkeypatch.setattr(commands, "ITEMS_PER_BATCH", 1)
    records: list[Any] = random_reviews(40)
    path = tmp_path / "reviews.json"
    command_line("load", "amazon", "--reviews", write(path, records))
    uninterrupted = dump(database)
    empty(database)
    stopped = command_line(
        "load", "amazon", "--reviews", write(path, [*records[:24], "broken", *records[24:]]), check=False
    )
    assert isinstance(stopped.exception, KgrecError)
    assert "line 25: neither JSON" in str(stopped.exception)
    assert told(stopped.exception).endswith(
        "The first 20 lines of reviews.json are in the graph: once the line is mended, or with --on-error skip, "
        "the same command goes on behind them."
    )
    resumed = command_line("load", "amazon", "--reviews", write(path, records))
    assert "went on behind line 20" in resumed.stdout and re.search(r"rows of reviews.json *│ *20 │", resumed.stdout)
    assert dump(database) == uninterrupted
    metadata = write(tmp_path / "meta.json", ["broken", *METADATA])
    stopped = command_line("load", "amazon", "--reviews", str(path), "--metadata", metadata, check=False)
    assert isinstance(stopped.exception, KgrecError)
    assert told(stopped.exception).endswith("Loaded whole: reviews.json. Of meta.json nothing was loaded.")


def kept(path: Path) -> list[int]:
    """Numbers of the lines that a file of broken lines holds."""
    return [json.loads(line)["line"] for line in path.read_text("ascii").splitlines()]


def test_broken_lines_are_skipped_also_by_a_load_that_is_killed_and_goes_on(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before any batch, or behind one: the graph is that of the good lines, and each broken one is kept once."""
    monkeypatch.setattr(commands, "INTERACTIONS_PER_BATCH", 50)
    monkeypatch.setitem(command_line.environment, "KGREC_LOAD_MAX_SKIPPED", "0.2")
    records: list[Any] = random_reviews(200, items=20)
    broken = [1, 2, 49, 50, 51, 103, 150, 200]

    def with_broken(line: str) -> str:
        rows = [line if number in broken else row for number, row in enumerate(records, start=1)]
        return write(tmp_path / "reviews.json", rows)

    command_line("load", "amazon", "--reviews", with_broken(""), "--k-core", "5")
    expected = dump(database)
    reviews = with_broken("{")
    arguments = ("load", "amazon", "--reviews", reviews, "--k-core", "5", "--on-error", "skip")
    left = tmp_path / "reviews.json.skipped.jsonl"
    true_write = interactions._write_batch
    for kill in (0, 1, 4, 7):  # of four batches
        empty(database)
        left.unlink(missing_ok=True)
        writes = 0
        on_disk = b""

        def failing_write(*given: Any, kill: int = kill) -> None:
            """Before the write of a batch, or behind it: what is then on the disk is all that a kill leaves."""
            nonlocal writes, on_disk
            killed = writes == kill // 2
            if not killed or kill % 2:
                true_write(*given)
            if killed:
                on_disk = left.read_bytes()
                raise Fault
            writes += 1

        with monkeypatch.context() as faulty:
            faulty.setattr(interactions, "_write_batch", failing_write)
            with pytest.raises(Fault):
                command_line(*arguments)
        left.write_bytes(on_disk[: -3 if kill % 2 == 0 else None])  # the last note cut off, but where a batch needs it
        resumed = command_line(*arguments)
        assert dump(database) == expected
        assert kept(left) == broken
        assert re.search(r"broken lines of reviews.json *│ *8 │", resumed.stdout)
        assert f"{left} holds the broken lines" in "".join(resumed.stdout.splitlines())


def test_too_many_broken_lines_stop_the_load_and_the_same_command_goes_on(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "INTERACTIONS_PER_BATCH", 500)
    records = [*random_reviews(1_200), *["broken"] * 13, *random_reviews(100, seed=2)]
    reviews, folder = write(tmp_path / "reviews.json.gz", records), tmp_path / "folder"
    arguments = ("load", "amazon", "--reviews", reviews, "--on-error", "skip", "--skipped", str(folder))
    stopped = command_line(*arguments, check=False)
    assert isinstance(stopped.exception, KgrecError)
    assert "13 of the first 1,213 lines" in str(stopped.exception) and "allows 1.0%" in str(stopped.exception)
    assert "The first 1,000 lines of reviews.json.gz are in the graph" in told(stopped.exception)
    assert kept(folder / "reviews.json.gz.skipped.jsonl") == list(range(1_201, 1_214))
    monkeypatch.setitem(command_line.environment, "KGREC_LOAD_MAX_SKIPPED", "0.05")
    assert "went on behind line 1,000" in command_line(*arguments).stdout
    assert kept(folder / "reviews.json.gz.skipped.jsonl") == list(range(1_201, 1_214))
    assert rows(database, "MATCH ()-[r:INTERACTED]->() RETURN max(r.position)") == [(1_313,)]


def test_interrupted_metadata_start_anew_when_there_are_more_items(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "ITEMS_PER_BATCH", 1)
    metadata = write(tmp_path / "meta.json", [{"asin": "B1", "title": "One"}, {"asin": "B2", "title": "Two"}, "broken"])
    command_line("load", "amazon", "--reviews", write(tmp_path / "reviews.json", [review("U1", "B2", 1)]))
    command_line("load", "amazon", "--metadata", metadata, check=False)
    assert rows(database, "MATCH (p:LoadProgress) RETURN p.rows") == [(2,)]
    command_line("load", "amazon", "--reviews", write(tmp_path / "more.json", [review("U1", "B1", 2)]))
    command_line("load", "amazon", "--metadata", metadata, check=False)
    assert rows(database, "MATCH (i:Item) RETURN i.title ORDER BY i.title") == [("One",), ("Two",)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "reviews.json is empty"),
        (b"[1, 2]\n", "line 1: .* not an object"),
        (b'{"asin": "B1", "title": "metadata, not reviews"}\n', "line 1: the key 'user_id' or 'reviewerID' is missing"),
        (gzip.compress(random.Random(1).randbytes(5_000))[:-2_000], "line 1: "),
    ],
)
def test_bad_input_writes_nothing_and_says_where(
    database: Database, command_line: CommandLine, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "reviews.json"
    path.write_bytes(content)
    result = command_line("load", "amazon", "--reviews", str(path), check=False)
    assert result.exit_code != 0
    assert isinstance(result.exception, KgrecError)
    assert re.search(message, str(result.exception))
    assert rows(database, "MATCH (n:!Lock) RETURN n") == []


def test_wrong_calls_are_refused_and_help_reads_alone(command_line: CommandLine, tmp_path: Path) -> None:
    assert command_line("load", "amazon", check=False).exit_code == 2
    metadata = write(tmp_path / "meta.json", METADATA)
    assert command_line("load", "amazon", "--metadata", metadata, "--k-core", "5", check=False).exit_code == 2
    assert command_line("load", "amazon", "--reviews", str(tmp_path / "none"), check=False).exit_code == 2
    assert command_line("load", "amazon", "--metadata", metadata, "--skipped", "folder", check=False).exit_code == 2
    for command in ("amazon", "recbole"):
        text = command_line("load", command, "--help").stdout
        assert "Example:" in text
        assert "--k-core" in text


def test_ctrl_c_keeps_whole_batches_and_the_same_command_goes_on(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    records = [review(f"U{n % 500}", f"B{n % 300}", 1_300_000_000 + n) for n in range(20_000)]
    reviews = write(tmp_path / "reviews.json", records)
    command = [sys.executable, "-c", SMALL_BATCHES, "load", "amazon", "--reviews", reviews]
    environment = {**os.environ, **command_line.environment}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while process.poll() is None and not rows(database, "MATCH (p:LoadProgress) RETURN p"):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130, errors
    [(done,)] = rows(database, "MATCH (p:LoadProgress) RETURN p.rows")
    there = f"goes on from there. The first {done:,} lines of reviews.json are in the graph: the same command goes on"
    assert there.encode() in errors
    assert 0 < done < 20_000
    assert done % 1_000 == 0
    assert rows(database, "MATCH ()-[r:INTERACTED]->() RETURN count(r), max(r.position)") == [(done, done)]
    assert "went on behind line" in command_line("load", "amazon", "--reviews", reviews).stdout
    assert rows(database, "MATCH ()-[r:INTERACTED]->() RETURN count(r), count(r.split)") == [(20_000, 20_000)]
    assert rows(database, "MATCH (n:LoadProgress|Changed) RETURN n") == []


def test_later_interactions_move_the_splits_of_their_users_only(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    first = [review("U1", f"B{n}", n * DAY) for n in range(1, 5)] + [review("U2", f"B{n}", n) for n in range(1, 4)]
    command_line("load", "amazon", "--reviews", write(tmp_path / "first.json", first))
    query = "MATCH (:User {user_id: $user})-[r:INTERACTED]->(i) RETURN i.item_id, r.split ORDER BY r.timestamp"
    second_user = rows(database, query, user="U2")
    assert [split for _, split in second_user] == ["train", "validation", "test"]
    later = [review("U1", "B9", 4 * DAY + 100)]
    command_line("load", "amazon", "--reviews", write(tmp_path / "later.json", later))
    assert rows(database, query, user="U1") == [
        ("B1", "train"),
        ("B2", "train"),
        ("B3", "train"),
        ("B4", "validation"),
        ("B9", "test"),
    ]
    assert rows(database, query, user="U2") == second_user
    sessions = defaultdict(list)
    for session, item, split in rows(
        database,
        "MATCH (:User {user_id: 'U1'})-[:HAS_SESSION]->(s)-[c:CONTAINS]->(i) "
        "RETURN s.session_id, i.item_id, c.split ORDER BY c.timestamp",
    ):
        sessions[session].append((item, split))
    # Gaps of exactly one day do not end a session.
    assert sessions == {
        f"U1@{DAY * 1000}": [
            ("B1", "train"),
            ("B2", "train"),
            ("B3", "train"),
            ("B4", "validation"),
            ("B9", "test"),
        ]
    }
    later = [review("U1", "B0", 0), review("U1", "B5", -DAY - 1)]
    command_line("load", "amazon", "--reviews", write(tmp_path / "earlier.json", later))
    found = rows(
        database,
        "MATCH (:User {user_id: 'U1'})-[:HAS_SESSION]->(s) RETURN s.session_id, s.started_at, s.ended_at, s.length "
        "ORDER BY s.started_at",
    )
    start = (-DAY - 1) * 1000
    assert found == [(f"U1@{start}", start, start, 1), ("U1@0", 0, (4 * DAY + 100) * 1000, 6)]


def test_one_file_does_not_keep_the_broken_lines_of_two(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_LOAD_MAX_SKIPPED", "0.5")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    reviews = write(tmp_path / "a" / "x.json", [*random_reviews(3, items=2), "{"])
    metadata = write(tmp_path / "b" / "x.json", ["{"])
    aside = tmp_path / "aside"
    arguments = ("load", "amazon", "--reviews", reviews, "--metadata", metadata, "--on-error", "skip")
    result = command_line(*arguments, "--skipped", str(aside), check=False)
    assert "The broken lines of another file called x.json are in" in str(result.exception)
    assert kept(aside / "x.json.skipped.jsonl") == [4]
