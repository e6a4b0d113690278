"""Training as a notebook calls it, and as ``kgrec train sasrec`` does: every model, in every fit that it needs."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from kgrec.files import replacing
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.terminal import note, progress
from kgrec.training import distributed
from kgrec.training.fits import Fit
from kgrec.training.loop import History
from kgrec.training.run_lock import training
from recommender import fusion, second_stage
from recommender.asked import users_asked
from recommender.dataset import Dataset
from recommender.first_stage import choose_fusion, first_stage
from recommender.fusion import Fusion
from recommender.objective import words
from recommender.second_stage import SecondStage
from recommender.settings import Conditioning, SASRecSettings
from recommender.sources import PERSONA
from recommender.trained import BASE, BASE_TEXT, Variant, with_persona
from recommender.trainer import train

NO_PERSONA = frozenset({PERSONA})


@dataclass(frozen=True)
class TrainedModel:
    """One trained sequence model.

    Attributes:
        name: of its file in the folder of each fit, without suffix; where the persona comes in late it has none.
        epochs: how many the validation fit was trained.
        kept: the epoch whose weights were kept, from 1; the other fits are trained so long.
        loss: mean training loss of that epoch.
        validation_ndcg: NDCG@10 of the validation targets after that epoch, ranked against all items.
        sources: what validation chose to stand beside it in the first stage; empty for a model that is not served.
        second_stage: what validation chose for the order of its candidates; empty for a base model.
    """

    name: str
    epochs: int
    kept: int
    loss: float
    validation_ndcg: float
    sources: str
    second_stage: str


def train_models(
    dataset: Dataset,
    run: str | Path,
    settings: SASRecSettings | None = None,
    conditionings: Sequence[Conditioning] | None = None,
    fresh: bool = False,
) -> Results[TrainedModel]:
    """Train the base SASRecs and the persona-conditioned ones, or go on with what the run folder holds.

    Validation chooses epochs, sources and second stages; with them, all models are trained anew for the test, and those
    that are served on all interactions.

    Args:
        dataset: with the personas of all fits, and with texts.
        run: folder for the checkpoints of the fits, and for ``sasrec.json`` with the settings.
        settings: those of the settings file and the environment where ``None``.
        conditionings: how the persona comes in, a model each; that of the settings where ``None``.
        fresh: train anew instead of going on.

    Raises:
        KgrecError: personas or texts are missing, there is nothing to learn from, a checkpoint does not fit, or
            another process trains into the folder.
    """
    run, settings = Path(run), settings or load_section("sasrec", SASRecSettings)
    for fit in Fit:
        dataset.require_personas(fit)
    dataset.require_texts()
    with training(run, "sasrec") if distributed.leads() else nullcontext():
        if distributed.leads():
            note(words(settings.loss, dataset.n_items))
        return _train(dataset, run, settings, conditionings or [settings.conditioning], fresh)


def _train(
    dataset: Dataset, run: Path, settings: SASRecSettings, conditionings: Sequence[Conditioning], fresh: bool
) -> Results[TrainedModel]:
    bases = (BASE, BASE_TEXT)
    conditioned = [with_persona(way) for way in conditionings]
    histories = {
        variant: train(run, variant.trained_as, dataset, settings, fresh=fresh and variant is variant.trained_as)
        for variant in (*bases, *conditioned)
    }
    with_text = [variant for variant in histories if variant.text]
    fusions = distributed.from_leader(lambda: choose_fusions(dataset, run, with_text))
    stages = distributed.from_leader(lambda: choose_second_stages(dataset, run, settings, histories))
    reordering = [
        base for base in bases if any(stage.way != "none" and stage.base == base.name for stage in stages.values())
    ]
    for fit, variants in ((Fit.TEST, (*bases, *conditioned)), (Fit.FINAL, (*reordering, *conditioned))):
        for variant in dict.fromkeys(variant.trained_as for variant in variants):
            train(run, variant, dataset, settings, fit, histories[variant].best_epoch + 1, fresh)
    if distributed.leads():
        _record(run, dataset, settings)
    return Results(_told(variant, history, fusions, stages) for variant, history in histories.items())


def choose_fusions(dataset: Dataset, run: Path, variants: Sequence[Variant]) -> dict[str, Fusion]:
    """Choose what stands beside each model in the first stage, and keep it in the run folder.

    The base that starts from the texts has all sources but the persona: beside it the persona has to show what it adds.

    Args:
        dataset: with the personas of the validation fit.
        run: folder with the validation fits of the models.
        variants: the models.
    """
    fusions = {}
    with progress("choosing what stands beside the models", len(variants)) as advance:
        for done, variant in enumerate(variants):
            advance(done, variant.name)
            without = frozenset() if variant.conditioning else NO_PERSONA
            fusions[variant.name] = choose_fusion(run, variant.name, dataset, without)
        advance(len(variants), "")
    fusion.save(fusions, run)
    return fusions


def choose_second_stages(
    dataset: Dataset, run: Path, settings: SASRecSettings, histories: dict[Variant, History]
) -> dict[str, SecondStage]:
    """Choose the second stage of each conditioned model, by the better base that is not itself, and keep it.

    Args:
        dataset: with the personas of the validation fit.
        run: folder with the validation fits of all models, and with what stands beside them in the first stage.
        settings: how many candidates are handed over.
        histories: of the validation fits.
    """
    bases = [variant for variant in histories if variant.conditioning is None]
    asked = users_asked(dataset, Fit.VALIDATION)
    conditioned = [variant for variant in histories if variant.conditioning is not None]
    stages = {}
    with progress("choosing second stages", len(conditioned)) as advance:
        for done, variant in enumerate(conditioned):
            advance(done, variant.name)
            others = [base for base in bases if base != variant.trained_as]
            better = max(others, key=lambda base: histories[base].best_score).name
            first = first_stage(run, variant.name, dataset, Fit.VALIDATION)
            both = second_stage.beside_base(first, run, better, dataset, Fit.VALIDATION, settings.n_candidates)
            stages[variant.name] = second_stage.choose(asked, both, better)
        advance(len(conditioned), "")
    second_stage.save(stages, run)
    return stages


def _told(
    variant: Variant, history: History, fusions: dict[str, Fusion], stages: dict[str, SecondStage]
) -> TrainedModel:
    best, name = history.best_epoch, variant.name
    sources = fusions[name].name if name in fusions else ""
    stage = stages[name].way if name in stages else ""
    return TrainedModel(name, len(history.losses), best + 1, history.losses[best], history.best_score, sources, stage)


def _record(run: Path, dataset: Dataset, settings: SASRecSettings) -> None:
    runs = {fit.value: personas.run_id for fit, personas in dataset.personas.items()}
    record = {"persona_runs": runs, "interactions": dataset.interactions_digest, "settings": settings.model_dump()}
    with replacing(run / "sasrec.json") as draft:
        draft.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
