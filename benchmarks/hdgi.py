"""Seconds of an epoch of HDGI, and its peak memory, beside PyTorch Geometric with adjacencies in CSR.

    python -m benchmarks.hdgi [--users 6000 --users 60000 --users 600000] [--features 640] [--rounds 5] [--json FILE]

The graph is made up: 11 interactions a user and 12 facts an item, items a sixth of the users and of uneven popularity.
PyG's HDGI is made of its own parts: `DeepGraphInfomax`, `MessagePassing` over torch's CSR (which multiplies by MKL),
one message passing a hop, and the semantic attention of `HANConv`. Both have the same operators, widths and parameters
and take one step over the whole graph an epoch, each in a process of its own; they take turns, so that whatever else
the machine does slows both; seconds of a core, beside those that passed, hardly know of it. Both keep the memory that
they free, and multiply by what `kgrec.training.device` chose. Of kgrec what validation adds to an epoch is told too.
Where there is CUDA both run on it, and memory is the memory there. That the two compute the same is what
``tests/unit/test_infomax_loss.py`` shows.
"""

import json
import multiprocessing
import os
import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path

import click
import numpy as np
import torch
from torch import Tensor, nn
from torch_geometric.nn import DeepGraphInfomax, MessagePassing
from torch_geometric.nn.conv.han_conv import group
from torch_geometric.utils import spmm

from benchmarks.stages import peak
from gnn.adjacency import MetaPathAdjacency
from gnn.hops import Hop, hops
from gnn.infomax import HDGITraining, related
from gnn.items import Items
from gnn.meta_path import MetaPath
from gnn.relationships import Relationships
from gnn.settings import HDGISettings
from gnn.trainer import HELD_OUT
from gnn.training_graph import TrainingGraph
from kgrec.allocation import keep_freed_memory
from kgrec.training.device import device
from kgrec.training.fits import Fit

PATHS = ("INTERACTED", "INTERACTED > BY", "INTERACTED > IN_CATEGORY", "INTERACTED > SIMILAR_TO")
INTERACTIONS = 11  # of a user, on average
SIMILAR, CATEGORIES = 8, 3  # of an item, beside its one author
SETTINGS = HDGISettings(objective="infomax")


def made_up(n_users: int, n_features: int, seed: int = 0) -> TrainingGraph:
    """Make a graph of so many users, with features of noise ``[n_users, n_features]``."""
    draw = np.random.default_rng(seed)
    n_items = max(n_users // 6, 10)
    users, items = np.arange(n_users), n_users + np.arange(n_items)
    popularity = np.cumsum(draw.permutation(1.0 / np.arange(1, n_items + 1) ** 0.8))
    counts = draw.geometric(1.0 / INTERACTIONS, n_users)
    chosen = items[np.searchsorted(popularity / popularity[-1], draw.random(counts.sum())).clip(max=n_items - 1)]
    entity = n_users + n_items
    n_makers, n_categories = max(n_items // 4, 2), 300
    tables = {
        "INTERACTED": (np.repeat(users, counts), chosen),
        "BY": (items, entity + draw.integers(n_makers, size=n_items)),
        "IN_CATEGORY": (
            np.repeat(items, CATEGORIES),
            entity + n_makers + draw.zipf(1.3, CATEGORIES * n_items) % n_categories,
        ),
        "SIMILAR_TO": (np.repeat(items, SIMILAR), items[draw.integers(n_items, size=SIMILAR * n_items)]),
    }
    relationships = {name: Relationships.of(*np.unique(np.stack(ends), axis=1)) for name, ends in tables.items()}
    found: dict[MetaPath, list[Hop]] = {}
    for text in PATHS:
        walked = hops(MetaPath.parse(text), users, relationships)
        assert walked is not None
        found[MetaPath.parse(text)] = walked
    noise = torch.randn(n_users, n_features, generator=torch.Generator().manual_seed(seed))
    features = nn.functional.normalize(noise, dim=1)
    nothing = Items([], np.zeros(0, dtype=np.int64), torch.zeros(0, 0), [], {})
    ids = [str(user) for user in users]
    return TrainingGraph(Fit.FINAL, ids, features, "", found, [], found[MetaPath.parse(PATHS[0])][0], nothing)


class Convolution(MessagePassing):  # type: ignore[misc]
    """PyG's graph convolution over the hops of a meta-path, which are its adjacency as a product."""

    def __init__(self, in_dim: int, dim: int):
        super().__init__(aggr="add")
        self.lin = nn.Linear(in_dim, dim, bias=False)
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor, adjacency: MetaPathAdjacency) -> Tensor:
        """Convolve the features ``[n_users, in_dim]``: ``[n_users, dim]``."""
        rows = self.lin(x)
        out = rows
        for factor in reversed(adjacency.factors):
            out = self.propagate(factor, x=out)
        result: Tensor = out + adjacency.own * rows + self.bias
        return result

    def message_and_aggregate(self, adj_t: Tensor, x: Tensor) -> Tensor:
        """Sum over the neighbours by PyG's product of a sparse matrix."""
        result: Tensor = spmm(adj_t, x, "sum")
        return result


class Encoder(nn.Module):
    """HDGI-C of PyG's parts."""

    def __init__(self, in_dim: int, dim: int, n_paths: int, semantic_dim: int):
        super().__init__()
        self.convolutions = nn.ModuleList(Convolution(in_dim, dim) for _ in range(n_paths))
        self.activations = nn.ModuleList(nn.PReLU() for _ in range(n_paths))
        self.project = nn.Linear(dim, semantic_dim)
        self.query = nn.Parameter(torch.randn(1, semantic_dim) / semantic_dim**0.5)

    def forward(self, x: Tensor, adjacencies: list[MetaPathAdjacency]) -> Tensor:
        """Encode users of features ``[n_users, in_dim]``: ``[n_users, dim]``."""
        layers = zip(self.convolutions, self.activations, adjacencies, strict=True)
        states = [activate(convolve(x, adjacency)) for convolve, activate, adjacency in layers]
        combined: Tensor = group(states, self.query, self.project)[0]
        return combined


def of_pyg(in_dim: int, settings: HDGISettings, n_paths: int) -> DeepGraphInfomax:
    """PyG's infomax on the encoder."""
    return DeepGraphInfomax(
        settings.dim,
        encoder=Encoder(in_dim, settings.dim, n_paths, settings.semantic_dim),
        summary=lambda states, *_: torch.sigmoid(states.mean(dim=0)),
        corruption=lambda x, adjacencies: (x[torch.randperm(len(x))], adjacencies),
    )


def clocks() -> np.ndarray:
    """Seconds that have passed, and seconds that this process had a core."""
    return np.array([time.perf_counter(), time.process_time()])


def memory() -> float:
    """Peak of this process's memory in MiB, on CUDA of the memory there."""
    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else peak(os.getpid())


def _kgrec(pipe: Connection, n_users: int, n_features: int) -> None:
    keep_freed_memory()
    training = HDGITraining(made_up(n_users, n_features), SETTINGS, HELD_OUT)
    pipe.send(None)
    while pipe.recv():
        start = clocks()
        training.train_epoch(0)
        middle = clocks()
        training.validate()
        validated = clocks() - middle
        training.contrast.forget()  # each epoch begins as the first
        pipe.send((*(middle - start), validated[0], memory()))


def _pyg(pipe: Connection, n_users: int, n_features: int) -> None:
    keep_freed_memory()
    graph = made_up(n_users, n_features)
    where = device()
    adjacencies, features = related(graph, SETTINGS, where), graph.features.to(where)
    model = of_pyg(n_features, SETTINGS, len(PATHS)).to(where)
    optimizer = torch.optim.Adam(model.parameters(), lr=SETTINGS.learning_rate)
    pipe.send(None)
    while pipe.recv():
        start = clocks()
        optimizer.zero_grad()
        loss = model.loss(*model(features, adjacencies))
        loss.backward()
        optimizer.step()
        loss.item()
        pipe.send((*(clocks() - start), 0.0, memory()))


def measure(n_users: int, n_features: int, rounds: int) -> dict[str, object]:
    """Let both take turns for some rounds, after one that does not count."""
    spawned = multiprocessing.get_context("spawn")
    pipes = []
    for worker in (_kgrec, _pyg):
        mine, other = spawned.Pipe()
        spawned.Process(target=worker, args=(other, n_users, n_features), daemon=True).start()
        mine.recv()
        pipes.append(mine)
    found: list[list[tuple[float, float, float, float]]] = []
    for _ in range(rounds + 1):
        found.append([])
        for pipe in pipes:
            pipe.send(True)
            found[-1].append(pipe.recv())
    for pipe in pipes:
        pipe.send(False)
    counted = found[1:]
    ratios, of_cores = ([theirs[clock] / mine[clock] for mine, theirs in counted] for clock in (0, 1))
    return {
        "name": f"HDGI, {n_users:,} users, {n_features} features, beside PyG's CSR",
        "ratio_median": statistics.median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "ratio_of_core_seconds": statistics.median(of_cores),
        "rounds": rounds,
        "seconds": statistics.median(mine[0] for mine, _ in counted),
        "peer_seconds": statistics.median(theirs[0] for _, theirs in counted),
        "validation_seconds": statistics.median(mine[2] for mine, _ in counted),
        "validation_share_max": max(mine[2] / mine[0] for mine, _ in counted),
        "peak_mib": found[-1][0][3],
        "peer_peak_mib": found[-1][1][3],
    }


@click.command()
@click.option("--users", "sizes", type=int, multiple=True, default=(6_000, 60_000, 600_000), show_default=True)
@click.option("--features", default=640, show_default=True, help="Width of the features: text and structure.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--json", "path", type=click.Path(dir_okay=False, path_type=Path))
def main(sizes: tuple[int, ...], features: int, rounds: int, path: Path | None) -> None:
    """Print one line a size."""
    head = "| users | kgrec, s | PyG, s | ratio | least to most | of core seconds | validation, s | MiB | PyG, MiB |"
    print(f"{head}\n|{'---|' * 9}", flush=True)
    rows = []
    for n_users in sizes:
        row = measure(n_users, features, rounds)
        rows.append(row)
        print(
            f"| {n_users:,} | {row['seconds']:.3f} | {row['peer_seconds']:.3f} | {row['ratio_median']:.2f} "
            f"| {row['ratio_min']:.2f} to {row['ratio_max']:.2f} | {row['ratio_of_core_seconds']:.2f} "
            f"| {row['validation_seconds']:.3f} "
            f"| {row['peak_mib']:.0f} | {row['peer_peak_mib']:.0f} |",
            flush=True,
        )
    if path:
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
