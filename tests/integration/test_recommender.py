"""Training, recommending, evaluating and exploring over a real Neo4j, by the command line."""

import csv
import errno
import io
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from ranx import Qrels, Run, evaluate

from benchmarks.experiment import main as experiment
from gnn.projection import stream_graph
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import graph_digest
from gnn.training_graph import training_graph
from kgrec.errors import KgrecError
from kgrec.graph import statements
from kgrec.graph.database import Database
from kgrec.graph.lock import writing
from kgrec.graph.schema import ensure_schema
from kgrec.training.fits import Fit
from kgrec.training.run_lock import training
from recommender import batch, fusion, second_stage
from recommender.asked import Asked
from recommender.dataset import Dataset
from recommender.evaluation import evaluate as evaluate_run
from recommender.explained import Explanation
from recommender.fusion import Fusion
from recommender.histories import read_users
from recommender.measured import Measured
from recommender.reading import read_dataset
from recommender.recommend import Recommender
from recommender.scoring import score_histories
from recommender.second_stage import SecondStage
from recommender.sequences import NO_TIME, SPLITS
from recommender.serving import SCHEMA, Served, recommend_block
from recommender.settings import Conditioning, SASRecSettings
from recommender.train import train_models
from recommender.trained import load_model, with_persona
from recommender.verdict import figures
from tests.conftest import CommandLine, empty
from tests.integration.test_personas import META_PATHS, fill, rows
from tests.unit.hostile import harm

SETTINGS = """
[sasrec]
dim = 16
epochs = 3
n_candidates = 12
[hdgi]
epochs = 3
dim = 8
structure_dim = 8
personas = 2
"""


PUBLISHERS = """
MATCH (item:Item)
MERGE (brand:Brand {name: 'Publisher ' + toInteger(substring(item.item_id, 1)) / 2 % 5})
MERGE (item)-[:BY]->(brand)
"""


WAYS: tuple[Conditioning, ...] = ("add", "late", "prefix")  # by the names of the models


def publisher(item: object) -> str:
    """Each of the five has eight items, of both tastes."""
    return f"Publisher {int(str(item)[1:]) // 2 % 5}"


def train_small(database: Database, command_line: CommandLine, folder: Path, *ways: Conditioning) -> Result:
    """Train both stages on the small graph of the persona tests, and return what the last command said."""
    ensure_schema(database)
    fill(database, rows())
    database.driver.execute_query(PUBLISHERS)
    (folder / "kgrec.toml").write_text(SETTINGS)
    command_line.environment["KGREC_SETTINGS"] = str(folder / "kgrec.toml")
    command_line("train", "personas", "--run", str(folder))
    return command_line(
        "train", "sasrec", "--run", str(folder), *(word for way in ways for word in ("--conditioning", way))
    )


@pytest.fixture(scope="module")
def run(database: Database, command_line: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small graph of the persona tests, both stages trained on it in all ways."""
    folder = tmp_path_factory.mktemp("run")
    trained = train_small(database, command_line, folder, *WAYS)
    assert "base" in trained.output
    assert all(f"persona-{way}" in trained.output and f"Beside persona-{way}: " in trained.output for way in WAYS)
    return folder


def chosen(user: str) -> set[object]:
    return {row["item"] for row in rows() if row["user"] == user}


def lists(command_line: CommandLine, *arguments: str) -> list[dict[str, object]]:
    """Rows of users' lists, and of a session's in the same form."""
    found: Any = json.loads(command_line("recommend", *arguments, "--format", "json").stdout)
    if "--session" in arguments:
        return [{"user_id": "session", "persona": found["persona"], **one} for one in found["items"]]
    rows: list[dict[str, object]] = found
    return rows


def test_list_for_a_user(command_line: CommandLine, run: Path) -> None:
    found = lists(command_line, "--user", "u00", "-k", "5", "--run", str(run))
    assert [one["rank"] for one in found] == [1, 2, 3, 4, 5] and {one["user_id"] for one in found} == {"u00"}
    assert not {one["item_id"] for one in found} & chosen("u00")
    scores = [one["score"] for one in found]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert all(1 <= one["retrieved"] <= 12 for one in found)  # type: ignore[operator]
    assert all(one["persona"] for one in found)


def test_a_command_that_meets_another_at_work_names_it(
    database: Database, command_line: CommandLine, run: Path
) -> None:
    into = ("--run", str(run))
    recommend, evaluate = ("recommend", "--user", "u00", *into), ("evaluate", *into)
    sasrec, personas = ("train", "sasrec", *into), ("train", "personas", *into)

    def refused(command: tuple[str, ...], by: str) -> bool:
        error = command_line(*command, check=False).exception
        return isinstance(error, KgrecError) and by in str(error) and f"(process {os.getpid()} of " in str(error)

    with writing(database):  # as a load does
        assert all(refused(one, "graph is being written by `") for one in (recommend, evaluate, sasrec, personas))
    with writing(database, disturbs=False):  # as `train personas` does
        assert all(refused(one, "graph is being written by `") for one in (evaluate, sasrec, personas))
        command_line(*recommend)
    with training(run, "sasrec"):
        assert all(refused(one, f"{run} is being trained by `") for one in (sasrec, personas))
        command_line(*recommend)
        base = run / "final" / "base-text.pt"
        shutil.copy(base, run / "copy")
        (run / "copy").replace(base)  # as a training replaces it
        assert refused(recommend, f"{run} is being trained by `")
    command_line(*recommend)


def test_reason_names_what_is_shared_and_else_with_what_others_chose_it(
    database: Database, command_line: CommandLine, run: Path
) -> None:
    found = lists(command_line, "--user", "u00", "-k", "10", "--run", str(run))
    of_items = {row["item"]: {other["user"] for other in rows() if other["item"] == row["item"]} for row in rows()}
    own = chosen("u00")
    for one in found:
        features = str(one["reason"]).split(", ") if one["reason"] else []
        # The theme, as half of all items have it, and the category that all have are no reasons.
        shared = {publisher(one["item_id"])} & {publisher(item) for item in own}
        others = [text for text in features if " chose it with " in text]
        assert set(features) - set(others) == shared
        together = {item: len(of_items[one["item_id"]] & of_items[item]) for item in own}
        assert bool(others) == (len(shared) < 2 and max(together.values()) >= 2)
        for text in others:
            n, title = text.split(" chose it with ")
            assert together[title] == int(n) >= 2  # titles of this graph are item ids


def test_the_python_api_gives_what_the_command_line_gives(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    """Lists and figures in a few lines without click, and from a data set that was saved."""
    settings = SASRecSettings(dim=16, epochs=3, n_candidates=12)
    found = Recommender(database, run, settings).for_users(["u00", "u01"], k=5)
    assert found.records() == lists(command_line, "--user", "u00", "--user", "u01", "-k", "5", "--run", str(run))
    frame = found.frame()
    assert list(frame.columns) == list(found.records()[0]) and frame["user_id"].tolist() == ["u00"] * 5 + ["u01"] * 5
    session = Recommender(database, str(run), settings).for_session(["i00", "i02"], k=4)
    assert session.records() == lists(command_line, "--session", "i00,i02", "-k", "4", "--run", str(run))

    dataset = read_dataset(database)
    dataset.save(tmp_path / "dataset")
    told = json.loads(command_line("evaluate", "--run", str(run), "--format", "json").stdout)
    assert figures([evaluate_run(dataset, run)]).records() == told
    loaded = Dataset.load(tmp_path / "dataset")
    assert figures([evaluate_run(loaded, run)]).records() == told
    again = train_models(loaded, tmp_path / "run", settings, ["late", "add"])
    assert [one.name for one in again] == ["base", "base-text", "persona-late", "persona-add"]
    assert again.frame()["epochs"].tolist() == [3, 3, 3, 3]
    assert figures([evaluate_run(loaded, tmp_path / "run")]).records() == [
        figure for figure in told if "prefix" not in figure["system"]
    ]


def test_the_data_set_is_the_graph(database: Database, run: Path) -> None:
    """Every interaction with its split, every text, every persona, every item among them, row by row."""
    dataset = read_dataset(database)
    sequences = dataset.sequences
    users = np.repeat(np.arange(60), np.diff(sequences.offsets))
    told = {
        (dataset.user_ids[user], dataset.item_ids[item - 1], SPLITS[split])
        for user, item, split in zip(users, sequences.items, sequences.splits, strict=True)
    }
    assert told == {(row["user"], row["item"], row["split"]) for row in rows()}
    assert (sequences.times == NO_TIME).all()
    embeddings = {row["item"]: row["embedding"] for row in rows()}
    for item_id, text in zip(dataset.item_ids, dataset.texts[1:], strict=True):
        assert text.tolist() == embeddings[item_id]
    vectors = database.driver.execute_query("MATCH (u:User) RETURN u.user_id AS user, u.persona AS vector").records
    for record in vectors:
        assert np.allclose(dataset.personas[Fit.FINAL].vectors[dataset.row[record["user"]]], record["vector"])
    assert len({found.run_id for found in dataset.personas.values()}) == len(Fit)
    for found in dataset.personas.values():
        own = item_vectors(database, found.run_id)
        assert set(own) == set(dataset.item_ids) and not found.items[0].any()
        for item_id, number in dataset.number.items():
            assert np.allclose(found.items[number], own[item_id])


def item_vectors(database: Database, run_id: str) -> dict[str, np.ndarray]:
    """Vectors of the items in the space of one run's personas, as the graph holds them."""
    found = database.driver.execute_query(
        "MATCH (v:ItemPersona) WHERE split(v.run_id, '/')[0] = $run_id RETURN v.item_id AS item, v.vector AS vector",
        run_id=run_id,
    ).records
    return {record["item"]: np.array(record["vector"]) for record in found}


def test_facts_of_the_data_set_are_those_of_the_graph(database: Database, run: Path) -> None:
    """By kind: makers and categories, and what pages are tied to; each once, whatever leads to it and how often."""
    database.driver.execute_query(
        "MATCH (one:Item {item_id: 'i00'}), (two:Item {item_id: 'i02'}) "
        "MERGE (one)-[:BY]->(maker:Author {name: 'Everything'}) MERGE (two)-[:BY]->(maker) "
        "MERGE (page:Entity {uri: 'http://x/page'}) MERGE (one)-[:SAME_AS]->(page) MERGE (two)-[:SAME_AS]->(page) "
        "MERGE (fact:Entity {uri: 'http://x/fact'}) MERGE (page)-[:GENRE]->(fact) MERGE (page)-[:SUBJECT]->(fact)"
    )
    try:
        data = read_dataset(database, [], with_texts=False)
    finally:
        database.driver.execute_query(
            "MATCH (n:Author|Entity) WHERE n:Author OR n.uri STARTS WITH 'http://x/' DETACH DELETE n"
        )
    one, two, other = (data.number[item_id] for item_id in ("i00", "i02", "i04"))
    catalogue, pages = (data.facts[kind].toarray() for kind in ("catalogue", "DBpedia"))
    # A maker of a category's name is another fact: it is shared by the two alone.
    assert np.flatnonzero(catalogue.sum(axis=0) == 2).size == 1
    assert set(catalogue.flatten()) == {0.0, 1.0} and not catalogue[0].any()
    assert pages[one].tolist() == pages[two].tolist() and pages[one].sum() == pages[other].sum() + 1
    without = read_dataset(database, [], with_texts=False)
    assert without.facts["catalogue"].shape[1] == catalogue.shape[1] - 1 and without.facts_digest != data.facts_digest


def test_experiment_saves_what_the_trainings_read(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    """A user without interactions is in the graph that personas are learned from, and has no sequence."""
    database.driver.execute_query("CREATE (:User {user_id: 'u30, idle'})")
    try:
        result = CliRunner().invoke(experiment, ["save", "--out", str(tmp_path)], env=command_line.environment)
        assert result.exit_code == 0, result.output
        read, streamed = read_dataset(database, with_personas=False), stream_graph(database, META_PATHS)
    finally:
        database.driver.execute_query("MATCH (u:User {user_id: 'u30, idle'}) DELETE u")
    saved, graph = Dataset.load(tmp_path / "dataset"), StreamedGraph.load(tmp_path / "graph")
    assert saved.interactions_digest == read.interactions_digest and saved.texts.equal(read.texts)
    assert (saved.texts_digest, saved.titles, saved.split) == (read.texts_digest, read.titles, read.split)
    assert not saved.personas and saved.sequences.times.tolist() == read.sequences.times.tolist()
    assert list(saved.co_occurrence) == list(Fit)
    assert all(np.array_equal(saved.co_occurrence[fit].toarray(), read.co_occurrence[fit].toarray()) for fit in Fit)
    for fit in Fit:
        ours, theirs = (training_graph(one, fit, META_PATHS, 8, 1) for one in (graph, streamed))
        assert graph_digest(ours, HDGISettings()) == graph_digest(theirs, HDGISettings())
        assert ours.features.equal(theirs.features) and ours.missing == theirs.missing
    assert sorted([*saved.user_ids, "u30, idle"]) == graph.user_ids


def test_many_users_by_file_and_csv(command_line: CommandLine, run: Path, tmp_path: Path) -> None:
    (tmp_path / "users.txt").write_text("u01\nu02\n\nu01\n")
    result = command_line(
        "recommend", "--users-file", str(tmp_path / "users.txt"), "--user", "u03", "-k", "2", "--run", str(run),
        "--format", "csv",
    )  # fmt: skip
    found = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [one["user_id"] for one in found] == ["u03", "u03", "u01", "u01", "u02", "u02"]


def of_the_whole(database: Database, run: Path, settings: SASRecSettings) -> dict[str, list[tuple[str, float, int]]]:
    """Item, score and place of all users' lists of five, by the data set that is read whole."""
    data = read_dataset(database, [Fit.FINAL], with_texts=False)
    name = with_persona(settings.conditioning).name
    stages = second_stage.both_stages(data, run, name, Fit.FINAL, settings.n_candidates)
    chosen, histories = second_stage.load(run, name), data.sequences.known(Fit.FINAL).histories
    nothing = np.zeros(len(histories), dtype=np.int64)
    personas = data.personas[Fit.FINAL]
    vectors = personas.or_of_items(personas.vectors, histories)
    asked = Asked(nothing, histories, nothing, nothing, vectors, data.n_items)
    items, scores = second_stage.rank(asked, stages, chosen, chosen.way)
    best = scores.topk(5, dim=1)
    return {
        user_id: [
            (data.item_ids[items[row, place] - 1], float(scores[row, place]), int(place) + 1)
            for place in best.indices[row]
        ]
        for row, user_id in enumerate(data.user_ids)
    }


@pytest.mark.parametrize("way", WAYS)
def test_who_is_read_alone_gets_what_the_whole_graph_gives_bit_for_bit(
    database: Database, run: Path, way: Conditioning
) -> None:
    """Before and after somebody wrote: another interaction, a user with a single item and no persona, a new item."""
    settings = SASRecSettings(dim=16, epochs=3, n_candidates=12, conditioning=way)
    users, user = sorted({str(row["user"]) for row in rows()}), "u00, who came later"
    kept = Recommender(database, run, settings).snapshot.state

    def compared(asked: list[str]) -> str:
        recommender = Recommender(database, run, settings)
        found = recommender.for_users(asked, k=5)
        expected = of_the_whole(database, run, settings)
        assert [(one.item_id, one.score, one.retrieved) for one in found] == [
            one for user_id in asked for one in expected[user_id]
        ]
        again = Recommender(database, run, settings)  # by the snapshot that the first has kept
        assert again.for_users(asked, k=5) == found
        assert again.for_session(["i00", "i02"], k=5) == recommender.for_session(["i00", "i02"], k=5)
        return again.snapshot.state

    assert compared(users) == kept
    database.driver.execute_query(
        "MATCH (u:User {user_id: 'u00'}), (i:Item {item_id: 'i01'}) CREATE (v:User {user_id: $user}) "
        "CREATE (u)-[:INTERACTED {position: 9, split: 'train', made: true}]->(i) "
        "CREATE (v)-[:INTERACTED {position: 0, split: 'train', made: true}]->(i)",
        user=user,
    )
    try:
        assert compared([users[0], user, *users[1:]]) != kept
    finally:
        database.driver.execute_query(
            "MATCH ()-[made:INTERACTED {made: true}]->() DELETE made WITH count(*) AS n "
            "MATCH (v:User {user_id: $user}) DELETE v",
            user=user,
        )
    assert compared(users) != kept


def test_a_damaged_snapshot_is_made_anew(database: Database, run: Path) -> None:
    settings = SASRecSettings(dim=16, epochs=3, n_candidates=12)
    found = Recommender(database, run, settings).for_users(["u00"])
    (file,) = (run / "final").glob("snapshot-*.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(KgrecError, match=r"snapshot.*is damaged"):
        Served.open(run, settings)
    assert Recommender(database, run, settings).for_users(["u00"]) == found
    assert Served.open(run, settings).snapshot.item_ids == sorted({str(row["item"]) for row in rows()})


def test_lists_of_all_users_in_one_file(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks of 25 users, one of whom has no item, and the same by the function without a database."""
    monkeypatch.setattr(batch, "BLOCK", 25)
    out, users = tmp_path / "lists.parquet", sorted({str(row["user"]) for row in rows()})
    database.driver.execute_query("CREATE (:User {user_id: 'u30, idle'})")
    try:
        words = ("recommend", "--all-users", "--out", str(out), "-k", "4", "--run", str(run), "--format")
        told_of = {format: command_line(*words, format).stdout for format in ("csv", "table", "json")}
    finally:
        database.driver.execute_query("MATCH (u:User {user_id: 'u30, idle'}) DELETE u")
    assert json.loads(told_of["json"]) == [{"users": len(users), "out": str(out)}]
    assert list(csv.DictReader(io.StringIO(told_of["csv"]))) == [{"users": str(len(users)), "out": str(out)}]
    assert told_of["table"] == f"{len(users)} users' lists are in {out}.\n"
    file = pq.ParquetFile(out)
    assert file.num_row_groups == 3 and file.schema_arrow == SCHEMA
    settings = SASRecSettings(dim=16, epochs=3, n_candidates=12)
    recommender = Recommender(database, run, settings)
    expected, found = recommender.for_users(users, k=4), file.read().to_pylist()
    told = ("user_id", "rank", "item_id")
    assert [[one[name] for name in told] for one in found] == [
        [getattr(one, name) for name in told] for one in expected
    ]
    assert np.allclose([one["score"] for one in found], [one.score for one in expected], atol=1e-5)

    read = read_users(database, recommender.snapshot, users)
    served = Served.open(run, settings)
    personas = read.personas.numpy()
    histories = [["gone", *history] for history in read.histories]
    assert recommend_block(served, users, histories, personas, 4).select(told).to_pylist() == [
        {name: one[name] for name in told} for one in found
    ]
    alone = recommend_block(served, ["a"], [["i00", "i02"]], None, 60, with_sources=False).to_pydict()
    assert set(alone["item_id"]) == set(served.snapshot.item_ids) - {"i00", "i02"}  # fewer than sixty are unseen
    assert alone["rank"] == list(range(1, 39)) and alone["score"] == sorted(alone["score"], reverse=True)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    whole = out.read_bytes()
    with pytest.raises(KgrecError, match=r"cannot be written to .*lists.parquet: .*No space left"):
        batch.recommend_all(database, served, out, told=full)
    assert out.read_bytes() == whole and list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    "arguments", [("--all-users",), ("--out", "x"), ("--all-users", "--out", "x", "--user", "u00")]
)
def test_all_users_and_the_file_go_together(command_line: CommandLine, arguments: list[str]) -> None:
    assert command_line("recommend", *arguments, check=False).exit_code == 2


def test_table_is_readable(command_line: CommandLine, run: Path) -> None:
    output = command_line("recommend", "--user", "u00", "-k", "3", "--run", str(run)).output
    assert "For u00" in output and "persona: " in output and "Why" in output


def test_anonymous_session(database: Database, command_line: CommandLine, run: Path) -> None:
    found = lists(command_line, "--session", "i00,i02", "-k", "4", "--run", str(run))
    assert len(found) == 4 and not {one["item_id"] for one in found} & {"i00", "i02"}
    names = {r["name"] for r in database.driver.execute_query("MATCH (p:Persona) RETURN p.name AS name").records}
    assert len({one["persona"] for one in found} & names) == len({one["persona"] for one in found}) == 1


def test_session_of_a_single_item_that_nobody_chose_in_training(
    database: Database, command_line: CommandLine, run: Path
) -> None:
    found = lists(command_line, "--session", "i01", "-k", "3", "--conditioning", "prefix", "--run", str(run))
    assert len(found) == 3


KEYS = {"User": "user_id", "Item": "item_id", "Persona": "name", "Entity": "uri", "Brand": "name"}
HURTFUL = "</script><script>document.title='hurt'</script>\x1b[2J\u202e"


def graph_has(database: Database, one: Explanation) -> bool:
    """Whether every tie of a path is in the graph, but for those that are computed."""
    nodes = one.path.nodes
    return all(
        database.driver.execute_query(
            f"RETURN EXISTS {{ (:{nodes[tie.start].kind} {{{KEYS[nodes[tie.start].kind]}: $start}})"
            f"-[:{tie.type}]->(:{nodes[tie.end].kind} {{{KEYS[nodes[tie.end].kind]}: $end}}) }} AS found",
            start=nodes[tie.start].id,
            end=nodes[tie.end].id,
        ).records[0]["found"]
        for tie in one.path.ties
        if tie.type.isupper()
    )


def test_explained_as_json_text_and_picture(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    arguments, picture = ("--user", "u00", "-k", "4", "--run", str(run)), tmp_path / "why.html"
    database.driver.execute_query("MATCH (i:Item) SET i.title = i.item_id + $more", more=HURTFUL)
    try:
        found, listed = lists(command_line, *arguments, "--explain"), lists(command_line, *arguments)
        output = command_line("recommend", *arguments, "--explain", "--picture", str(picture)).output
    finally:
        database.driver.execute_query("MATCH (i:Item) SET i.title = i.item_id")
    assert [one["item_id"] for one in found] == [one["item_id"] for one in listed]
    for one, line in zip(found, listed, strict=True):
        evidence: list[dict[str, Any]] = one["evidence"]  # type: ignore[assignment]
        assert one["score"] == pytest.approx(line["score"], abs=1e-4)
        assert sum(one["parts"].values()) == pytest.approx(one["score"], abs=1e-4)  # type: ignore[attr-defined]
        retrieved = one["retrieved_parts"]
        assert sum(retrieved.values()) == pytest.approx(one["retrieved_score"])  # type: ignore[attr-defined]
        assert {each["item_id"] for each in evidence} <= chosen("u00")
        assert all(each["loss"] > 0 for each in evidence)
        assert evidence == sorted(evidence, key=lambda each: -each["loss"])
        assert sum(evidence[0]["losses"].values()) == pytest.approx(evidence[0]["loss"], abs=1e-4)
        assert evidence[0]["title"] == evidence[0]["item_id"] + HURTFUL  # JSON is exact
    assert "Because of “i" in output and "Score " in output and not harm(output)
    page = picture.read_text()
    assert HURTFUL[:17] not in page and page.count("neo4j-viz-data") >= 1  # the data are JSON, without a "<"
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    words = ("recommend", "--session", "i00,gone,i02", "-k", "3", "--run", str(run), "--format", "json")
    plain, reasons = (json.loads(command_line(*words, *more).stdout) for more in ((), ("--explain",)))
    assert [plain["passed_over"], reasons["passed_over"]] == [["gone"]] * 2
    assert plain["persona"] == reasons["persona"] and reasons["items"][0]["evidence"]
    assert [one["item_id"] for one in plain["items"]] == [one["item_id"] for one in reasons["items"]]
    for refused in (("--explain", "--format", "csv"), ("--picture", str(picture))):
        assert command_line("recommend", *arguments, *refused, check=False).exit_code == 2


def test_the_loss_is_what_a_list_without_the_item_says(database: Database, run: Path) -> None:
    """Of the first stage, whose scores are of one scale: a session is asked for again without each of its items."""
    recommender = Recommender(database, run, SASRecSettings(dim=16, epochs=3, n_candidates=12))
    recommender.served = replace(recommender.served, chosen=SecondStage("base", "none", None, {}))
    session = ["i00", "i02", "i11", "i20"]
    explained = recommender.explain(recommender.for_session(session, k=4), session)
    assert len(explained) == 4 and {one.stage for one in explained} == {"first stage"}
    for one in explained:
        for evidence in one.evidence:
            rest = [item_id for item_id in session if item_id != evidence.item_id]
            (score,) = [each.score for each in recommender.for_session(rest, k=40) if each.item_id == one.item_id]
            assert one.score - score == pytest.approx(evidence.loss, abs=1e-4)
        assert graph_has(database, one) and one.path.nodes[-1].id == one.item_id
    for one in recommender.explain(recommender.for_users(["u00", "u01"], k=3)):
        assert graph_has(database, one) and one.path.ties[0].type == "INTERACTED"


def test_facts_that_people_know_are_the_reason_where_facts_carry_the_score(database: Database, run: Path) -> None:
    """All items are of one category, half of them of each theme: neither is named, but the publisher of eight is."""
    recommender = Recommender(database, run, SASRecSettings(dim=16, epochs=3, n_candidates=12))
    stages = recommender.served.stages
    weights = dict.fromkeys(stages.first.weights, 0.0) | {"makers and categories": 50.0}
    first = replace(stages.first, weights=weights)
    chosen_stage = SecondStage("base", "none", None, {})
    recommender.served = replace(recommender.served, stages=replace(stages, first=first), chosen=chosen_stage)
    session = ["i00", "i10", "i02"]  # two of one publisher
    for one in recommender.explain(recommender.for_session(session, k=4), session):
        evidence = one.evidence[0]
        assert (evidence.relation, evidence.shared) == ("shared facts", [publisher(one.item_id)])
        assert publisher(evidence.item_id) == publisher(one.item_id) == publisher("i00")
        assert one.text.startswith(f"Because of “{evidence.title}”: both have {publisher(one.item_id)}. Without it")
        assert [node.kind for node in one.path.nodes] == ["Session", "Item", "Brand", "Item"]
        assert [tie.type for tie in one.path.ties] == ["holds", "BY", "BY"] and graph_has(database, one)


def test_more_asked_for_than_there_are(command_line: CommandLine, run: Path) -> None:
    found = lists(command_line, "--user", "u00", "-k", "500", "--run", str(run))
    items = {row["item"] for row in rows()}
    assert {one["item_id"] for one in found} == items - chosen("u00")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--user", "u00", "--user", "stranger"], "'stranger'.*anonymous session"),
        (["--session", "neither,nothing"], "items 'neither', 'nothing': a session needs one item"),
        (["--session", ",, ,"], "session has no items"),
        (["--user", "u00", "--conditioning", "gate"], "no second stage of persona-gate"),
    ],
)
def test_unknown_is_said(command_line: CommandLine, run: Path, arguments: list[str], sentence: str) -> None:
    result = command_line("recommend", *arguments, "--run", str(run), check=False)
    assert isinstance(result.exception, KgrecError)
    with pytest.raises(KgrecError, match=sentence):
        raise result.exception


def test_users_or_a_session_but_not_both(command_line: CommandLine, run: Path) -> None:
    for arguments in (["--user", "u00", "--session", "i00"], []):
        result = command_line("recommend", *arguments, "--run", str(run), check=False)
        assert result.exit_code == 2 and "either users" in result.output


def test_evaluation_is_that_of_ranx(database: Database, command_line: CommandLine, run: Path) -> None:
    """Popularity, all users, recomputed from the graph with another library."""
    results = json.loads(command_line("evaluate", "--run", str(run), "--format", "json").stdout)
    known = [(row["user"], row["item"]) for row in rows() if row["split"] != "test"]
    counts = {item: sum(1 for _, other in known if other == item) for item in {row["item"] for row in rows()}}
    targets = {str(row["user"]): str(row["item"]) for row in rows() if row["split"] == "test"}
    # Equal counts are told apart against the system: the target comes last among its equals.
    ranking = {
        user: {
            str(item): count - (0.5 if item == targets[user] else 0.0) + hash_free(str(item))
            for item, count in counts.items()
            if item == targets[user] or item not in chosen(user)
        }
        for user in targets
    }
    expected = evaluate(
        Qrels({user: {item: 1} for user, item in targets.items()}), Run(ranking), ["hit_rate@10", "ndcg@10", "mrr@10"]
    )
    mine = {r["metric"]: r["value"] for r in results if r["system"] == "popularity" and r["slice"] == "all users"}
    for metric, name in (("HR@10", "hit_rate@10"), ("NDCG@10", "ndcg@10"), ("MRR@10", "mrr@10")):
        assert mine[metric] == pytest.approx(expected[name])


def hash_free(item: str) -> float:
    """A small number of its own for each item, so that ranx has no ties to settle."""
    return int(item[1:]) / 1_000


def test_evaluation_has_all_systems_slices_and_figures(command_line: CommandLine, run: Path) -> None:
    results = json.loads(command_line("evaluate", "--run", str(run), "--format", "json").stdout)
    baselines = {"popularity", "item-kNN", "item-kNN with recency", "EASE", "EASE with recency"}
    stages = ("retrieval", "reranked by base", "as served", "alone")  # so few targets teach no order
    bases = {"base SASRec", "base SASRec with text", "base SASRec with text, fused"}
    models = {f"persona-{way}, {stage}" for way in WAYS for stage in stages}
    assert {r["system"] for r in results} == baselines | bases | models
    assert {"all users", "new items (never learned from)"} <= {r["slice"] for r in results}
    assert any(r["slice"].startswith("persona: ") for r in results)
    assert {r["metric"] for r in results} == {f"{m}@{k}" for m in ("HR", "NDCG", "MRR") for k in (10, 100)}
    by_key = {(r["system"], r["slice"], r["metric"]): r["value"] for r in results}
    for way in WAYS:  # reranking changes the order of the twelve candidates, not which they are
        reranked, retrieved = (by_key[f"persona-{way}, {stage}", "all users", "HR@100"] for stage in stages[1::-1])
        assert reranked <= retrieved
    assert all(r["users"] == 60 for r in results if r["slice"] == "all users")
    assert np.isfinite([r["value"] for r in results if r["users"]]).all()


def test_evaluation_table_and_csv(command_line: CommandLine, run: Path) -> None:
    assert "cold users" in command_line("evaluate", "--run", str(run)).output
    found = list(csv.DictReader(io.StringIO(command_line("evaluate", "--run", str(run), "--format", "csv").stdout)))
    fields = {"system", "slice", "metric", "value", "low", "high", "seeds_low", "seeds_high", "users", "seeds"}
    assert set(found[0]) == fields


def test_evaluation_never_reads_the_final_fit(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path
) -> None:
    """Without it, folder and personas alike, the figures are the same; in the place of the test fit it is refused."""
    before = command_line("evaluate", "--run", str(run), "--format", "json").stdout
    shutil.copytree(run, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "final")
    saved = database.driver.execute_query("MATCH (u:User) RETURN u.user_id AS id, u.persona AS vector").records
    database.driver.execute_query("MATCH (u:User) SET u.persona = [x IN u.persona | -x]")
    try:
        assert command_line("evaluate", "--run", str(tmp_path / "run"), "--format", "json").stdout == before
    finally:
        database.driver.execute_query(
            "UNWIND $rows AS row MATCH (u:User {user_id: row.id}) SET u.persona = row.vector",
            rows=[dict(record) for record in saved],
        )
    name = "persona-add.pt"
    shutil.copy(run / "final" / name, tmp_path / "run" / "evaluation" / "test" / name)
    result = command_line("evaluate", "--run", str(tmp_path / "run"), check=False)
    assert isinstance(result.exception, KgrecError) and "not of the test fit, but of the final" in str(result.exception)


def test_evaluation_of_sessions_and_the_report(command_line: CommandLine, run: Path, tmp_path: Path) -> None:
    refused = command_line("evaluate", "--run", str(run / "nothing"), "--report", "/dev/null/report", check=False)
    assert "The report cannot be written to /dev/null/report" in str(refused.exception)  # before all else
    folder = str(tmp_path / "report")
    output = command_line("evaluate", "--run", str(run), "--sessions", "--report", folder).output
    assert "all users, 60 test targets" in output and "leave-one-out" in output
    kept = Measured.load(run / "evaluation" / "sessions")
    assert kept.users["history"].max() <= 5 and kept.about["protocol"] == "sessions"
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "EASE with recency" in page and (tmp_path / "report" / "report.md").exists()


def standardised(scores: np.ndarray) -> np.ndarray:
    found: np.ndarray = (scores - scores.mean()) / scores.std()
    return found


@pytest.mark.parametrize("session", [["i00", "i02"], ["i01", "i03", "i01"], []])
def test_late_lists_are_those_of_the_base_beside_the_persona(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path, session: list[str]
) -> None:
    """By hand from what the graph holds: of a user, who has a persona, or of a session, which has that of its items."""
    shutil.copytree(run, tmp_path / "run")
    fusion.save({"persona-late": Fusion({"persona": 0.7, "followers": 0.0}, 1.0, 0.0, 0.0)}, tmp_path / "run")
    second_stage.save({"persona-late": SecondStage("base", "none", None, {})}, tmp_path / "run")
    data = read_dataset(database, [Fit.FINAL])
    own = item_vectors(database, data.personas[Fit.FINAL].run_id)
    if session:
        total = np.sum([own[item_id] for item_id in dict.fromkeys(session)], axis=0)
        persona = total / np.linalg.norm(total)
        history = [data.number[item_id] for item_id in session]
        asked = ["--session", ",".join(session)]
    else:
        asked = ["--user", "u00"]
        history = data.sequences.known(Fit.FINAL).histories[data.row["u00"]]
        persona = np.array(
            database.driver.execute_query("MATCH (u:User {user_id: 'u00'}) RETURN u.persona AS vector").records[0][0]
        )
    scores = score_histories(load_model(run, "base-text", data, Fit.FINAL), [history], None)[0, 1:].detach().numpy()
    dots = np.array([own[item_id] @ persona for item_id in data.item_ids])
    expected = standardised(scores) + 0.7 * standardised(dots)
    expected[[item - 1 for item in history]] = -np.inf
    found = lists(command_line, *asked, "-k", "8", "--run", str(tmp_path / "run"))
    assert [one["item_id"] for one in found] == [data.item_ids[place] for place in np.argsort(-expected)[:8]]
    assert [one["score"] for one in found] == pytest.approx(np.sort(expected)[::-1][:8], abs=1e-4)
    if session:
        personas = database.driver.execute_query("MATCH (p:Persona) RETURN p.name AS name, p.vector AS vector").records
        cosines = {p["name"]: np.dot(p["vector"], persona) / np.linalg.norm(p["vector"]) for p in personas}
        assert {one["persona"] for one in found} == {max(cosines, key=lambda name: cosines[name])}


def test_models_of_earlier_personas_are_refused(command_line: CommandLine, run: Path, tmp_path: Path) -> None:
    command_line("train", "personas", "--run", str(tmp_path), "--seed", "99")
    try:
        arguments = ("recommend", "--user", "u00", "--conditioning", "prefix", "--run", str(run))
        result = command_line(*arguments, check=False)
        assert isinstance(result.exception, KgrecError) and "train sasrec --fresh" in str(result.exception)
    finally:
        command_line("train", "personas", "--run", str(run))  # the finished checkpoint is written back again
    assert lists(command_line, "--user", "u00", "--conditioning", "prefix", "--run", str(run))


def test_personas_of_infomax_are_a_source_and_a_session_has_one(
    database: Database, command_line: CommandLine, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items have vectors beside them; one that nobody had chosen has none, which is said."""
    with monkeypatch.context() as patch:
        patch.setitem(command_line.environment, "KGREC_HDGI_OBJECTIVE", "infomax")
        command_line("train", "personas", "--run", str(tmp_path))
    try:
        data = read_dataset(database)
        assert all(found.vectors.any() and found.items.any() for found in data.personas.values())
        command_line("train", "sasrec", "--run", str(tmp_path))
        assert "persona" in fusion.load(tmp_path, "persona-late").weights
        of_user = lists(command_line, "--user", "u00", "-k", "3", "--run", str(tmp_path))
        of_session = lists(command_line, "--session", "i00,i02", "-k", "3", "--run", str(tmp_path))
        assert len(of_user) == len(of_session) == 3
        assert all(one["persona"] for one in [*of_user, *of_session])
        database.driver.execute_query("CREATE (:Item {item_id: 'new', title: 'New'})")
        told = command_line("recommend", "--session", "i00,i02", "--run", str(tmp_path)).stderr
        assert "Items without a vector in the space of the personas: 1. HDGI's own objective gives one to those" in told
        for option in ([], ["--sessions"]):
            assert "persona-late" in command_line("evaluate", "--run", str(tmp_path), *option).output
    finally:
        database.driver.execute_query("MATCH (item:Item {item_id: 'new'}) DETACH DELETE item")
        command_line("train", "personas", "--run", str(run))
    assert item_vectors(database, read_dataset(database, [Fit.FINAL]).personas[Fit.FINAL].run_id)


def test_sasrec_needs_personas(database: Database, command_line: CommandLine, run: Path, tmp_path: Path) -> None:
    saved = database.driver.execute_query("MATCH (u:User) RETURN u.user_id AS id, u.persona AS vector").records
    database.driver.execute_query("MATCH (u:User) REMOVE u.persona")
    try:
        result = command_line("train", "sasrec", "--run", str(tmp_path), check=False)
        assert isinstance(result.exception, KgrecError) and "kgrec train personas" in str(result.exception)
        assert not list(tmp_path.glob("*.pt"))
    finally:
        database.driver.execute_query(
            "UNWIND $rows AS row MATCH (u:User {user_id: row.id}) SET u.persona = row.vector",
            rows=[dict(record) for record in saved],
        )


NOT_IN_SMALL_GRAPH = {"user-sessions", "similar-items", "persona-history"}  # no times, nothing similar, nothing before


@pytest.mark.parametrize("name", statements.names("explore"))
def test_query_shows_something(database: Database, command_line: CommandLine, run: Path, name: str) -> None:
    database.driver.execute_query("MATCH (s:PersonaState) DETACH DELETE s")  # that trainings of the tests before kept
    output = command_line("explore", name).output
    assert ("No rows" in output) == (name in NOT_IN_SMALL_GRAPH)


def test_query_takes_parameters(database: Database, command_line: CommandLine, run: Path) -> None:
    personas = database.driver.execute_query("MATCH (p:Persona) RETURN p.persona_id AS id, p.name AS name").records
    for persona in personas:
        output = command_line("explore", "persona-traits", "-p", f"persona_id={persona['id']}").output
        assert persona["name"].split(" · ")[0] in output
    assert "No rows" in command_line("explore", "persona-traits", "-p", "persona_id=' OR 1=1 //").output


def test_listing_needs_no_database(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_NEO4J_URI", "bolt://127.0.0.1:1")
    output = command_line("explore").output
    assert len(statements.names("explore")) >= 10 and all(name in output for name in statements.names("explore"))
    assert "style.grass" in output and "Browser" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["persona-trait"], "did you mean persona-traits"),
        (["personas", "-p", "x=1"], "takes none"),
        (["why-item", "-p", "user=1"], "it takes user_id, item_id"),
        (["why-item", "-p", "user_id"], "key=value"),
    ],
)
def test_wrong_query_is_said(command_line: CommandLine, run: Path, arguments: list[str], sentence: str) -> None:
    result = command_line("explore", *arguments, check=False)
    assert isinstance(result.exception, KgrecError) and sentence in str(result.exception)


def test_queries_on_an_empty_graph(database: Database, command_line: CommandLine, run: Path) -> None:
    """Last in this module: it empties the graph."""
    empty(database)
    for name in statements.names("explore"):
        assert "Error" not in command_line("explore", name).output
    for command in (["evaluate"], ["recommend", "--user", "u00"], ["train", "sasrec"], ["train", "personas"]):
        result = command_line(*command, "--run", str(run), check=False)
        assert isinstance(result.exception, KgrecError) and "kgrec load" in str(result.exception)
