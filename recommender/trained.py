"""Trained models of a run folder: what they were trained for, and whether that is still what the graph holds."""

from pathlib import Path
from typing import Any

from kgrec.errors import KgrecError
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.device import device
from recommender.conditioning import PersonaConditioning
from recommender.dataset import Dataset
from recommender.sasrec import SASRec
from recommender.settings import Conditioning, SASRecSettings

BASE = "base"


def name_of(way: Conditioning | None) -> str:
    """Name of a model and of its file: ``"base"``, ``"persona-prefix"`` and so on."""
    return BASE if way is None else f"persona-{way}"


def identity(dataset: Dataset, settings: SASRecSettings, way: Conditioning | None) -> dict[str, Any]:
    """What has to be known to build the model again and to see that the graph still is the one it was trained on."""
    known: dict[str, Any] = {"sasrec": settings.model_dump(), "catalogue": dataset.items_digest}
    if way is not None:
        known |= {"conditioning": way, "persona_run": dataset.persona_run, "persona_dim": dataset.personas.shape[1]}
    return known


def load_model(run: Path, name: str, dataset: Dataset) -> SASRec:
    """Load a trained model, checked against the data set of now.

    Args:
        run: folder that it was trained into.
        name: as `name_of` says, or as a benchmark named it.
        dataset: what it is to score.

    Raises:
        KgrecError: it is not trained, or the items or personas are others now.
    """
    stored = load_checkpoint(run / f"{name}.pt")
    if stored is None:
        raise KgrecError(f"{run} has no trained {name} model: run `kgrec train sasrec --run {run}` first.")
    known = stored["settings"]
    if known["catalogue"] != dataset.items_digest:
        raise KgrecError(f"The items of the graph have changed since {run / name}.pt was trained: train it again.")
    settings = SASRecSettings(**known["sasrec"])
    conditioning = None
    if "persona_run" in known:
        if known["persona_run"] != dataset.persona_run:
            raise KgrecError(
                f"{run / name}.pt was trained with the personas of run {known['persona_run']}, but the graph has "
                f"those of {dataset.persona_run}: run `kgrec train sasrec --fresh --run {run}` again."
            )
        conditioning = PersonaConditioning(known["conditioning"], known["persona_dim"], settings.dim, 0.0)
    model = SASRec(dataset.n_items, settings, conditioning)
    model.load_state_dict(stored["best_model"])
    return model.to(device()).eval()
