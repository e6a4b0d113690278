"""Training as a notebook calls it, and as ``kgrec train sasrec`` does: the base model and the conditioned ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kgrec.files import replacing
from kgrec.results import Results
from kgrec.settings import load_section
from recommender.dataset import Dataset
from recommender.settings import Conditioning, SASRecSettings
from recommender.trained import name_of
from recommender.trainer import train


@dataclass(frozen=True)
class TrainedModel:
    """One trained sequence model.

    Attributes:
        name: of its file in the run folder, without suffix.
        epochs: how many were trained.
        kept: the epoch whose weights were kept, from 1.
        loss: mean training loss of that epoch.
        validation_ndcg: NDCG@10 of the validation targets after that epoch, ranked against all items.
    """

    name: str
    epochs: int
    kept: int
    loss: float
    validation_ndcg: float


def train_models(
    dataset: Dataset,
    run: str | Path,
    settings: SASRecSettings | None = None,
    conditionings: Sequence[Conditioning] | None = None,
    fresh: bool = False,
) -> Results[TrainedModel]:
    """Train the base SASRec and the persona-conditioned ones, or go on with what the run folder holds.

    Args:
        dataset: with personas and texts.
        run: folder for the checkpoints, and for ``sasrec.json`` with the settings.
        settings: those of the settings file and the environment where ``None``.
        conditionings: how the persona comes in, a model each; that of the settings where ``None``.
        fresh: train anew instead of going on.

    Raises:
        KgrecError: personas or texts are missing, there is nothing to learn from, or a checkpoint does not fit.
    """
    run, settings = Path(run), settings or load_section("sasrec", SASRecSettings)
    dataset.require_personas()
    dataset.require_texts()
    trained: Results[TrainedModel] = Results()
    for way in (None, *(conditionings or [settings.conditioning])):
        history = train(run, name_of(way), dataset, settings, way, fresh)
        best = history.best_epoch
        trained.append(
            TrainedModel(name_of(way), len(history.losses), best + 1, history.losses[best], history.best_score)
        )
    record = {"persona_run": dataset.persona_run, "settings": settings.model_dump()}
    with replacing(run / "sasrec.json") as draft:
        draft.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return trained
