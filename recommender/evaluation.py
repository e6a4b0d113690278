"""Leave-one-out evaluation: every test target ranked against all items, by every system, on every slice."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kgloader.database import Database
from kgloader.errors import KgrecError
from recommender.metrics import CUTOFFS, METRICS, target_ranks
from recommender.reranking import rerank
from recommender.retrieval import retrieve
from recommender.sasrec import SASRec
from recommender.sequences import Catalogue, Sequences, UserPersonas, read_catalogue, read_personas, read_sequences
from recommender.trainer import load_model, score_histories, seen_items
from training import device

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


def evaluate(database: Database, run: Path, n_candidates: int) -> list[Result]:
    """Evaluate popularity, the base SASRec, and both stages for every conditioning that ``run`` holds.

    Args:
        n_candidates: how many the first stage hands to the second.

    Raises:
        KgrecError: nothing is trained, the graph has changed since, or nobody has a test interaction.
    """
    catalogue = read_catalogue(database)
    sequences = read_sequences(database, catalogue)
    personas = read_personas(database, sequences.user_ids)
    tested = np.flatnonzero(sequences.test)
    if not len(tested):
        raise KgrecError("Nobody has a test interaction: every user has fewer than three interactions.")
    scorers = _scorers(run, catalogue, sequences, personas, n_candidates)
    slices = _slices(sequences, tested, len(catalogue))
    results = []
    for system, scorer in scorers.items():
        ranks = _ranks(scorer, sequences, tested)
        for name, chosen in slices.items():
            results += _summary(system, name, ranks[chosen])
    return results


def trained_conditionings(run: Path) -> list[str]:
    """Names of the persona-conditioned models in a run folder."""
    return sorted(path.stem for path in run.glob("persona-*.pt"))


def training_popularity(sequences: Sequences, n_items: int) -> np.ndarray:
    """How often each item occurs in training: ``[n_items + 1]``."""
    items = np.concatenate([np.array(items, dtype=np.int64) for items in sequences.train])
    return np.bincount(items, minlength=n_items + 1)


def as_records(results: list[Result]) -> list[dict[str, object]]:
    """Results as plain records, for JSON and CSV."""
    return [asdict(result) for result in results]


def _scorers(
    run: Path, catalogue: Catalogue, sequences: Sequences, personas: UserPersonas, n_candidates: int
) -> dict[str, Scorer]:
    target = device()
    popularity = torch.from_numpy(training_popularity(sequences, len(catalogue))).float().to(target)
    popularity[0] = -torch.inf
    base = load_model(run, "base", catalogue, None)
    vectors = personas.vectors.to(target)
    names = trained_conditionings(run)
    if not names:
        raise KgrecError(f"{run} has no persona-conditioned model: run `kgrec train sasrec --run {run}` first.")
    scorers: dict[str, Scorer] = {
        "popularity": lambda users, histories: popularity.repeat(len(users), 1),
        "base SASRec": lambda users, histories: score_histories(base, histories, None),
    }
    for name in names:
        model = load_model(run, name, catalogue, personas.run_id)
        scorers[f"{name}: retrieval"] = _retrieval(model, vectors)
        scorers[f"{name}: reranked"] = _two_stages(model, base, vectors, n_candidates)
    return scorers


def _retrieval(model: SASRec, personas: Tensor) -> Scorer:
    return lambda users, histories: score_histories(model, histories, personas[users])


def _two_stages(model: SASRec, base: SASRec, personas: Tensor, n_candidates: int) -> Scorer:
    def score(users: list[int], histories: list[list[int]]) -> Tensor:
        candidates = retrieve(score_histories(model, histories, personas[users]), histories, n_candidates)
        return rerank(score_histories(base, histories, None), candidates)

    return score


def _slices(sequences: Sequences, tested: np.ndarray, n_items: int) -> dict[str, np.ndarray]:
    lengths = np.array([len(sequences.train[user]) for user in tested])
    popularity = training_popularity(sequences, n_items)[1:]
    head = np.argsort(-popularity, kind="stable")[: int(n_items * HEAD)] + 1
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
