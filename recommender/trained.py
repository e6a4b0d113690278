"""Trained models of a run folder: what they were trained for, and whether that is still what the graph holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgrec.errors import KgrecError
from kgrec.training.checkpoint import Checkpoint, restoring
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.device import device
from kgrec.training.fits import Fit
from recommender.catalogue import fit_table, trained_items
from recommender.conditioning import PersonaConditioning
from recommender.dataset import Dataset
from recommender.knowledge import Knowledge
from recommender.sasrec import SASRec
from recommender.settings import Conditioning, SASRecSettings


@dataclass(frozen=True)
class Variant:
    """One of the sequence models.

    Attributes:
        name: of its file in the folder of a fit, without suffix, unless it has the weights of another.
        conditioning: how the persona comes in; ``None`` for a base model.
        text: whether item vectors start from the text embeddings, or else at random.
    """

    name: str
    conditioning: Conditioning | None = None
    text: bool = True

    @property
    def trained_as(self) -> "Variant":
        """The variant whose weights it has: where the persona comes in late, the base that starts from the texts."""
        return BASE_TEXT if self.conditioning == "late" else self


BASE = Variant("base", text=False)
BASE_TEXT = Variant("base-text")


def with_persona(way: Conditioning) -> Variant:
    """Return the variant that a persona conditions, of the name ``"persona-late"`` and so on."""
    return Variant(f"persona-{way}", way)


def weights_file(folder: Path, name: str) -> Path:
    """Return the checkpoint of a variant in the folder of a fit."""
    late = with_persona("late")
    return folder / f"{late.trained_as.name if name == late.name else name}.pt"


def files_read(*fits: Fit) -> list[str]:
    """Return the patterns of the files of a run folder that are read of these fits, for `kgrec.training.run_lock`."""
    choices = ["evaluation/fusion.json", "evaluation/second_stage.json"]
    return choices + [str(fit.folder(Path()) / name) for fit in fits for name in ("base*.pt", "persona-*.pt")]


def identity(dataset: Dataset, settings: SASRecSettings, variant: Variant, fit: Fit) -> dict[str, Any]:
    """What has to be known to build the model again and to see that the graph still is the one it was trained on."""
    known: dict[str, Any] = {"sasrec": settings.model_dump(), "catalogue": dataset.items_digest, "fit": fit.value}
    known["variant"] = variant.name
    if variant.conditioning is not None:
        personas = dataset.require_personas(fit)
        known |= {"conditioning": variant.conditioning, "persona_run": personas.run_id, "persona_dim": personas.dim}
    return known


def load_model(run: Path, name: str, knowledge: Knowledge, fit: Fit) -> SASRec:
    """Load a trained model, checked against the data set of now.

    Items that came after the training have encoded rows, and those that are gone have none (`recommender.catalogue`).

    Args:
        run: folder that it was trained into.
        name: of its variant.
        knowledge: what it is to score, with the personas of the fit.
        fit: which of its fits.

    Raises:
        KgrecError: it is not trained, is damaged, is another model or of another fit, the personas are others now, or
            most of its items are gone.
    """
    path = weights_file(fit.folder(run), name)
    stored = load_checkpoint(path)
    if stored is None:
        raise KgrecError(f"{run} has no {fit} fit of {name}: run `kgrec train sasrec --run {run}` first.")
    with restoring(path):
        model = _restore(run, path, stored, knowledge, fit)
    return model.to(device()).eval()


def _restore(run: Path, path: Path, stored: Checkpoint, knowledge: Knowledge, fit: Fit) -> SASRec:
    known = stored["settings"]
    if known.get("fit") != fit:
        other = f"the {known['fit']} fit" if "fit" in known else "an older kgrec"
        raise KgrecError(f"{path} is not of the {fit} fit, but of {other}: train it again.")
    if known.get("variant", path.stem) != path.stem:  # an older kgrec does not say
        raise KgrecError(f"{path} holds the weights of {known['variant']}: train it again with --fresh.")
    if not stored["finished"]:
        raise KgrecError(f"The training of {path} was interrupted: run `kgrec train sasrec --run {run}` again.")
    same = known["catalogue"] == knowledge.items_digest
    trained = knowledge.item_ids if same else trained_items(run, known["catalogue"])
    if not same:
        _require_most(path, trained, knowledge)
    settings = SASRecSettings(**known["sasrec"])
    conditioning = None
    if "persona_run" in known:
        personas = knowledge.require_personas(fit)
        if known["persona_run"] != personas.run_id:
            raise KgrecError(
                f"{path} was trained with the personas of run {known['persona_run']}, but the graph has those of "
                f"{personas.run_id}: run `kgrec train sasrec --fresh --run {run}` again."
            )
        conditioning = PersonaConditioning(known["conditioning"], known["persona_dim"], settings.dim, 0.0)
    model = SASRec(len(trained), settings, conditioning)
    model.load_state_dict(stored["best_model"])
    if not same:
        fit_table(model, trained, knowledge, fit)
    return model


def _require_most(path: Path, trained: list[str], knowledge: Knowledge) -> None:
    """Refuse another graph than that of the training: half of the items have to be there still."""
    left = len(set(trained).intersection(knowledge.item_ids))
    if 2 * left < len(trained):
        raise KgrecError(
            f"The graph has {left:,} of the {len(trained):,} items that {path} was trained on: train it again."
        )
