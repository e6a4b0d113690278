"""A data set of bare sequences, as ``experiment save`` would leave it: a user a line, item numbers in order of time.

    python -m benchmarks.sequences --sequences input.txt --out real-data/ml-1m-saved
    python -m benchmarks.experiment run --data real-data/ml-1m-saved --out runs/ml-1m --seed 2

Such are the sequences of MovieLens-1M beside the code of gSASRec. Nothing is told of the items: all have the same text
embedding, and no fact. Of each user the last item is for the test and the one before for validation.
"""

from pathlib import Path

import click
import numpy as np
import scipy.sparse as sp
import torch

from gnn.meta_path import MetaPath
from gnn.relationships import Relationships
from gnn.settings import HDGISettings
from gnn.streamed_graph import StreamedGraph
from kgrec.graph.co_occurrence import neighbours
from kgrec.settings import load_section
from kgrec.training.fits import Fit
from recommender.co_occurring import nearest
from recommender.dataset import Dataset
from recommender.sequences import NO_TIME, SPLITS, TEST, TRAIN, VALIDATION, Sequences

MIN_ITEMS = 3  # of a user whose last two are not for training


def dataset_of(histories: list[list[str]]) -> Dataset:
    """Number items and users, split, and compute the co-occurrence that a graph would keep."""
    item_ids = sorted({item for history in histories for item in history})
    number = {item_id: number for number, item_id in enumerate(item_ids, start=1)}
    lengths = np.array([len(history) for history in histories])
    offsets = np.concatenate([[0], lengths.cumsum()])
    splits = np.full(offsets[-1], TRAIN, dtype=np.int8)
    ends = offsets[1:][lengths >= MIN_ITEMS]
    splits[ends - 1], splits[ends - 2] = TEST, VALIDATION
    items = np.array([number[item] for history in histories for item in history], dtype=np.int64)
    sequences = Sequences(offsets, items, splits, np.full(len(items), NO_TIME))
    texts = torch.ones(len(item_ids) + 1, 1)
    texts[0] = 0.0
    nothing = sp.csr_matrix(np.zeros((len(item_ids) + 1, 0), dtype=np.float32))
    return Dataset(
        item_ids=item_ids,
        titles=item_ids,
        user_ids=[f"{user:06}" for user in range(len(histories))],
        sequences=sequences,
        texts=texts,
        texts_digest="all alike",
        facts={"catalogue": nothing, "DBpedia": nothing},
        co_occurrence={
            fit: nearest(sequences.known(fit).matrix(len(item_ids)), neighbours(len(item_ids))) for fit in Fit
        },
        split="leave-one-out, in the order of the file",
        personas={},
    )


def graph_of(dataset: Dataset) -> StreamedGraph:
    """Return the interactions of the same data as GDS would stream them."""
    n_users, sequences = len(dataset.user_ids), dataset.sequences
    users, items = np.repeat(np.arange(n_users), np.diff(sequences.offsets)), n_users + sequences.items - 1
    interactions = {}
    for number, split in enumerate(SPLITS):
        mine = sequences.splits == number
        interactions[split] = Relationships.together([Relationships.of(users[mine], items[mine])])
    paths = [MetaPath.parse(path) for path in load_section("hdgi", HDGISettings).meta_paths]
    return StreamedGraph(
        user_ids=dataset.user_ids,
        user_nodes=np.arange(n_users),
        interactions=interactions,
        facts={},
        co_occurrence={},
        types=sorted(set.union(*(path.types for path in paths))),
        item_ids=dataset.item_ids,
        item_nodes=n_users + np.arange(dataset.n_items),
        texts=dataset.texts[1:].numpy(),
        made_of=["all alike"] * dataset.n_items,
    )


@click.command()
@click.option("--sequences", "path", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
def main(path: Path, out: Path) -> None:
    """Save what the trainings read."""
    dataset = dataset_of([line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()])
    dataset.save(out / "dataset")
    graph_of(dataset).save(out / "graph")


if __name__ == "__main__":
    main()
