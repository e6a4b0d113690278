"""Leave-one-out evaluation: every test target ranked against all items, by every system, on every slice."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.results import Results
from kgrec.settings import load_section
from kgrec.training.device import device
from recommender.dataset import Dataset
from recommender.metrics import CUTOFFS, METRICS, target_ranks
from recommender.reranking import rerank
from recommender.retrieval import retrieve
from recommender.sasrec import SASRec
from recommender.scoring import score_histories, seen_items
from recommender.sequences import Sequences
from recommender.settings import SASRecSettings
from recommender.trained import BASE, load_model

COLD_INTERACTIONS = 5  # a cold user has at most so many training interactions
HEAD = 0.2  # items outside this most popular part of the catalogue are the long tail
BATCH = 512

Scorer = Callable[[list[int], list[list[int]]], Tensor]


@dataclass(frozen=True)
class Result:
    """One metric of one system on one slice.

    Attributes:
        interval: half the width of the 95% interval of the mean over users (normal approximation).
        users: how many the slice has.
    """

    system: str
    slice: str
    metric: str
    value: float
    interval: float
    users: int


def evaluate(dataset: Dataset, run: str | Path, n_candidates: int | None = None) -> Results[Result]:
    """Evaluate popularity, the base SASRec, and both stages for every conditioning that ``run`` holds.

    Args:
        dataset: the one that the models were trained on; texts are not needed.
        run: folder of the trained models.
        n_candidates: how many the first stage hands to the second; as the settings say where ``None``.

    Raises:
        KgrecError: nothing is trained, the graph has changed since, or nobody has a test interaction.
    """
    run = Path(run)
    n_candidates = n_candidates or load_section("sasrec", SASRecSettings).n_candidates
    dataset.require_personas()
    base = load_model(run, BASE, dataset)
    scorers = {"popularity": popularity(dataset), "base SASRec": one_stage(base)}
    names = sorted(path.stem for path in run.glob("persona-*.pt"))
    if not names:
        raise KgrecError(f"{run} has no persona-conditioned model: run `kgrec train sasrec --run {run}` first.")
    for name in names:
        model = load_model(run, name, dataset)
        scorers[f"{name}: retrieval"] = one_stage(model, dataset.personas)
        scorers[f"{name}: reranked"] = two_stages(model, base, dataset.personas, n_candidates)
    return measure(scorers, dataset)


def measure(scorers: dict[str, Scorer], dataset: Dataset) -> Results[Result]:
    """Rank every test target by every system and sum up by slice.

    Args:
        scorers: each takes rows of users and their histories and returns scores ``[batch, n_items + 1]``.
        dataset: whose users are asked for.

    Raises:
        KgrecError: nobody has a test interaction.
    """
    sequences = dataset.sequences
    tested = np.flatnonzero(sequences.test)
    if not len(tested):
        raise KgrecError("Nobody has a test interaction: every user has fewer than three interactions.")
    slices = _slices(sequences, tested, dataset.n_items)
    results: Results[Result] = Results()
    for system, scorer in scorers.items():
        ranks = _ranks(scorer, sequences, tested)
        for name, chosen in slices.items():
            results += _summary(system, name, ranks[chosen])
    return results


def popularity(dataset: Dataset) -> Scorer:
    """Score items by how often they occur in training."""
    counts = torch.from_numpy(dataset.sequences.training_counts(dataset.n_items)).float().to(device())
    counts[0] = -torch.inf
    return lambda users, histories: counts.repeat(len(users), 1)


def one_stage(model: SASRec, personas: Tensor | None = None) -> Scorer:
    """Score items by one model; ``personas`` ``[n_users, persona_dim]`` for a conditioned one."""
    given = None if personas is None else personas.to(device())
    return lambda users, histories: score_histories(model, histories, None if given is None else given[users])


def two_stages(conditioned: SASRec, base: SASRec, personas: Tensor, n_candidates: int) -> Scorer:
    """Score the conditioned model's candidates by the base model, and nothing else."""
    first, second = one_stage(conditioned, personas), one_stage(base)

    def score(users: list[int], histories: list[list[int]]) -> Tensor:
        candidates = retrieve(first(users, histories), histories, n_candidates)
        return rerank(second(users, histories), candidates)

    return score


def _slices(sequences: Sequences, tested: np.ndarray, n_items: int) -> dict[str, np.ndarray]:
    lengths = sequences.lengths[tested]
    counts = sequences.training_counts(n_items)[1:]
    head = np.argsort(-counts, kind="stable")[: int(n_items * HEAD)] + 1
    return {
        "all users": np.ones(len(tested), dtype=bool),
        f"cold users (at most {COLD_INTERACTIONS} training items)": lengths <= COLD_INTERACTIONS,
        f"long-tail items (outside the top {HEAD:.0%})": ~np.isin(sequences.test[tested], head),
    }


@torch.no_grad()
def _ranks(scorer: Scorer, sequences: Sequences, tested: np.ndarray) -> np.ndarray:
    ranks = []
    for users in np.array_split(tested, -(-len(tested) // BATCH)):
        histories = [sequences.before_test(user) for user in users]
        scores = scorer(users.tolist(), histories)
        targets = torch.from_numpy(sequences.test[users]).to(scores.device)
        ranks.append(target_ranks(scores, targets, seen_items(histories, scores)).cpu().numpy())
    return np.concatenate(ranks)


def _summary(system: str, name: str, ranks: np.ndarray) -> list[Result]:
    results = []
    for metric, of_ranks in METRICS.items():
        for k in CUTOFFS:
            values = of_ranks(ranks, k)
            mean = float(values.mean()) if len(values) else float("nan")
            spread = 1.96 * float(values.std()) / len(values) ** 0.5 if len(values) else float("nan")
            results.append(Result(system, name, f"{metric}@{k}", mean, spread, len(values)))
    return results
