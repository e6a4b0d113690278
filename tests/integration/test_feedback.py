"""Feedback over a real Neo4j: lists, personas and their history change at once, the rest of the graph stays whole."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import gnn.train
from gnn.settings import HDGISettings
from gnn.train import train_personas
from gnn.trainer import UserVectors, learn
from gnn.training_graph import TrainingGraph
from kgloader.dbpedia.predicates import FACT_TYPES
from kgrec.errors import KgrecError, Unknown
from kgrec.explore.queries import run_query
from kgrec.feedback import personas
from kgrec.feedback import record as recording
from kgrec.feedback.events import Event
from kgrec.feedback.record import Recorded, record, record_file
from kgrec.graph.check import check_graph
from kgrec.graph.database import Database
from kgrec.graph.lock import writing
from kgrec.graph.personas import current_personas
from kgrec.training.fits import Fit
from recommender import fusion, second_stage
from recommender.batch import recommend_all
from recommender.histories import read_users
from recommender.interests import GAIN, in_persona
from recommender.learned_order import LearnedOrder
from recommender.recommend import Recommender
from recommender.serving import Served
from recommender.settings import SASRecSettings
from synthetic.__main__ import main as write_shop
from tests.conftest import CommandLine
from tests.integration.graph_dump import dump, rows

SETTINGS = """
[hdgi]
epochs = 2
dim = 8
structure_dim = 8
personas = 3
personas_per_user = 2
[sasrec]
dim = 16
epochs = 1
n_candidates = 60
"""
SASREC = SASRecSettings(dim=16, epochs=1, n_candidates=60)
USER, OTHER = "A000000000SYN", "A000000001SYN"
HOSTILE = "\x1b[2J' DETACH DELETE n // [red]\u202e"


@pytest.fixture(scope="module")
def shop(database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty users and sixty items, with both stages trained; the run folder."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "kgrec.toml").write_text(SETTINGS)
    command_line.environment["KGREC_SETTINGS"] = str(folder / "kgrec.toml")
    options = ["--out", str(folder), "--users", "40", "--items", "60", "--format", "2014"]
    assert CliRunner().invoke(write_shop, options).exit_code == 0
    command_line("load", "amazon", *(f"--{name}={folder / name}.json.gz" for name in ("reviews", "metadata")))
    command_line("load", "dbpedia", "--dump", str(folder / "dbpedia.nt"))
    command_line("load", "embeddings")
    command_line("train", "personas", "--run", str(folder / "run"))
    command_line("train", "sasrec", "--run", str(folder / "run"))
    return folder / "run"


@pytest.fixture
def run(database: Database, shop: Path) -> Iterator[Path]:
    """The run; all feedback is taken back behind the test."""
    yield shop
    database.driver.execute_query("MATCH ()-[r:LIKES|DISLIKES|STATED_INTEREST]->() DELETE r")
    database.driver.execute_query("MATCH ()-[r:INTERACTED|CONTAINS {split: 'feedback'}]->() DELETE r")
    database.driver.execute_query("MATCH (s:Session) WHERE NOT EXISTS { (s)-[:CONTAINS]->() } DETACH DELETE s")
    gone = "MATCH (u:User) WHERE NOT EXISTS { (u)-[:INTERACTED]->() } RETURN u.user_id"
    database.write("load/core_users", users=[user for (user,) in rows(database, gone)])
    database.driver.execute_query("MATCH (s:PersonaState) DETACH DELETE s")


def listed(database: Database, run: Path, user: str = USER, k: int = 60) -> list[str]:
    return [one.item_id for one in Recommender(database, run, SASREC).for_users([user], k)]


def broken(database: Database) -> dict[str, list[str]]:
    found = check_graph(database, {*FACT_TYPES.values(), "RELATED_TO"})
    return {finding.name: finding.examples for finding in found if finding.broken}


def persona(database: Database, user: str) -> np.ndarray:
    return np.array(rows(database, "MATCH (u:User {user_id: $user}) RETURN u.persona", user=user)[0][0])


def of_items(database: Database, items: list[str]) -> np.ndarray:
    """The direction of the sum of the vectors of some items, by numpy."""
    found = current_personas(database, Fit.FINAL)
    vectors = dict(zip(found.item_ids, found.items, strict=True))
    total = np.sum([vectors[item] for item in items], axis=0)
    return np.asarray(total / np.linalg.norm(total))


def chosen(database: Database, user: str) -> list[str]:
    query = "MATCH (:User {user_id: $user})-[:INTERACTED]->(i:Item) RETURN DISTINCT i.item_id"
    return [item for (item,) in rows(database, query, user=user)]


def test_the_next_list_shows_it_without_a_look_at_the_others(
    database: Database, command_line: CommandLine, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, old = listed(database, run), persona(database, USER)
    seen, hidden = before[-1], before[0]  # what was least and what was most for the user
    written = (run / "final" / "snapshot.json").read_bytes()
    told = command_line("feedback", "--user", USER, "--item", seen, "--dislike", hidden, "--run", str(run)).output
    assert "Events: 2, new ones: 2. Personas that changed: 1." in told and "whole graph" not in told
    assert (run / "final" / "snapshot.json").read_bytes() != written

    def reads_all(*_: object, **__: object) -> None:
        raise AssertionError("the whole graph was read")

    with monkeypatch.context() as patch:
        patch.setattr("recommender.snapshot.read_dataset", reads_all)
        after = listed(database, run)
    assert set(before) - set(after) == {seen, hidden} and after != [one for one in before if one in after]
    assert np.allclose(persona(database, USER), of_items(database, chosen(database, USER)), atol=1e-5)
    assert not np.allclose(persona(database, USER), old, atol=1e-3)
    assert broken(database) == {}
    (run / "final" / "snapshot.json").unlink()
    assert listed(database, run) == after  # as the whole graph gives it

    for changed in ("SET u.seen = true", "REMOVE u.seen"):  # by somebody else
        database.driver.execute_query(f"MATCH (u:User {{user_id: $user}}) {changed}", user=USER)
    with monkeypatch.context() as patch, pytest.raises(AssertionError, match="the whole graph was read"):
        patch.setattr("recommender.snapshot.read_dataset", reads_all)
        listed(database, run)


def test_a_snapshot_does_not_follow_where_somebody_else_had_the_lock(
    database: Database, neo4j_address: dict[str, str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, real = listed(database, run)[0], Database.state

    def state_and_then_another(self: Database) -> str:
        found = real(self)
        uri, user, password = (neo4j_address[name] for name in ("uri", "user", "password"))
        with Database(uri, user, password) as other, writing(other, disturbs=False):
            pass
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Database, "state", state_and_then_another)
        assert not record(database, [Event(USER, "like", item)], run).followed
    assert not record(database, [Event(USER, "like", item)], run).followed  # no snapshot of the graph as it was
    assert listed(database, run) and record(database, [Event(USER, "like", item)], run).followed


def test_likes_and_interests_count_and_dislikes_do_not(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    items = chosen(database, USER)
    liked, disliked = listed(database, run)[0], items[0]
    found = record(database, [Event(USER, "like", liked), Event(USER, "dislike", disliked)], run)
    assert found == Recorded(2, 2, 0, 1, 0, followed=True)
    assert np.allclose(persona(database, USER), of_items(database, [*items[1:], liked]), atol=1e-5)
    lists = listed(database, run)
    assert liked not in lists and disliked not in lists
    weights = rows(database, "MATCH (:User {user_id: $user})-[h:HAS_PERSONA]->() RETURN h.weight", user=USER)
    assert len(weights) == 2 and sum(weight for (weight,) in weights) == pytest.approx(1)
    # Somebody new, of whom nothing but an interest is known: the mean of the items that have it.
    (category, having), *_ = rows(
        database,
        "MATCH (c:Category)<-[:IN_CATEGORY]-(i:Item) WITH c, collect(i.item_id) AS items "
        "WHERE size(items) < 30 RETURN c.name, items ORDER BY size(items) DESC LIMIT 1",
    )
    found = record(database, [Event("newcomer", "interest", interest=category)], run)
    assert (found.new_users, found.encoded) == (1, 1)
    assert np.allclose(persona(database, "newcomer"), of_items(database, having), atol=1e-5)
    assert len(listed(database, run, "newcomer", 5)) == 5
    entity = rows(database, "MATCH (:Item)-[:SAME_AS]->(:Entity)-->(e:Entity) RETURN e.uri ORDER BY e.uri LIMIT 1")[0][
        0
    ]
    short = entity.replace("http://dbpedia.org/resource/", "dbr:")
    assert record(database, [Event("newcomer", "interest", interest=short)], run).new == 1
    command_line("recommend", "--all-users", "--out", str(tmp_path / "all"), "-k", "60", "--run", str(run))
    of_all = pq.read_table(tmp_path / "all").to_pylist()
    of_user = {row["item_id"] for row in of_all if row["user_id"] == USER}
    (n_items,) = rows(database, "MATCH (i:Item) RETURN count(i)")[0]
    assert of_user == set(lists) and len([row for row in of_all if row["user_id"] == "newcomer"]) == n_items
    assert broken(database) == {}
    sizes = rows(
        database,
        "MATCH (u:User)-[h:HAS_PERSONA]->(p:Persona) WITH u, p ORDER BY h.weight DESC, p.persona_id "
        "WITH u, head(collect(p)) AS p WITH p, count(*) AS users RETURN p.size = users",
    )
    assert {true for (true,) in sizes} == {True}


def all_switched_off(run: Path, folder: Path) -> None:
    """Copy a run as if validation had chosen no source."""
    for name in ("evaluation", "final"):
        shutil.copytree(run / name, folder / name)
    for path in (run / "sasrec.json", *run.glob("items-*.json")):
        shutil.copy(path, folder)
    without = fusion.load(run, "persona-late")
    off = replace(without, weights=dict.fromkeys(without.weights, 0.0))
    fusion.save({"persona-late": off, "base-text": fusion.load(run, "base-text")}, folder)


def with_it(database: Database, category: str) -> set[str]:
    found = "MATCH (:Category {name: $name})<-[:IN_CATEGORY]-(i:Item) RETURN DISTINCT i.item_id"
    return {item_id for (item_id,) in rows(database, found, name=category)}


def test_an_interest_alone_makes_the_list_whatever_validation_chose(
    database: Database, run: Path, tmp_path: Path
) -> None:
    """By the persona and what has it: the models and the counts know nothing of who has no history."""
    all_switched_off(run, tmp_path)
    categories = rows(database, "MATCH (c:Category) WHERE c.name <> 'Books' RETURN c.name ORDER BY c.name LIMIT 2")
    users = {f"only {name}": name for (name,) in categories}
    record(database, [Event(user, "interest", interest=f"Category {name}") for user, name in users.items()], run)
    chosen_before = second_stage.load(run, "persona-late")
    found = current_personas(database, Fit.FINAL)
    for way in ("none", "base"):
        second_stage.save({"persona-late": replace(chosen_before, base="base-text", way=way)}, tmp_path)
        recommender = Recommender(database, tmp_path, SASREC)
        lists = recommender.for_users([*users, USER], 60)
        for user in users:
            mine = [one for one in lists if one.user_id == user]
            having, near = with_it(database, users[user]), found.items @ persona(database, user)
            standard = dict(zip(found.item_ids, (near - near.mean()) / near.std(), strict=True))
            gain = GAIN * log(len(standard) / len(having))
            score = {item: one + gain if item in having else one for item, one in standard.items()}
            assert [one.item_id for one in mine] == sorted(score, key=lambda item: -score[item])
            assert [one.score for one in mine] == pytest.approx(sorted(score.values(), reverse=True), abs=1e-5)
            assert all((users[user] in one.reason.split(", ")) == (one.item_id in having) for one in mine)
            asked = [mine[0], next(one for one in mine if one.item_id not in having)]
            explained = recommender.explain(asked)
            assert [one.score for one in explained] == pytest.approx([one.score for one in asked])
            for one in explained:
                assert one.parts["persona"] + one.parts["interests"] == pytest.approx(one.score) and not one.evidence
                assert one.interests == ([users[user]] if one.item_id in having else [])
                ways = [(tie.type, one.path.nodes[tie.end].name) for tie in one.path.ties]
                over = one.interests[0] if one.interests else one.persona
                types = ["STATED_INTEREST", "IN_CATEGORY"] if one.interests else ["HAS_PERSONA", "fits"]
                assert [type_ for type_, _ in ways] == types and over in [name for _, name in ways]
                assert one.text.startswith("There is no history: most of the score of ")
        alone = Recommender(database, tmp_path, SASREC).for_users([USER], 60)
        assert [one.item_id for one in lists if one.user_id == USER] == [one.item_id for one in alone]
        assert all(one.parts.get("persona", 0) == 0 for one in recommender.explain(alone[:2]))


@pytest.mark.parametrize("way", get_args(second_stage.Way))
def test_an_interest_of_somebody_with_a_history_is_in_the_next_list_whatever_validation_chose(
    database: Database, run: Path, tmp_path: Path, way: second_stage.Way
) -> None:
    """Also in everybody's lists in one file, and in nobody else's."""
    all_switched_off(run, tmp_path)
    chosen_before, parts = second_stage.load(run, "persona-late"), ["sequence model", "base"]
    learned = LearnedOrder(parts, [0.5, 0.4, 0.1] + [0.0] * 5, [1.0, 0.5], [1.0, 0.5])
    second_stage.save({"persona-late": replace(chosen_before, base="base-text", way=way, learned=learned)}, tmp_path)
    before, of_other = (Recommender(database, tmp_path, SASREC).for_users([who], 60) for who in (USER, OTHER))
    place = {one.item_id: one.rank for one in before}
    categories = [name for (name,) in rows(database, "MATCH (c:Category) WHERE c.name <> 'Books' RETURN c.name")]
    category = max(categories, key=lambda name: max(place.get(item, 0) for item in with_it(database, name)))
    having = with_it(database, category) & place.keys()
    useless = Event(USER, "interest", interest="Books")  # which says nothing, and is no reason
    record(database, [Event(USER, "interest", interest=category), useless], run)
    recommender = Recommender(database, tmp_path, SASREC)
    after = recommender.for_users([USER], 60)
    moved = {one.item_id: place[one.item_id] - one.rank for one in after}
    assert moved.keys() == place.keys() and all(moved[item] >= 0 for item in having) and any(moved.values())
    assert {one.item_id for one in after if category in one.reason.split(", ")} >= having
    assert not any("Books" in one.reason.split(", ") for one in after)
    again = recommender.for_users([OTHER], 60)
    assert [(one.item_id, one.score) for one in again] == [(one.item_id, one.score) for one in of_other]
    explained = recommender.explain(after)
    assert [one.score for one in explained] == pytest.approx([one.score for one in after], abs=1e-5)
    for one in explained:
        assert sum(one.parts.values()) == pytest.approx(one.score, abs=1e-5)
        assert (one.parts["interests"] > 0) == (one.item_id in having) == bool(one.interests)
        assert ("stated as an interest" in one.text) == bool(one.interests)
    recommend_all(database, Served.open(tmp_path, SASREC), tmp_path / "all.parquet", 60)
    of_all = pq.read_table(tmp_path / "all.parquet").to_pylist()
    assert [row["item_id"] for row in of_all if row["user_id"] == USER] == [one.item_id for one in after]


def test_without_an_item_the_persona_is_that_of_the_others_and_the_interests(
    database: Database, run: Path, tmp_path: Path
) -> None:
    """Else the item would seem to carry less than it does, and nothing by the persona."""
    all_switched_off(run, tmp_path)
    by_persona = fusion.load(tmp_path, "persona-late")
    by_persona = replace(by_persona, weights=by_persona.weights | {"persona": 2.0})
    fusion.save({"persona-late": by_persona, "base-text": fusion.load(run, "base-text")}, tmp_path)
    without = replace(second_stage.load(run, "persona-late"), base="base-text", way="none")
    second_stage.save({"persona-late": without}, tmp_path)
    categories = rows(database, "MATCH (c:Category) WHERE c.name <> 'Books' RETURN c.name ORDER BY c.name LIMIT 2")
    events = [Event(USER, "interest", interest=f"Category {name}") for (name,) in categories]
    assert record(database, events, run).new == 2
    recommender = Recommender(database, tmp_path, SASREC)
    users = read_users(database, recommender.snapshot, [USER])
    (history,), (stated,) = recommender.snapshot.numbers(users.histories), users.interests
    own = recommender.personas.of_items(history, in_persona(recommender.snapshot, stated))
    assert np.allclose(own, users.personas[0], atol=1e-5) and np.allclose(own, persona(database, USER), atol=1e-5)
    explained = recommender.explain(recommender.for_users([USER], 5))
    assert all(one.evidence and one.evidence[0].losses["persona"] for one in explained)


def test_the_rarest_interest_is_told_first_and_none_that_half_of_all_items_have(database: Database, run: Path) -> None:
    """The path leads over it: by their keys the category comes first."""
    (item, category, entity, name, way, rare, more, n_items), *_ = rows(
        database,
        "MATCH (c:Category)<-[:IN_CATEGORY]-(i:Item)-[:SAME_AS]->(:Entity)-[fact]->(e:Entity) WHERE e.label <> c.name "
        "WITH i, c, e, fact, COUNT { (c)<-[:IN_CATEGORY]-() } AS more, COUNT { (:Item) } AS n_items, "
        "COUNT { MATCH (e)<--(:Entity)<-[:SAME_AS]-(other:Item) RETURN DISTINCT other } AS rare "
        "WHERE rare < more AND 2 * more < n_items "
        "RETURN i.item_id, c.name, e.uri, e.label, type(fact), rare, more, n_items "
        "ORDER BY rare, i.item_id, e.uri LIMIT 1",
    )
    database.driver.execute_query(
        "MATCH (i:Item) WITH i ORDER BY i.item_id <> $item, i.item_id LIMIT 40 "
        "MERGE (c:Category {name: 'Most'}) MERGE (i)-[:IN_CATEGORY]->(c)",
        item=item,
    )
    interests = [f"Category {category}", entity, "Category Most"]
    record(database, [Event("reader", "interest", interest=interest) for interest in interests], run)
    recommender = Recommender(database, run, SASREC)
    (line,) = (one for one in recommender.for_users(["reader"], 60) if one.item_id == item)
    (explained,) = recommender.explain([line])
    database.driver.execute_query("MATCH (c:Category {name: 'Most'}) DETACH DELETE c")
    assert line.reason.split(", ")[:2] == [name, category] and "Most" not in line.reason.split(", ")
    assert explained.interests == [name, category]
    of_named, of_all = (sum(log(n_items / n) for n in some) for some in ((rare, more), (rare, more, 40)))
    named = explained.parts["interests"] * of_named / of_all
    assert explained.text.endswith(f"as an interest, {name} and {category}: {named:.2f} of the score.")
    ties = [(tie.type, explained.path.nodes[tie.end].name) for tie in explained.path.ties]
    assert [kind for kind, _ in ties] == ["STATED_INTEREST", "SAME_AS", way] and ties[0][1] == ties[2][1] == name


def test_an_interest_in_the_page_of_an_item_is_in_that_item(database: Database, run: Path) -> None:
    ((uri, item),) = rows(database, "MATCH (i:Item)-[:SAME_AS]->(e) RETURN e.uri, i.item_id ORDER BY e.uri LIMIT 1")
    record(database, [Event("reader", "interest", interest=uri)], run)
    recommender = Recommender(database, run, SASREC)
    ((interest,),) = read_users(database, recommender.snapshot, ["reader"]).interests
    assert interest.key == uri and item in interest.item_ids
    first = recommender.for_users(["reader"], 1)[0]
    assert first.item_id == item and interest.name in first.reason
    (explained,) = recommender.explain([first])
    assert [tie.type for tie in explained.path.ties] == ["STATED_INTEREST", "SAME_AS"]


def test_the_same_event_twice_is_one_and_of_opinions_the_later_holds(
    database: Database, run: Path, tmp_path: Path
) -> None:
    first, second, third = listed(database, run)[:3]
    events = [
        {"user_id": USER, "kind": "interaction", "item_id": first, "timestamp": 1_400_000_000, "rating": 4},
        {"user_id": USER, "kind": "interaction", "item_id": first, "timestamp": "2014-05-13T16:53:20Z"},
        {"user_id": USER, "kind": "interaction", "item_id": first},
        {"user_id": USER, "kind": "like", "item_id": second, "timestamp": 1_500_000_000},
        {"user_id": USER, "kind": "dislike", "item_id": second, "timestamp": 1_600_000_000},
        {"user_id": USER, "kind": "like", "item_id": second, "timestamp": 1_550_000_000},
        {"user_id": USER, "kind": "like", "item_id": third},
        {"user_id": USER, "kind": "like", "item_id": third},
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("\n\n".join(map(json.dumps, events)))
    moves: list[tuple[int, str]] = []
    recorded = record_file(database, path, run, lambda *move: moves.append(move))
    assert recorded == Recorded(8, 3, 0, 1, 0, followed=True)
    assert moves == [(0, "0 events"), (path.stat().st_size, "8 events")]
    query = "MATCH (:User {user_id: $user})-[r:INTERACTED|LIKES|DISLIKES]->(i) WHERE i.item_id IN $items AND "
    query += "coalesce(r.split, 'feedback') = 'feedback' RETURN i.item_id, type(r), r.rating"
    told = {(first, "INTERACTED", 4.0), (second, "DISLIKES", None), (third, "LIKES", None)}
    assert set(rows(database, query, user=USER, items=[first, second, third])) == told
    before = dump(database)
    assert record_file(database, path, run) == Recorded(8, 0, 0, 0, 0, followed=True)
    assert dump(database) == before
    record(database, [Event(USER, "like", second)])
    assert (second, "LIKES", None) in rows(database, query, user=USER, items=[second])
    assert broken(database) == {}


def test_personas_that_were_had_stay_as_history(database: Database, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, items = persona(database, USER), listed(database, run)[-3:]
    for item in items:
        record(database, [Event(USER, "like", item)], run)
    columns, found = run_query(database, "persona-history", {"user_id": USER})
    since, until, alike = (columns.index(name) for name in ("since", "until", "alike"))
    assert len(found) == 4 and found[0][until] == "" and found[-1][since] != "unknown"
    assert [row[since] for row in found[:-1]] == [row[until] for row in found[1:]]
    of_user = "MATCH (:User {user_id: $user})-[:HAD_PERSONA]->(s) RETURN s.vector ORDER BY s.valid_from"
    states = [np.array(vector) for (vector,) in rows(database, of_user, user=USER)]
    assert np.allclose(states[0], old, atol=1e-6) and np.allclose(states[-1], persona(database, USER))
    assert float(found[0][alike]) == pytest.approx(states[-1] @ states[-2], abs=1e-3)
    monkeypatch.setattr(personas, "KEPT", 3)
    record(database, [Event(USER, "dislike", items[0])], run)
    kept = rows(database, "MATCH (:User)-[:HAD_PERSONA]->(s) RETURN s.vector, s.valid_to IS NULL ORDER BY s.valid_from")
    assert [present for _, present in kept] == [False, False, True] and np.allclose(kept[0][0], states[-2])
    assert broken(database) == {}


def test_what_is_unknown_is_refused_by_name_and_line_and_writes_nothing(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, before = listed(database, run)[0], dump(database)
    for event, told in [
        (Event(USER, "like", HOSTILE), "Event 2: the graph has no item"),
        (Event(USER, "interest", interest=HOSTILE), "Event 2: the graph has no entity, category or maker"),
    ]:
        with pytest.raises(Unknown, match=told):
            record(database, [Event(USER, "like", item), event], run)
    refused = command_line("feedback", "--user", USER, "--like", HOSTILE, check=False)
    assert isinstance(refused.exception, Unknown)
    database.driver.execute_query("CREATE (:Author {name: 'Twice'}), (:Brand {name: 'Twice'})")
    try:
        with pytest.raises(KgrecError, match="'Twice' may be 'Author Twice', 'Brand Twice': give one of them"):
            record(database, [Event(USER, "interest", interest="Twice")], run)
        database.driver.execute_query("MATCH (n:Author|Brand {name: 'Twice'}) DETACH DELETE n")
        assert dump(database) == before
        database.driver.execute_query("CREATE (:Brand {name: 'Twice'})")
        assert record(database, [Event(USER, "interest", interest="Brand Twice")], run).new == 1
    finally:
        database.driver.execute_query("MATCH (n:Author|Brand {name: 'Twice'}) DETACH DELETE n")
    # Of a file, the batches before the line are in the graph, and said to be.
    monkeypatch.setattr(recording, "EVENTS", 2)
    path = tmp_path / "events.jsonl"
    lines = [{"user_id": HOSTILE, "kind": "like", "item_id": item}, {"user_id": "b", "kind": "like", "item_id": item}]
    path.write_text("\n".join([*map(json.dumps, lines), "{broken"]))
    moves: list[tuple[int, str]] = []
    with pytest.raises(KgrecError, match=r"events.jsonl, line 3: Invalid JSON") as refused_line:
        record_file(database, path, run, lambda *move: moves.append(move))
    assert moves == [(0, "0 events"), (path.read_text().index("{broken"), "2 events")]  # as far as it is in the graph
    assert refused_line.value.__notes__[0].startswith("The first 2 events are in the graph")
    assert rows(database, "MATCH (u:User)-[:LIKES]->() RETURN u.user_id ORDER BY u.user_id") == [(HOSTILE,), ("b",)]
    assert broken(database) == {}


class Killed(KeyboardInterrupt):
    """A kill at the call that the test chose."""


def test_killed_before_any_write_it_leaves_whole_batches_and_the_repeat_ends_it(
    database: Database, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = listed(database, run)[:6]
    events = [Event(f"killed {n}", kind, item) for n, item in enumerate(items) for kind in ("interaction", "like")]
    monkeypatch.setattr(recording, "EVENTS", 4)
    real = Database.write_together
    for number in range(4):
        left = iter(range(number))

        def dying(self: Database, statements: Any, left: Iterator[int] = left) -> Any:
            if next(left, None) is None:
                raise Killed
            return real(self, statements)

        with monkeypatch.context() as patch:
            patch.setattr(Database, "write_together", dying)
            try:
                record(database, events, run)
            except Killed:
                assert number < 3
        users = rows(
            database,
            "MATCH (u:User) WHERE u.user_id STARTS WITH 'killed' RETURN COUNT { (u)-[:LIKES]->() }, "
            "COUNT { (u)-[:INTERACTED]->() }, COUNT { (u)-[:HAS_SESSION]->() }, COUNT { (u)-[:HAS_PERSONA]->() }",
        )
        assert users == [(1, 1, 1, 2)] * (2 * min(number, 3)) and broken(database) == {}
        killed = [
            user for (user,) in rows(database, "MATCH (u:User) WHERE u.user_id STARTS WITH 'killed' RETURN u.user_id")
        ]
        database.write("load/core_users", users=killed)
    assert record(database, events[:4], run).new == 4


def test_where_no_times_are_known_feedback_comes_last(database: Database, run: Path) -> None:
    one, two, three, new = listed(database, run)[:4]
    database.driver.execute_query(
        "CREATE (u:User {user_id: 'untimed', name: 'untimed'}) WITH u UNWIND range(0, 2) AS n "
        "MATCH (i:Item {item_id: $items[n]}) "
        "CREATE (u)-[:INTERACTED {position: n, split: ['train', 'validation', 'test'][n], made: true}]->(i)",
        items=[one, two, three],
    )
    try:
        record(database, [Event("untimed", "interaction", new)], run)
        (read,) = database.read("project/histories", user_ids=["untimed"])
        assert read["item_ids"] == [one, two, three, new]
        assert set(broken(database)) == {"split-co-occurrence"}  # of the three
    finally:
        database.driver.execute_query("MATCH (u:User {user_id: 'untimed'}) DETACH DELETE u")


def test_training_splits_it_and_lets_what_was_said_count(
    database: Database, command_line: CommandLine, run: Path
) -> None:
    """The last test: it leaves other personas."""
    new, liked = listed(database, run)[:2]
    record(database, [Event(USER, "interaction", new), Event(USER, "like", liked), Event("late", "like", liked)], run)
    kept = rows(database, "MATCH (:User {user_id: $user})-[:HAD_PERSONA]->(s) RETURN count(s)", user=USER)
    command_line("train", "personas", "--run", str(run.with_name("again")))
    assert rows(database, "MATCH ()-[r:INTERACTED {split: 'feedback'}]->() RETURN count(r)") == [(0,)]
    last = "MATCH (:User {user_id: $user})-[r:INTERACTED {split: 'test'}]->(i) RETURN i.item_id"
    assert rows(database, last, user=USER) == [(new,)]
    assert np.allclose(persona(database, USER), of_items(database, [*chosen(database, USER), liked]), atol=1e-5)
    assert np.allclose(persona(database, "late"), of_items(database, [liked]), atol=1e-5)
    assert rows(database, "MATCH (:User {user_id: $user})-[:HAD_PERSONA]->(s) RETURN count(s)", user=USER) == kept
    # What others had stays without their having told anything, and what they tell goes on from there.
    of_all = "MATCH (u:User) RETURN u.user_id, COLLECT { MATCH (u)-[:HAD_PERSONA]->(s) RETURN s.valid_to IS NULL }"
    found = dict(rows(database, of_all))
    others = found.keys() - {USER, "late"}
    assert len(others) > 10 and {tuple(found[user]) for user in others} == {(False,)} and broken(database) == {}
    other = min(others)
    record(database, [Event(other, "like", liked)], run)
    columns, told = run_query(database, "persona-history", {"user_id": other})
    since, until, alike, of_run = (columns.index(name) for name in ("since", "until", "alike", "run"))
    assert [row[since] for row in told[:-1]] == [row[until] for row in told[1:]] and told[0][until] == ""
    assert [row[alike] is None for row in told] == [False, True, True]
    assert told[0][of_run] == told[1][of_run] != told[2][of_run]
    record(database, [Event(USER, "dislike", liked)], run)
    runs = rows(
        database, "MATCH (:User {user_id: $user})-[:HAD_PERSONA]->(s) RETURN s.run_id ORDER BY s.valid_from", user=USER
    )
    assert len(runs) == 4 and runs[0] == runs[1] != runs[2] == runs[3] and broken(database) == {}


def test_what_comes_while_personas_are_learned_is_taken_and_counts(
    database: Database, neo4j_address: dict[str, str], run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process's feedback, as the last fit is learned; it waits for the next training to be split."""
    new, *_, other = listed(database, run)
    told = [Event(USER, "interaction", new), Event("meanwhile", "interaction", other)]

    def disturbed(graph: TrainingGraph, *more: Any) -> UserVectors:
        if graph.fit is Fit.FINAL:
            with Database(neo4j_address["uri"], neo4j_address["user"], neo4j_address["password"]) as second:
                assert record(second, told, run).encoded == 2
                with pytest.raises(KgrecError, match="is being learned from by "), writing(second):
                    pass
        return learn(graph, *more)

    monkeypatch.setattr(gnn.train, "learn", disturbed)
    settings = HDGISettings(epochs=2, dim=8, structure_dim=8, personas=3, personas_per_user=2, seed=5)
    trained = train_personas(database, run.with_name("meanwhile"), settings)
    waits = "MATCH (u:User)-[r:INTERACTED {split: 'feedback'}]->() RETURN u.user_id ORDER BY u.user_id"
    assert rows(database, waits) == [(USER,), ("meanwhile",)]
    of_run = "MATCH (u:User) WHERE u.user_id IN $users RETURN DISTINCT u.persona_run"
    assert rows(database, of_run, users=[USER, "meanwhile"]) == [(trained.run_id,)]
    assert new in chosen(database, USER)
    assert np.allclose(persona(database, USER), of_items(database, chosen(database, USER)), atol=1e-5)
    assert np.allclose(persona(database, "meanwhile"), of_items(database, [other]), atol=1e-5)
    assert broken(database) == {}
