"""Personas over a real Neo4j with GDS: projection without leak, write-back, resumption, refusals."""

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch

from gnn import calibration, projection
from gnn.hidden_interactions import HiddenInteractionsTraining
from gnn.infomax import HDGITraining
from gnn.meta_path import MetaPath
from gnn.projection import stream_graph
from gnn.sampled_infomax import SampledHDGITraining
from gnn.settings import HDGISettings, ObjectiveName
from gnn.streamed_graph import StreamedGraph
from gnn.train import train_personas
from gnn.trainer import graph_digest
from gnn.training_graph import TrainingGraph, training_graph
from gnn.user_blocks import projected_blocks
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.lock import writing
from kgrec.graph.personas import current_personas
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from tests.conftest import CommandLine, empty

META_PATHS = [MetaPath.parse(text) for text in HDGISettings().meta_paths]

GRAPH = """
UNWIND $rows AS row
MERGE (user:User {user_id: row.user})
MERGE (item:Item {item_id: row.item}) SET item.embedding = row.embedding, item.title = row.item
MERGE (category:Category {name: row.category}) MERGE (item)-[:IN_CATEGORY]->(category)
MERGE (page:Entity {uri: row.item}) MERGE (item)-[:SAME_AS {score: 1.0}]->(page)
MERGE (theme:Entity {uri: row.theme, label: row.theme}) MERGE (page)-[:SUBJECT]->(theme)
CREATE (user)-[:INTERACTED {position: row.position, split: row.split}]->(item)
"""


def rows() -> list[dict[str, object]]:
    """Sixty users of two tastes; each taste has its own theme and half of the items."""
    generator = random.Random(5)
    made = []
    for user in range(60):
        taste = user % 2
        for position, item in enumerate(generator.sample(range(taste, 40, 2), 6)):
            split = {4: "validation", 5: "test"}.get(position, "train")
            embedding = [float((item * k) % 7) for k in range(1, 9)]  # tells nothing of the taste
            made.append(
                {
                    "user": f"u{user:02}",
                    "item": f"i{item:02}",
                    "embedding": embedding,
                    "category": "Everything",
                    "theme": ["Lighthouses", "Volcanoes"][taste],
                    "position": position,
                    "split": split,
                }
            )
    return made


def later_rows() -> list[dict[str, object]]:
    """Items that nobody chose before validation, or before the test, and two that a user chooses once more then."""
    first = rows()[0]
    chosen = [("i98", "validation"), ("i99", "test"), (first["item"], "validation"), (first["item"], "test")]
    return [
        first | {"item": item, "split": split, "position": position}
        for position, (item, split) in enumerate(chosen, start=6)
    ]


def fill(database: Database, given: list[dict[str, object]]) -> None:
    empty(database)
    database.driver.execute_query(GRAPH, rows=given)


@pytest.fixture(autouse=True)
def graph(database: Database) -> None:
    fill(database, rows())


def train(command_line: CommandLine, run: Path, *options: str) -> str:
    return command_line("train", "personas", "--run", str(run), "--epochs", "30", "--personas", "2", *options).output


def of_fit(streamed: StreamedGraph, fit: Fit = Fit.VALIDATION) -> TrainingGraph:
    return training_graph(streamed, fit, META_PATHS, 8, 0)


def evaluated(database: Database, fit: Fit) -> list[list[float]]:
    """Vectors of the users and of the items that have any."""
    found = current_personas(database, fit)
    return [vector.tolist() for vector in [*found.vectors, *found.items]]


def written(database: Database) -> dict[str, list[float]]:
    found = database.driver.execute_query("MATCH (u:User) RETURN u.user_id AS user, u.persona AS vector").records
    return {record["user"]: record["vector"] for record in found}


@pytest.fixture(params=get_args(ObjectiveName))
def objective(request: pytest.FixtureRequest, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either objective in turn, for the command line too."""
    monkeypatch.setitem(command_line.environment, "KGREC_HDGI_OBJECTIVE", request.param)
    return str(request.param)


def test_personas_are_written_and_tell_the_tastes_apart(
    database: Database, command_line: CommandLine, tmp_path: Path, objective: str
) -> None:
    output = train(command_line, tmp_path, "--epochs", "200")
    assert "Lighthouses" in output and "Volcanoes" in output and "INTERACTED > SAME_AS > SUBJECT" in output
    vectors = written(database)
    assert len(vectors) == 60 and all(
        np.linalg.norm(vector) == pytest.approx(1, abs=1e-5) for vector in vectors.values()
    )
    weights = database.driver.execute_query(
        "MATCH (u:User)-[h:HAS_PERSONA]->(p:Persona) "
        "RETURN u.user_id AS user, sum(h.weight) AS weight, count(p) AS personas, collect(p.name) AS names"
    ).records
    assert len(weights) == 60 and all(record["weight"] == pytest.approx(1) for record in weights)
    strongest = database.driver.execute_query(
        "MATCH (u:User)-[h:HAS_PERSONA]->(p:Persona) WITH u, p ORDER BY h.weight DESC "
        "WITH u, head(collect(p.persona_id)) AS persona RETURN u.user_id AS user, persona"
    ).records
    by_taste = [{r["persona"] for r in strongest if int(r["user"][1:]) % 2 == taste} for taste in (0, 1)]
    assert len(by_taste[0]) == len(by_taste[1]) == 1 and by_taste[0] != by_taste[1]
    index = database.driver.execute_query(
        "SHOW VECTOR INDEXES YIELD name WHERE name = 'user_persona' RETURN name"
    ).records
    assert len(index) == 1
    record = json.loads((tmp_path / "final" / "personas.json").read_text())
    assert (
        record["fit"] == "final"
        and record["settings"]["personas"] == 2
        and record["settings"]["objective"] == objective
        and sum(record["meta_path_weights"].values()) == pytest.approx(1)
    )


@pytest.mark.parametrize("fit", Fit)
def test_fit_holds_its_own_interactions_only(database: Database, fit: Fit) -> None:
    """Every pair that it learns from is one of its splits, and all of those are there."""
    given = rows() + later_rows()
    fill(database, given)
    graph = of_fit(stream_graph(database, META_PATHS), fit)
    assert [path for path in graph.paths if str(path) == "INTERACTED"]
    for purchases in [graph.purchases, *(hops[0] for hops in graph.paths.values())]:
        names = {
            record["node"]: record["item"]
            for record in database.driver.execute_query(
                "UNWIND $nodes AS node RETURN node, gds.util.asNode(node).item_id AS item",
                nodes=purchases.node_ids.tolist(),
            ).records
        }
        users, items = purchases.matrix.indices().tolist()
        pairs = [
            (graph.user_ids[user], names[purchases.node_ids[item]]) for user, item in zip(users, items, strict=True)
        ]
        assert set(pairs) == {(row["user"], row["item"]) for row in given if row["split"] in fit.splits}
        assert purchases.counts.tolist() == [1] * len(pairs)  # also of what was chosen twice
        assert set(names.values()) == {row["item"] for row in given if row["split"] in fit.splits}
    assert len(database.gds().graph.list()) == 0  # and the projection is gone


def test_fit_is_the_same_as_if_it_had_been_streamed_alone(database: Database, tmp_path: Path) -> None:
    """Out of one stream, kept in a folder, against a graph that has no later interactions at all."""
    fill(database, rows() + later_rows())
    stream_graph(database, META_PATHS).save(tmp_path)
    whole = StreamedGraph.load(tmp_path)
    digests = set()
    for fit in reversed(Fit):
        database.driver.execute_query(
            "MATCH ()-[r:INTERACTED]->() WHERE NOT r.split IN $splits DELETE r", splits=list(fit.splits)
        )
        alone, taken = of_fit(stream_graph(database, META_PATHS), fit), of_fit(whole, fit)
        assert taken.features.equal(alone.features) and taken.missing == alone.missing
        assert graph_digest(taken, HDGISettings()) == graph_digest(alone, HDGISettings())
        digests.add(graph_digest(taken, HDGISettings()))
    assert len(digests) == 3


def test_splits_that_are_not_asked_for_never_leave_the_database(database: Database) -> None:
    streamed = stream_graph(database, META_PATHS, Fit.TEST.splits)
    assert set(streamed.interactions) == {"train", "validation"}


def test_streamed_relationships_are_those_of_a_plain_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in several parts, of several records each: every pair once a type, in order, from and to the right nodes."""
    monkeypatch.setattr(projection, "PAIRS", 20)
    monkeypatch.setattr(projection, "rows_at_once", lambda database, row, most, share: most // 3)
    fill(database, rows() + later_rows())
    streamed = stream_graph(database, META_PATHS)
    expected = database.driver.execute_query(
        "MATCH (s)-[r]->(t) WHERE NOT r:HAS_PERSONA "
        "RETURN DISTINCT elementId(s) AS s, coalesce(r.split, type(r)) AS name, elementId(t) AS t"
    ).records
    found = []
    for name, one in (streamed.interactions | streamed.facts).items():
        pairs = list(zip(*(end.tolist() for end in one.pairs), strict=True))
        assert pairs == sorted(set(pairs)) and one.targets.dtype == np.int64
        named = database.driver.execute_query(
            "UNWIND $pairs AS pair RETURN elementId(gds.util.asNode(pair[0])), elementId(gds.util.asNode(pair[1]))",
            pairs=pairs,
        ).records
        found += [(source, name, target) for source, target in named]
    assert len(found) > 400 and sorted(found) == sorted((row["s"], row["name"], row["t"]) for row in expected)


def test_batches_of_node_ids_change_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = of_fit(stream_graph(database, META_PATHS))
    monkeypatch.setattr(projection, "NODES", 7)
    parts = of_fit(stream_graph(database, META_PATHS))
    assert parts.user_ids == whole.user_ids and parts.texts == whole.texts and parts.features.equal(whole.features)
    assert parts.items.item_ids == whole.items.item_ids and parts.items.texts.equal(whole.items.texts)
    assert (parts.chosen.toarray() == whole.chosen.toarray()).all()
    assert (parts.items.features.toarray() == whole.items.features.toarray()).all()
    sums = {user: np.zeros(8) for user in whole.user_ids}
    train = [row for row in rows() if row["split"] == "train"]
    counts = Counter(row["item"] for row in train)
    for row in train:
        sums[str(row["user"])] += np.array(row["embedding"]) / np.sqrt(counts[row["item"]])
    expected = np.stack([sums[user] / np.linalg.norm(sums[user]) for user in whole.user_ids])
    assert whole.features[:, :8].numpy() == pytest.approx(expected, abs=1e-5)


def test_blocks_of_users_are_the_fit_and_give_its_vectors(database: Database) -> None:
    """Streamed from the server a block at a time: together the users' training items, and no others."""
    fill(database, rows() + later_rows())
    with writing(database, disturbs=False):
        streamed = stream_graph(database, META_PATHS)
        graph = of_fit(streamed)
        with projected_blocks(
            database, Fit.VALIDATION, streamed.user_nodes, graph.purchases.node_ids, n_blocks=4
        ) as blocks:
            read = [blocks.read(number) for number in range(blocks.n_blocks)]
            settings = HDGISettings(objective="infomax", structure_dim=8, dim=8, epochs=3, users_at_once=15)
            sampled = SampledHDGITraining(graph, settings, 0.1, blocks)
            whole = HDGITraining(graph, settings, 0.1)
            whole.model.load_state_dict(sampled.model.state_dict())
            assert torch.allclose(sampled.vectors()[0], whole.vectors()[0], atol=1e-5)
    users = np.concatenate([block.users for block in read])
    assert len(read) > 1 and sorted(users.tolist()) == list(range(60))
    found = np.concatenate([block.chosen.toarray() for block in read])[np.argsort(users)]
    assert (found == graph.purchases.matrix.to_dense().numpy()).all()
    assert len(database.gds().graph.list()) == 0


def test_training_by_blocks_says_so(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_HDGI_OBJECTIVE", "infomax")
    monkeypatch.setitem(command_line.environment, "KGREC_HDGI_USERS_AT_ONCE", "25")
    output = train(command_line, tmp_path)
    assert "HDGI learns from 3 sampled subgraphs of about 20 users each" in output
    assert len(written(database)) == 60 and "features, propagated" not in output


def test_user_without_training_interactions_is_a_user_still(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    database.driver.execute_query("MATCH (:User {user_id: 'u00'})-[r:INTERACTED {split: 'train'}]->() DELETE r")
    graph = of_fit(stream_graph(database, META_PATHS))
    assert graph.user_ids == [f"u{user:02}" for user in range(60)]
    assert not graph.features[0].any() and graph.features[1:].any(dim=1).all()
    train(command_line, tmp_path)
    assert len(written(database)) == 60 and all(vector is not None for vector in written(database).values())


def test_items_are_those_that_were_chosen_or_have_facts_in_the_order_of_their_ids(database: Database) -> None:
    """Each with its own node, text and facts; the embeddings of the other items have no part in it."""
    database.driver.execute_query(
        "MATCH (c:Category) CREATE (:Item {item_id: 'a'})-[:IN_CATEGORY]->(c), (:Item {item_id: 'nothing'}), "
        "(:User {user_id: 'u99'})-[:INTERACTED {split: 'test', position: 0}]->(:Item {item_id: 'i50'})"
    )
    items = of_fit(stream_graph(database, META_PATHS)).items
    assert items.item_ids == ["a", *(f"i{item:02}" for item in range(40)), "i50"]
    found = database.driver.execute_query(
        "UNWIND $nodes AS node WITH gds.util.asNode(node) AS item RETURN item.item_id AS id, item.embedding AS text",
        nodes=items.nodes.tolist(),
    ).records
    assert [record["id"] for record in found] == items.item_ids
    assert items.texts.tolist() == [record["text"] or [0.0] * 8 for record in found]
    assert [bool(made_of) for made_of in items.made_of] == [record["text"] is not None for record in found]
    features = items.features.toarray()
    assert not features[41].any()  # i50 has no facts
    assert sorted(features[0])[-2:] == [0.0, 1.0]
    tastes = features[1:41] @ features[1:41].T  # two themes; the category is nearly everybody's
    assert tastes[0, 2] == pytest.approx(1.0, abs=1e-5) and tastes[0, 1] < 0.01


def test_user_without_any_interaction_is_near_nobody(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    database.driver.execute_query("CREATE (:User {user_id: 'u99'})")
    train(command_line, tmp_path)
    found = current_personas(database)
    vectors = dict(zip(found.user_ids, found.vectors, strict=True))
    assert len(vectors) == 61 and not vectors["u99"].any()
    assert all(np.linalg.norm(vectors[user]) == pytest.approx(1, abs=1e-5) for user in vectors if user != "u99")
    for user in ("u00", "u99"):
        near = command_line("explore", "nearest-users", "-p", f"user_id={user}").output
        assert "u99" not in near or user == "u99"


def test_fingerprint_follows_texts_and_interactions(database: Database) -> None:
    def digest() -> str:
        return graph_digest(of_fit(stream_graph(database, META_PATHS)), HDGISettings())

    unknown = digest()
    assert digest() == unknown
    database.driver.execute_query("MATCH (i:Item) SET i.embedding_of = 'model and text of ' + i.item_id")
    made = digest()
    database.driver.execute_query("MATCH (i:Item {item_id: 'i00'}) SET i.embedding_of = 'another text'")
    changed = digest()
    database.driver.execute_query("MATCH (i:Item {item_id: 'i00'}) REMOVE i.embedding, i.embedding_of")
    without = digest()
    database.driver.execute_query(
        "MATCH (u:User {user_id: 'u00'})-[r:INTERACTED {split: 'train'}]->() WITH r LIMIT 1 DELETE r"
    )
    assert len({unknown, made, changed, without, digest()}) == 5


@pytest.mark.parametrize("objective", get_args(ObjectiveName))
def test_training_from_python_says_what_was_learned(
    database: Database, tmp_path: Path, objective: ObjectiveName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "FEWEST", 2)
    settings = HDGISettings(objective=objective, epochs=30, patience=30, personas=2)
    trained = train_personas(database, tmp_path, settings)
    frame = trained.frame()
    assert list(frame.columns) == ["persona_id", "number", "name", "users", "worded_by", "traits"]
    assert trained.users == 60 == frame["users"].sum() and frame["users"].is_monotonic_decreasing
    assert sorted(traits[0] for traits in frame["traits"]) == ["Lighthouses", "Volcanoes"]
    assert sum(trained.meta_path_weights.values()) == pytest.approx(1)
    assert trained.missing == [str(path) for path in META_PATHS if str(path) not in trained.meta_path_weights] != []
    assert len(trained.history.losses) == 30
    stored = database.driver.execute_query(
        "MATCH (p:Persona) RETURN p.persona_id AS persona_id, p.name AS name, p.size AS users"
    ).records
    assert {tuple(row) for row in frame[["persona_id", "name", "users"]].itertuples(index=False)} == {
        tuple(record.values()) for record in stored
    }
    assert {persona.rpartition("/")[0] for persona in frame["persona_id"]} == {trained.run_id}
    assert trained.run_id == trained.run_ids[Fit.FINAL] and len(set(trained.run_ids.values())) == 3
    for fit in Fit:
        record = json.loads((fit.folder(tmp_path) / "personas.json").read_text())
        assert (record["fit"], record["run_id"], record["epochs"]) == (fit, trained.run_ids[fit], trained.epochs)
        read = current_personas(database, fit)
        assert read.run_id == trained.run_ids[fit] and len(read.user_ids) == 60
        assert len(set(read.names)) == 2 and all(name for name in read.names)
        assert read.item_ids == [f"i{item:02}" for item in range(40)]
        assert len(read.items) == len(read.item_ids)
    assert trained.worth[-1].vectors == "personas"
    assert trained.worth[-1].dot_hit_rate_at_10 is not None
    assert (trained.calibration is None) == (objective == "infomax")  # whose vectors are no sums of the items'
    assert not [row for name in ("split-personas", "runs-items") for row in database.stream(f"check/{name}")]
    again = train_personas(database, tmp_path, settings)
    assert again == replace(trained, history=again.history, numbers=again.numbers) and again.history.resumed_at == 30
    assert again.numbers == replace(trained.numbers, overlaps=[1.0, 1.0], before=2) and trained.numbers.matched == 0


def swap(database: Database, split: str) -> None:
    """Let the users of a split's interactions have each other's items."""
    changed = [row for row in rows() if row["split"] == split]
    for row, item in zip(changed, [row["item"] for row in changed][::-1], strict=True):
        database.driver.execute_query(
            "MATCH (u:User {user_id: $user})-[r:INTERACTED {position: $position}]->() DELETE r "
            "WITH DISTINCT u MATCH (i:Item {item_id: $item}) "
            "CREATE (u)-[:INTERACTED {position: $position, split: $split}]->(i)",
            user=row["user"], position=row["position"], item=item, split=split,
        )  # fmt: skip


def test_no_fit_depends_on_later_interactions(
    database: Database, command_line: CommandLine, tmp_path: Path, objective: str
) -> None:
    train(command_line, tmp_path / "before")
    before = {fit: evaluated(database, fit) for fit in Fit}
    assert {len(vectors) for vectors in before.values()} == {60 + 40}
    swap(database, "test")
    train(command_line, tmp_path / "other test")
    assert {fit for fit in Fit if evaluated(database, fit) != before[fit]} == {Fit.FINAL}
    swap(database, "validation")
    train(command_line, tmp_path / "other validation")
    assert {fit for fit in Fit if evaluated(database, fit) != before[fit]} == {Fit.TEST, Fit.FINAL}


def test_interrupted_training_ends_like_an_uninterrupted_one(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    train(command_line, tmp_path / "whole")
    whole, vectors = written(database), [evaluated(database, fit) for fit in Fit]
    kind = HDGITraining if objective == "infomax" else HiddenInteractionsTraining
    real = kind.train_epoch

    def cut(self: Any, epoch: int) -> float:
        if epoch == 11:
            raise KeyboardInterrupt
        return real(self, epoch)

    with monkeypatch.context() as patched:
        patched.setattr(kind, "train_epoch", cut)
        result = command_line(
            "train", "personas", "--run", str(tmp_path / "cut"), "--epochs", "30", "--personas", "2", check=False
        )
    assert result.exit_code != 0 and written(database) == whole  # nothing half-written
    train(command_line, tmp_path / "cut")
    assert written(database) == whole and [evaluated(database, fit) for fit in Fit] == vectors
    for fit in Fit:
        found = [load_checkpoint(fit.folder(tmp_path / run) / "personas.pt") for run in ("whole", "cut")]
        kept = [one["best_model"] for one in found if one is not None]
        assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])


def test_by_either_objective_feedback_makes_a_persona_of_the_items(
    database: Database, command_line: CommandLine, tmp_path: Path, objective: str
) -> None:
    """Of all that the user chose and of what is liked now; what the others have stays."""
    train(command_line, tmp_path)
    before = written(database)
    command_line("feedback", "--user", "u00", "--like", "i39", "--run", str(tmp_path))
    found = current_personas(database)
    of_item = dict(zip(found.item_ids, found.items, strict=True))
    total = np.sum(
        [of_item[item] for item in {str(row["item"]) for row in rows() if row["user"] == "u00"} | {"i39"}], 0
    )
    after = written(database)
    assert after["u00"] == pytest.approx(total / np.linalg.norm(total), abs=1e-5) and after["u00"] != before["u00"]
    assert {user for user in after if after[user] != before[user]} == {"u00"}


def test_second_training_replaces_the_personas(database: Database, command_line: CommandLine, tmp_path: Path) -> None:
    train(command_line, tmp_path / "one", "--seed", "1")
    train(command_line, tmp_path / "two", "--seed", "2")
    runs = database.driver.execute_query(
        "MATCH (p:Persona) RETURN collect(DISTINCT p.run_id) AS runs, count(p) AS n"
    ).records[0]
    users = database.driver.execute_query("MATCH (u:User) RETURN collect(DISTINCT u.persona_run) AS runs").records[0]
    assert runs["n"] == 2 and runs["runs"] == users["runs"] and len(runs["runs"]) == 1


def test_other_settings_in_the_same_run_are_refused(command_line: CommandLine, tmp_path: Path) -> None:
    train(command_line, tmp_path)
    result = command_line("train", "personas", "--run", str(tmp_path), "--seed", "99", check=False)
    assert isinstance(result.exception, KgrecError) and "--fresh" in str(result.exception)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("MATCH (n) DETACH DELETE n", "no interactions"),
        ("MATCH (i:Item) REMOVE i.embedding", "kgrec load embeddings"),
        ("MATCH (u:User {user_id: 'u00'}) SET u:Changed", "a load was interrupted"),
        ("MATCH ()-[r:INTERACTED {split: 'test'}]->() REMOVE r.split", "a load was interrupted"),
        ("MATCH ()-[r:INTERACTED {split: 'train'}]->() DELETE r", "no training interactions"),
    ],
)
def test_graph_that_cannot_be_learned_from_is_said(
    database: Database, command_line: CommandLine, tmp_path: Path, damage: str, sentence: str
) -> None:
    database.driver.execute_query(damage)
    result = command_line("train", "personas", "--run", str(tmp_path), check=False)
    assert isinstance(result.exception, KgrecError) and sentence in str(result.exception)


def test_wrong_meta_path_in_the_settings_file_is_named(
    command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kgrec.toml").write_text('[hdgi]\nmeta_paths = ["BY > INTERACTED"]\n')
    monkeypatch.setitem(command_line.environment, "KGREC_SETTINGS", str(tmp_path / "kgrec.toml"))
    result = command_line("train", "personas", "--run", str(tmp_path), check=False)
    assert isinstance(result.exception, KgrecError) and "hdgi.meta_paths" in str(result.exception)
