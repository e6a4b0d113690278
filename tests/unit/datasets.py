"""Small data sets for the tests, from lists."""

import numpy as np
import torch

from recommender.dataset import Dataset
from recommender.sequences import NO_TIME, TEST, TRAIN, VALIDATION, Sequences


def dataset(
    train: list[list[int]],
    validation: list[int],
    test: list[int],
    n_items: int,
    personas: torch.Tensor | None = None,
    texts: torch.Tensor | None = None,
) -> Dataset:
    """Users ``u0``, ``u1``, ... and items ``i00``, ``i01``, ...; a target of 0 is none."""
    rows = [
        [(item, TRAIN) for item in items] + [(valid, VALIDATION)] * bool(valid) + [(target, TEST)] * bool(target)
        for items, valid, target in zip(train, validation, test, strict=True)
    ]
    flat = [visit for visits in rows for visit in visits]
    return Dataset(
        item_ids=[f"i{item:02}" for item in range(n_items)],
        titles=[f"Title {item}" for item in range(n_items)],
        user_ids=[f"u{user}" for user in range(len(train))],
        sequences=Sequences(
            np.cumsum([0, *(len(visits) for visits in rows)]),
            np.array([item for item, _ in flat], dtype=np.int64),
            np.array([split for _, split in flat], dtype=np.int8),
            np.full(len(flat), NO_TIME),
        ),
        texts=torch.zeros(n_items + 1, 0) if texts is None else texts,
        texts_digest="" if texts is None else "texts",
        personas=torch.zeros(len(train), 0) if personas is None else personas,
        persona_names=[None] * len(train),
        persona_run="" if personas is None else "run",
    )
