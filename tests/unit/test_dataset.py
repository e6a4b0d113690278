"""The data set: aligned once, kept in a folder, refused where it does not fit."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch

from kgrec.errors import KgrecError
from kgrec.training.fits import Fit
from recommender.dataset import Dataset, Personas
from recommender.sequences import NO_TIME, TEST, TRAIN, VALIDATION, Sequences, padded
from tests.unit.datasets import dataset, sequences


def example() -> Dataset:
    """Three users: one with all splits, one without any target, one with nothing but a repeated item."""
    made = dataset([[1, 2], [3], [2, 2]], [3, 0, 0], [4, 0, 0], 4, texts=torch.randn(5, 7))
    return dataclasses.replace(
        made,
        user_ids=["u", "\u202eevil\nuser\t", "None"],
        facts={
            "catalogue": sp.csr_matrix(np.eye(5, 3, -1, np.float32)),
            "DBpedia": sp.csr_matrix(np.zeros((5, 0), np.float32)),
        },
        titles=["", "A [/] tale", "\x1b[2J", "Emma"],
        personas={
            Fit.VALIDATION: Personas("first", torch.randn(3, 5), ["Salt mines", None, "nan"], torch.randn(5, 5)),
            Fit.TEST: Personas("second", torch.randn(3, 2), [None, None, "\u202e"], torch.zeros(5, 2)),
        },
        sequences=dataclasses.replace(
            made.sequences, times=np.array([5, 6, 7, NO_TIME, 8, 8, 9], dtype=np.int64)[: len(made.sequences.items)]
        ),
    )


def same(one: Dataset, two: Dataset) -> bool:
    arrays = [
        np.array_equal(getattr(one.sequences, field.name), getattr(two.sequences, field.name))
        and getattr(one.sequences, field.name).dtype == getattr(two.sequences, field.name).dtype
        for field in dataclasses.fields(Sequences)
    ]
    plain = ("item_ids", "titles", "user_ids", "texts_digest", "split")
    return (
        all(arrays)
        and all(getattr(one, name) == getattr(two, name) for name in plain)
        and torch.equal(one.texts, two.texts)
        and list(one.facts) == list(two.facts)
        and all(np.array_equal(facts.toarray(), two.facts[kind].toarray()) for kind, facts in one.facts.items())
        and one.facts_digest == two.facts_digest
        and list(one.co_occurrence) == list(two.co_occurrence)
        and all(np.array_equal(one.co_occurrence[fit].toarray(), two.co_occurrence[fit].toarray()) for fit in Fit)
        and list(one.personas) == list(two.personas)
        and all(same_personas(one.personas[fit], two.personas[fit]) for fit in one.personas)
    )


def same_personas(one: Personas, two: Personas) -> bool:
    vectors = torch.equal(one.vectors, two.vectors) and torch.equal(one.items, two.items)
    return one.run_id == two.run_id and one.names == two.names and vectors


def test_each_fit_knows_what_comes_before_its_targets() -> None:
    made = example().sequences
    assert made.known(Fit.VALIDATION).histories == [[1, 2], [3], [2, 2]]
    assert made.known(Fit.TEST).histories == [[1, 2, 3], [3], [2, 2]]
    assert made.known(Fit.FINAL).histories == [[1, 2, 3, 4], [3], [2, 2]]
    assert made.known(Fit.VALIDATION).lengths.tolist() == [2, 1, 2]
    assert made.targets(Fit.VALIDATION).tolist() == [2, -1, -1] and made.targets(Fit.TEST).tolist() == [3, -1, -1]
    with pytest.raises(ValueError, match="nothing is left"):
        made.targets(Fit.FINAL)


def test_repeats_count_in_counts_but_not_in_the_matrix() -> None:
    known = example().sequences.known(Fit.VALIDATION)
    assert known.counts(4).tolist() == [0, 1, 3, 1, 0]
    assert known.matrix(4).toarray().tolist() == [[0, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 0]]


def test_users_without_known_items_keep_their_place_and_are_not_asked() -> None:
    made = sequences([[(7, TEST)], [], [(8, TRAIN), (9, VALIDATION)], [(5, VALIDATION), (6, TEST)]])
    assert made.known(Fit.VALIDATION).histories == [[], [], [8], []]
    assert made.known(Fit.TEST).histories == [[], [], [8, 9], [5]]
    assert made.targets(Fit.VALIDATION).tolist() == [-1, -1, 2, -1]
    assert made.targets(Fit.TEST).tolist() == [-1, -1, -1, 4]


def test_of_many_test_interactions_the_first_is_the_target() -> None:
    made = sequences([[(1, TRAIN), (2, TEST), (3, TEST), (4, TEST)], [(1, TRAIN), (5, VALIDATION), (6, VALIDATION)]])
    assert made.targets(Fit.TEST).tolist() == [1, -1] and made.targets(Fit.VALIDATION).tolist() == [-1, 5]
    assert made.known(Fit.TEST).histories == [[1], [1, 5, 6]]


def test_long_sequences_keep_their_end_and_are_padded_on_the_right() -> None:
    assert padded([[1, 2, 3, 4], [5], []], 3).tolist() == [[2, 3, 4], [5, 0, 0], [0, 0, 0]]
    assert padded([], 3).shape == (0, 1) and padded([[]], 3).tolist() == [[0]]


def test_a_saved_data_set_is_the_same(tmp_path: Path) -> None:
    made = example()
    made.save(tmp_path / "saved")
    found = Dataset.load(tmp_path / "saved")
    assert same(found, made) and found.facts["catalogue"].dtype == np.float32
    assert {ties.dtype for ties in found.co_occurrence.values()} == {np.dtype(np.float32)}
    bare = dataset([[1]], [0], [0], 2)
    bare.save(str(tmp_path / "saved"))  # over the first
    assert same(Dataset.load(str(tmp_path / "saved")), bare)


def test_the_digest_of_the_facts_tells_them_apart() -> None:
    made = example()
    others = dataclasses.replace(made, facts=made.facts | {"DBpedia": made.facts["catalogue"]})
    moved = dataclasses.replace(made, facts={"catalogue": sp.csr_matrix(np.eye(5, 3, -2, np.float32))})
    assert len({one.facts_digest for one in (made, others, moved)}) == 3
    with pytest.raises(ValueError, match="facts of a data set differ in length"):
        dataclasses.replace(made, facts={"catalogue": sp.csr_matrix(np.ones((4, 3), np.float32))})


def test_what_was_half_written_is_no_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example().save(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(KgrecError, match=r"cannot be written .*No space left"):
        example().save(tmp_path)
    with pytest.raises(KgrecError, match=r"is not a saved data set: dataset\.json is missing"):
        Dataset.load(tmp_path)
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("arrays.npz", b"no zip"),
        ("items.parquet", b"no parquet"),
        ("dataset.json", b"{"),
        ("dataset.json", b'{"version": 5}'),
        ("dataset.json", b'{"version": 6}'),
        ("dataset.json", b"[" * 100_000),
    ],
)
def test_a_damaged_data_set_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    example().save(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KgrecError, match=f"data set in {tmp_path} is damaged"):
        Dataset.load(tmp_path)


@pytest.mark.parametrize(("version", "sentence"), [(4, "of format 4, not 6: save it again"), (7, "A later kgrec")])
def test_another_format_is_refused(tmp_path: Path, version: int, sentence: str) -> None:
    example().save(tmp_path)
    (tmp_path / "dataset.json").write_text(f'{{"version": {version}}}')
    with pytest.raises(KgrecError, match=sentence):
        Dataset.load(tmp_path)


@pytest.mark.parametrize("name", ["arrays.npz", "items.parquet", "users.parquet", "dataset.json"])
def test_one_bit_anywhere_makes_it_damaged(tmp_path: Path, name: str) -> None:
    example().save(tmp_path)
    whole = (tmp_path / name).read_bytes()
    for place in range(0, len(whole), 1 + len(whole) // 150):
        bit = 1 << place % 8
        (tmp_path / name).write_bytes(whole[:place] + bytes([whole[place] ^ bit]) + whole[place + 1 :])
        with pytest.raises(KgrecError, match=f"data set in {tmp_path} is damaged"):
            Dataset.load(tmp_path)


def test_one_of_before_there_were_checksums_is_read(tmp_path: Path) -> None:
    example().save(tmp_path)
    manifest = json.loads((tmp_path / "dataset.json").read_text())
    del manifest["checksum"], manifest["files"]
    (tmp_path / "dataset.json").write_text(json.dumps(manifest | {"version": 5}))
    assert Dataset.load(tmp_path).item_ids == example().item_ids


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    made = example()
    for change in (
        {"titles": ["one"]},
        {"user_ids": ["u"]},
        {"texts": torch.zeros(4, 7)},
        {"personas": {Fit.TEST: Personas("run", torch.zeros(2, 5), [None] * 3, torch.zeros(5, 5))}},
        {"personas": {Fit.TEST: Personas("run", torch.zeros(3, 5), [None] * 2, torch.zeros(5, 5))}},
        {"personas": {Fit.TEST: Personas("run", torch.zeros(3, 5), [None] * 3, torch.zeros(4, 5))}},
        {"co_occurrence": {Fit.TEST: sp.csr_matrix(np.zeros((4, 5), np.float32))}},
    ):
        with pytest.raises(ValueError, match="differ in length"):
            dataclasses.replace(made, **change)
    with pytest.raises(ValueError, match="differ in length"):
        dataclasses.replace(made.sequences, items=made.sequences.items[:-1])


def test_personas_are_aligned_by_user_id_and_each_fit_has_its_own() -> None:
    made = dataset([[1], [2], [3]], [0] * 3, [0] * 3, 3)
    given = made.with_personas(
        Fit.TEST,
        "r",
        {"u2": [1.0, 2.0], "stranger": [9.0, 9.0], "u0": [3.0, 4.0]},
        {"u0": "Chess"},
        {"i02": [5.0, 6.0], "a thing of another shop": [8.0, 8.0], "i00": [7.0, 0.0]},
    )
    found = given.require_personas(Fit.TEST)
    assert found.vectors.tolist() == [[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]
    assert found.items.tolist() == [[0.0, 0.0], [7.0, 0.0], [0.0, 0.0], [5.0, 6.0]]
    assert found.names == ["Chess", None, None] and found.run_id == "r" and found.dim == 2
    both = given.with_personas(Fit.FINAL, "s", {"u0": [5.0]}, {}, {})
    assert both.require_personas(Fit.FINAL).items.tolist() == [[0.0]] * 4
    assert both.require_personas(Fit.TEST) is found and both.require_personas(Fit.FINAL).dim == 1
    for bare in (made, given, given.with_personas(Fit.VALIDATION, "none", {}, {}, {})):
        with pytest.raises(KgrecError, match=r"persona of the validation fit: run `kgrec train personas`"):
            bare.require_personas(Fit.VALIDATION)
    with pytest.raises(KgrecError, match="kgrec load embeddings"):
        given.require_texts()


def test_the_persona_of_items_is_that_of_a_user_who_has_them() -> None:
    """By hand: the sum of the vectors, each item once, brought to length 1; what has no vector adds nothing."""
    items = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [-3.0, 0.0], [0.0, 0.0]])
    made = Personas("run", torch.zeros(1, 2), [None], items)
    assert made.of_items([1, 2]).tolist() == made.of_items([2, 1, 2, 2, 4]).tolist() == pytest.approx([0.6, 0.8])
    assert made.of_items([2, 4]).tolist() == [0.0, 1.0] and made.of_items([3]).tolist() == [-1.0, 0.0]
    for nothing in ([4], [], [1, 3]):  # no vector, no item, vectors that cancel each other out
        assert made.of_items(nothing).tolist() == [0.0, 0.0]


def test_the_digest_of_the_interactions_stands_for_ids_order_and_split() -> None:
    made = dataset([[1, 2], [3]], [3, 0], [4, 0], 4)
    others = [
        dataset([[2, 1], [3]], [3, 0], [4, 0], 4),
        dataset([[1, 2, 3], [3]], [0, 0], [4, 0], 4),
        dataset([[1, 2], [3]], [3, 0], [4, 0], 5),
        dataclasses.replace(made, user_ids=["u0", "another"]),
    ]
    digests = {one.interactions_digest for one in (made, *others)}
    assert len(digests) == 5 and dataset([[1, 2], [3]], [3, 0], [4, 0], 4).interactions_digest in digests
    assert made.items_digest == others[0].items_digest != others[2].items_digest
