"""From Neo4j to tensors: a GDS projection of the training graph, streamed and dropped again."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from gnn.adjacency import Hop, hops, profile
from gnn.meta_path import MetaPath
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.splits import ensure_split


@dataclass(frozen=True)
class TrainingGraph:
    """What personas are learned from; users in the order of their ids.

    Attributes:
        user_ids: ``[n_users]``
        features: text part and structure part side by side ``[n_users, text_dim + n_paths * structure_dim]``
        paths: the meta-paths that have instances, each with its hops.
        missing: meta-paths that were asked for and have none.
    """

    user_ids: list[str]
    features: Tensor
    paths: dict[MetaPath, list[Hop]]
    missing: list[MetaPath]


def stream_training_graph(
    database: Database, meta_paths: list[MetaPath], structure_dim: int, seed: int
) -> TrainingGraph:
    """Project the training interactions with the facts around them, stream the projection, and drop it.

    Raises:
        KgrecError: the graph is empty, not split yet, has no text embeddings, or no instance of any meta-path.
    """
    ensure_split(database)
    users = pd.DataFrame(database.read("project/persona_users"), columns=["node_id", "user_id"])
    if users.empty:
        raise KgrecError("The graph has no users: load interactions first, with `kgrec load amazon`.")
    relationships = _stream(database, sorted(set.union(*(path.types for path in meta_paths))))
    nodes = users["node_id"].to_numpy()
    purchases = hops(MetaPath.parse("INTERACTED"), nodes, relationships)
    if purchases is None:
        raise KgrecError("The graph has no training interactions: load interactions first, with `kgrec load amazon`.")
    followed = {path: hops(path, nodes, relationships) for path in meta_paths}
    paths = {path: found for path, found in followed.items() if found is not None}
    missing = [path for path, found in followed.items() if found is None]
    if not paths:
        raise KgrecError("The graph has no instance of any of the meta-paths: load the facts that they walk.")
    text = _user_text(database, purchases[0])
    structure = [_signature(found, structure_dim, seed + number) for number, found in enumerate(paths.values())]
    features = torch.cat([text, *structure], dim=1)
    return TrainingGraph(users["user_id"].tolist(), features, paths, missing)


def _stream(database: Database, types: list[str]) -> pd.DataFrame:
    with database.projection("project/personas", types=types) as (gds, graph):
        return gds.graph.relationships.stream(graph)


def _user_text(database: Database, purchases: Hop) -> Tensor:
    """Mean text embedding of each user's training items, of length 1: ``[n_users, text_dim]``."""
    position = {int(node): row for row, node in enumerate(purchases.node_ids)}
    text: Tensor | None = None
    for row in database.stream("project/persona_items"):
        embedding = torch.tensor(row["embedding"])
        if text is None:
            text = torch.zeros(len(position), len(embedding))
        if row["node_id"] in position:
            text[position[row["node_id"]]] = embedding
    if text is None:
        raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")
    return torch.nn.functional.normalize(profile([purchases], text), dim=1)


def _signature(path_hops: list[Hop], dim: int, seed: int) -> Tensor:
    """Random projection of what a user reaches by a meta-path, of length 1: ``[n_users, dim]``.

    The convolution only averages features over neighbours; without a trace of *which* entity made them neighbours
    the text alone could not tell two themes apart (very sparse random projection, as in FastRP, Chen et al. 2019).
    """
    if dim == 0:
        return torch.zeros(path_hops[0].matrix.shape[0], 0)
    generator = np.random.default_rng(seed)
    n_last = len(path_hops[-1].node_ids)
    signs = generator.choice([-1.0, 0.0, 1.0], size=(n_last, dim), p=[1 / 6, 2 / 3, 1 / 6])
    projected = profile(path_hops, torch.from_numpy(signs * np.sqrt(3.0)).float())
    return torch.nn.functional.normalize(projected, dim=1)
