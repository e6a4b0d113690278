"""The whole training over several seeds, with the ablations: run folders, and the report over all of them.

    python benchmarks/experiment.py save --out real-data/books-saved [--uri ... ]
    python benchmarks/experiment.py run --data real-data/books-saved --out runs/books --seed 1 ... [--ablations]
    python benchmarks/experiment.py report --out runs/books

``save`` keeps what the trainings read of a loaded graph; the others need no database. For each seed, HDGI and the
sequence models are trained into ``OUT/seed-N`` as `kgrec train` does: by the validation fit epochs and second stage are
chosen, the test fit is judged. A stopped experiment goes on where it was.

The ablations take the test fit alone: each is trained as long as the whole system was, in its place. The placebo hands
the personas round among the users; FastRP, truncated SVD and raw features stand in HDGI's place.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import click
import torch
from torch import Tensor

from benchmarks.alternatives import fastrp, raw_features, shuffled, truncated_svd
from gnn.meta_path import MetaPath
from gnn.projection import training_graph
from gnn.settings import HDGISettings
from gnn.streamed import StreamedGraph, stream_graph
from gnn.trainer import TrainingGraph, learn
from kgrec.graph.database import connect
from kgrec.options import NEO4J_OPTIONS, neo4j_options, neo4j_settings
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import second_stage
from recommender.asked import Asked, sessions_asked, users_asked
from recommender.dataset import Dataset
from recommender.evaluation import Answer, Contender, by_model, by_stages, evaluate, measure, plain, stored, trained
from recommender.measured import Measured
from recommender.reading import read_dataset
from recommender.report.write import write_report
from recommender.settings import SASRecSettings
from recommender.train import choose_second_stages
from recommender.trained import BASE, BASE_TEXT, Variant, load_model, with_persona
from recommender.trainer import train

FITS = (Fit.VALIDATION, Fit.TEST)
FOLDER = click.Path(file_okay=False, path_type=Path)


@dataclass(frozen=True)
class Experiment:
    """What all seeds share.

    Attributes:
        dataset: without personas, which every seed learns.
        graph: what they are learned from.
        out: folder of the run folders.
    """

    dataset: Dataset
    graph: StreamedGraph
    out: Path

    def run(self, seed: int, ablations: bool) -> None:
        """Train all systems with one seed and measure them."""
        run = self.out / f"seed-{seed}"
        settings = load_section("sasrec", SASRecSettings).model_copy(update={"seed": seed})
        dataset = self.learned(seed, run)
        judged = with_persona(settings.conditioning)
        variants = (BASE, BASE_TEXT, judged)
        histories = {variant: train(run, variant, dataset, settings) for variant in variants}
        second_stage.save(choose_second_stages(dataset, run, settings, histories), run)
        for variant in variants:
            train(run, variant, dataset, settings, Fit.TEST, histories[variant].best_epoch + 1)
        evaluate(dataset, run, sessions=True)
        if not ablations:
            evaluate(dataset, run)
            return
        epochs = histories[judged].best_epoch + 1
        contenders = [*plain(dataset, run), *trained(dataset, run), *self.ablations(seed, run, dataset, settings, epochs)]
        about = {"protocol": "users", "judged": f"{judged.name}, as served", "base": "base SASRec with text"}
        measured = measure(contenders, users_asked(dataset, Fit.TEST), dataset, about | stored(run))
        measured.save(run / "evaluation")

    def learned(self, seed: int, run: Path) -> Dataset:
        """Train HDGI for both fits and return the data set with its personas."""
        dataset, epochs = self.dataset, None
        for fit in FITS:
            settings = load_section("hdgi", HDGISettings).model_copy(update={"seed": seed})
            found = learn(self.training_graph(fit, settings), settings, run, fit, epochs)
            epochs = found.history.best_epoch + 1
            vectors = dict(zip(found.user_ids, found.vectors, strict=True))
            dataset = dataset.with_personas(fit, found.run_id, vectors, names={})
        return dataset

    def training_graph(self, fit: Fit, settings: HDGISettings) -> TrainingGraph:
        """Make HDGI's input for a fit."""
        paths = [MetaPath.parse(path) for path in settings.meta_paths]
        return training_graph(self.graph, fit, paths, settings.structure_dim, settings.seed)

    def ablations(
        self, seed: int, run: Path, dataset: Dataset, settings: SASRecSettings, epochs: int
    ) -> list[Contender]:
        """Train the judged system with something else in the place of one of its parts."""
        hdgi = load_section("hdgi", HDGISettings).model_copy(update={"seed": seed})
        plain_paths = [path for path in hdgi.meta_paths if "SAME_AS" not in path]
        graph = self.training_graph(Fit.TEST, hdgi)
        personas = dataset.personas[Fit.TEST].vectors
        whole, judged = self.dataset.user_ids, with_persona(settings.conditioning)
        made: dict[str, Tensor] = {
            "personas shuffled (placebo)": shuffled(personas, seed),
            "no DBpedia": self.hdgi(seed, run / "no-dbpedia", hdgi.model_copy(update={"meta_paths": plain_paths})),
            "no signatures": self.hdgi(seed, run / "no-signatures", hdgi.model_copy(update={"structure_dim": 0})),
            "FastRP": fastrp(graph, hdgi.dim, seed),
            "truncated SVD": truncated_svd(graph, hdgi.dim, seed),
            "raw features": raw_features(graph, hdgi.dim, seed),
        }
        del whole
        stage = second_stage.load(run, judged.name)
        base = load_model(run, stage.base, dataset, Fit.TEST)
        found = [
            Contender("no persona", "ablation", functools.partial(by_model, load_model(run, BASE_TEXT.name, dataset, Fit.TEST))),
            Contender("no rerank", "ablation", functools.partial(by_model, load_model(run, judged.name, dataset, Fit.TEST))),
        ]
        changed = {name: (dataset.with_vectors(Fit.TEST, f"{name}, seed {seed}", vectors), judged) for name, vectors in made.items()}
        changed["no text"] = (dataset, Variant(judged.name, judged.conditioning, text=False))
        for name, (data, variant) in changed.items():
            folder = run / "ablations" / name.split(" (")[0].replace(" ", "-").lower()
            train(folder, variant, data, settings, Fit.TEST, epochs)
            model = load_model(folder, variant.name, data, Fit.TEST)
            answer = by_stages(model, base, settings.n_candidates, stage.weight)
            vectors = data.personas[Fit.TEST].vectors
            found.append(Contender(name, "ablation", functools.partial(_asking, answer, vectors)))
        return found

    def hdgi(self, seed: int, folder: Path, settings: HDGISettings) -> Tensor:
        """Train HDGI's test fit with other settings, for as long as the whole one."""
        kept = learn(self.training_graph(Fit.VALIDATION, settings), settings, folder, Fit.VALIDATION).history.best_epoch
        found = learn(self.training_graph(Fit.TEST, settings), settings, folder, Fit.TEST, kept + 1)
        vectors: Tensor = found.vectors
        return vectors


def _asking(answer: Answer, vectors: Tensor) -> Answer:
    """Ask with other personas ``[n_users, persona_dim]``."""
    return lambda asked: answer(asked.with_personas(vectors))
