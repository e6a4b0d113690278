"""Items and users that came after both trainings, over a real Neo4j: their vectors, and their lists."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gnn.settings import HDGISettings
from gnn.train import train_personas
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.item_encoder import ItemEncoder
from kgrec.training.fits import Fit
from recommender.evaluation import evaluate
from recommender.reading import read_dataset
from recommender.recommend import Recommender
from recommender.settings import SASRecSettings
from recommender.train import train_models
from tests.conftest import CommandLine
from tests.integration.test_personas import fill, rows

SETTINGS = SASRecSettings(dim=16, epochs=3, n_candidates=12)
ITEM = """
MERGE (item:Item {item_id: $item}) SET item.embedding = $embedding, item.title = $item
MERGE (category:Category {name: $category}) MERGE (item)-[:IN_CATEGORY]->(category)
MERGE (maker:Author {name: 'Ana'}) MERGE (item)-[:BY]->(maker)
MERGE (page:Entity {uri: $item}) MERGE (item)-[:SAME_AS {score: 1.0}]->(page)
WITH page MATCH (theme:Entity {label: 'Volcanoes'}) MERGE (page)-[:SUBJECT]->(theme)
"""
NAMES = """
MATCH (one:Item {item_id: 'i00'}), (other:Item {item_id: 'i02'})
SET one.title = 'i00, the title', other.title = 'another title'
WITH 1 AS done
MATCH (theme:Entity {uri: 'Volcanoes'}), (other:Entity {uri: 'Lighthouses'})
SET theme.uri = 'http://x/Volcanoes', other.uri = 'http://dbpedia.org/resource/Lighthouse',
    other.label = 'Lighthouses by the sea'
"""
OLD, NEW, BARE, LATE = "i90, which nobody chose", "i91, which came later", "i92, of which nothing is told", "u99, later"


def add(database: Database, item: str) -> None:
    """An item with the theme of half of the items, by an author of its own."""
    told = rows()[0]
    database.driver.execute_query(ITEM, item=item, embedding=told["embedding"], category=told["category"])


@pytest.fixture(scope="module")
def run(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both stages trained on the small graph, and then an item like one that nobody chose, a bare one, and a user."""
    ensure_schema(database)
    fill(database, rows())
    add(database, OLD)
    add(database, "i38")
    database.driver.execute_query(NAMES)
    folder = tmp_path_factory.mktemp("run")
    train_personas(database, folder, HDGISettings(dim=8, epochs=3, structure_dim=8, personas=2))
    train_models(read_dataset(database), folder, SETTINGS)
    add(database, NEW)
    database.driver.execute_query("CREATE (:Item {item_id: $item})", item=BARE)
    return folder


def test_a_new_item_has_the_vector_that_the_training_gives_one_that_nobody_chose(
    database: Database, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recommender = Recommender(database, run, SETTINGS)
    vectors, number = recommender.personas.items, recommender.snapshot.number
    assert vectors[number[OLD]].any() and torch.allclose(vectors[number[NEW]], vectors[number[OLD]], atol=1e-6)
    assert not vectors[number[BARE]].any()
    assert "told by their facts alone: 1." in capsys.readouterr().err
    again = Recommender(database, run, SETTINGS)  # from the snapshot, which says nothing more
    assert again.personas.items.equal(vectors) and "embedding" not in capsys.readouterr().err


def test_new_items_are_recommended_and_stand_in_histories(database: Database, run: Path) -> None:
    recommender = Recommender(database, run, SETTINGS)
    for found in (recommender.for_users(["u00"], k=100), recommender.for_session(["i00"], k=100)):
        assert {NEW, BARE} <= {one.item_id for one in found} and np.isfinite([one.score for one in found]).all()
    alone = recommender.for_session([NEW], k=3)
    assert len(alone) == 3 and NEW not in {one.item_id for one in alone}
    assert alone == recommender.for_session(["gone", NEW, "gone too"], k=3)
    assert recommender.passed_over(["gone", NEW, "gone too", "gone"]) == ["gone", "gone too"]


def test_a_new_user_has_the_persona_of_the_items_from_the_first_interaction(database: Database, run: Path) -> None:
    database.driver.execute_query(
        "MATCH (i:Item {item_id: $item}) CREATE (u:User {user_id: $user}) "
        "CREATE (u)-[:INTERACTED {position: 0, split: 'train'}]->(i)",
        user=LATE,
        item=NEW,
    )
    recommender = Recommender(database, run, SETTINGS)
    mine, session = recommender.for_users([LATE], k=5), recommender.for_session([NEW], k=5)
    told = ("item_id", "score", "persona", "reason")
    assert [[getattr(one, name) for name in told] for one in mine] == [
        [getattr(one, name) for name in told] for one in session
    ]
    assert mine[0].persona


def like(database: Database, run: Path, *likes: str) -> list[tuple[str, str, bool]]:
    found = Recommender(database, run, SETTINGS).understood(list(likes))
    return [(one.kind, one.name, one.exact) for one in found]


@pytest.mark.parametrize(
    ("said", "kind", "name", "exact"),
    [
        ("volcanoes", "Entity", "Volcanoes", True),
        ("  Volcanoes ", "Entity", "Volcanoes", True),
        ("http://x/Volcanoes", "Entity", "Volcanoes", True),
        ("dbr:Lighthouse", "Entity", "Lighthouses by the sea", True),
        ("sea lighthouses", "Entity", "Lighthouses by the sea", False),
        ("ana", "Author", "Ana", True),
        ("author ana", "Author", "Ana", True),
        ("I00, THE TITLE", "Item", "i00, the title", True),
        ("i00, title", "Item", "i00, the title", False),
    ],
)
def test_likes_are_understood(database: Database, run: Path, said: str, kind: str, name: str, exact: bool) -> None:
    assert like(database, run, said) == [(kind, name, exact)]


@pytest.mark.parametrize(
    "said",
    [
        "nobody's",
        "i9*",
        "title",
        "Volca*",
        "name:Ana",
        'a" OR "Ana',
        "Ana\\",
        '+-&|!(){}[]^"~*?:/',
        "a" * 999,
    ],
)
def test_what_is_ambiguous_or_syntax_is_not_understood(database: Database, run: Path, said: str) -> None:
    assert like(database, run, said) == ([("Author", "Ana", False)] if said == "Ana\\" else [])


def test_likes_rank_by_persona_and_facts(database: Database, run: Path) -> None:
    """By hand for an author: the standard scores of the items' products with the persona, and of their cosines."""
    recommender = Recommender(database, run, SETTINGS)
    found = recommender.for_likes(["Ana", "nobody knows that"], k=100)
    assert {one.item_id for one in found[:3]} == {OLD, NEW, "i38"} and all(one.reason == "Ana" for one in found[:3])
    data = read_dataset(database, [Fit.FINAL])
    encoder = ItemEncoder.load(run)
    assert encoder is not None
    ends = encoder.ends[(("BY",),)]
    persona = torch.nn.functional.normalize(ends.vectors[ends.place["Author Ana"]], dim=0)
    dots = (recommender.personas.items[1:] @ persona).numpy()
    facts = data.facts["catalogue"].toarray()[1:]
    weights = np.log(len(facts) / facts.sum(axis=0))
    told = facts * weights
    cosines = np.array(
        [row[data.fact_names["catalogue"].index("Author Ana")] / max(np.linalg.norm(row), 1e-9) for row in told]
    )
    expected = sum((part - part.mean()) / max(part.std(), 1e-9) for part in (dots, cosines))
    by_item = {one.item_id: one.score for one in found}
    assert len(by_item) == data.n_items
    assert [by_item[item_id] for item_id in data.item_ids] == pytest.approx(expected, abs=1e-3)
    with pytest.raises(KgrecError, match="told by likes 'xyzzy', 'plugh': name categories"):
        recommender.for_likes(["xyzzy", "plugh"])
    assert "i00" not in {one.item_id for one in recommender.for_likes(["i00, the title"], k=100)}


def test_likes_on_the_command_line(database: Database, command_line: CommandLine, run: Path) -> None:
    found = command_line("recommend", "--likes", "ana", "--likes", "who?", "--run", str(run), "-k", "3")
    assert "For who likes that" in found.stdout
    assert "'ana' is the author 'Ana'." in found.stderr and "Not understood: like 'who?'." in found.stderr
    words = ("recommend", "--likes", "ana", "--likes", " volcanoes sea", "--likes", "sea", "--run", str(run))
    document = json.loads(command_line(*words, "--quiet", "--format", "json").stdout)
    assert document["understood"] == [
        {"like": "ana", "kind": "Author", "name": "Ana", "exact": True},
        {"like": "sea", "kind": "Entity", "name": "Lighthouses by the sea", "exact": False},
    ]
    assert document["not_understood"] == [" volcanoes sea"] and document["items"][0]["rank"] == 1
    session = command_line("recommend", "--session", "i00,gone", "--run", str(run), "-k", "3")
    assert "item 'gone'" in session.stderr and "an anonymous session" in session.stdout


def test_evaluation_goes_on_when_items_came(database: Database, run: Path) -> None:
    dataset = read_dataset(database, list(Fit)[:-1])
    measured = evaluate(dataset, run)
    assert dataset.number[NEW] and np.isfinite(measured.ranks).any()
