"""`kgrec load spark` in local mode on a real Spark: run by ./kgrec-test-far."""

import random
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kgrec.graph.database import Database
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump

pytest.importorskip("pyspark", reason="Spark is not installed: ./kgrec-test-far brings it")

START = 1_600_000_000  # seconds
COLUMNS = ("user_id", "item_id", "rating", "timestamp")


def interactions() -> list[dict[str, Any]]:
    """Visits of 40 users to 30 items, some of them at the same time, some without a rating."""
    chance = random.Random(3)
    visits = {
        (f"u{chance.randrange(40)}", f"i{chance.randrange(30)}", START + chance.randrange(60) * 7_200)
        for _ in range(1_500)
    }
    return [
        {"user_id": user, "item_id": item, "rating": chance.choice([None, 1.0, 4.5]), "timestamp": time}
        for user, item, time in sorted(visits)
    ]


def graph(database: Database) -> Any:
    """All of it, but the lines of the file that Parquet has not."""
    nodes, relationships = dump(database)
    bare = [
        (start, kind, [pair for pair in properties if pair[0] != "position"], end)
        for start, kind, properties, end in relationships
    ]
    return nodes, sorted(bare, key=repr)


def test_the_graph_is_that_of_the_online_load(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = interactions()
    lines = ["\t".join("" if row[column] is None else str(row[column]) for column in COLUMNS) for row in rows]
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    (tmp_path / "toy.inter").write_text("".join(f"{line}\n" for line in [header, *lines]))
    command_line("load", "recbole", str(tmp_path))
    expected = graph(database)
    empty(database)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)  # no Java on this machine: that of the managed server serves
    parts = tmp_path / "parts"
    parts.mkdir()
    random.Random(5).shuffle(rows)
    for number in range(3):
        pd.DataFrame(rows[number::3]).to_parquet(parts / f"{number}.parquet", index=False)
    told = command_line("load", "spark", str(parts), "--master", "local[2]").output
    assert f"INTERACTED │ {len(rows):,}" in " ".join(told.split())
    assert graph(database) == expected
    assert "Nothing was new" in command_line("load", "spark", str(parts), "--master", "local[2]").output
    assert graph(database) == expected

    broken = tmp_path / "broken.parquet"
    pd.DataFrame([rows[0], {**rows[1], "user_id": " "}, {**rows[2], "timestamp": None}]).to_parquet(broken, index=False)
    failed = command_line("load", "spark", str(broken), "--master", "local[2]", check=False)
    assert failed.exit_code == 1
    assert "2 rows of" in str(failed.exception) and "Nothing was written" in str(failed.exception)
    assert graph(database) == expected
    failed = command_line("load", "spark", str(tmp_path / "none.parquet"), "--master", "local[2]", check=False)
    assert "Spark at local[2] failed" in str(failed.exception) and "none.parquet" in str(failed.exception)
