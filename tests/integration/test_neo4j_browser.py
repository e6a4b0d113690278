"""The link of ``kgrec explore`` in a real Chromium: the managed server's Browser has the query, and it runs."""

from pathlib import Path

import pytest

from kgrec.explore.browser import Browser, query_text
from kgrec.graph.database import Database
from kgrec.settings import Neo4jSettings
from tests.chromium import chromium

TITLE = "Salt & Stone #1: 'a' 100%"


def test_the_query_is_in_the_editor_and_runs(
    database: Database, neo4j_home: Path, neo4j_address: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a value that a link could lose; user and database are those of the server, and no password is in it."""
    database.driver.execute_query(
        "CREATE (:User {user_id: $id, name: $id})-[:INTERACTED {timestamp: 1, split: 'test'}]->(i:Item {item_id: 'i1', "
        "title: 'Emma'})<-[:CONTAINS {timestamp: 1, split: 'test'}]-(:Session {started_at: 1}) WITH i "
        "MATCH (u:User), (s:Session) CREATE (u)-[:HAS_SESSION]->(s)",
        id=TITLE,
    )
    monkeypatch.setenv("KGREC_HOME", str(neo4j_home))
    query = query_text("user-sessions", {"user_id": TITLE})
    link = Browser(Neo4jSettings(uri=None)).link(query)
    assert link is not None and neo4j_address["password"] not in link
    with chromium() as browser:
        page = browser.new_page()
        page.goto(link)
        page.fill("[data-testid=password]", neo4j_address["password"])
        assert page.input_value("[data-testid=username]") == "neo4j"
        assert page.input_value("[data-testid=boltaddress]") == neo4j_address["uri"].removeprefix("bolt://")
        lines = page.locator(".monaco-editor .view-line")
        lines.first.wait_for()
        shown = "".join(lines.all_text_contents()).replace("\xa0", " ")  # it renders the lines that are in sight
        assert "WITH 'Salt \\u0026 Stone \\u00231: \\'a\\' 100%' AS user_id" in shown
        assert query.replace("\n", "").startswith(shown)
        page.click("[data-testid=connect]")
        page.get_by_text("Getting started with Neo4j Browser").wait_for()
        page.click("[data-testid=editor-Run]")
        page.get_by_text("Emma (test)").wait_for()
        assert page.get_by_text("ERROR").count() == 0
