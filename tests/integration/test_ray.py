"""`kgrec ray` on a real Ray of this machine: run by ./kgrec-test-far."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.terminal import Advance
from tests.conftest import CommandLine
from tests.integration.graph_dump import rows
from tests.integration.test_recommender import lists, run

pytest.importorskip("ray", reason="Ray is not installed: ./kgrec-test-far brings it")

__all__ = ["run"]  # the fixture


def test_the_lists_are_those_of_recommend(
    database: Database,
    command_line: CommandLine,
    run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    into = ("--run", str(run))
    histories, out, users = tmp_path / "histories.parquet", tmp_path / "lists", tmp_path / "users.txt"
    ((category,), *_) = rows(
        database, "MATCH (c:Category)<-[:IN_CATEGORY]-(i) WITH c, count(i) AS n RETURN c.name ORDER BY n, c.name"
    )
    command_line("feedback", "--user", "keen", "--interest", f"Category {category}", *into)
    command_line("ray", "histories", str(histories), *into)
    user_ids = pq.read_table(histories)["user_id"].to_pylist()
    users.write_text("\n".join(user_ids))
    monkeypatch.setattr("recommender.on_ray.BLOCK", 7)  # several blocks for two workers
    monkeypatch.setattr("recommender.on_ray.LOOK", 0.01)
    moves: list[tuple[int | None, int]] = []

    @contextmanager
    def recorded(what: object, total: int | None) -> Iterator[Advance]:
        yield lambda done, told: moves.append((total, done))

    monkeypatch.setattr("recommender.ray_commands.progress", recorded)
    told = command_line("ray", "lists", str(histories), str(out), "-k", "5", "--workers", "2", *into).output
    table = pq.read_table(out).sort_by([("user_id", "ascending"), ("rank", "ascending")])
    found = [(row["user_id"], row["rank"], row["item_id"]) for row in table.to_pylist()]
    expected = lists(command_line, "--users-file", str(users), "-k", "5", *into)
    assert {total for total, _ in moves} == {5 * len(user_ids)}
    done = [done for _, done in moves]
    assert done == sorted(done) and done[-1] == len(found)
    assert found == sorted((one["user_id"], one["rank"], one["item_id"]) for one in expected)
    assert len(user_ids) > 14 and "keen" in user_ids and f"{len(found):,} rows are in" in told
    scores = {(one["user_id"], one["rank"]): one["score"] for one in expected}
    assert [scores[row["user_id"], row["rank"]] for row in table.to_pylist()] == pytest.approx(
        table["score"].to_pylist(), abs=1e-4
    )
    assert not list(tmp_path.glob("*.partial*"))

    again = command_line("ray", "lists", str(histories), str(out), *into, check=False)
    assert isinstance(again.exception, KgrecError) and "is there already" in str(again.exception)
    users_only = tmp_path / "broken"
    failed = command_line("ray", "lists", str(tmp_path / "none.parquet"), str(users_only), *into, check=False)
    assert isinstance(failed.exception, KgrecError) and "Ray job failed" in str(failed.exception)
    assert not users_only.exists() and not list(tmp_path.glob("*.partial*"))
