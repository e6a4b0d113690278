"""INTERESTED_IN on a real graph: the weights of dense arithmetic, whole at any time, replaced by the next write."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from gnn import interests as writing
from gnn.interests import write_interests
from kgrec.errors import KgrecError
from kgrec.explore.queries import readable, run_query
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.housekeeping import HOUSEKEEPING, keeps_house
from recommender.reading import read_dataset
from tests.conftest import empty
from tests.integration.graph_dump import dump, rows
from tests.integration.test_write_back import Killed, killing
from tests.unit.datasets import by_profile, scores_of

USERS, ITEMS = 30, 24
GRAPH = """
UNWIND $items AS row
MERGE (item:Item {item_id: row.item}) SET item.title = 'Title of ' + row.item
FOREACH (name IN row.Author | MERGE (f:Author {name: name}) MERGE (item)-[:BY]->(f))
FOREACH (name IN row.Brand | MERGE (f:Brand {name: name}) MERGE (item)-[:BY]->(f))
FOREACH (name IN row.Category | MERGE (f:Category {name: name}) MERGE (item)-[:IN_CATEGORY]->(f))
FOREACH (uri IN row.Entity |
  MERGE (page:Entity {uri: 'page of ' + row.item}) MERGE (item)-[:SAME_AS]->(page)
  MERGE (f:Entity {uri: uri}) SET f.label = uri MERGE (page)-[:SUBJECT]->(f) MERGE (page)-[:GENRE]->(f)
)
WITH count(*) AS items
UNWIND $users AS row
MERGE (user:User {user_id: row.user})
WITH user, row
UNWIND range(0, size(row.items) - 1) AS place
MATCH (item:Item {item_id: row.items[place]})
CREATE (user)-[:INTERACTED {position: place, split: ['train', 'validation', 'test'][place % 3]}]->(item)
"""
KINDS = (("Author", "Brand", "Category"), ("Entity",))  # of features; each has a profile of its own

Told = dict[str, dict[str, list[str]]]
Chosen = dict[str, list[str]]
Interests = dict[tuple[str, str, str], tuple[float, int]]


def told() -> Told:
    """Facts of the items; all are in one category, half of them in another, and an author has a category's name."""
    generator = random.Random(2)
    return {
        f"i{item:02}": {
            "Author": generator.sample(["Orrin", "Isden", "Crime", "Garley"], generator.randint(0, 2)),
            "Brand": ["Garley"] if item % 5 == 0 else [],
            "Category": ["Books", *(["Half"] if item % 2 else []), *(["Crime"] if item % 3 == 0 else [])],
            "Entity": sorted(f"http://x/{fact}" for fact in generator.sample(range(40), generator.randint(0, 12))),
        }
        for item in range(ITEMS)
    }


def chosen(seed: int = 3) -> Chosen:
    """What each user had, the first of it twice."""
    generator = random.Random(seed)
    found = {}
    for user in range(USERS):
        items = [f"i{item:02}" for item in generator.sample(range(ITEMS), generator.randint(1, 9))]
        found[f"u{user:02}"] = [*items, items[0]]
    return found


def fill(database: Database, facts: Told, histories: Chosen) -> None:
    empty(database)
    database.driver.execute_query(
        GRAPH,
        items=[{"item": item, **found} for item, found in facts.items()],
        users=[{"user": user, "items": items} for user, items in histories.items()],
    )


def expected(facts: Told, histories: Chosen) -> Interests:
    """Weight and items of each user and feature, by dense arithmetic; the strongest twenty of a kind."""
    found: Interests = {}
    for labels in KINDS:
        of_item = {item: {(label, one) for label in labels for one in row[label]} for item, row in facts.items()}
        counts = Counter(one for features in of_item.values() for one in features)
        features = sorted(counts)
        dense = np.array([[feature in of_item[item] for feature in features] for item in facts], dtype=float)
        dense = dense.reshape(len(facts), len(features)) * [math.log(len(facts) / counts[one]) for one in features]
        dense /= np.linalg.norm(dense, axis=1, keepdims=True).clip(min=1e-12)
        for user, items in histories.items():
            mine = set(items)
            profile = dense[[item in mine for item in facts]].sum(axis=0)
            profile /= max(float(np.linalg.norm(profile)), 1e-12)
            weights = {
                feature: float(weight)
                for feature, weight in zip(features, profile, strict=True)
                if weight > 0 and counts[feature] < len(facts) / 2
            }
            for feature in sorted(weights, key=lambda one: (-round(weights[one], 6), one))[:20]:
                found[user, *feature] = weights[feature], sum(feature in of_item[item] for item in mine)
    return found


def stored(database: Database) -> Interests:
    """What readers see."""
    found = rows(
        database,
        "MATCH (c:CurrentRun {kind: 'profiles'}) MATCH (u:User)-[i:INTERESTED_IN {run: c.run_id}]->(f) "
        "RETURN u.user_id, labels(f)[0], coalesce(f.uri, f.name), i.weight, i.items",
    )
    result = {(user, label, key): (weight, items) for user, label, key, weight, items in found}
    assert len(result) == len(found)  # none of them twice
    return result


def runs(database: Database) -> list[str]:
    return [run for (run,) in rows(database, "MATCH ()-[i:INTERESTED_IN]->() RETURN DISTINCT i.run AS run")]


def same(found: Interests, given: Interests) -> bool:
    return found.keys() == given.keys() and all(found[one] == pytest.approx(given[one], abs=2e-6) for one in given)


@pytest.fixture(autouse=True)
def graph(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches, and the graph as it is given."""
    monkeypatch.setattr(writing, "USERS", 16)
    monkeypatch.setattr(writing, "INTERESTS", 100)
    ensure_schema(database)
    fill(database, told(), chosen())


def test_weights_are_those_of_dense_arithmetic(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    write_interests(database)
    given = expected(told(), chosen())
    assert same(stored(database), given)
    assert {label for _, label, _ in given} == {"Author", "Brand", "Category", "Entity"}
    assert not {key for _, _, key in given} & {"Books", "Half"}
    of_entities = Counter(user for user, label, _ in given if label == "Entity")
    assert max(of_entities.values()) == 20  # so that some were left out
    in_small_batches = dump(database)
    fill(database, told(), chosen())
    monkeypatch.setattr(writing, "USERS", 1_000)
    write_interests(database)
    assert dump(database) == in_small_batches


def test_weights_are_those_by_which_the_recommender_scores(database: Database) -> None:
    """An item of one rare feature is scored by the weight of that feature, whatever else the user has."""
    database.driver.execute_query(
        "UNWIND ['Garley', 'Orrin'] AS name MATCH (a:Author {name: name}) "
        "CREATE (:Item {item_id: 'only ' + name})-[:BY]->(a)"
    )
    write_interests(database)
    data = read_dataset(database, [], with_texts=False)
    histories = [[data.number[item] for item in items] for items in chosen().values()]
    scores = scores_of(by_profile(data.facts["catalogue"]), histories, data.n_items).numpy()
    found, compared = stored(database), 0
    for row, user in enumerate(chosen()):
        for name in ("Garley", "Orrin"):
            weight, _ = found.get((user, "Author", name), (0.0, 0))
            assert scores[row, data.number[f"only {name}"]] == pytest.approx(weight, abs=1e-5)
            compared += weight > 0
    assert compared > 10


@pytest.mark.parametrize("left", [("Author", "Brand", "Category"), ("Entity",), ()])
def test_graph_with_one_kind_of_facts_or_none(database: Database, left: tuple[str, ...]) -> None:
    facts = {item: {label: row[label] if label in left else [] for label in row} for item, row in told().items()}
    fill(database, facts, chosen())
    write_interests(database)
    found = stored(database)
    assert same(found, expected(facts, chosen())) and {label for _, label, _ in found} == set(left)
    whole = dump(database)
    write_interests(database)
    assert dump(database) == whole


def test_graph_without_items_or_users(database: Database) -> None:
    empty(database)
    write_interests(database)
    assert stored(database) == {} and runs(database) == []


def test_the_same_graph_is_not_written_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    write_interests(database)
    whole = dump(database)
    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", None)  # not called
        write_interests(database)
    assert dump(database) == whole


def change(database: Database) -> tuple[Told, Chosen]:
    """Give a user another item, and an item another fact."""
    facts, histories = told(), chosen()
    histories["u07"].append(next(item for item in facts if item not in histories["u07"]))
    facts["i04"]["Entity"].append("http://x/new")
    fact = {"page": "page of i04", "user": "u07", "item": histories["u07"][-1]}
    database.driver.execute_query(
        "MATCH (u:User {user_id: $user}), (i:Item {item_id: $item}) CREATE (u)-[:INTERACTED {split: 'test'}]->(i) "
        "MERGE (p:Entity {uri: $page}) MERGE (f:Entity {uri: 'http://x/new'}) MERGE (p)-[:GENRE]->(f) "
        "WITH p MATCH (j:Item {item_id: 'i04'}) MERGE (j)-[:SAME_AS]->(p)",
        fact,
    )
    return facts, histories


def test_the_next_run_replaces_it(database: Database) -> None:
    write_interests(database)
    before = runs(database)
    facts, histories = change(database)
    write_interests(database)
    assert same(stored(database), expected(facts, histories))
    assert len(runs(database)) == 1 and runs(database) != before


def test_killed_before_any_write(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers see the whole old run until the switch, then the whole new one; the next write ends the same."""

    def changed() -> None:
        fill(database, told(), chosen())
        write_interests(database)
        change(database)

    changed()
    before = stored(database)
    write_interests(database)
    after, whole = stored(database), dump(database)
    assert not same(before, after)
    outcomes = []
    for number in range(100):
        changed()
        with monkeypatch.context() as patched:
            killing(patched, number)
            try:
                write_interests(database)
            except Killed:
                outcomes.append(stored(database))
            else:
                break
        assert outcomes[-1] == before or outcomes[-1] == after, number
        write_interests(database)
        assert dump(database) == whole, number
    switched = [outcome == after for outcome in outcomes]
    # It forgets what was left, writes two batches of each kind, switches, forgets the old run: after the switch.
    assert len(outcomes) == 7 and switched == [False] * 6 + [True]


def test_killed_while_the_old_run_goes(database: Database) -> None:
    """The new run is current, and some of the old one is left."""
    write_interests(database)
    old = [tuple(row) for row in rows(database, "MATCH (u)-[i:INTERESTED_IN]->(f) RETURN u.user_id, f.name, f.uri")]
    change(database)
    write_interests(database)
    after, whole = stored(database), dump(database)
    database.driver.execute_query(
        "MATCH (u:User {user_id: $user}), (f) WHERE f.name = $name OR f.uri = $uri "
        "CREATE (u)-[:INTERESTED_IN {weight: 9.0, items: 9, run: 'old'}]->(f)",
        user=old[0][0], name=old[0][1], uri=old[0][2],
    )  # fmt: skip
    assert stored(database) == after
    write_interests(database)
    assert dump(database) == whole


def test_what_a_load_removed_is_written_again(database: Database) -> None:
    """A user who is removed and loaded again has the same items, and the digest of the run is the same."""
    write_interests(database)
    whole, given = dump(database), stored(database)
    database.driver.execute_query("MATCH (:User {user_id: 'u03'})-[i:INTERESTED_IN]->() DELETE i")
    assert stored(database).keys() < given.keys()
    write_interests(database)
    assert dump(database) == whole


def test_no_transaction_carries_more_than_a_batch(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[int] = []
    real: Callable[..., Any] = Database.write

    def counted(self: Database, name: str, **parameters: Any) -> Any:
        summary = real(self, name, **parameters)
        if name == "personas/interests":
            created.append(summary.counters.relationships_created)
            assert len(parameters["user_ids"]) <= writing.USERS
        return summary

    monkeypatch.setattr(Database, "write", counted)
    write_interests(database)
    assert len(created) == 4 and sum(created) == len(expected(told(), chosen()))


def test_two_at_once_do_not_make_half_a_run(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins, and removes what the first has written, while the first still writes."""
    write_interests(database)
    before = stored(database)
    facts, histories = change(database)
    real, (current,) = writing._batches, runs(database)
    calls = iter(range(100))

    def late(*arguments: Any) -> Iterator[dict[str, Any]]:
        if next(calls) == 1:
            writing._forget(database, current, 0)  # as the second does at its start
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(writing, "_batches", late)
        with pytest.raises(KgrecError, match="at the same time"):
            write_interests(database)
    assert stored(database) == before
    write_interests(database)
    assert same(stored(database), expected(facts, histories))


def test_query_shows_the_profile_of_the_current_run_alone(database: Database) -> None:
    write_interests(database)
    database.driver.execute_query(
        "MATCH (u:User {user_id: 'u05'}), (f:Category {name: 'Books'}) "
        "CREATE (u)-[:INTERESTED_IN {weight: 9.0, items: 9, run: 'left'}]->(f)"
    )
    given = {key[1:]: one for key, one in expected(told(), chosen()).items() if key[0] == "u05"}
    columns, table = run_query(database, "user-profile", {"user_id": "u05"})
    assert columns == ["user_id", "kind", "interested_in", "weight", "items"] and 0 < len(table) <= 30
    for user, kind, name, weight, items in table:
        one = given[kind, name]
        assert user == "u05" and float(weight) == pytest.approx(one[0], abs=1e-3) and int(items) == one[1]
    weights = [float(row[3]) for row in table]
    assert weights == sorted(weights, reverse=True) and len(table) == min(30, len(given))
    _, paths = run_query(database, "user-profile-picture", {"user_id": "u05"})
    strongest = defaultdict(list)
    for path in [readable(path) for (path,) in paths]:
        assert path.startswith("u05 ") and "Books" not in path
        strongest["INTERESTED_IN" in path].append(path)
    assert len(strongest[True]) == min(10, len(given)) and len(strongest[False]) >= len(strongest[True])


def test_nothing_that_counts_facts_counts_interests(database: Database) -> None:
    """What the recommender reads, and the reasons of the graph, are the same with and without them."""
    ask = {"user_id": "u05", "item_id": "i04"}
    before = read_dataset(database, [], with_texts=False).facts_digest, run_query(database, "why-item", ask)
    write_interests(database)
    assert before[1][1] and runs(database)
    assert (read_dataset(database, [], with_texts=False).facts_digest, run_query(database, "why-item", ask)) == before


def test_queries_leave_out_what_wikipedia_keeps_house_by(database: Database) -> None:
    """In the profile and among what an item shares; the server reads the expression as Python does."""
    names = [
        "Articles with short description", "All stub articles", "Use mdy dates from May 2019", "Webarchive template",
        "English pages needing attention", "Place of birth missing", "American novelist stubs", "Art-related articles",
        "SHORT DESCRIPTION", "Novels about articles", "Stubs of trees", "Year of the Dragon", "Booksellers",
        "1998 American novels", "Date palms", "Articulated buses", "Uses of English dates", "",
    ]  # fmt: skip
    found = rows(
        database,
        "UNWIND $names AS name RETURN name, name =~ $pattern",
        names=names,
        pattern=f"(?is).*(?:{HOUSEKEEPING}).*",
    )
    assert (
        found == [(name, keeps_house(name)) for name in names] and 5 < sum(kept for _, kept in found) < len(found) - 5
    )
    write_interests(database)
    before = shown(database)
    assert {"Category", "Entity"} < before["user-profile"] and {"Category", "Entity"} < before["why-item"]
    assert all({"IN_CATEGORY", "SAME_AS"} & before[f"{name}-picture"] for name in ("user-profile", "why-item"))
    database.driver.execute_query("MATCH (c:Category) SET c.name = c.name + ' stubs'")
    database.driver.execute_query("MATCH (e:Entity) SET e.label = 'Articles with short description'")
    after = shown(database)
    assert after["user-profile"] == {"Author", "Brand"} and after["why-item"] - {"Item"} == {"Author", "Brand"}
    assert after["user-profile-picture"] == {"BY", "INTERESTED_IN", "INTERACTED"} and not after["why-item-picture"]


def shown(database: Database) -> dict[str, set[str]]:
    """Kinds of what the queries show of some users and items, and types of the ties in their pictures."""
    found: dict[str, set[str]] = defaultdict(set)
    for user in range(0, USERS, 3):
        given = {"user_id": f"u{user:02}"}
        for name, more in (("user-profile", {}), ("why-item", {"item_id": f"i{user % ITEMS:02}"})):
            columns, table = run_query(database, name, given | more)
            found[name] |= {row[columns.index("kind")] for row in table}
            _, paths = run_query(database, f"{name}-picture", given | more)
            found[f"{name}-picture"] |= {tie.type for (path,) in paths for tie in path.relationships}
    return found
