"""`kgrec load split`: by time, all users at the same borders, and back to leave-one-out."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgloader.readers.records import Interaction
from kgloader.writers import splits
from kgloader.writers.borders import time_split
from kgrec.errors import KgrecError
from kgrec.graph.by_users import stream_by_users
from kgrec.graph.database import Database
from kgrec.graph.splits import LEAVE_ONE_OUT, Split, current_split, ensure_split
from recommender.sequences import NO_TIME
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows
from tests.integration.test_splits import write

# Ten interactions. The last two tenths begin at 70, where two lie: both are for the test, which with 80 has three. The
# two before them begin at 50, where two lie as well.
TIMES = {
    "early": [10, 20],
    "late": [70, 80],
    "long": [10, 30, 50, 60, 70],
    "once": [50],
}
EXPECTED = {
    "early": ["train", "train"],
    "late": ["test", "test"],
    "long": ["train", "train", "validation", "validation", "test"],
    "once": ["validation"],
}
BY_TIME = ("load", "split", "--by", "time", "--validation", "0.2", "--test", "0.2")


@pytest.fixture(autouse=True)
def ten_interactions(database: Database) -> Iterator[None]:
    empty(database)
    write(database, [Interaction(user, f"B{time}", None, time, time) for user in TIMES for time in TIMES[user]])
    splits.mark_splits(database)
    yield


def marks(database: Database) -> dict[str, list[str]]:
    """The splits of each user, oldest first."""
    found: dict[str, list[str]] = {}
    for row in stream_by_users(database, "project/sequences", no_time=NO_TIME):
        for user_id, split in zip(row["user_ids"], row["splits"], strict=True):
            found.setdefault(user_id, []).append(split)
    return found


def said(stdout: str) -> str:
    return " ".join(stdout.split())


def test_a_worked_example_and_back(database: Database, command_line: CommandLine) -> None:
    assert current_split(database) == LEAVE_ONE_OUT
    left_out = dump(database)
    report = said(command_line(*BY_TIME).stdout)
    assert marks(database) == EXPECTED
    assert current_split(database) == Split("time", 50, 70)
    ensure_split(database)
    for part, count in (("train", 4), ("validation", 3), ("test", 3)):
        assert f"interactions for {part} │ {count} │" in report
    assert "validation from 1970-01-01T00:00:00.050, test from 1970-01-01T00:00:00.070 (UTC)" in report
    visited = "MATCH (u)-[:HAS_SESSION]->()-[c:CONTAINS]->(i), (u)-[r:INTERACTED {timestamp: c.timestamp}]->(i) "
    assert rows(database, visited + "RETURN count(*), sum(CASE WHEN c.split = r.split THEN 1 ELSE 0 END)") == [(10, 10)]

    once = dump(database)
    command_line(*BY_TIME)
    assert dump(database) == once

    report = said(command_line("load", "split", "--by", "leave-one-out").stdout)
    assert current_split(database) == LEAVE_ONE_OUT and "Split by time" not in report
    rows(database, "MATCH (split:Split) DELETE split")
    assert dump(database) == left_out


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    times=st.lists(st.integers(-5, 15), min_size=1, max_size=40),
    validation=st.sampled_from([0.1, 0.25, 0.4]),
    test=st.sampled_from([0.1, 0.25, 0.4]),
)
def test_borders_are_those_of_a_plain_reference(
    database: Database, times: list[int], validation: float, test: float
) -> None:
    empty(database)
    write(database, [Interaction(f"U{n % 3}", f"B{n}", None, time, n) for n, time in enumerate(times)])

    def border(share: float, before: float) -> int | None:
        """The latest time from which on, before another, as many lie as the share asks for, one at least."""
        wanted = max(1, round(share * len(times)))
        enough = [time for time in times if sum(time <= other < before for other in times) >= wanted]
        return max(enough, default=None)

    test_from = border(test, math.inf)
    assert test_from is not None
    validation_from = border(validation, test_from)
    if validation_from is None or validation_from == min(times):
        with pytest.raises(KgrecError, match="none is left for training"):
            time_split(database, validation, test)
    else:
        assert time_split(database, validation, test) == Split("time", validation_from, test_from)


def test_a_later_load_keeps_the_borders(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    command_line(*BY_TIME)
    lines = ["user_id:token\titem_id:token\ttimestamp:float", "early\tB1\t100000000090", "new\tB1\t0.049"]
    lines += ["new\tB2\t0.05", "new\tB3\t0.069", "new\tB4\t0.07"]
    (tmp_path / "toy.inter").write_text("\n".join(lines))
    report = said(command_line("load", "recbole", str(tmp_path)).stdout)
    assert "validation from 1970-01-01T00:00:00.050" in report and "later loads keep these borders" in report
    later = {"early": ["train", "train", "test"], "new": ["train", "validation", "validation", "test"]}
    assert marks(database) == EXPECTED | later
    assert current_split(database) == Split("time", 50, 70)
    once = dump(database)
    command_line("load", "recbole", str(tmp_path))
    assert dump(database) == once
    command_line("load", "split", "--by", "time")  # of fifteen the last two, 80 and the late one, and 70 three times
    assert current_split(database) == Split("time", 70, 80)


class Fault(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.mark.parametrize("finish", ["the same command", "a load"])
@pytest.mark.parametrize("transactions", [0, 1, 2])
def test_an_interrupted_split_is_refused_until_it_is_completed(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, transactions: int, finish: str
) -> None:
    before = dump(database)
    command_line(*BY_TIME)
    uninterrupted = dump(database)
    command_line("load", "split", "--by", "leave-one-out")
    rows(database, "MATCH (split:Split) DELETE split")
    monkeypatch.setattr(splits, "USERS_PER_BATCH", 1)
    true_write, true_together = Database.write, Database.write_together
    left = transactions

    def failing(write: Any) -> Any:
        def count_down(*arguments: Any, **parameters: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Fault
            left -= 1
            return write(*arguments, **parameters)

        return count_down

    with monkeypatch.context() as faulty:
        faulty.setattr(Database, "write", failing(true_write))
        faulty.setattr(Database, "write_together", failing(true_together))
        with pytest.raises(Fault):
            command_line(*BY_TIME)
    with pytest.raises(
        KgrecError, match=f"{4 - max(0, transactions - 1)} users and 0 .*`kgrec load split`: run it again"
    ):
        ensure_split(database)
    if finish == "the same command":
        command_line(*BY_TIME)
    else:
        splits.mark_splits(database)
    ensure_split(database)
    # Until the rule is written, the one before holds.
    assert dump(database) == (before if (transactions, finish) == (0, "a load") else uninterrupted)


@pytest.mark.parametrize("test", ["0.79", "0.9"])  # 10 is for validation, or for the test
def test_borders_that_leave_nothing_for_training_are_refused(
    database: Database, command_line: CommandLine, test: str
) -> None:
    before = dump(database)
    result = command_line("load", "split", "--by", "time", "--validation", "0.09", "--test", test, check=False)
    assert isinstance(result.exception, KgrecError) and "none is left for training" in str(result.exception)
    assert dump(database) == before


def test_without_times_there_is_no_split_by_time(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "toy.inter").write_text("user_id:token\titem_id:token\nearly\tB1\nearly\tB2\n")
    command_line(*BY_TIME)
    once = dump(database)
    refused = command_line("load", "recbole", str(tmp_path), check=False)
    assert isinstance(refused.exception, KgrecError)
    assert "toy.inter has no timestamps, and the graph is split by time" in str(refused.exception)
    assert dump(database) == once
    command_line("load", "split", "--by", "leave-one-out")
    command_line("load", "recbole", str(tmp_path))
    refused = command_line(*BY_TIME, check=False)
    assert isinstance(refused.exception, KgrecError)
    assert "2 interactions have no time" in str(refused.exception) and "--by leave-one-out" in str(refused.exception)


def test_wrong_calls_are_refused(database: Database, command_line: CommandLine) -> None:
    for arguments in (
        (),
        ("--by", "leave-one-out", "--test", "0.1"),
        ("--by", "time", "--test", "0.5", "--validation", "0.5"),
        ("--by", "time", "--validation", "nan"),
        ("--by", "time", "--test", "0"),
    ):
        assert command_line("load", "split", *arguments, check=False).exit_code == 2
    empty(database)
    refused = command_line(*BY_TIME, check=False)
    assert "no interactions to split" in str(refused.exception)


def test_help_says_what_each_rule_means(command_line: CommandLine) -> None:
    text = said(command_line("load", "split", "--help").stdout)
    assert "lets models learn from other users' later days" in text
    assert "The last 10% of all interactions are for the test" in text
