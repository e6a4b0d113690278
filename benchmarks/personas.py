"""How many personas a graph bears, how many last, how true their weights are, and how their names begin.

    python -m benchmarks.personas [--personas 8 --personas 24] [--json FILE]

Reads the users' and items' vectors of the final fit from the graph that KGREC_HOME or KGREC_NEO4J_URI name, where
`kgrec train personas` has written them, and clusters them anew. Nothing is written to the graph.
"""

import json
from pathlib import Path

import click
import numpy as np
import torch

from gnn.clusters import GRID, cluster, stability
from gnn.identity import numbered
from gnn.meta_path import MetaPath
from gnn.named_clusters import name_clusters
from gnn.personas import describe
from gnn.projection import stream_graph
from gnn.settings import HDGISettings
from gnn.trainer import UserVectors
from gnn.training_graph import training_graph
from kgrec.graph.database import connect
from kgrec.graph.personas import current_personas
from kgrec.training.fits import Fit
from kgrec.training.loop import History

DRAWS = 5


def kept(user_ids: list[str], vectors: np.ndarray, n_personas: int, seed: int) -> float:
    """How many personas keep their number when four fifths of the users are clustered with another seed: the mean."""
    strongest = np.argmax(vectors @ cluster(vectors, n_personas, seed).T, axis=1)
    before = dict(zip(user_ids, (strongest + 1).tolist(), strict=True))
    matched = []
    for draw in range(1, DRAWS + 1):
        some = vectors[np.random.default_rng(draw).permutation(len(vectors))[: 4 * len(vectors) // 5]]
        again = np.argmax(vectors @ cluster(some, n_personas, draw, n_init=3).T, axis=1)
        matched.append(numbered(user_ids, again, n_personas, before, n_personas).matched)
    return float(np.mean(matched))


@click.command()
@click.option(
    "--personas", "numbers", type=int, multiple=True, help="Numbers of personas, those of the grid without it."
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="The same for a program.")
def main(numbers: tuple[int, ...], file: Path | None) -> None:
    """Print a line for each number of personas."""
    settings = HDGISettings()
    paths = [MetaPath.parse(text) for text in settings.meta_paths]
    print(
        "personas  agreement  spread   kept  temperature  error  error at 0.1  same  bare numbers  first words shared"
    )
    found = []
    with connect() as database:
        graph = training_graph(stream_graph(database, paths), Fit.FINAL, paths, settings.structure_dim, settings.seed)
        read = current_personas(database)
        vectors, items = (torch.from_numpy(np.stack(some)) for some in (read.vectors, read.items))
        learned = UserVectors(Fit.FINAL, read.user_ids, vectors, read.item_ids, items, {}, read.run_id, History())
        for number in numbers or GRID:
            stable = stability(vectors.numpy(), number, settings.seed)
            last = kept(read.user_ids, vectors.numpy(), number, settings.seed)
            clusters = name_clusters(database, graph, learned, settings, number)
            described = describe(database, graph, learned, settings, clusters)
            first = [name.casefold().split()[0] for name in described.names]
            line = {
                "personas": number,
                "agreement": stable.agreement,
                "spread": stable.spread,
                "kept": last,
                "calibration": vars(described.calibration) if described.calibration else None,
                "bare": sum(name.startswith("Persona ") for name in described.names),
                "shared": sum(first.count(word) > 1 for word in first),
                "names": described.names,
            }
            weights = described.calibration
            told = [
                f"{number:>8}{stable.agreement:>11.3f}{stable.spread:>8.3f}{last:>7.1f}",
                f"{weights.temperature:>13.4f}{weights.error:>7.3f}{weights.error_before:>14.3f}{weights.same:>6.2f}"
                if weights
                else " " * 40,
                f"{line['bare']:>14}{line['shared']:>20}",
            ]
            print("".join(told))
            found.append(line)
    if file:
        file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
