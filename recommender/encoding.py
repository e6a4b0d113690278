"""Items that came after the personas were trained: vectors in their space, by what the graph tells of the items."""

import dataclasses
import json
from pathlib import Path

import torch
from more_itertools import chunked

from kgrec.graph.database import Database
from kgrec.graph.item_features import encoded
from kgrec.item_encoder import ItemEncoder
from kgrec.terminal import note
from kgrec.training.fits import Fit
from recommender.dataset import Dataset

AT_ONCE = 1_000  # items that are read together


def with_new_items(database: Database, run: Path, dataset: Dataset) -> Dataset:
    """Give the items without a vector of the final fit's personas one, and say on standard error what is missing.

    Args:
        database: that the data set was read from.
        run: folder of the personas' training.
        dataset: with the personas of the final fit, or without any.

    Raises:
        KgrecError: what encodes items is damaged.
    """
    personas = dataset.personas.get(Fit.FINAL)
    if personas is None or not personas.items.any():  # of an earlier kgrec, whose HDGI gave items none
        return dataset
    numbers = (torch.nonzero(~personas.items[1:].any(dim=1)).squeeze(1) + 1).tolist()
    if not numbers:
        return dataset
    if _of_chosen_items_alone(run, personas.run_id):
        note(
            f"Items without a vector in the space of the personas: {len(numbers):,}. HDGI's own objective gives one to "
            "those alone that somebody had chosen."
        )
        return dataset
    encoder = ItemEncoder.load(run)
    if encoder is None or encoder.run_id != personas.run_id:
        note(
            f"Items without a vector in the space of the personas: {len(numbers):,}. {run} does not hold what encodes "
            f"them: run `kgrec train personas --run {run}` again.",
        )
        return dataset
    items, without_text = personas.items.clone(), 0
    for part in chunked(numbers, AT_ONCE):
        found = encoded(database, encoder, [dataset.item_ids[number - 1] for number in part])
        items[[dataset.number[item_id] for item_id in found.item_ids]] = found.vectors
        without_text += found.without_text
    if without_text:
        note(
            f"Items that came after the training and have no text embedding of its encoder yet, told by their facts "
            f"alone: {without_text:,}. `kgrec load embeddings` makes embeddings.",
        )
    told = dataclasses.replace(personas, items=items)
    return dataclasses.replace(dataset, personas=dataset.personas | {Fit.FINAL: told})


def _of_chosen_items_alone(run: Path, run_id: str) -> bool:
    """Tell by the record of the personas' training whether its objective encodes no other items."""
    try:
        record = json.loads((Fit.FINAL.folder(run) / "personas.json").read_text(encoding="utf-8"))
        return bool(record["run_id"] == run_id and record["settings"]["objective"] == "infomax")
    except (OSError, ValueError, KeyError, TypeError):  # another training's folder, or a damaged one
        return False
