"""The whole training over several seeds, with the ablations: run folders, and the report over all of them.

    python -m benchmarks.experiment save --out real-data/books-saved [--uri ... ]
    python -m benchmarks.experiment run --data real-data/books-saved --out runs/books --seed 1 ... [--ablations]
    python -m benchmarks.experiment report --out runs/books

``save`` keeps what the trainings read of a loaded graph; the others need no database. For each seed, HDGI and the
sequence models are trained into ``OUT/seed-N`` as ``kgrec train`` does: by the validation fit epochs and second stage
are chosen, the test fit is judged. A stopped experiment goes on where it was.

The ablations are test fits: each is trained as long as the whole system was, in its place, so one that would need other
epochs is judged a little too low. The placebo hands the personas round among the users; FastRP, truncated SVD and raw
features stand in HDGI's place.
"""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

import click
from torch import Tensor

from benchmarks.alternatives import fastrp, raw_features, shuffled, truncated_svd
from gnn.meta_path import MetaPath
from gnn.projection import stream_graph
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import UserVectors, learn
from gnn.training_graph import TrainingGraph, training_graph
from kgrec.graph.database import connect
from kgrec.options import NEO4J_OPTIONS, neo4j_options, neo4j_settings
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import fusion, second_stage
from recommender.asked import Score, sessions_asked, users_asked
from recommender.dataset import Dataset
from recommender.evaluation import (
    FUSED_BASE,
    SERVED,
    Answer,
    Contender,
    by_scores,
    by_stages,
    measure,
    plain,
    stored,
    trained,
)
from recommender.first_stage import beside, choose_fusion, first_stage
from recommender.measured import Measured
from recommender.reading import read_dataset
from recommender.report.write import write_report
from recommender.scoring import by_model
from recommender.settings import SASRecSettings
from recommender.sources import FROM_FACTS, FROM_INTERACTIONS
from recommender.train import choose_fusions, choose_second_stages
from recommender.trained import BASE, BASE_TEXT, Variant, load_model, with_persona
from recommender.trainer import train

NO_DBPEDIA = "no DBpedia"
DBPEDIA = FROM_FACTS["DBpedia"]
WITHOUT = {  # sources whose fusion is chosen anew without them
    "no sources": frozenset({*FROM_INTERACTIONS, *FROM_FACTS.values()}),
    "no facts among the sources": frozenset(FROM_FACTS.values()),
    "no co-occurrence among the sources": frozenset(FROM_INTERACTIONS),
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

    def measure(self, ablations: bool) -> None:
        """Train all systems and measure them."""
        dataset, epochs = self.with_personas(), {}
        judged = with_persona(self.sasrec.conditioning)
        histories = {variant: train(self.run, variant, dataset, self.sasrec) for variant in (BASE, BASE_TEXT, judged)}
        choose_fusions(dataset, self.run, [BASE_TEXT, judged])
        choose_second_stages(dataset, self.run, self.sasrec, histories)
        for variant, history in histories.items():
            epochs[variant] = history.best_epoch + 1
            train(self.run, variant, dataset, self.sasrec, Fit.TEST, epochs[variant])
        about = {"source": self.source, "judged": f"{judged.name}, {SERVED}", "base": FUSED_BASE}
        about |= stored(self.run)
        contenders = [*plain(dataset, self.run), *trained(dataset, self.run)]
        sessions = measure(contenders, sessions_asked(dataset, Fit.TEST), dataset, {"protocol": "sessions"} | about)
        sessions.save(self.run / "evaluation" / "sessions")
        contenders.append(self.no_persona(dataset))
        if ablations:
            contenders += self.ablations(dataset, judged, epochs[judged])
        users = measure(contenders, users_asked(dataset, Fit.TEST), dataset, {"protocol": "users"} | about)
        users.save(self.run / "evaluation")

    def no_persona(self, dataset: Dataset) -> Contender:
        """Build the whole system of the two bases, with sources and second stage of their own: all but the persona."""
        n, (first, second) = self.sasrec.n_candidates, self.bases(dataset, Fit.VALIDATION)
        chosen = second_stage.choose(users_asked(dataset, Fit.VALIDATION), first, second, BASE.name, n)
        first, second = self.bases(dataset, Fit.TEST)
        return Contender("no persona", "ablation", functools.partial(by_stages, first, second, n, chosen.weight))

    def bases(self, dataset: Dataset, fit: Fit) -> tuple[Score, Score]:
        """Return the base with text beside its sources, and the base that started at random."""
        return first_stage(self.run, BASE_TEXT.name, dataset, fit), by_model(
            load_model(self.run, BASE.name, dataset, fit)
        )

    @property
    def sasrec(self) -> SASRecSettings:
        """Settings of the sequence models."""
        return load_section("sasrec", SASRecSettings).model_copy(update={"seed": self.seed})

    @property
    def hdgi(self) -> HDGISettings:
        """Settings of the personas."""
        return load_section("hdgi", HDGISettings).model_copy(update={"seed": self.seed})

    def with_personas(self) -> Dataset:
        """Learn the personas of both fits and return the data set with them."""
        dataset = self.dataset
        for fit, found in self.learned(self.run, self.hdgi).items():
            dataset = dataset.with_personas(fit, found.run_id, _by_user(found.user_ids, found.vectors), names={})
        return dataset

    def learned(self, folder: Path, settings: HDGISettings) -> dict[Fit, UserVectors]:
        """Train HDGI's validation fit and, for the epochs that it kept, its test fit."""
        first = learn(self.input(Fit.VALIDATION, settings), settings, folder)
        second = learn(self.input(Fit.TEST, settings), settings, folder, epochs=first.history.best_epoch + 1)
        return {Fit.VALIDATION: first, Fit.TEST: second}

    def input(self, fit: Fit, settings: HDGISettings) -> TrainingGraph:
        """Return what HDGI learns from."""
        paths = [MetaPath.parse(path) for path in settings.meta_paths]
        return training_graph(self.graph, fit, paths, settings.structure_dim, settings.seed)

    def ablations(self, dataset: Dataset, judged: Variant, epochs: int) -> list[Contender]:
        """Train the judged system with something else in the place of one of its parts."""
        stage, n = second_stage.load(self.run, judged.name), self.sasrec.n_candidates
        chosen = fusion.load(self.run, judged.name)
        base, alone = (by_model(load_model(self.run, name, dataset, Fit.TEST)) for name in (stage.base, judged.name))
        found = [
            Contender(
                "no rerank",
                "ablation",
                functools.partial(by_scores, first_stage(self.run, judged.name, dataset, Fit.TEST)),
            )
        ]
        for name, without in WITHOUT.items():
            left = choose_fusion(self.run, judged.name, dataset, without)
            first = beside(alone, left, dataset, Fit.TEST)
            found.append(Contender(name, "ablation", functools.partial(by_stages, first, base, n, stage.weight)))
        for name, (data, variant) in self.changed(dataset, judged).items():
            folder = self.run / "ablations" / name.partition(" (")[0].replace(" ", "-").lower()
            train(folder, variant, data, self.sasrec, Fit.TEST, epochs)
            model = by_model(load_model(folder, variant.name, data, Fit.TEST))
            weights = {
                source: 0.0 if name == NO_DBPEDIA and source == DBPEDIA else weight
                for source, weight in chosen.weights.items()
            }
            first = beside(model, replace(chosen, weights=weights), data, Fit.TEST)
            answer = by_stages(first, base, n, stage.weight)
            vectors = data.personas[Fit.TEST].vectors
            found.append(Contender(name, "ablation", functools.partial(_asking, answer, vectors)))
        return found

    def changed(self, dataset: Dataset, judged: Variant) -> dict[str, tuple[Dataset, Variant]]:
        """Return the data set and the model of each ablation that has to be trained."""
        hdgi, graph = self.hdgi, self.input(Fit.TEST, self.hdgi)
        without_dbpedia = [path for path in hdgi.meta_paths if "SAME_AS" not in path]
        no_dbpedia = self.learned(
            self.run / "ablations" / "hdgi-no-dbpedia", hdgi.model_copy(update={"meta_paths": without_dbpedia})
        )
        no_signatures = self.learned(
            self.run / "ablations" / "hdgi-no-signatures", hdgi.model_copy(update={"structure_dim": 0})
        )
        placebo = shuffled(dataset.personas[Fit.TEST].vectors, self.seed)
        # The graph has users without interactions too, the data set has none.
        vectors = {
            NO_DBPEDIA: _by_user(graph.user_ids, no_dbpedia[Fit.TEST].vectors),
            "no signatures": _by_user(graph.user_ids, no_signatures[Fit.TEST].vectors),
            "personas shuffled (placebo)": _by_user(dataset.user_ids, placebo),
            "FastRP": _by_user(graph.user_ids, fastrp(graph, hdgi.dim, self.seed)),
            "truncated SVD": _by_user(graph.user_ids, truncated_svd(graph, hdgi.dim, self.seed)),
            "raw features": _by_user(graph.user_ids, raw_features(graph, hdgi.dim, self.seed)),
        }
        no_text = Variant(judged.name, judged.conditioning, text=False)
        return {"no text": (dataset, no_text)} | {
            name: (self.standing_in(dataset, name, found), judged) for name, found in vectors.items()
        }

    def standing_in(self, dataset: Dataset, name: str, vectors: dict[str, Tensor]) -> Dataset:
        """Return the data set with other vectors ``[dim]`` in the personas' place."""
        return dataset.with_personas(Fit.TEST, f"{name}, seed {self.seed}", vectors, names={})


def _by_user(user_ids: list[str], vectors: Tensor) -> dict[str, Tensor]:
    return dict(zip(user_ids, vectors, strict=True))


def _asking(answer: Answer, vectors: Tensor) -> Answer:
    """Ask with other personas ``[n_users, persona_dim]``."""
    return lambda asked: answer(asked.with_personas(vectors))


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
        read_dataset(database, []).save(out / "dataset")
        paths = [MetaPath.parse(path) for path in load_section("hdgi", HDGISettings).meta_paths]
        stream_graph(database, paths).save(out / "graph")


@main.command()
@click.option("--data", type=DATA, required=True)
@click.option("--out", type=FOLDER, default=Path("runs/experiment"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3, 4, 5), show_default=True)
@click.option("--ablations", is_flag=True, help="Also the systems with something taken away or put in its place.")
@click.option("--source", default="not told", help="Where the data come from, for the report.")
def run(data: Path, out: Path, seeds: tuple[int, ...], ablations: bool, source: str) -> None:
    """Train and measure every seed."""
    dataset, graph = Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph")
    for seed in seeds:
        Experiment(dataset, graph, source, seed, out / f"seed-{seed}").measure(ablations)


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
