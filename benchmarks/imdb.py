"""HDGI from outside: ours beside its authors' own code, on their IMDB data, by their protocol.

    git clone https://github.com/YuxiangRen/Heterogeneous-Deep-Graph-Infomax
    python -m benchmarks.imdb --checkout Heterogeneous-Deep-Graph-Infomax --seed 1 --seed 2

Movies take the place of users, joined by directors, actors and keywords; their features are words. Both learn without
labels from all movies, with the parameters of the authors' README, and their vectors stay as they are from then on. By
the authors' ``execute.py``, 800 of the first 4,000 movies teach a logistic regression, 800 stop it, and 2,400 are
classified, five times anew; by ``executeCla.py``, k-means clusters all movies ten times. Each seed has a split of its
own, which is the same for all.

The authors' code of HDGI-C is not quite their paper: it adds ``I`` once more after the adjacency is normalised, which
gives a movie's own words most of the weight, and those alone classify best. Both are measured either way; kgrec has the
authors' first discriminator where it has their second ``I``.
"""

import pickle
import random
import warnings
from pathlib import Path
from typing import get_args

import click
import numpy as np
import scipy.sparse as sp
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, f1_score, normalized_mutual_info_score
from torch import Tensor, nn

from benchmarks.imdb_authors import DATA, FEATURES, LABELS, RELATIONS, authors_vectors
from gnn.adjacency import MetaPathAdjacency
from gnn.hops import Hop
from gnn.infomax import HDGITraining
from gnn.items import Items
from gnn.meta_path import MetaPath
from gnn.settings import AdjacencyName, ConvolutionName, HDGISettings
from gnn.training_graph import TrainingGraph
from kgrec.errors import KgrecError
from kgrec.training.fits import Fit

COLUMNS = {"director": (1,), "actor": (6, 10, 14), "keyword": (16,)}  # of movie_metadata_3class.csv
MOVIE = 11
CONVOLUTIONS: tuple[ConvolutionName, ...] = get_args(ConvolutionName)
EPOCHS = 100  # of ours; the loss is below 0.001 by then
PATIENCE = {"gcn": 20, "attention": 50}  # of the authors' logistic regressions, in epochs
METRICS = ("micro-F1", "macro-F1", "NMI", "ARI")


def movies(folder: Path) -> tuple[Tensor, np.ndarray, dict[str, Hop]]:
    """Read the authors' data.

    The relations are read from the table of movies, as the authors' ``extractEdges.py`` does, because their published
    adjacencies are of movies to movies; those that are there must come out of the relations, entry by entry.

    Returns:
        Features, sparse, each row of sum 1 ``[n_movies, n_words]``; labels ``[n_movies]``; and a hop each relation.

    Raises:
        KgrecError: an adjacency does not come out.
    """
    places = {name: _places(folder / f"{name}_index.txt") for name in ("movie", *RELATIONS)}
    table = (folder / "movie_metadata_3class.csv").read_text(encoding="utf-8").splitlines()[1:]
    hops = {}
    for name in RELATIONS:
        pairs = {
            (places["movie"][fields[MOVIE]], places[name][value])
            for fields in (line.split(",") for line in table)
            for column in COLUMNS[name]
            for value in fields[column].split("|" if name == "keyword" else ",")
        }
        indices = torch.tensor(sorted(pairs)).T
        shape = (len(places["movie"]), len(places[name]))
        matrix = torch.sparse_coo_tensor(indices, torch.ones(len(pairs)), shape, check_invariants=True).coalesce()
        hops[name] = Hop(matrix, np.arange(shape[1]))
        published = folder / f"movie_{name}_movie_adj.pickle"
        if published.exists() and abs(_unpickled(published) - joined(hops[name])).sum():
            raise KgrecError(f"{published} is not what comes out of movie_metadata_3class.csv.")
    words = np.asarray(_unpickled(folder / FEATURES).toarray(), dtype=np.float32)
    features = torch.from_numpy(words / words.sum(axis=1, keepdims=True).clip(min=1.0)).to_sparse()
    labels = [int(line.split(",")[1]) for line in (folder / LABELS).read_text(encoding="utf-8").splitlines()]
    return features, np.array(labels), hops


def joined(hop: Hop) -> sp.coo_matrix:
    """Count the ways between two movies as the authors do, with 0 on the diagonal: ``[n_movies, n_movies]``."""
    matrix = sp.csr_matrix(hop.matrix.to_dense().numpy())
    product = sp.lil_matrix(matrix @ matrix.T)
    product.setdiag(0.0)
    return sp.coo_matrix(product, dtype=np.float64)


def our_vectors(features: Tensor, hops: dict[str, Hop], settings: HDGISettings, as_code: bool = False) -> np.ndarray:
    """Learn from all movies for the settings' epochs: vectors, centred and of length 1 ``[n_movies, dim]``.

    Args:
        features: ``[n_movies, n_words]``
        hops: one a relation.
        settings: how.
        as_code: HDGI-C with the two things in which the authors' code is not their paper or not kgrec: ``I`` is added
            to the operator again after it is normalised, and the discriminator begins near 0, at torch's Xavier bounds
            for a bilinear layer.
    """
    paths = {MetaPath(((name.upper(),),)): [hop] for name, hop in hops.items()}
    ids = [f"m{row}" for row in range(len(features))]
    nothing = Items([], np.zeros(0, dtype=np.int64), torch.zeros(0, 0), [], {})
    graph = TrainingGraph(Fit.FINAL, ids, features, "", paths, [], next(iter(hops.values())), nothing)
    training = HDGITraining(graph, settings, held_out=0.0)
    if as_code:
        for related in training.contrast.related:
            assert isinstance(related, MetaPathAdjacency)
            related.own = related.own + 1.0  # D^-1/2 (A + I + D) D^-1/2
        nn.init.xavier_uniform_(training.model.discriminator.data[None])
    for epoch in range(settings.epochs):
        training.train_epoch(epoch)
    with torch.no_grad():
        states, _ = training.model(training.contrast.features, training.contrast.related)
    vectors: np.ndarray = nn.functional.normalize(states - states.mean(dim=0), dim=1).cpu().numpy()
    return vectors


def measure(vectors: np.ndarray, labels: np.ndarray, seed: int, patience: int) -> list[float]:
    """Micro-F1 and macro-F1 of classification, NMI and ARI of clustering, as the authors measure them.

    Args:
        vectors: of the movies. ``[n_movies, dim]``
        labels: ``[n_movies]``
        seed: of the split, the logistic regressions and k-means.
        patience: of the logistic regressions, in epochs.
    """
    drawn = random.Random(seed)
    taught = drawn.sample(range(4000), 800)
    stopping = drawn.sample(sorted(set(range(4000)) - set(taught)), 800)
    asked = sorted(set(range(4000)) - set(taught) - set(stopping))
    x, y = torch.from_numpy(vectors), torch.from_numpy(labels - labels.min())
    torch.manual_seed(seed)
    guesses = [_classified(x, y, taught, stopping, patience)[asked].numpy() for _ in range(5)]
    f1 = [np.mean([f1_score(y[asked].numpy(), one, average=kind) for one in guesses]) for kind in ("micro", "macro")]
    n_classes = len(np.unique(labels))
    clusters = [KMeans(n_classes, random_state=10 * seed + time).fit_predict(vectors) for time in range(10)]
    scores = (normalized_mutual_info_score, adjusted_rand_score)
    return [*map(float, f1), *(float(np.mean([score(labels, one) for one in clusters])) for score in scores)]


def _classified(x: Tensor, y: Tensor, taught: list[int], stopping: list[int], patience: int) -> Tensor:
    """Train a logistic regression with Adam, stopped by the loss of other movies; guess all classes: ``[n_movies]``."""
    model = nn.Linear(x.shape[1], int(y.max()) + 1)
    nn.init.xavier_uniform_(model.weight)
    nn.init.zeros_(model.bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    best, best_at, epoch, guessed = float("inf"), 0, 0, y
    while epoch - best_at < patience:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x[taught]), y[taught])
        with torch.no_grad():
            left = nn.functional.cross_entropy(model(x[stopping]), y[stopping]).item()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if left < best:
            with torch.no_grad():  # the authors keep the weights after the step, too
                best, best_at, guessed = left, epoch, model(x).argmax(dim=1)
        epoch += 1
    return guessed


def _places(path: Path) -> dict[str, int]:
    lines = (line.split(",", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name: int(place) for place, name in lines}


def _unpickled(path: Path) -> sp.coo_matrix:
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of scipy, of modules that have moved
        found: sp.coo_matrix = pickle.load(file)
        return found


@click.command()
@click.option("--checkout", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--seed", "seeds", type=int, multiple=True, default=(1, 2, 3, 4, 5), show_default=True)
@click.option("--convolution", "convolutions", type=click.Choice(CONVOLUTIONS), multiple=True, default=CONVOLUTIONS)
@click.option("--adjacency", type=click.Choice(get_args(AdjacencyName)), default="counts", show_default=True)
def main(
    checkout: Path, seeds: tuple[int, ...], convolutions: tuple[ConvolutionName, ...], adjacency: AdjacencyName
) -> None:
    """Print one line a seed and a table of means and standard deviations over seeds."""
    features, labels, hops = movies(checkout / DATA)
    adjacencies = {name: joined(hop) for name, hop in hops.items()}
    rows: dict[str, list[list[float]]] = {}

    def tell(name: str, seed: int, vectors: np.ndarray, patience: int) -> None:
        rows.setdefault(name, []).append(measure(vectors, labels, seed, patience))
        told = ", ".join(f"{metric} {value:.4f}" for metric, value in zip(METRICS, rows[name][-1], strict=True))
        print(f"{name}, seed {seed}: {told}", flush=True)

    for seed in seeds:
        tell("words alone", seed, features.to_dense().numpy(), PATIENCE["gcn"])
        for convolution in convolutions:
            patience = PATIENCE[convolution]
            theirs = authors_vectors(checkout, convolution, seed, adjacencies)
            tell(f"authors, {convolution}", seed, theirs, patience)
            settings = HDGISettings(
                dim=64,
                semantic_dim=8,
                heads=4,
                learning_rate=0.02,
                epochs=EPOCHS,
                convolution=convolution,
                adjacency=adjacency,
                seed=seed,
            )
            tell(f"kgrec, {convolution}", seed, our_vectors(features, hops, settings), patience)
            if convolution == "gcn":  # the attention does not ask how often two movies are joined
                as_paper = authors_vectors(checkout, convolution, seed, adjacencies, as_paper=True)
                tell(f"authors, as their paper, {convolution}", seed, as_paper, patience)
                as_code = our_vectors(features, hops, settings, as_code=True)
                tell(f"kgrec as the authors' code, {convolution}", seed, as_code, patience)
    print(f"| vectors | seeds | {' | '.join(METRICS)} |\n|---|---|{'---|' * len(METRICS)}")
    for name, found in rows.items():
        values = np.array(found)
        spread = values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(len(METRICS))
        told = [f"{mean:.4f} ±{width:.4f}" for mean, width in zip(values.mean(axis=0), spread, strict=True)]
        print(f"| {name} | {len(values)} | {' | '.join(told)} |")


if __name__ == "__main__":
    main()
