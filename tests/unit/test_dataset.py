"""The data set: aligned once, kept in a folder, refused where it does not fit."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from kgrec.errors import KgrecError
from recommender.dataset import Dataset
from recommender.sequences import NO_TIME, TEST, TRAIN, VALIDATION, Sequences
from tests.unit.datasets import dataset


def example() -> Dataset:
    """Three users: one with all splits, one without any target, one with nothing but a repeated item."""
    made = dataset([[1, 2], [3], [2, 2]], [3, 0, 0], [4, 0, 0], 4, torch.randn(3, 5), torch.randn(5, 7))
    return dataclasses.replace(
        made,
        user_ids=["u", "\u202eevil\nuser\t", "None"],
        titles=["", "A [/] tale", "\x1b[2J", "Emma"],
        persona_names=["Salt mines", None, "nan"],
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
    plain = ("item_ids", "titles", "user_ids", "texts_digest", "persona_names", "persona_run")
    return (
        all(arrays)
        and all(getattr(one, name) == getattr(two, name) for name in plain)
        and torch.equal(one.texts, two.texts)
        and torch.equal(one.personas, two.personas)
    )


def test_sequences_by_hand() -> None:
    sequences = example().sequences
    assert sequences.train == [[1, 2], [3], [2, 2]] and sequences.lengths.tolist() == [2, 1, 2]
    assert sequences.validation.tolist() == [3, 0, 0] and sequences.test.tolist() == [4, 0, 0]
    assert sequences.before_test(0) == [1, 2, 3] and sequences.whole(0) == [1, 2, 3, 4] and sequences.whole(1) == [3]
    assert sequences.training_counts(4).tolist() == [0, 1, 3, 1, 0]


def test_users_without_training_items_keep_their_place() -> None:
    splits = np.array([TEST, TRAIN, VALIDATION], dtype=np.int8)
    sequences = Sequences(np.array([0, 1, 1, 3]), np.array([7, 8, 9]), splits, np.zeros(3, dtype=np.int64))
    assert sequences.train == [[], [], [8]]
    assert sequences.test.tolist() == [7, 0, 0] and sequences.validation.tolist() == [0, 0, 9]


def test_a_saved_data_set_is_the_same(tmp_path: Path) -> None:
    made = example()
    made.save(tmp_path / "saved")
    assert same(Dataset.load(tmp_path / "saved"), made)
    bare = dataset([[1]], [0], [0], 2)
    bare.save(str(tmp_path / "saved"))  # over the first
    assert same(Dataset.load(str(tmp_path / "saved")), bare)


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
        ("dataset.json", b'{"version": 1}'),
    ],
)
def test_a_damaged_data_set_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    example().save(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(KgrecError, match=f"data set in {tmp_path} is damaged"):
        Dataset.load(tmp_path)


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    example().save(tmp_path)
    (tmp_path / "dataset.json").write_text('{"version": 2}')
    with pytest.raises(KgrecError, match="format 2, not 1"):
        Dataset.load(tmp_path)


def test_parts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    made = example()
    for change in (
        {"titles": ["one"]},
        {"user_ids": ["u"]},
        {"texts": torch.zeros(4, 7)},
        {"personas": torch.zeros(2, 5)},
    ):
        with pytest.raises(ValueError, match="differ in length"):
            dataclasses.replace(made, **change)
    with pytest.raises(ValueError, match="differ in length"):
        dataclasses.replace(made.sequences, items=made.sequences.items[:-1])


def test_personas_are_aligned_by_user_id() -> None:
    made = dataset([[1], [2], [3]], [0] * 3, [0] * 3, 3)
    given = made.with_personas("r", {"u2": [1.0, 2.0], "stranger": [9.0, 9.0], "u0": [3.0, 4.0]}, {"u0": "Chess"})
    assert given.personas.tolist() == [[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]
    assert given.persona_names == ["Chess", None, None] and given.persona_run == "r"
    with pytest.raises(KgrecError, match="kgrec train personas"):
        made.require_personas()
    with pytest.raises(KgrecError, match="kgrec load embeddings"):
        given.require_texts()
