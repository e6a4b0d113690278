"""The main job on a small made-up shop: raw files and a SPARQL endpoint in, recommendations with reasons out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kgrec.graph.database import Database
from synthetic.__main__ import main as write_shop
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import rows
from tests.integration.sparql_endpoint import served

SETTINGS = """
[dbpedia]
min_interval_seconds = 0
[hdgi]
epochs = 40
dim = 32
personas = 6
[sasrec]
epochs = 4
dim = 16
"""
WHO = {f"A{user:09d}SYN" for user in range(90)}


@pytest.mark.parametrize("year", ["2014", "2023"])
def test_from_raw_files_to_recommendations(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: str
) -> None:
    empty(database)
    (tmp_path / "kgrec.toml").write_text(SETTINGS)
    monkeypatch.setitem(command_line.environment, "KGREC_SETTINGS", str(tmp_path / "kgrec.toml"))
    shop, run = tmp_path / "shop", str(tmp_path / "run")
    options = ["--out", str(shop), "--users", "90", "--items", "100", "--format", year]
    assert CliRunner().invoke(write_shop, options).exit_code == 0

    files = [str(shop / name) for name in ("reviews.json.gz", "metadata.json.gz")]
    command_line("load", "amazon", "--reviews", files[0], "--metadata", files[1])
    with served((shop / "dbpedia.nt").read_text()) as endpoint:
        command_line("load", "dbpedia", "--endpoint", endpoint.url)
    command_line("load", "embeddings")
    command_line("train", "personas", "--run", run)
    command_line("train", "sasrec", "--run", run)

    found = json.loads(
        command_line("recommend", "--user", min(WHO), "-k", "5", "--run", run, "--format", "json").stdout
    )
    assert [one["rank"] for one in found] == [1, 2, 3, 4, 5] and all(one["title"] and one["persona"] for one in found)
    seen = rows(database, "MATCH (:User {user_id: $user})-[:INTERACTED]->(i) RETURN i.item_id", user=min(WHO))
    assert not {one["item_id"] for one in found} & {item for (item,) in seen}
    assert any(one["reason"] for one in found)
    results = json.loads(command_line("evaluate", "--run", run, "--format", "json").stdout)
    assert {one["users"] for one in results if one["slice"] == "all users"} == {len(WHO)}

    linked = rows(database, "MATCH (i:Item)-[:SAME_AS]->(e:Entity) RETURN i.title, e.label")
    assert len(linked) > 60  # 85 of 100 have a page
    assert all(title.startswith(label) for title, label in linked)
    members = rows(database, "MATCH (u:User)-[h:HAS_PERSONA]->(:Persona) RETURN u.user_id, sum(h.weight)")
    assert {user for user, _ in members} == WHO and all(weight == pytest.approx(1) for _, weight in members)
    interests = rows(database, "MATCH (u:User)-[i:INTERESTED_IN]->(f) RETURN u.user_id, i.run, labels(f)[0]")
    assert {user for user, _, _ in interests} == WHO and len({run_id for _, run_id, _ in interests}) == 1
    assert {"Author", "Category", "Entity"} <= {label for _, _, label in interests}
