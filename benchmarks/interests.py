"""What stated interests are worth in a list, and what they cost where they tell nothing: on validation, made up.

    python -m benchmarks.interests --data real-data/books-saved --out runs/books --seed 1 [--gain 0.1 ...]

Nobody's real interests are in the data. So one is made up for each validation question: a fact of the next item, the
best that a person could say; one of an item of the history, which is known already; one of an item drawn by how often
items were chosen, which has nothing to do with the user. Facts that fewer than five items have, or more than a
quarter of them, are left out. Data and models are those of `benchmarks.experiment`; the persona has the interest in it,
as feedback encodes it, and both stages are as they are served.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch
from torch.nn.functional import normalize

from benchmarks.experiment import DATA, FOLDER, Experiment
from gnn.streamed_graph import StreamedGraph
from kgrec.training.fits import Fit
from recommender import second_stage
from recommender.asked import Asked, users_asked
from recommender.dataset import Dataset
from recommender.interests import GAIN, weighed
from recommender.metrics import hit_rate
from recommender.ranking import candidate_ranks
from recommender.second_stage import both_stages
from recommender.settings import SASRecSettings
from recommender.sources import FROM_FACTS
from recommender.tables import tellers, told
from recommender.trained import with_persona

FEWEST, LARGEST_SHARE = 5, 0.25  # items that have a fact
QUESTIONS = 2_500
HEAD = "| of | gain | questions | HR@10 | HR@100 | lists with any item that has it | such items of ten |"


class Facts:
    """Which items have the facts of an item that somebody could be interested in."""

    def __init__(self, dataset: Dataset, generator: np.random.Generator):
        self._tables, self._generator = dataset.tables(Fit.VALIDATION), generator
        self._kinds = [kind for kind in FROM_FACTS if told(kind) in self._tables.names]
        self._most = dataset.n_items * LARGEST_SHARE

    def draw(self, items: list[int]) -> np.ndarray | None:
        """Draw a fact of the first of some items that has one: numbers of the items that have it."""
        for item in items:
            found = list(self._of(item))
            if found:
                return found[self._generator.integers(len(found))]
        return None

    def _of(self, item: int) -> Iterator[np.ndarray]:
        for kind in self._kinds:
            of_facts = self._tables[tellers(kind)]
            for column in self._tables[told(kind)][[item]].indices:
                having: np.ndarray = of_facts.indices[of_facts.indptr[column] : of_facts.indptr[column + 1]]
                if FEWEST <= len(having) <= self._most:
                    yield having


def cases(dataset: Dataset, asked: Asked, seed: int) -> dict[str, list[np.ndarray | None]]:
    """Make up an interest for each question, in each of the three ways: ``[n]`` each, ``None`` where there is none."""
    generator = np.random.default_rng(seed)
    facts = Facts(dataset, generator)
    counts = dataset.counts(Fit.VALIDATION)
    drawn = generator.choice(len(counts), (len(asked.users), 20), p=counts / counts.sum())
    histories = [generator.permutation(history).tolist() for history in asked.histories]
    return {
        "the next item": [facts.draw([target]) for target in asked.targets.tolist()],
        "the history": [facts.draw(history) for history in histories],
        "any item": [facts.draw(items) for items in drawn.tolist()],
    }


@click.command()
@click.option("--data", type=DATA, required=True, help="Of `benchmarks.experiment save`.")
@click.option("--out", type=FOLDER, required=True, help="Of `benchmarks.experiment run`.")
@click.option("--seed", default=1, show_default=True)
@click.option("--gain", "gains", multiple=True, type=float, default=(0.0, 0.1, GAIN, 0.3), show_default=True)
def main(data: Path, out: Path, seed: int, gains: tuple[float, ...]) -> None:
    """Print one line a kind of interest and a gain."""
    run, name = out / f"seed-{seed}", with_persona(SASRecSettings().conditioning).name
    experiment = Experiment(Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph"), "", seed, run)
    dataset = experiment.with_personas(experiment.hdgi, run)
    chosen = second_stage.load(run, name)
    stages = both_stages(dataset, run, name, Fit.VALIDATION, SASRecSettings().n_candidates)
    asked = users_asked(dataset, Fit.VALIDATION).sample(QUESTIONS)
    vectors = dataset.require_personas(Fit.VALIDATION).items

    def places(had: list[np.ndarray], some: Asked, gain: float) -> tuple[np.ndarray, np.ndarray]:
        """Rank of each target, and how many of the first ten have what its user is interested in: ``[n]`` both."""
        of_histories = torch.stack([vectors[sorted(set(history))].sum(dim=0) for history in some.histories])
        personas = normalize(of_histories + torch.stack([vectors[items].mean(dim=0) for items in had]), dim=1)
        weights = weighed([[items] for items in had], some.n_items)
        with_it = replace(some, personas=personas, interests=None if weights is None else weights * (gain / GAIN))
        ranks, shown, start = [], [], 0
        for batch in with_it.batches():
            items, scores = second_stage.rank(batch, stages, chosen, chosen.way)
            ranks.append(candidate_ranks(scores, items, torch.from_numpy(batch.targets)).numpy())
            best = items.gather(1, scores.topk(10, dim=1).indices).numpy()
            shown += [int(np.isin(line, had[start + row]).sum()) for row, line in enumerate(best)]
            start += len(best)
        return np.concatenate(ranks), np.array(shown)

    print(f"{HEAD}\n|{'---|' * HEAD.count(' | ')}---|")
    for case, interests in cases(dataset, asked, seed).items():
        kept = [row for row, items in enumerate(interests) if items is not None]
        had = [items for items in interests if items is not None]
        for gain in gains:
            ranks, shown = places(had, asked.rows(np.array(kept)), gain)
            rates = " | ".join(f"{hit_rate(ranks, k).mean():.4f}" for k in (10, 100))
            in_lists = f"{(shown > 0).mean():.2f} | {shown.mean():.1f}"
            print(f"| {case} | {gain:g} | {len(had)} | {rates} | {in_lists} |", flush=True)


if __name__ == "__main__":
    main()
