"""What user vectors know of the next item, by adjacency and with and without signatures: on validation only.

    python -m benchmarks.probe --data real-data/books-saved --out runs/probe --seed 1 --seed 2

As `kgrec train personas` tells of its own vectors (see `gnn.worth`), for each way of relating users. Nothing here ever
looks at a test item, so that settings of HDGI can be compared by it.
"""

from pathlib import Path
from typing import get_args

import click

from gnn.meta_path import MetaPath
from gnn.settings import AdjacencyName, HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import learn
from gnn.training_graph import training_graph
from gnn.worth import compare
from kgrec.settings import load_section
from kgrec.training.fits import Fit

ADJACENCIES: tuple[AdjacencyName, ...] = get_args(AdjacencyName)


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/probe"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2), show_default=True)
def main(data: Path, out: Path, seeds: tuple[int, ...]) -> None:
    """Print one line a kind of vectors, an adjacency, signatures or none, and a seed."""
    streamed, given = StreamedGraph.load(data / "graph"), load_section("hdgi", HDGISettings)
    paths = [MetaPath.parse(path) for path in given.meta_paths]
    print(
        "| vectors | adjacency | signatures | seed | HR@10 | HR@100 | effective rank |\n|---|---|---|---|---|---|---|"
    )
    for seed in seeds:
        for structure_dim in (given.structure_dim, 0):
            graph = training_graph(streamed, Fit.VALIDATION, paths, structure_dim, seed)
            for way in ADJACENCIES:
                settings = given.model_copy(update={"seed": seed, "adjacency": way, "structure_dim": structure_dim})
                learned = learn(graph, settings, out / f"seed-{seed}" / f"{way}-{structure_dim}")
                for one in compare(streamed, graph, learned, settings):
                    hits = f"{one.hit_rate_at_10:.4f} | {one.hit_rate_at_100:.4f} | {one.effective_rank:.1f}"
                    print(f"| {one.vectors} | {way} | {structure_dim} | {seed} | {hits} |", flush=True)


if __name__ == "__main__":
    main()
