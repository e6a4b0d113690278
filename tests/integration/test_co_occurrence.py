"""CO_OCCURS_WITH over a real Neo4j with GDS: of each fit's own interactions, whole whenever it is read, used by all."""

import hashlib
import json
import math
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gnn.meta_path import MetaPath
from gnn.projection import stream_graph
from gnn.relationships import Relationships
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.training_graph import training_graph
from kgrec.errors import KgrecError
from kgrec.graph import co_occurrence
from kgrec.graph.co_occurrence import co_occurrence_run, ensure_co_occurrence, nearest_items
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.training.fits import Fit
from recommender.baselines import NO_RECENCY
from recommender.co_occurring import nearest
from recommender.explanations import reasons
from recommender.reading import read_dataset
from recommender.sequences import PADDING
from recommender.sources import co_occurrence as source
from recommender.tables import NEAR
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows
from tests.integration.stopped import stop, watch
from tests.integration.test_personas import GRAPH
from tests.integration.test_personas import rows as visits
from tests.unit.datasets import scores_of

PATH = "INTERACTED > CO_OCCURS_WITH"
SPLITS = ("train", "validation", "test")
Visit = dict[str, Any]
Cosines = dict[tuple[str, str], float]


def given() -> list[Visit]:
    """Sixty users; one chooses an item again and again, in other splits too, and one item is of the test alone."""
    made = visits()
    first = made[0]
    again = [("train", first["item"]), ("validation", first["item"]), ("test", first["item"]), ("test", "i99")]
    return [*made, *(first | {"split": split, "item": item, "position": 9} for split, item in again)]


def other() -> list[Visit]:
    """The same users with other items."""
    generator = random.Random(8)
    return [visit | {"item": f"i{generator.randrange(40):02}"} for visit in visits()]


def fill(database: Database, made: list[Visit]) -> None:
    """Without embeddings of anything but the items themselves; the schema stays."""
    empty(database)
    database.driver.execute_query(GRAPH, rows=made)


def by_hand(made: list[Visit], fit: Fit) -> Cosines:
    """Of all pairs of items that a user of the fit chose both, user by user."""
    users = defaultdict(set)
    for visit in made:
        if visit["split"] in fit.splits:
            users[visit["item"]].add(visit["user"])
    return {
        (one, two): len(users[one] & users[two]) / math.sqrt(len(users[one]) * len(users[two]))
        for one in users
        for two in users
        if one != two and users[one] & users[two]
    }


def read(database: Database, fit: Fit) -> Cosines:
    return {
        (one.item_id, item_id): cosine
        for one in nearest_items(database, fit)
        for item_id, cosine in zip(one.item_ids, one.cosines, strict=True)
    }


def read_all(database: Database) -> dict[Fit, Cosines]:
    """What the recommender reads, which is what meta-paths walk."""
    found = {fit: read(database, fit) for fit in Fit}
    streamed = stream_graph(database, [MetaPath.parse(PATH)])
    names = dict(rows(database, "UNWIND $nodes AS n RETURN n, gds.util.asNode(n).item_id", nodes=nodes_of(streamed)))
    for fit, cosines in found.items():
        sources, targets = streamed.co_occurrence[fit.value].pairs
        pairs = zip(sources.tolist(), targets.tolist(), strict=True)
        assert {(names[one], names[two]) for one, two in pairs} == set(cosines)
    return found


def nodes_of(streamed: StreamedGraph) -> list[int]:
    return sorted({node for ties in streamed.co_occurrence.values() for end in ties.pairs for node in end.tolist()})


def pairs_of(found: dict[str, Relationships]) -> dict[str, list[list[int]]]:
    return {name: [end.tolist() for end in one.pairs] for name, one in found.items()}


def ensure_all(database: Database) -> None:
    """Of every fit, as where a meta-path walks it."""
    ensure_co_occurrence(database, tuple(Fit))


@pytest.fixture(autouse=True)
def graph(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every relationship is written and removed in many transactions."""
    fill(database, given())
    ensure_schema(database)
    monkeypatch.setattr(co_occurrence, "TIES", 100)


def test_relationships_are_the_cosines_of_each_fit(database: Database) -> None:
    ensure_all(database)
    found = read_all(database)
    for fit in Fit:
        expected = by_hand(given(), fit)
        assert found[fit] == pytest.approx(expected) and len(expected) > 400
    assert {item for pair in found[Fit.FINAL] for item in pair} - {item for pair in found[Fit.TEST] for item in pair}
    fits = rows(database, "MATCH ()-[t:CO_OCCURS_WITH]->() RETURN DISTINCT t.fit AS fit, t.run ORDER BY fit")
    assert fits == [(fit, co_occurrence_run(database, Fit(fit)).run_id) for fit in ("final", "test", "validation")]
    assert len(database.gds().graph.list()) == 0


def test_an_item_has_its_nearest_and_no_more(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as are kept, none nearer than those; of equally near ones, always the same."""
    monkeypatch.setattr(co_occurrence, "NEIGHBOURS", 5)
    ensure_all(database)
    found = read_all(database)
    for fit in Fit:
        expected = by_hand(given(), fit)
        for item in {one for one, _ in expected}:
            nearest = sorted((cosine for (one, _), cosine in expected.items() if one == item), reverse=True)[:5]
            mine = {pair: cosine for pair, cosine in found[fit].items() if pair[0] == item}
            assert sorted(mine.values(), reverse=True) == pytest.approx(nearest)
            assert mine == pytest.approx({pair: expected[pair] for pair in mine})
    once = dump(database)
    fill(database, given())
    ensure_all(database)
    assert dump(database) == once


def test_later_interactions_change_nothing_of_a_fit(database: Database) -> None:
    """Those of all users handed round, split by split: of the fits that do not learn from it all stays as it was."""
    ensure_all(database)
    before = {fit: (co_occurrence_run(database, fit), read(database, fit)) for fit in Fit}
    for split in ("test", "validation", "train"):
        later = [visit for visit in given() if visit["split"] == split]
        items = [visit["item"] for visit in later]
        turned = [visit | {"item": item} for visit, item in zip(later, items[7:] + items[:7], strict=True)]
        fill(database, [visit for visit in given() if visit["split"] != split] + turned)
        ensure_all(database)
        after = {fit: (co_occurrence_run(database, fit), read(database, fit)) for fit in Fit}
        for fit in Fit:
            assert (after[fit][0].run_id != before[fit][0].run_id) == (split in fit.splits)
            assert (after[fit][1] != before[fit][1]) == (split in fit.splits)


def test_a_fit_without_interactions_has_none(database: Database) -> None:
    later = [visit for visit in given() if visit["split"] != "train"]
    fill(database, later)
    ensure_all(database)
    assert {fit: read(database, fit) for fit in Fit} == {
        fit: pytest.approx(by_hand(later, fit)) if fit is not Fit.VALIDATION else {} for fit in Fit
    }


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that change something, in order."""
    return watch(monkeypatch)


FIT_STEPS = [f"co_occurrence/{name}" for name in ("forget", "write", "switch", "forget")]


def test_a_repeated_call_writes_nothing(database: Database, steps: list[str]) -> None:
    ensure_all(database)
    assert steps == FIT_STEPS * 3
    once = dump(database)
    steps.clear()
    ensure_all(database)
    assert dump(database) == once and steps == []


# As many relationships of other runs than the current ones as a statement that is stopped after some of its
# transactions has left, or not yet written.
TEAR = """
MATCH (current:CurrentRun) WITH collect(current.run_id) AS runs
MATCH ()-[t:CO_OCCURS_WITH]->() WHERE NOT t.run IN runs
WITH t LIMIT 150 DELETE t
"""


@pytest.mark.parametrize(
    ("step", "within"),
    [
        *[(step, step == 3) for step in range(len(FIT_STEPS))],
        *[(FIT_STEPS.index("co_occurrence/write") + fit * len(FIT_STEPS), True) for fit in (0, 2)],
    ],
)
def test_a_write_that_is_stopped_anywhere(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: int, within: bool
) -> None:
    """Before a statement; and within it, as each is many transactions: some of its relationships are missing."""
    ensure_all(database)
    old = {fit: read(database, fit) for fit in Fit}
    rows(database, "MATCH ()-[i:INTERACTED]->() DELETE i")
    database.driver.execute_query(GRAPH, rows=other())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop(step, patch, within)
        ensure_all(database)
    if within:
        rows(database, TEAR)
    written = step + within  # statements that came to their end, but for those that are torn
    for number, (fit, found) in enumerate(read_all(database).items()):
        switched = written > number * len(FIT_STEPS) + FIT_STEPS.index("co_occurrence/switch")
        assert found == (pytest.approx(by_hand(other(), fit)) if switched else old[fit])

    ensure_all(database)
    assert read_all(database) == {fit: pytest.approx(by_hand(other(), fit)) for fit in Fit}
    n_ties = sum(co_occurrence_run(database, fit).ties for fit in Fit)
    assert rows(database, "MATCH ()-[t:CO_OCCURS_WITH]->() RETURN count(t)") == [(n_ties,)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("CREATE (:Item {item_id: 77})", r"an item whose id is no text .77."),
        ("MATCH (:User)-[r:INTERACTED]->() WITH r LIMIT 1 SET r.timestamp = 'noon'", "interaction whose item, time or"),
        ("MATCH (:User)-[r:INTERACTED]->() WITH r LIMIT 1 SET r.split = 'other'", "interaction whose item, time or"),
        ("MATCH (u:User) WITH u LIMIT 1 CREATE (u)-[:INTERACTED {split: 'train'}]->(:Item)", "item, time or split"),
    ],
)
def test_what_somebody_else_wrote_into_the_graph_is_said(database: Database, change: str, sentence: str) -> None:
    database.driver.execute_query(change)
    with pytest.raises(KgrecError, match=f"{sentence}.*: `kgrec graph check` names what somebody else wrote"):
        read_dataset(database, [])


def test_a_run_is_named_by_who_chose_what(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """As ever, so that a graph of an earlier kgrec is not taken for outdated; in one record or in many."""
    ensure_all(database)
    for fit in Fit:
        text = f"{fit.value} {co_occurrence.neighbours(41)}\n"
        for user_id in sorted({visit["user"] for visit in given()}):
            own = (visit for visit in given() if visit["user"] == user_id and visit["split"] in fit.splits)
            if items := sorted({visit["item"] for visit in own}):
                text += f"{user_id!r} {items!r}\n"
        assert co_occurrence_run(database, fit).run_id == hashlib.sha256(text.encode()).hexdigest()[:12]
    monkeypatch.setattr("kgrec.graph.by_users.AT_ONCE", 7)
    assert co_occurrence.outdated(database) == []


def test_what_is_missing_is_said_and_written_again(database: Database) -> None:
    with pytest.raises(KgrecError, match=r"no co-occurrence of the final fit: run `kgrec train personas`"):
        read_dataset(database)
    with pytest.raises(KgrecError, match=r"no co-occurrence of the validation fit: run `kgrec train personas`"):
        stream_graph(database, [MetaPath.parse(PATH)])
    ensure_all(database)
    whole = dump(database)
    rows(database, "MATCH ()-[t:CO_OCCURS_WITH {fit: 'final'}]->() WITH t LIMIT 1 DELETE t")
    for reader in (lambda: read_dataset(database), lambda: stream_graph(database, [MetaPath.parse(PATH)])):
        with pytest.raises(KgrecError, match="Some co-occurrence of the final fit is missing"):
            reader()
    assert read_dataset(database, [Fit.VALIDATION, Fit.TEST]).co_occurrence[Fit.TEST].nnz
    ensure_all(database)
    assert dump(database) == whole


def test_the_data_set_holds_the_matrix_of_each_fit(database: Database) -> None:
    """That of the final fit as the graph has it, the others of their interactions."""
    ensure_co_occurrence(database)
    assert rows(database, "MATCH ()-[t:CO_OCCURS_WITH]->() RETURN DISTINCT t.fit") == [("final",)]
    data = read_dataset(database)
    assert list(data.co_occurrence) == list(Fit)
    for fit in Fit:
        expected = np.zeros((data.n_items + 1, data.n_items + 1))
        for (one, two), cosine in by_hand(given(), fit).items():
            expected[data.number[one], data.number[two]] = cosine
        assert data.co_occurrence[fit].toarray() == pytest.approx(expected)
    assert not read_dataset(database, []).co_occurrence


def test_what_is_computed_is_what_gds_writes(database: Database) -> None:
    """Cosines to the last digit of single precision; where an item has more than are kept, the same values."""
    ensure_all(database)
    data = read_dataset(database)
    for fit in (Fit.VALIDATION, Fit.TEST):
        written = {(data.number[one], data.number[two]): cosine for (one, two), cosine in read(database, fit).items()}
        chosen = data.sequences.known(fit).matrix(data.n_items)
        computed = nearest(chosen, len(data.item_ids)).todok()
        assert {pair: float(np.float32(cosine)) for pair, cosine in written.items()} == dict(computed.items())
        for kept in (1, 3):
            few = nearest(chosen, kept)
            for item in range(1, data.n_items + 1):
                own = sorted((cosine for (one, _), cosine in computed.items() if one == item), reverse=True)
                assert sorted(few[item].data, reverse=True) == own[:kept]


def test_of_another_fit_it_stays_while_it_is_true(database: Database) -> None:
    ensure_all(database)
    whole = dump(database)
    ensure_co_occurrence(database)
    assert dump(database) == whole
    fill(database, other())
    ensure_all(database)
    rows(database, "MATCH ()-[i:INTERACTED]->() DELETE i")
    database.driver.execute_query(GRAPH, rows=given())
    ensure_co_occurrence(database)
    fill_of = rows(database, "MATCH ()-[t:CO_OCCURS_WITH]->() RETURN DISTINCT t.fit")
    kinds = rows(database, "MATCH (c:CurrentRun) RETURN c.kind")
    assert fill_of == [("final",)] and kinds == [("co-occurrence of final",)]
    assert read(database, Fit.FINAL) == pytest.approx(by_hand(given(), Fit.FINAL))


def test_a_meta_path_walks_it_and_names_no_persona(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kgrec.toml").write_text(f'[hdgi]\nmeta_paths = ["{PATH}", "INTERACTED > IN_CATEGORY"]\nepochs = 3\n')
    monkeypatch.setitem(command_line.environment, "KGREC_SETTINGS", str(tmp_path / "kgrec.toml"))
    output = command_line("train", "personas", "--run", str(tmp_path)).output
    assert PATH in output and "not in the graph" not in output
    record = json.loads((tmp_path / "final" / "personas.json").read_text())
    assert record["meta_path_weights"][PATH] > 0
    named = rows(database, "MATCH (:Persona)-[:CHARACTERISED_BY]->(f) UNWIND labels(f) AS label RETURN DISTINCT label")
    assert not {label for (label,) in named} & {"Item"}
    paths = [MetaPath.parse(PATH)]
    streamed = stream_graph(database, paths)
    for fit in Fit:
        graph = training_graph(streamed, fit, paths, 4, 0)
        assert int(graph.paths[paths[0]][-1].matrix.values().sum()) == len(by_hand(given(), fit))


def test_other_meta_paths_and_what_is_told_of_items_are_not_disturbed(database: Database) -> None:
    """The projection, the facts and the reasons are those of a graph without these relationships."""
    paths = [MetaPath.parse(text) for text in HDGISettings().meta_paths]
    before = stream_graph(database, paths)
    asked = [("i00", ["i02", "i04"])]
    told, facts = reasons(database, asked), database.read("project/item_facts")
    ensure_all(database)
    after = stream_graph(database, paths)
    assert pairs_of(after.facts) == pairs_of(before.facts) and pairs_of(before.facts)
    assert pairs_of(after.interactions) == pairs_of(before.interactions)
    assert after.item_ids == before.item_ids and after.co_occurrence == {}
    assert reasons(database, asked) == told and database.read("project/item_facts") == facts


def test_items_of_an_item_and_why_an_item(database: Database) -> None:
    """Of the final fit, the nearest first, with how many users had both, each counted once."""
    ensure_all(database)
    made = given()
    cosines = by_hand(made, Fit.FINAL)
    item, user = made[0]["item"], made[0]["user"]
    users = defaultdict(set)
    for visit in made:
        users[visit["item"]].add(visit["user"])
    found = database.read("explore/co-occurring-items", item_id=item)
    expected = sorted((-cosine, two) for (one, two), cosine in cosines.items() if one == item)[:20]
    assert [row["item_id"] for row in found] == [two for _, two in expected]
    assert [row["cosine"] for row in found] == [round(-cosine, 3) for cosine, _ in expected]
    assert [row["users_in_common"] for row in found] == [len(users[item] & users[two]) for _, two in expected]

    wanted = next(one for one, two in sorted(cosines) if user in users[two] - users[one])
    (row,) = (row for row in database.read("explore/why-item", user_id=user, item_id=wanted) if row["kind"] == "Item")
    ties = sorted((-cosine, two) for (one, two), cosine in cosines.items() if one == wanted)
    own = [two for _, two in ties if user in users[two]]
    assert (row["items"], row["of_all"], row["among"]) == (len(own), len(ties), own[:3])
    pictured = database.table("explore/why-item-picture", user_id=user, item_id=wanted)[1]
    nearest = [path.nodes[1]["item_id"] for (path,) in pictured if path.relationships[-1].type == "CO_OCCURS_WITH"]
    assert set(nearest) == set(own[:2]) and len(own) > 2


def test_what_a_history_reaches_is_what_the_source_says(database: Database) -> None:
    """Of a user who chose an item again and again, which counts once."""
    ensure_all(database)
    data = read_dataset(database, with_texts=False, with_personas=False)
    user_id = given()[0]["user"]
    history = data.sequences.known(Fit.FINAL).histories[data.row[user_id]]
    assert len(set(history)) < len(history)
    scores = scores_of(source(data.tables(Fit.FINAL)[NEAR], NO_RECENCY), [history], data.n_items)[0].numpy()
    scores[[PADDING, *history]] = 0.0
    expected = {data.item_ids[item - 1]: scores[item] for item in np.flatnonzero(scores)}
    found = database.read("explore/user-co-occurring-items", user_id=user_id)
    weights = [row["weight"] for row in found]
    assert weights == pytest.approx([expected.pop(row["item_id"]) for row in found], abs=6e-4)
    assert weights == sorted(weights, reverse=True)
    assert max(expected.values(), default=0.0) <= weights[-1] + 6e-4 and (not expected or len(found) == 30)
    ties, own = by_hand(given(), Fit.FINAL), {data.item_ids[item - 1] for item in history}
    assert [row["items"] for row in found] == [sum((row["item_id"], one) in ties for one in own) for row in found]


def test_graph_that_cannot_be_compared_is_said(database: Database) -> None:
    rows(database, "MATCH (u:User {user_id: 'u00'}) SET u:Changed")
    with pytest.raises(KgrecError, match="not split into"):
        ensure_all(database)
    rows(database, "MATCH ()-[i:INTERACTED]->() DELETE i")
    rows(database, "MATCH (u:Changed) REMOVE u:Changed")
    with pytest.raises(KgrecError, match="kgrec load amazon"):
        ensure_all(database)


def test_the_estimate_keeps_nearest_ones_of_items_alone(database: Database) -> None:
    """Users without end would each count for hundreds of nearest ones, which they do not have."""
    fill(database, given())

    def needed() -> int:
        return int(database.read("co_occurrence/projection_memory", neighbours=co_occurrence.NEIGHBOURS)[0]["bytes"])

    before = needed()
    database.driver.execute_query(
        "MATCH (item:Item) WITH item LIMIT 1 UNWIND range(1, 5000) AS number "
        "CREATE (:User {user_id: 'more' + number})-[:INTERACTED {split: 'train'}]->(item)"
    )
    assert 0 < needed() - before < 5000 * 200
