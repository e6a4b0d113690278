"""Whether the named evidence carries the score: it is taken away, and so is other evidence.

    python -m benchmarks.reasons --data real-data/books-saved --run runs/books/seed-1 --other runs/books/seed-2

The data set is what `benchmarks.experiment save` wrote, the runs are seeds of `benchmarks.experiment run`; their test
fits answer, no database is asked. Users with four items at least are drawn, and the first two recommendations of each
explained as `kgrec recommend --explain` does (`recommender.removal`). Then one item is taken from the history: the one
that is named, a random other one, the other one that is about as popular, the last one, and the one that others chose
the recommended item with most (what `recommend` without ``--explain`` tells of).

The score that names the evidence falls most without it, as that is how it is named; that says how much there is to
name. Two things are no matter of course: how far the rank falls, and what a model says that was trained by another
seed and had no part in the naming (``--other``). Intervals are bootstrapped over users, whose recommendations count as
one. Losses of score are in spreads of the scores of the user's candidates, as models differ in their units.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from torch import Tensor

from benchmarks.experiment import DATA, Experiment
from gnn.streamed_graph import StreamedGraph
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import second_stage
from recommender.asked import users_asked
from recommender.dataset import Dataset, Personas
from recommender.removal import Removals, removals
from recommender.second_stage import SecondStage, Stages
from recommender.settings import SASRecSettings
from recommender.statistics import bootstrap_mean
from recommender.tables import NEAR
from recommender.trained import with_persona

EACH = 2  # recommendations of a user
FEWEST = 4  # items of a history, so that there are others to take away
KINDS = ("named", "random", "as popular", "last", "chosen with most")


@dataclass(frozen=True, eq=False)
class System:
    """The stages of one seed's test fit."""

    stages: Stages
    chosen: SecondStage
    personas: Personas
    near: Any

    @classmethod
    def load(cls, dataset: Dataset, graph: StreamedGraph, run: Path) -> "System":
        """Load what an experiment trained; personas that are trained already are only encoded."""
        seed = int(run.name.removeprefix("seed-"))
        experiment = Experiment(dataset, graph, "", seed, run)
        dataset = experiment.with_personas(experiment.hdgi, run)
        settings = load_section("sasrec", SASRecSettings)
        name = with_persona(settings.conditioning).name
        stages = second_stage.both_stages(dataset, run, name, Fit.TEST, settings.n_candidates)
        near = dataset.tables(Fit.TEST)[NEAR]
        return cls(stages, second_stage.load(run, name), dataset.personas[Fit.TEST], near)

    def removals(self, history: list[int], user: int) -> Removals:
        """Take each item of a user's history away."""
        return removals(self.stages, self.chosen, self.personas, history, self.personas.vectors[user], EACH)


def chosen_items(
    own: Removals, place: int, counts: np.ndarray, near: Any, generator: np.random.Generator
) -> dict[str, int]:
    """Choose what to take away: the place among ``own.removed`` of each kind of evidence."""
    named = int(own.losses[:, place].argmax())
    others = [number for number in range(len(own.removed)) if number != named]
    popular = np.log1p(counts[own.removed])
    alike = min(others, key=lambda number: (abs(popular[number] - popular[named]), number))
    item = int(own.items[place])
    cosines = near[own.removed][:, [item]].toarray().ravel()
    return {
        "named": named,
        "random": int(generator.choice(others)),
        "as popular": alike,
        "last": 0,
        "chosen with most": int(cosines.argmax()),
    }


def lost(scored: Removals, place: int, number: int) -> tuple[float, float]:
    """What a candidate loses without an item of the history: of its score, in spreads of the candidates, and ranks."""
    spread = float(scored.scores[0].double().std(correction=0).clamp(min=1e-9))
    ranks: Tensor = scored.ranks
    return float(scored.losses[number, place]) / spread, float(ranks[1 + number, place] - ranks[0, place])


def measure(own: System, other: System | None, dataset: Dataset, n: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Take evidence away from ``n`` recommendations.

    Args:
        own: names the evidence.
        other: of another seed; it is asked what it loses of the same recommendations, where they are its candidates.
        dataset: whose test questions tell the histories.
        n: how many recommendations.
        seed: of the draws.

    Returns:
        By measure ("score", "rank", and "score, other seed", "rank, other seed"), a row a user, a column a kind of
        evidence, means over the recommendations: ``[n_users, len(KINDS)]``
    """
    asked, generator = users_asked(dataset, Fit.TEST), np.random.default_rng(seed)
    able = [row for row, history in enumerate(asked.histories) if len(set(history)) >= FEWEST]
    rows = generator.permutation(able)[: -(-n // EACH)]
    found: dict[str, list[list[float]]] = {}
    for row in rows:
        history, user = asked.histories[row], int(asked.users[row])
        scored = own.removals(history, user)
        rival = None if other is None else other.removals(history, user)
        of_user: dict[str, list[list[float]]] = {}
        best = scored.scores[0].topk(min(EACH, len(scored.items))).indices.tolist()
        for place in best:
            kinds = chosen_items(scored, place, own.stages.counts, own.near, generator)
            for name, system in (("", scored), (", other seed", rival)):
                theirs = None if system is None else system.place(int(scored.items[place]))
                if system is None or theirs is None:
                    continue
                losses = [lost(system, theirs, kinds[kind]) for kind in KINDS]
                of_user.setdefault(f"score{name}", []).append([score for score, _ in losses])
                of_user.setdefault(f"rank{name}", []).append([rank for _, rank in losses])
        for measured, losses_of in of_user.items():
            found.setdefault(measured, []).append(np.mean(losses_of, axis=0).tolist())
    return {measured: np.array(values) for measured, values in found.items()}


def table(measured: dict[str, np.ndarray], data: str) -> list[dict[str, Any]]:
    """Sum up: of each measure the mean of each kind, and how much more the named evidence takes, with its interval."""
    rows = []
    for name, values in measured.items():
        for column, kind in enumerate(KINDS):
            row: dict[str, Any] = {"data": data, "measure": name, "evidence": kind, "users": len(values)}
            row["mean"] = float(values[:, column].mean())
            if column:
                more = bootstrap_mean(values[:, 0] - values[:, column], seed=0)
                row |= {"more": more.mean, "low": more.low, "high": more.high}
            rows.append(row)
    return rows


@click.command()
@click.option("--data", type=DATA, required=True, help="Folder of the saved data set and graph.")
@click.option("--run", type=DATA, required=True, help="A seed's run folder.")
@click.option("--other", type=DATA, help="Another seed's.")
@click.option("-n", default=1000, show_default=True, help="Recommendations.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Where to write the rows.")
def main(data: Path, run: Path, other: Path | None, n: int, out: Path | None) -> None:
    """Take evidence away and print a table."""
    torch.set_num_threads(1)
    dataset, graph = Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph")
    own = System.load(dataset, graph, run)
    rival = None if other is None else System.load(dataset, graph, other)
    rows = table(measure(own, rival, dataset, n), data.name)
    print("| loss of | without | mean | named takes more by | 95% |")
    print("|---|---|---:|---:|---|")
    for row in rows:
        more = f"{row['more']:.3f} | {row['low']:.3f} to {row['high']:.3f}" if "more" in row else " | "
        print(f"| {row['measure']} | {row['evidence']} | {row['mean']:.3f} | {more} |")
    if out is not None:
        out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
