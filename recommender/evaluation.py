"""Evaluation: every test target ranked against all items, by every system, kept user by user in the run folder."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from kgrec.counted import counting
from kgrec.errors import KgrecError
from kgrec.terminal import note, progress
from kgrec.training.checkpoint import load as load_checkpoint
from kgrec.training.fits import Fit
from kgrec.training.run_lock import settled
from recommender import fusion, second_stage
from recommender.asked import Asked, Score, sessions_asked, users_asked
from recommender.baselines import Scorer, baselines, choose_once
from recommender.beyond_accuracy import beyond_accuracy
from recommender.dataset import Dataset
from recommender.first_stage import first_stage
from recommender.measured import Kind, Measured, System
from recommender.ranking import candidate_ranks, retrieve, seen_items, target_ranks
from recommender.scoring import ByModel, by_histories
from recommender.second_stage import SecondStage, Stages, Way, both_stages
from recommender.settings import SASRecSettings
from recommender.slices import head_items
from recommender.trained import BASE, BASE_TEXT, files_read, load_model, weights_file, with_persona

SERVED = "as served"
BASE_WITH_TEXT = "base SASRec with text"
FUSED_BASE = f"{BASE_WITH_TEXT}, fused"  # what persona and second stage have to add to
LIST = 10  # items of a list that is judged beyond accuracy
MOST = 100_000  # users who are asked; with more an interval of a hit rate of 0.1 is narrower than 0.002 either side

# Ranks of the targets [batch], and lists of the best items [batch, LIST], 0 for none.
Answer = Callable[[Asked], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Contender:
    """One system to be measured.

    Attributes:
        name: as tables show it.
        kind: what it is.
        make: gives what answers the questions; called when its turn comes, so that few tables are in memory at once.
        curve: validation NDCG@10 after each epoch.
    """

    name: str
    kind: Kind
    make: Callable[[], Answer]
    curve: list[float] = field(default_factory=list)


def evaluate(dataset: Dataset, run: str | Path, sessions: bool = False) -> Measured:
    """Measure the plain baselines, the base SASRecs, and every conditioned model with each second stage.

    All of them have learned from training and validation interactions, none from the test's: only the run's test fit is
    read, never the final one. Of more than `MOST` users so many are asked, always the same, and a note says it. What is
    measured is kept in ``run/evaluation``, or ``run/evaluation/sessions``.

    Args:
        dataset: the one that the models were trained on, with texts and the personas of the test fit.
        run: folder of the trained models.
        sessions: ask anonymous sessions instead of known users.

    Raises:
        KgrecError: nothing is trained, the graph has changed since, nobody has a test interaction, or the run is being
            trained.
    """
    run = Path(run)
    asked = sessions_asked(dataset, Fit.TEST, MOST) if sessions else users_asked(dataset, Fit.TEST).sample(MOST)
    n_targets = _targets(dataset)
    if len(asked.users) < n_targets:
        note(f"Asked are {MOST:,} of {n_targets:,} users, always the same: more would not change the figures.")
    with settled(run, "sasrec", files_read(Fit.VALIDATION, Fit.TEST)):
        contenders = [*plain(dataset, run), *trained(dataset, run)]
        about = {"protocol": "sessions" if sessions else "users", "judged": _judged(run), "base": FUSED_BASE}
        measured = measure(contenders, asked, dataset, about | stored(run))
    measured.save(run / "evaluation" / "sessions" if sessions else run / "evaluation")
    return measured


def measure(contenders: list[Contender], asked: Asked, dataset: Dataset, about: dict[str, Any]) -> Measured:
    """Rank every target by every contender.

    Args:
        contenders: in the order of tables.
        asked: the questions.
        dataset: that they are about.
        about: what is to be told of the run, beside the data.
    """
    known = dataset.sequences.known(Fit.TEST)
    counts = known.counts(dataset.n_items)
    systems, ranks = [], []
    with progress("ranking", len(contenders)) as advance:
        for done, contender in enumerate(contenders):
            advance(done, contender.name)
            answer = contender.make()
            with torch.no_grad():
                answers = [answer(batch) for batch in asked.batches()]
            ranks.append(torch.cat([found for found, _ in answers]).cpu().numpy())
            lists = torch.cat([found for _, found in answers]).cpu().numpy()
            beyond = beyond_accuracy(lists, counts, dataset.texts)
            systems.append(System(contender.name, contender.kind, beyond, contender.curve))
        advance(len(contenders), f"{len(contenders)} systems")
    return Measured(_users(dataset, asked, counts), systems, np.stack(ranks), _about(dataset, asked, about))


def plain(dataset: Dataset, run: Path) -> Iterator[Contender]:
    """Return the plain baselines, with the settings that validation chose."""
    with counting("Choosing the settings of the baselines") as counted:
        chosen = choose_once(dataset, run / "evaluation" / "baselines.json", counted)
    for name, make in baselines(dataset.sequences.known(Fit.TEST), dataset.n_items, chosen).items():
        yield Contender(name, "baseline", functools.partial(_by_made, make))


def trained(dataset: Dataset, run: Path) -> Iterator[Contender]:
    """Return the base models, and each conditioned one by itself, with its sources, and with each second stage.

    Raises:
        KgrecError: nothing is trained, or it does not fit the data set.
    """
    for variant, name in ((BASE, "base SASRec"), (BASE_TEXT, BASE_WITH_TEXT)):
        model = load_model(run, variant.name, dataset, Fit.TEST)
        yield Contender(name, "model", functools.partial(by_scores, ByModel(model)), _curve(run, variant.name))
    fused = first_stage(run, BASE_TEXT.name, dataset, Fit.TEST)
    yield Contender(FUSED_BASE, "model", functools.partial(by_scores, fused))
    names = second_stage.names(run)
    if not names:
        raise KgrecError(f"{run} has no persona-conditioned model: run `kgrec train sasrec --run {run}` first.")
    for name in names:
        yield from stages(dataset, run, name)


def stages(dataset: Dataset, run: Path, name: str) -> Iterator[Contender]:
    """Return one conditioned model alone, with its sources, with each second stage, and with the chosen one."""
    chosen, settings = second_stage.load(run, name), _settings(run, name)
    alone = ByModel(load_model(run, name, dataset, Fit.TEST))
    yield Contender(f"{name}, alone", "model", functools.partial(by_scores, alone), _curve(run, name))
    both = both_stages(dataset, run, name, Fit.TEST, settings.n_candidates)
    titles: dict[Way, str] = {"none": "retrieval", "base": "reranked by base", "learned": "learned order"}
    for way in chosen.ways:
        yield Contender(f"{name}, {titles[way]}", "model", functools.partial(by_stages, both, chosen, way))
    yield Contender(f"{name}, {SERVED}", "model", functools.partial(by_stages, both, chosen, chosen.way))


def by_scores(score: Score) -> Answer:
    """Answer by the scores of all items."""
    return lambda asked: _all(score(asked), asked)


def by_stages(both: Stages, chosen: SecondStage, way: Way) -> Answer:
    """Answer by the first stage's candidates in one of the second stage's orders."""
    if way == "none":
        return by_scores(both.first)

    def answer(asked: Asked) -> tuple[Tensor, Tensor]:
        candidates, scores = second_stage.rank(asked, both, chosen, way)
        ranks = candidate_ranks(scores, candidates, torch.from_numpy(asked.targets).to(scores.device))
        best = scores.topk(min(LIST, scores.shape[1]), dim=1).indices
        return ranks, candidates.gather(1, best)

    return answer


def _by_made(make: Callable[[], Scorer]) -> Answer:
    return by_scores(by_histories(make()))


def _all(scores: Tensor, asked: Asked) -> tuple[Tensor, Tensor]:
    seen = seen_items(asked.histories).to(scores.device)
    ranks = target_ranks(scores, torch.from_numpy(asked.targets).to(scores.device), seen)
    return ranks, retrieve(scores, seen, LIST)


def _users(dataset: Dataset, asked: Asked, counts: np.ndarray) -> pd.DataFrame:
    personas = dataset.personas.get(Fit.TEST)
    names = [None if personas is None else personas.names[user] for user in asked.users]
    return pd.DataFrame(
        {
            "user_id": pd.Series([dataset.user_ids[user] for user in asked.users], dtype="str"),
            "target": pd.Series([dataset.item_ids[target - 1] for target in asked.targets], dtype="str"),
            "history": [len(history) for history in asked.histories],
            "learned": counts[asked.targets],
            "head": head_items(counts)[asked.targets],
            "persona": pd.Series(names, dtype="str"),
        }
    )


def _about(dataset: Dataset, asked: Asked, about: dict[str, Any]) -> dict[str, Any]:
    repeated = [target in history for target, history in zip(asked.targets.tolist(), asked.histories, strict=True)]
    later, n_targets = dataset.sequences.splits == len(Fit.TEST.splits), _targets(dataset)
    return {
        "kgrec": version("kgrec"),
        "split": dataset.split,
        **about,
        "data": {
            "users": len(dataset.user_ids),
            "items": dataset.n_items,
            "interactions": len(dataset.sequences.items),
            "targets": len(asked.users),
            "targets that are not asked for": n_targets - len(asked.users),
            "test interactions that are no target": int(later.sum()) - n_targets,
            "tied targets": float(dataset.sequences.tied(asked.places).mean()),
            "repeated targets": float(np.mean(repeated)),
            "digest of the interactions": dataset.interactions_digest,
            "digest of the texts": dataset.texts_digest,
            "digest of the facts": dataset.facts_digest,
        },
        "persona runs": {fit.value: found.run_id for fit, found in dataset.personas.items() if fit is not Fit.FINAL},
    }


def _targets(dataset: Dataset) -> int:
    return int((dataset.sequences.targets(Fit.TEST) >= 0).sum())


def stored(run: Path) -> dict[str, Any]:
    """What the run's files say of how it was made."""
    names = second_stage.names(run)
    settings = _settings(run, names[0])
    return {
        "seed": settings.seed,
        "sasrec": settings.model_dump(),
        "sources": {name: asdict(fusion.load(run, name)) for name in (BASE_TEXT.name, *names)},
        "second stage": {name: asdict(second_stage.load(run, name)) for name in names},
    }


def _judged(run: Path) -> str:
    """Name of what is served: the settings' conditioning, where it was trained, else the first that was."""
    names = second_stage.names(run)
    wanted = with_persona(_settings(run, names[0]).conditioning).name
    return f"{wanted if wanted in names else names[0]}, {SERVED}"


def _settings(run: Path, name: str) -> SASRecSettings:
    stored = load_checkpoint(weights_file(Fit.TEST.folder(run), name))
    if stored is None:
        raise KgrecError(f"{run} has no test fit of {name}: run `kgrec train sasrec --run {run}` first.")
    return SASRecSettings(**stored["settings"]["sasrec"])


def _curve(run: Path, name: str) -> list[float]:
    stored = load_checkpoint(weights_file(Fit.VALIDATION.folder(run), name))
    return [] if stored is None else list(stored["scores"])
