"""Reasons from a real graph: what the profile of the history weighs most, and nothing that half of all items share."""

import math

import pytest

from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from recommender.explanations import reasons
from tests.conftest import empty

GRAPH = """
UNWIND range(0, 19) AS number
CREATE (item:Item {item_id: 'i' + number})
MERGE (books:Category {name: 'Books'}) MERGE (item)-[:IN_CATEGORY]->(books)
WITH number, item
FOREACH (_ IN CASE WHEN number < 10 THEN [1] ELSE [] END |
  MERGE (f:Category {name: 'Half'}) MERGE (item)-[:IN_CATEGORY]->(f))
FOREACH (_ IN CASE WHEN number < 9 THEN [1] ELSE [] END |
  MERGE (f:Category {name: 'Nine'}) MERGE (item)-[:IN_CATEGORY]->(f))
FOREACH (_ IN CASE WHEN number < 6 THEN [1] ELSE [] END |
  MERGE (page:Entity {uri: 'page ' + number}) MERGE (item)-[:SAME_AS]->(page)
  MERGE (f:Entity {uri: 'http://x/six', label: 'Six'}) MERGE (page)-[:SUBJECT]->(f) MERGE (page)-[:GENRE]->(f))
FOREACH (_ IN CASE WHEN number IN [0, 1] THEN [1] ELSE [] END |
  MERGE (f:Author {name: 'Two'}) MERGE (item)-[:BY]->(f))
FOREACH (_ IN CASE WHEN number IN [0, 5] THEN [1] ELSE [] END |
  MERGE (f:Author {name: 'Another two'}) MERGE (item)-[:BY]->(f))
"""


@pytest.fixture(scope="module", autouse=True)
def graph(database: Database) -> None:
    ensure_schema(database)
    empty(database)
    database.driver.execute_query(GRAPH)


def history(*numbers: int) -> list[str]:
    return [f"i{number}" for number in numbers]


def test_what_most_of_the_history_has_and_few_other_items_comes_first(database: Database) -> None:
    nine, six, two = (math.log(20 / n) for n in (9, 6, 2))
    assert 4 * nine > 3 * nine > two > six > nine and 2 * six > two
    given = [
        ("i0", history(1)),
        ("i0", history(1, 2, 3)),
        ("i0", history(1, 6, 7, 8)),
        ("i0", history(1, 5)),
        ("i9", history(0, 1)),
        ("i19", history(0, 1)),
    ]
    assert reasons(database, given) == [
        ["Two", "Six"],
        ["Six", "Nine"],
        ["Nine", "Two"],
        ["Six", "Another two"],  # of equal weight, the names say which comes first
        [],  # Half is what half of all items have, Books what all have
        [],
    ]


def test_an_item_that_the_history_holds_twice_counts_once(database: Database) -> None:
    assert reasons(database, [("i0", history(1, 1, 6))]) == reasons(database, [("i0", history(1, 6))])


def test_profiles_and_personas_are_no_items(database: Database) -> None:
    """However many point to a feature, it is as rare as its items are."""
    given = [("i0", history(1)), ("i0", history(1, 2, 3)), ("i0", history(1, 5))]
    before = reasons(database, given)
    database.driver.execute_query(
        "MATCH (f:Author|Entity|Category) UNWIND range(1, 50) AS n "
        "CREATE (:User {user_id: elementId(f) + ' ' + n})-[:INTERESTED_IN {weight: 1.0, items: 1, run: 'r'}]->(f)"
    )
    assert reasons(database, given) == before


def test_no_reasons_are_asked_for(database: Database) -> None:
    assert reasons(database, []) == []


def test_a_query_of_browser_leaves_out_what_half_of_all_items_share_too(database: Database) -> None:
    database.driver.execute_query(
        "MATCH (item:Item) OPTIONAL MATCH (item)-[:SAME_AS]->(own:Entity) "
        "FOREACH (_ IN CASE WHEN own IS NULL THEN [1] ELSE [] END | "
        "  CREATE (item)-[:SAME_AS]->(:Entity {uri: 'page of ' + item.item_id})) "
        "WITH DISTINCT item MATCH (item)-[:SAME_AS]->(page) MERGE (all:Entity {uri: 'http://x/all', label: 'All'}) "
        "MERGE (page)-[:SUBJECT]->(all) "
        "WITH collect(item) AS items CREATE (user:User {user_id: 'reader'}) "
        "FOREACH (item IN [one IN items WHERE one.item_id IN ['i1', 'i2', 'i9']] | CREATE (user)-[:INTERACTED]->(item))"
    )
    for item_id, shared in (("i0", {"Two", "Nine", "Six"}), ("i15", set())):  # not Half, Books, All
        found = database.read("explore/why-item", user_id="reader", item_id=item_id)
        assert {row["shared"] for row in found} == shared
        pictured = database.read("explore/why-item-picture", user_id="reader", item_id=item_id)
        entities = {node.get("label") for row in pictured for node in row["path"].nodes} - {None}
        assert entities == shared & {"Six"}


def test_a_picture_of_browser_shows_what_is_liked_and_stated_interests(database: Database) -> None:
    """Of somebody who chose nothing; no interest in what half of all items have."""
    database.driver.execute_query(
        "CREATE (user:User {user_id: 'keen'}) WITH user "
        "MATCH (liked:Item {item_id: 'i1'}) CREATE (user)-[:LIKES]->(liked) WITH user "
        "MATCH (what) WHERE what.name IN ['Two', 'Books'] OR what.label = 'Six' OR what.uri = 'page 0' "
        "CREATE (user)-[:STATED_INTEREST]->(what)"
    )
    found = [row["path"] for row in database.read("explore/why-item-picture", user_id="keen", item_id="i0")]
    ways = {tuple(tie.type for tie in path.relationships) for path in found}
    facts = ("SUBJECT", "GENRE")
    assert ways == {
        *(("LIKES", "SAME_AS", own, other, "SAME_AS") for own in facts for other in facts),
        *(("STATED_INTEREST", fact, "SAME_AS") for fact in facts),
        ("STATED_INTEREST", "BY"),
        ("STATED_INTEREST", "SAME_AS"),
    }
    told = database.read("explore/why-item", user_id="keen", item_id="i0")
    assert {row["shared"] for row in told} == {"Two", "Six", "Nine"}
