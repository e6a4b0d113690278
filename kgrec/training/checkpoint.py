"""Checkpoints: written whole or not at all, read with the reason when they do not fit."""

import pickle
from pathlib import Path
from typing import Any

import torch

from kgrec.errors import KgrecError
from kgrec.files import replacing

Checkpoint = dict[str, Any]


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint beside its place and move it there, so that a crash leaves the old one.

    Raises:
        KgrecError: the disk is full or the folder cannot be written.
    """
    try:
        with replacing(path) as draft:
            torch.save(checkpoint, draft)
    except (OSError, RuntimeError) as error:  # torch's zip writer says RuntimeError on a full disk
        raise KgrecError(f"The checkpoint {path} cannot be written: {error}.") from error


def load(path: Path) -> Checkpoint | None:
    """Read a checkpoint onto the CPU; ``None`` when there is none.

    Raises:
        KgrecError: the file is not a checkpoint of kgrec.
    """
    if not path.exists():
        return None
    try:
        checkpoint: Checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        checkpoint["fingerprint"], checkpoint["best_model"]
    except (RuntimeError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        raise KgrecError(f"{path} is not a readable checkpoint: delete it or train with --fresh.") from error
    return checkpoint
