"""Several seeds of the whole training, with the ablations, on the graph that is loaded: mean and 95% interval.

    python benchmarks/experiment.py --seed 1 --seed 2 --seed 3 --out runs/experiment [--ablations] [--uri ... ]

Personas and sequence models are trained for each seed into ``OUT/seed-N`` and the graph stays as it is. A stopped
experiment goes on where it was. Choices (conditioning, settings) are to be made on validation; the table shows the test
targets, each ranked against all items. The interval is over the seeds (Student's t).
"""

from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import torch
from scipy.stats import t as student

from gnn.meta_path import MetaPath
from gnn.projection import stream_training_graph
from gnn.settings import HDGISettings
from gnn.trainer import learn
from kgrec.graph.database import Database
from kgrec.options import with_database
from kgrec.settings import load_section
from recommender.evaluation import Result, Scorer, measure, one_stage, popularity, two_stages
from recommender.sequences import UserPersonas, read_catalogue, read_sequences, read_texts
from recommender.settings import SASRecSettings
from recommender.trainer import PersonaInput, load_model, train


class Experiment:
    """One graph, read once; `run` trains and measures everything for one seed."""

    def __init__(self, database: Database, out: Path, ablations: bool):
        self.database, self.out, self.ablations = database, out, ablations
        self.hdgi, self.sasrec = load_section("hdgi", HDGISettings), load_section("sasrec", SASRecSettings)
        self.catalogue = read_catalogue(database)
        self.sequences = read_sequences(database, self.catalogue)
        self.texts = read_texts(database, self.catalogue)

    def personas(self, seed: int, folder: Path, meta_paths: list[str]) -> UserPersonas:
        """Train HDGI on some meta-paths."""
        settings = self.hdgi.model_copy(update={"seed": seed, "meta_paths": meta_paths})
        parsed = [MetaPath.parse(path) for path in meta_paths]
        graph = stream_training_graph(self.database, parsed, settings.structure_dim, seed)
        learned = learn(graph, settings, folder)
        row = {user_id: number for number, user_id in enumerate(learned.user_ids)}
        rows = [row[user_id] for user_id in self.sequences.user_ids]
        return UserPersonas(learned.run_id, learned.vectors[rows], [None] * len(rows))

    def run(self, seed: int) -> list[Result]:
        """Train all systems with one seed and measure them."""
        folder = self.out / f"seed-{seed}"
        settings = self.sasrec.model_copy(update={"seed": seed})
        personas = self.personas(seed, folder / "all", self.hdgi.meta_paths)
        variants = {"": (settings, personas)}
        if self.ablations:
            without = [path for path in self.hdgi.meta_paths if "SAME_AS" not in path]
            nobody = UserPersonas("none", torch.zeros_like(personas.vectors), personas.names)
            variants |= {
                ", no persona": (settings, nobody),
                ", no text": (settings.model_copy(update={"text_init": False}), personas),
                ", no DBpedia": (settings, self.personas(seed, folder / "no-dbpedia", without)),
            }
        train(folder, "base", self.sequences, self.catalogue, settings)
        base = load_model(folder, "base", self.catalogue, None)
        scorers: dict[str, Scorer] = {
            "popularity": popularity(self.sequences, len(self.catalogue)),
            "base SASRec": one_stage(base),
        }
        for suffix, (changed, given) in variants.items():
            name = f"{settings.conditioning}{suffix.replace(', ', '-').replace(' ', '-')}"
            vectors = PersonaInput(settings.conditioning, given, self.texts)
            train(folder, name, self.sequences, self.catalogue, changed, vectors)
            model = load_model(folder, name, self.catalogue, given.run_id)
            scorers[f"retrieval{suffix}"] = one_stage(model, given.vectors)
            scorers[f"reranked{suffix}"] = two_stages(model, base, given.vectors, settings.n_candidates)
        return measure(scorers, self.sequences, len(self.catalogue))


def over_seeds(runs: list[list[Result]]) -> list[Result]:
    """Mean of each figure over the runs, with the half width of its 95% interval."""
    merged = []
    for same in zip(*runs, strict=True):
        values = np.array([result.value for result in same])
        # One seed has no spread to tell: its interval is 0.
        error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
        width = student.ppf(0.975, max(1, len(values) - 1)) * error
        merged.append(replace(same[0], value=float(values.mean()), interval=float(width)))
    return merged


@click.command()
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3), show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/experiment"))
@click.option("--ablations", is_flag=True, help="Also without persona, without text, without DBpedia.")
@with_database()
def main(database: Database, seeds: tuple[int, ...], out: Path, ablations: bool) -> None:
    """Train with every seed and print the table."""
    experiment = Experiment(database, out, ablations)
    results = over_seeds([experiment.run(seed) for seed in seeds])
    metrics = list(dict.fromkeys(result.metric for result in results))
    print(f"| slice | system | {' | '.join(metrics)} |\n|---|---|{'---|' * len(metrics)}")
    slices = list(dict.fromkeys(result.slice for result in results))
    rows = dict.fromkeys((result.slice, result.system) for result in results)
    for slice_, system in sorted(rows, key=lambda row: slices.index(row[0])):
        row = {one.metric: one for one in results if (one.slice, one.system) == (slice_, system)}
        figures = [f"{row[metric].value:.4f} ±{row[metric].interval:.4f}" for metric in metrics]
        print(f"| {slice_} | {system} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
