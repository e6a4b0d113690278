"""Is a default the best on validation, over the data sets? Its setting's other values beside it, whole systems.

    python -m benchmarks.defaults --data real-data/books-saved --data real-data/ml-100k-saved \
      --other sasrec.block=authors --other sasrec.stand_ins=0.2 --other hdgi.dim=64

For each data set and seed, personas and sequence models learn from training interactions, sources and second stage are
chosen as everywhere, and the validation targets are asked for. No test item is ever looked at. What a setting does not
touch is trained once: a setting of ``[hdgi]`` has the sequence models of the defaults where the persona comes in late.
"""

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from pydantic import BaseModel

from benchmarks.experiment import Experiment, with_vectors
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import learn
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender import second_stage
from recommender.asked import ranks, users_asked
from recommender.dataset import Dataset
from recommender.first_stage import beside, choose_fusion
from recommender.metrics import hit_rate, ndcg
from recommender.scoring import ByModel
from recommender.settings import SASRecSettings
from recommender.statistics import bootstrap_mean
from recommender.trained import BASE, load_model, with_persona
from recommender.trainer import BY_GRAPH, BY_PERSONA, NOT_LEARNED, train

SECTIONS: dict[str, type[BaseModel]] = {"hdgi": HDGISettings, "sasrec": SASRecSettings}
DEFAULTS = "defaults"
HEAD = (
    "| data | setting | NDCG@10 alone | HR@100 alone | NDCG@100 retrieved | more than by default, over users | "
    f"better seeds | NDCG@10 served |\n|{'---|' * 8}"
)


@dataclass(frozen=True)
class Other:
    """Another value of one setting; the defaults themselves have neither section nor name."""

    section: str = ""
    name: str = ""
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> "Other":
        """Read ``section.name=value``."""
        setting, equals, value = text.partition("=")
        section, _, name = setting.partition(".")
        if not equals or section not in SECTIONS or name not in SECTIONS[section].model_fields:
            raise click.BadParameter(f"{text!r} is no section.name=value of {' or '.join(SECTIONS)}")
        return cls(section, name, value)

    def __str__(self) -> str:
        return f"{self.section}.{self.name}={self.value}" if self.name else DEFAULTS

    def of(self, section: str) -> dict[str, str]:
        """What it overrides in a section."""
        return {self.name: self.value} if section == self.section else {}


@dataclass(frozen=True)
class Answers:
    """What one system makes of the validation targets.

    Attributes:
        alone: ranks by the sequence model. ``[n_users]``
        retrieved: ranks by it and the sources beside it. ``[n_users]``
        served: NDCG@10 in the order that validation chose.
    """

    alone: np.ndarray
    retrieved: np.ndarray
    served: float


def answers(dataset: Dataset, graph: StreamedGraph, seed: int, other: Other, out: Path) -> Answers:
    """Train what is not there yet, choose, and ask."""
    hdgi = load_section("hdgi", HDGISettings, {"seed": seed} | other.of("hdgi"))
    sasrec = load_section("sasrec", SASRecSettings, {"seed": seed} | other.of("sasrec"))
    # What the setting does not touch is that of the defaults.
    judged, own, usual = with_persona(sasrec.conditioning), out / str(other), out / DEFAULTS
    late = judged.trained_as is not judged
    of_personas = own if other.section == "hdgi" else usual
    learns = not late if other.section == "hdgi" else other.name not in NOT_LEARNED or not late
    of_model = own if learns else usual
    of_base = usual if other.section == "hdgi" or other.name in NOT_LEARNED | BY_GRAPH | BY_PERSONA else own
    whole = Experiment(dataset, graph, "", seed, out)
    dataset = with_vectors(dataset, learn(whole.input(Fit.VALIDATION, hdgi), hdgi, of_personas))
    train(of_base, BASE, dataset, sasrec)
    train(of_model, judged.trained_as, dataset, sasrec)
    chosen = choose_fusion(of_model, judged.name, dataset)
    model = ByModel(load_model(of_model, judged.name, dataset, Fit.VALIDATION))
    first, asked = beside(model, chosen, dataset, Fit.VALIDATION), users_asked(dataset, Fit.VALIDATION)
    both = second_stage.beside_base(first, of_base, BASE.name, dataset, Fit.VALIDATION, sasrec.n_candidates)
    stage = second_stage.choose(asked, both, BASE.name)
    return Answers(ranks(asked, model).numpy(), ranks(asked, first).numpy(), stage.validation[stage.way])


def row(name: str, other: Other, found: list[Answers], usual: list[Answers]) -> str:
    """Tell the means over the seeds, and how much more is retrieved than by the defaults."""
    alone = np.stack([one.alone for one in found])
    retrieved = ndcg(np.stack([one.retrieved for one in found]), 100)  # [n_seeds, n_users]
    more = retrieved - ndcg(np.stack([one.retrieved for one in usual]), 100)
    told = [f"{ndcg(alone, 10).mean():.4f}", f"{hit_rate(alone, 100).mean():.4f}", f"{retrieved.mean():.4f}"]
    if other.name:
        over = bootstrap_mean(more.mean(axis=0), seed=0)
        better = int((more.mean(axis=1) > 0).sum())
        told += [f"{over.mean:+.4f} ({over.low:+.4f} to {over.high:+.4f})", f"{better} of {len(found)}"]
    else:
        told += ["", ""]
    told.append(f"{np.mean([one.served for one in found]):.4f}")
    return f"| {name} | {other} | {' | '.join(told)} |"


@click.command()
@click.option(
    "--data", "folders", type=click.Path(exists=True, file_okay=False, path_type=Path), multiple=True, required=True
)
@click.option("--other", "texts", multiple=True, required=True, help="section.name=value, beside the default.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/defaults"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3), show_default=True)
def main(folders: tuple[Path, ...], texts: tuple[str, ...], out: Path, seeds: tuple[int, ...]) -> None:
    """Print a line for the defaults and one for each other value, of each data set."""
    others = [Other(), *(Other.parse(text) for text in texts)]
    print(HEAD)
    for folder in folders:
        dataset, graph = Dataset.load(folder / "dataset"), StreamedGraph.load(folder / "graph")
        usual: list[Answers] = []
        for other in others:
            of_seeds = [answers(dataset, graph, seed, other, out / folder.name / f"seed-{seed}") for seed in seeds]
            usual = usual or of_seeds
            print(row(folder.name, other, of_seeds, usual), flush=True)


if __name__ == "__main__":
    main()
