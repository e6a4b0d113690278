"""What user vectors know of the next item, by objective and adjacency: on validation only.

    python -m benchmarks.probe --data real-data/books-saved --out runs/probe --seed 1 --seed 2

As `kgrec train personas` tells of its own vectors (see `gnn.worth`). Nothing here ever looks at a test item, so that
settings of the personas can be compared by it.
"""

from pathlib import Path
from typing import get_args

import click

from gnn.meta_path import MetaPath
from gnn.settings import AdjacencyName, HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import learn
from gnn.training_graph import training_graph
from gnn.worth import Worth, compare
from kgrec.settings import load_section
from kgrec.training.fits import Fit

WAYS: dict[str, dict[str, str]] = {"interactions": {"objective": "interactions"}} | {
    f"infomax, {adjacency}": {"objective": "infomax", "adjacency": adjacency} for adjacency in get_args(AdjacencyName)
}


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/probe"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2), show_default=True)
def main(data: Path, out: Path, seeds: tuple[int, ...]) -> None:
    """Print one line a kind of vectors and a seed."""
    streamed, given = StreamedGraph.load(data / "graph"), load_section("hdgi", HDGISettings)
    paths = [MetaPath.parse(path) for path in given.meta_paths]
    print(
        "| vectors | seed | votes HR@10 | votes HR@100 | dot HR@10 | dot HR@100 | mean cosine | effective rank | "
        f"category |\n|{'---|' * 9}"
    )
    for seed in seeds:
        graph = training_graph(streamed, Fit.VALIDATION, paths, given.structure_dim, seed)
        for number, (way, changed) in enumerate(WAYS.items()):
            settings = given.model_copy(update={"seed": seed} | changed)
            learned = learn(graph, settings, out / f"seed-{seed}" / way.replace(", ", "-"))
            *unlearned, personas = compare(streamed, graph, learned, settings)
            for one in [*([] if number else unlearned), personas]:
                _print(way if one is personas else one.vectors, seed, one)


def _print(name: str, seed: int, one: Worth) -> None:
    rates = one.hit_rate_at_10, one.hit_rate_at_100, one.dot_hit_rate_at_10, one.dot_hit_rate_at_100
    hits = " | ".join("" if rate is None else f"{rate:.4f}" for rate in rates)
    told = "" if one.category_accuracy is None else f"{one.category_accuracy:.4f}"
    print(f"| {name} | {seed} | {hits} | {one.mean_cosine:.3f} | {one.effective_rank:.1f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
