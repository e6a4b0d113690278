"""The whole training over several seeds, with the ablations: run folders, and the report over all of them.

    python -m benchmarks.experiment save --out real-data/books-saved [--uri ... ]
    python -m benchmarks.experiment run --data real-data/books-saved --out runs/books --seed 1 ... [--ablations]
    python -m benchmarks.experiment report --out runs/books

``save`` keeps what the trainings read of a loaded graph; the others need no database. For each seed, personas and
sequence models are trained into ``OUT/seed-N`` as ``kgrec train`` does: by the validation fit epochs, sources and
second stage are chosen, the test fit is judged. A stopped experiment goes on where it was.

An ablation is the judged system without one of its parts; its sources and its second stage are chosen anew on
validation. The placebo alone keeps what was chosen: it hands the personas round among the users.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import click

from benchmarks.placebo import shuffled
from gnn.meta_path import MetaPath
from gnn.projection import stream_graph
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors, learn
from gnn.training_graph import TrainingGraph, training_graph
from gnn.truncated_svd import truncated_svd
from kgrec.errors import KgrecError
from kgrec.graph.co_occurrence import ensure_co_occurrence
from kgrec.graph.database import connect
from kgrec.options import NEO4J_OPTIONS, neo4j_options, neo4j_settings
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from kgrec.training.run_lock import training
from recommender import second_stage
from recommender.asked import sessions_asked, users_asked
from recommender.dataset import Dataset
from recommender.evaluation import (
    FUSED_BASE,
    SERVED,
    Answer,
    Contender,
    by_stages,
    measure,
    plain,
    stored,
    trained,
)
from recommender.first_stage import beside, choose_fusion
from recommender.fusion import Fusion
from recommender.measured import Measured
from recommender.reading import read_dataset
from recommender.report.write import write_report
from recommender.scoring import ByModel
from recommender.second_stage import Stages
from recommender.settings import Conditioning, SASRecSettings
from recommender.sources import FROM_FACTS, FROM_INTERACTIONS, PERSONA
from recommender.train import NO_PERSONA, choose_fusions, choose_second_stages
from recommender.trained import BASE, BASE_TEXT, Variant, load_model, with_persona
from recommender.trainer import train

FACTS, EVERY_SOURCE = frozenset(FROM_FACTS.values()), frozenset({PERSONA, *FROM_INTERACTIONS, *FROM_FACTS.values()})
WITHOUT = {  # sources that an ablation does without
    "no persona": NO_PERSONA,
    "neither vector nor profile of the persona": NO_PERSONA | FACTS,
    "no facts among the sources": FACTS,
    "no co-occurrence among the sources": frozenset(FROM_INTERACTIONS),
    "no sources": EVERY_SOURCE,
}
FOLDER = click.Path(file_okay=False, path_type=Path)
DATA = click.Path(exists=True, file_okay=False, path_type=Path)


@dataclass(frozen=True)
class Experiment:
    """One seed of everything.

    Attributes:
        dataset: without personas, which every seed learns anew.
        graph: what they are learned from.
        source: of the data, as the report names it.
        seed: of HDGI and of the sequence models.
        run: folder of the run.
    """

    dataset: Dataset
    graph: StreamedGraph
    source: str
    seed: int
    run: Path

    def measure(self, conditionings: tuple[Conditioning, ...], ablations: bool) -> None:
        """Train all systems and measure them.

        Raises:
            KgrecError: ablations are asked for of a model that has learned with the personas: it would have to be
                trained without them. Nothing is trained then.
        """
        judged = with_persona(self.sasrec.conditioning)
        if ablations and judged.trained_as is judged:
            raise KgrecError("Ablations are of a persona that comes in late, as in the default settings.")
        dataset = self.with_personas(self.hdgi, self.run)
        conditioned = [with_persona(way) for way in dict.fromkeys((self.sasrec.conditioning, *conditionings))]
        variants = [BASE, BASE_TEXT, *conditioned]
        histories = {variant: train(self.run, variant.trained_as, dataset, self.sasrec) for variant in variants}
        choose_fusions(dataset, self.run, [BASE_TEXT, *conditioned])
        choose_second_stages(dataset, self.run, self.sasrec, histories)
        for variant in dict.fromkeys(variant.trained_as for variant in variants):
            train(self.run, variant, dataset, self.sasrec, Fit.TEST, histories[variant].best_epoch + 1)
        about = {"source": self.source, "judged": f"{judged.name}, {SERVED}", "base": FUSED_BASE}
        about |= stored(self.run)
        contenders = [*plain(dataset, self.run), *trained(dataset, self.run)]
        sessions = measure(contenders, sessions_asked(dataset, Fit.TEST), dataset, {"protocol": "sessions"} | about)
        sessions.save(self.run / "evaluation" / "sessions")
        if ablations:
            contenders += self.ablations(dataset, judged)
        users = measure(contenders, users_asked(dataset, Fit.TEST), dataset, {"protocol": "users"} | about)
        users.save(self.run / "evaluation")

    @property
    def sasrec(self) -> SASRecSettings:
        """Settings of the sequence models."""
        return load_section("sasrec", SASRecSettings).model_copy(update={"seed": self.seed})

    @property
    def hdgi(self) -> HDGISettings:
        """Settings of the personas."""
        return load_section("hdgi", HDGISettings).model_copy(update={"seed": self.seed})

    def with_personas(self, settings: HDGISettings, folder: Path) -> Dataset:
        """Learn the personas of both fits, the test fit for the epochs that validation kept, and add them."""
        dataset = self.dataset
        first = learn(self.input(Fit.VALIDATION, settings), settings, folder)
        second = learn(self.input(Fit.TEST, settings), settings, folder, epochs=first.history.best_epoch + 1)
        return with_vectors(with_vectors(dataset, first), second)

    def input(self, fit: Fit, settings: HDGISettings) -> TrainingGraph:
        """Return what personas are learned from."""
        paths = [MetaPath.parse(path) for path in settings.meta_paths]
        return training_graph(self.graph, fit, paths, settings.structure_dim, settings.seed)

    def ablations(self, dataset: Dataset, judged: Variant) -> list[Contender]:
        """Return the judged system, of a persona that comes in late, with something taken away or put in its place."""
        systems: dict[str, Callable[[], Answer]] = {
            name: functools.partial(self.system, judged, dataset, without) for name, without in WITHOUT.items()
        }
        no_dbpedia = self.without_dbpedia()
        systems["no DBpedia"] = functools.partial(self.system, judged, no_dbpedia, frozenset({FROM_FACTS["DBpedia"]}))
        systems["no text in the sequence model"] = functools.partial(self.system, BASE, dataset)
        systems["truncated SVD"] = functools.partial(self.system, judged, self.by_svd(dataset))
        both = second_stage.both_stages(dataset, self.run, judged.name, Fit.TEST, self.sasrec.n_candidates)
        chosen = second_stage.load(self.run, judged.name)
        served = by_stages(both, chosen, chosen.way)
        placebo = shuffled(dataset.personas[Fit.TEST].vectors, self.seed)
        systems["no rerank"] = functools.partial(by_stages, both, chosen, "none")
        systems["personas shuffled (placebo)"] = lambda: lambda asked: served(asked.with_personas(placebo))
        return [Contender(name, "ablation", make) for name, make in systems.items()]

    def system(self, variant: Variant, dataset: Dataset, without: frozenset[str] = frozenset()) -> Answer:
        """Choose sources and second stage of a model on validation, and answer with them on the test.

        Asked are the personas of ``dataset``, whosever the questions come with: vectors of items fit their own space.
        """
        chosen = choose_fusion(self.run, variant.name, dataset, without)
        base = (BASE_TEXT if variant == BASE else BASE).name
        both = self.stages(variant, chosen, base, dataset, Fit.VALIDATION)
        stage = second_stage.choose(users_asked(dataset, Fit.VALIDATION), both, base)
        answer = by_stages(self.stages(variant, chosen, base, dataset, Fit.TEST), stage, stage.way)
        vectors = dataset.personas[Fit.TEST].vectors
        return lambda asked: answer(asked.with_personas(vectors))

    def stages(self, variant: Variant, chosen: Fusion, base: str, dataset: Dataset, fit: Fit) -> Stages:
        """Put a model beside its sources, and a base behind them."""
        first = beside(ByModel(load_model(self.run, variant.name, dataset, fit)), chosen, dataset, fit)
        return second_stage.beside_base(first, self.run, base, dataset, fit, self.sasrec.n_candidates)

    def without_dbpedia(self) -> Dataset:
        """Return the data set with personas that no fact of DBpedia has part in."""
        others = [path for path in self.hdgi.meta_paths if "SAME_AS" not in path]
        settings = self.hdgi.model_copy(update={"meta_paths": others})
        return self.with_personas(settings, self.run / "ablations" / "no-dbpedia")

    def by_svd(self, dataset: Dataset) -> Dataset:
        """Return the data set with the truncated SVD of the interactions in the personas' place."""
        for fit in (Fit.VALIDATION, Fit.TEST):
            graph = self.input(fit, self.hdgi)
            vectors, items = truncated_svd(graph, self.hdgi.dim, self.seed)
            dataset = dataset.with_personas(
                fit,
                f"truncated SVD, seed {self.seed}",
                dict(zip(graph.user_ids, vectors, strict=True)),
                names={},
                items=dict(zip(graph.items.item_ids, items, strict=True)),
            )
        return dataset


def with_vectors(dataset: Dataset, found: UserVectors) -> Dataset:
    """Return the data set with the personas of one fit."""
    users = dict(zip(found.user_ids, found.vectors, strict=True))
    items = dict(zip(found.item_ids, found.items, strict=True))
    return dataset.with_personas(found.fit, found.run_id, users, names={}, items=items)


@click.group()
def main() -> None:
    """Save a graph, train and measure over seeds, report."""


@main.command()
@click.option("--out", type=FOLDER, required=True)
@neo4j_options()
@click.pass_context
def save(context: click.Context, /, out: Path, **neo4j: str | None) -> None:
    """Save what the trainings read of the graph that is loaded."""
    with connect(neo4j_settings(context, {name: neo4j[f"neo4j_{name}"] for name in NEO4J_OPTIONS})) as database:
        ensure_co_occurrence(database)
        read_dataset(database, with_personas=False).save(out / "dataset")
        paths = [MetaPath.parse(path) for path in load_section("hdgi", HDGISettings).meta_paths]
        stream_graph(database, paths).save(out / "graph")


@main.command()
@click.option("--data", type=DATA, required=True)
@click.option("--out", type=FOLDER, default=Path("runs/experiment"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3, 4, 5), show_default=True)
@click.option("--ablations", is_flag=True, help="Also the systems with something taken away or put in its place.")
@click.option(
    "--conditioning",
    "conditionings",
    type=click.Choice(get_args(Conditioning)),
    multiple=True,
    help="Also the personas coming in this way.",
)
@click.option("--source", default="not told", help="Where the data come from, for the report.")
def run(
    data: Path,
    out: Path,
    seeds: tuple[int, ...],
    ablations: bool,
    conditionings: tuple[Conditioning, ...],
    source: str,
) -> None:
    """Train and measure every seed."""
    dataset, graph = Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph")
    for seed in seeds:
        folder = out / f"seed-{seed}"
        with training(folder, "sasrec"):
            Experiment(dataset, graph, source, seed, folder).measure(conditionings, ablations)


@main.command()
@click.option("--out", type=DATA, default=Path("runs/experiment"))
@click.option("--sessions", is_flag=True, help="Of anonymous sessions.")
def report(out: Path, sessions: bool) -> None:
    """Write the report over all seeds that were measured."""
    folder = Path("evaluation") / "sessions" if sessions else Path("evaluation")
    runs = sorted(path.parents[len(folder.parts)] for path in out.glob(f"seed-*/{folder}/measured.json"))
    measured = [(one, Measured.load(one / folder)) for one in runs]
    for path in write_report(measured, out / ("report-sessions" if sessions else "report")):
        print(path)


if __name__ == "__main__":
    main()
