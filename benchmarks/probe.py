"""What user vectors know of the next item, without a sequence model: votes of the nearest users, on validation only.

    python -m benchmarks.probe --data real-data/books-saved --out runs/probe --seed 1 --seed 2

For each user the 100 nearest others by cosine vote, each by its cosine, for their items of the validation fit; the
user's own items are left out. HR@10 and HR@100 are of the user's validation item among all others. Nothing here ever
looks at a test item, so that settings of HDGI can be compared by it. Rows:

- the user's row of the interactions, the sum of the items' texts, truncated SVD, HDGI's features;
- propagated: the features, passed once over the meta-paths without any learning, the mean over meta-paths;
- HDGI, trained as ``kgrec train personas`` trains the validation fit.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.alternatives import raw_features, truncated_svd
from gnn.adjacency import adjacency
from gnn.meta_path import MetaPath
from gnn.settings import AdjacencyName, HDGISettings
from gnn.streamed_graph import StreamedGraph
from gnn.trainer import learn
from gnn.training_graph import TrainingGraph, training_graph
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender.asked import Asked, ranks, users_asked
from recommender.dataset import Dataset
from recommender.metrics import hit_rate

NEIGHBOURS = 100
ADJACENCIES: tuple[AdjacencyName, ...] = get_args(AdjacencyName)
CPU = torch.device("cpu")


def hit_rates(dataset: Dataset, vectors: Tensor) -> tuple[float, float]:
    """HR@10 and HR@100 of the validation items by the votes of the nearest users.

    Args:
        dataset: whose validation fit is asked.
        vectors: of its users; zeros for a user who neither asks nor votes. ``[n_users, dim]``
    """
    directions = normalize(vectors, dim=1)
    items = dataset.sequences.known(Fit.VALIDATION).matrix(dataset.n_items)  # [n_users, n_items + 1]
    chosen = torch.from_numpy(items.toarray())

    def votes(asked: Asked) -> Tensor:
        users = torch.from_numpy(asked.users)
        cosine = directions[users] @ directions.T  # [batch, n_users]
        cosine[torch.arange(len(users)), users] = -1.0
        nearest = cosine.topk(min(NEIGHBOURS, len(directions) - 1), dim=1)
        weights = torch.zeros_like(cosine).scatter_(1, nearest.indices, nearest.values.clamp(min=0.0))
        return weights @ chosen

    found = ranks(users_asked(dataset, Fit.VALIDATION), votes).numpy()
    return float(hit_rate(found, 10).mean()), float(hit_rate(found, 100).mean())


def propagated(graph: TrainingGraph, name: AdjacencyName) -> Tensor:
    """Features after one untrained step along each meta-path, the mean over meta-paths: ``[n_users, in_dim]``."""
    steps = [adjacency(str(path), hops, name, CPU) @ graph.features for path, hops in graph.paths.items()]
    return torch.stack(steps).mean(dim=0)


def centred(vectors: Tensor) -> Tensor:
    """Take the mean of the users of whom something is known away from them: ``[n_users, dim]``."""
    known = vectors.any(dim=1)
    return (vectors - vectors[known].mean(dim=0)) * known[:, None]


def unlearned(graph: TrainingGraph, dim: int, seed: int) -> Iterator[tuple[str, Tensor]]:
    """Vectors of the users that HDGI has no part in, with their names."""
    matrix = graph.purchases.matrix.to_dense()  # [n_users, n_items]
    yield "interactions", (matrix > 0).float()
    in_dim = graph.features.shape[1]
    signatures = len(graph.paths) * load_section("hdgi", HDGISettings).structure_dim
    yield "texts", centred(graph.features[:, : in_dim - signatures])
    yield "truncated SVD", truncated_svd(graph, dim, seed)


@click.command()
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("runs/probe"))
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2), show_default=True)
def main(data: Path, out: Path, seeds: tuple[int, ...]) -> None:
    """Print one line a kind of vectors and a seed."""
    dataset, streamed = Dataset.load(data / "dataset"), StreamedGraph.load(data / "graph")
    print("| vectors | signatures | seed | HR@10 | HR@100 | epochs |\n|---|---|---|---|---|---|")

    def tell(name: str, structure_dim: int, seed: int, vectors: Tensor, epochs: str = "") -> None:
        of_users = dict(zip(streamed.user_ids, vectors, strict=True))
        in_rows = torch.stack([of_users[user_id] for user_id in dataset.user_ids])
        ten, hundred = hit_rates(dataset, in_rows)
        print(f"| {name} | {structure_dim} | {seed} | {ten:.4f} | {hundred:.4f} | {epochs} |", flush=True)

    given = load_section("hdgi", HDGISettings)
    paths = [MetaPath.parse(path) for path in given.meta_paths]
    for seed in seeds:
        graph = training_graph(streamed, Fit.VALIDATION, paths, given.structure_dim, seed)
        for name, vectors in unlearned(graph, given.dim, seed):
            tell(name, 0, seed, vectors)
        for structure_dim in (given.structure_dim, 0):
            graph = training_graph(streamed, Fit.VALIDATION, paths, structure_dim, seed)
            tell("features", structure_dim, seed, raw_features(graph, given.dim, seed))
            for way in ADJACENCIES:
                tell(f"propagated, {way}", structure_dim, seed, centred(propagated(graph, way)))
            for way in ADJACENCIES:
                settings = given.model_copy(update={"seed": seed, "adjacency": way, "structure_dim": structure_dim})
                learned = learn(graph, settings, out / f"seed-{seed}" / f"{way}-{structure_dim}")
                epochs = f"{learned.history.best_epoch + 1} of {len(learned.history.losses)}"
                tell(f"HDGI, {way}", structure_dim, seed, learned.vectors, epochs)


if __name__ == "__main__":
    main()
