"""Small data sets for the tests, from lists."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch

from kgrec.training.fits import Fit
from recommender.dataset import Dataset, Personas
from recommender.sequences import NO_TIME, TEST, TRAIN, VALIDATION, Sequences


def dataset(
    train: list[list[int]],
    validation: list[int],
    test: list[int],
    n_items: int,
    personas: torch.Tensor | None = None,
    texts: torch.Tensor | None = None,
    fits: Sequence[Fit] = tuple(Fit),
) -> Dataset:
    """Users ``u0``, ``u1``, ... and items ``i00``, ``i01``, ...; a target of 0 is none; the ``fits`` share personas."""
    rows = [
        [(item, TRAIN) for item in items] + [(valid, VALIDATION)] * bool(valid) + [(target, TEST)] * bool(target)
        for items, valid, target in zip(train, validation, test, strict=True)
    ]
    names: list[str | None] = [None] * len(train)
    return Dataset(
        item_ids=[f"i{item:02}" for item in range(n_items)],
        titles=[f"Title {item}" for item in range(n_items)],
        user_ids=[f"u{user}" for user in range(len(train))],
        sequences=sequences(rows),
        texts=torch.zeros(n_items + 1, 0) if texts is None else texts,
        texts_digest="" if texts is None else "texts",
        split="leave-one-out",
        personas={} if personas is None else {fit: Personas(f"run-{fit}", personas, names) for fit in fits},
    )


def holding(made: Sequences, n_items: int) -> Dataset:
    """A data set of these sequences, with nothing else."""
    empty = dataset([[]] * len(made), [0] * len(made), [0] * len(made), n_items)
    return dataclasses.replace(empty, sequences=made)


def sequences(rows: list[list[tuple[int, int]]], times: list[list[int]] | None = None) -> Sequences:
    """Items with their splits, a list a user; without ``times`` the order alone is known."""
    flat = [visit for visits in rows for visit in visits]
    return Sequences(
        np.cumsum([0, *(len(visits) for visits in rows)]),
        np.array([item for item, _ in flat], dtype=np.int64),
        np.array([split for _, split in flat], dtype=np.int8),
        np.full(len(flat), NO_TIME) if times is None else np.array([t for own in times for t in own], dtype=np.int64),
    )
