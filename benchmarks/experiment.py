"""Several seeds of the whole training, with the ablations: mean and 95% interval.

    python benchmarks/experiment.py --seed 1 --seed 2 --seed 3 --out runs/experiment [--ablations] [--uri ... ]
    python benchmarks/experiment.py --save runs/dataset [--uri ... ]
    python benchmarks/experiment.py --dataset runs/dataset [--ablations]

On the graph that is loaded, personas and sequence models are trained for each seed into ``OUT/seed-N``, and the graph
stays as it is. From a saved data set no database is needed: the personas are those that were saved, the seeds are of
the sequence models, and there is no ablation of DBpedia. A stopped experiment goes on where it was. Choices
(conditioning, settings) are to be made on validation; the table shows the test targets, each ranked against all items.
The interval is over the seeds (Student's t).
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
from kgrec.graph.database import Database, connect
from kgrec.options import NEO4J_OPTIONS, neo4j_options, neo4j_settings
from kgrec.results import Results
from kgrec.settings import load_section
from recommender.dataset import Dataset
from recommender.evaluation import Result, Scorer, measure, one_stage, popularity, two_stages
from recommender.reading import read_dataset
from recommender.settings import SASRecSettings
from recommender.trained import BASE, load_model
from recommender.trainer import train


class Experiment:
    """One data set, read once; `run` trains and measures everything for one seed.

    Args:
        dataset: with personas, where there is no ``database`` to learn them from.
        database: the graph that personas are learned from for each seed.
        out: folder for the runs.
        ablations: whether to train without persona, without text and without DBpedia as well.
    """

    def __init__(self, dataset: Dataset, database: Database | None, out: Path, ablations: bool):
        self.dataset, self.database, self.out, self.ablations = dataset, database, out, ablations
        self.hdgi, self.sasrec = load_section("hdgi", HDGISettings), load_section("sasrec", SASRecSettings)

    def personas(self, seed: int, folder: Path, meta_paths: list[str]) -> Dataset:
        """Train HDGI on some meta-paths and return the data set with its personas."""
        if self.database is None:
            return self.dataset
        settings = self.hdgi.model_copy(update={"seed": seed, "meta_paths": meta_paths})
        parsed = [MetaPath.parse(path) for path in meta_paths]
        graph = stream_training_graph(self.database, parsed, settings.structure_dim, seed)
        learned = learn(graph, settings, folder)
        return self.dataset.with_personas(
            learned.run_id, dict(zip(learned.user_ids, learned.vectors, strict=True)), names={}
        )

    def run(self, seed: int) -> Results[Result]:
        """Train all systems with one seed and measure them."""
        folder = self.out / f"seed-{seed}"
        settings = self.sasrec.model_copy(update={"seed": seed})
        full = self.personas(seed, folder / "all", self.hdgi.meta_paths)
        variants = {"": (settings, full)}
        if self.ablations:
            nobody = replace(full, personas=torch.zeros_like(full.personas), persona_run="none")
            variants |= {
                ", no persona": (settings, nobody),
                ", no text": (settings.model_copy(update={"text_init": False}), full),
            }
            if self.database is not None:
                without = [path for path in self.hdgi.meta_paths if "SAME_AS" not in path]
                variants[", no DBpedia"] = (settings, self.personas(seed, folder / "no-dbpedia", without))
        train(folder, BASE, self.dataset, settings)
        base = load_model(folder, BASE, self.dataset)
        scorers: dict[str, Scorer] = {"popularity": popularity(self.dataset), "base SASRec": one_stage(base)}
        for suffix, (changed, data) in variants.items():
            name = f"{settings.conditioning}{suffix.replace(', ', '-').replace(' ', '-')}"
            train(folder, name, data, changed, settings.conditioning)
            model = load_model(folder, name, data)
            scorers[f"retrieval{suffix}"] = one_stage(model, data.personas)
            scorers[f"reranked{suffix}"] = two_stages(model, base, data.personas, settings.n_candidates)
        return measure(scorers, self.dataset)


def over_seeds(runs: list[Results[Result]]) -> list[Result]:
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
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Save the data set there and end.")
@click.option("--dataset", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A saved data set.")
@neo4j_options()
@click.pass_context
def main(
    context: click.Context,
    /,
    seeds: tuple[int, ...],
    out: Path,
    ablations: bool,
    save: Path | None,
    dataset: Path | None,
    **neo4j: str | None,
) -> None:
    """Train with every seed and print the table."""
    if dataset is not None:
        _print(over_seeds([Experiment(Dataset.load(dataset), None, out, ablations).run(seed) for seed in seeds]))
        return
    with connect(neo4j_settings(context, {name: neo4j[f"neo4j_{name}"] for name in NEO4J_OPTIONS})) as database:
        read = read_dataset(database)
        if save is not None:
            read.save(save)
        else:
            _print(over_seeds([Experiment(read, database, out, ablations).run(seed) for seed in seeds]))


def _print(results: list[Result]) -> None:
    metrics = list(dict.fromkeys(result.metric for result in results))
    print(f"| slice | system | {' | '.join(metrics)} |\n|---|---|{'---|' * len(metrics)}")
    slices = list(dict.fromkeys(result.slice for result in results))
    rows = dict.fromkeys((result.slice, result.system) for result in results)
    for name, system in sorted(rows, key=lambda row: slices.index(row[0])):
        row = {one.metric: one for one in results if (one.slice, one.system) == (name, system)}
        figures = [f"{row[metric].value:.4f} ±{row[metric].interval:.4f}" for metric in metrics]
        print(f"| {name} | {system} | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
