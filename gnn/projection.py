"""From Neo4j to tensors: a GDS projection of the training graph, streamed and dropped again."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from more_itertools import chunked
from torch import Tensor

from gnn.adjacency import Hop, hops, profile
from gnn.meta_path import START, MetaPath
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.splits import ensure_split
from kgrec.training.fingerprint import fingerprint

NODES = 10_000  # asked for in one statement


@dataclass(frozen=True)
class TrainingGraph:
    """What personas are learned from; users in the order of their ids.

    Attributes:
        user_ids: ``[n_users]``
        features: text part and structure part side by side ``[n_users, text_dim + n_paths * structure_dim]``
        texts: digest of the models and texts that the text part was made of.
        paths: the meta-paths that have instances, each with its hops.
        missing: meta-paths that were asked for and have none.
    """

    user_ids: list[str]
    features: Tensor
    texts: str
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
    user_ids = [row["user_id"] for row in database.stream("project/persona_users")]
    if not user_ids:
        raise KgrecError("The graph has no users: load interactions first, with `kgrec load amazon`.")
    relationships = _stream(database, sorted(set.union(*(path.types for path in meta_paths))))
    nodes = _user_nodes(database, user_ids, relationships)
    purchases = hops(MetaPath.parse(START), nodes, relationships)
    if purchases is None:
        raise KgrecError("The graph has no training interactions: load interactions first, with `kgrec load amazon`.")
    followed = {path: hops(path, nodes, relationships) for path in meta_paths}
    paths = {path: found for path, found in followed.items() if found is not None}
    missing = [path for path, found in followed.items() if found is None]
    if not paths:
        raise KgrecError("The graph has no instance of any of the meta-paths: load the facts that they walk.")
    text, texts = _user_text(database, purchases[0])
    features = torch.cat([text, *signatures(paths.values(), structure_dim, seed)], dim=1)
    return TrainingGraph(user_ids, features, texts, paths, missing)


def _stream(database: Database, types: list[str]) -> pd.DataFrame:
    with database.projection("project/personas", types=types) as (gds, graph):
        return gds.graph.relationships.stream(graph)


def _user_nodes(database: Database, user_ids: list[str], relationships: pd.DataFrame) -> np.ndarray:
    """Node id of each user, as GDS streams it; a negative number for users without training interactions."""
    nodes = -1 - np.arange(len(user_ids))
    position = {user_id: row for row, user_id in enumerate(user_ids)}
    projected = relationships.loc[relationships["relationshipType"] == START, "sourceNodeId"].unique()
    for node_ids in chunked(projected.tolist(), NODES):
        for row in database.read("project/persona_user_nodes", node_ids=node_ids):
            if row["user_id"] in position:  # else loaded a moment ago
                nodes[position[row["user_id"]]] = row["node_id"]
    return nodes


def _user_text(database: Database, purchases: Hop) -> tuple[Tensor, str]:
    """Sum of the text embeddings of each user's training items, each by 1/sqrt(its popularity), of length 1.

    Returns:
        The sums ``[n_users, text_dim]``, and a digest of what the embeddings were made of.
    """
    position = {int(node): row for row, node in enumerate(purchases.node_ids)}
    made_of: list[str | None] = [None] * len(position)
    text: Tensor | None = None
    for node_ids in chunked(position, NODES):
        for row in database.stream("project/persona_items", node_ids=node_ids):
            embedding = torch.tensor(row["embedding"])
            if text is None:
                text = torch.zeros(len(position), len(embedding))
            text[position[row["node_id"]]] = embedding
            made_of[position[row["node_id"]]] = row["made_of"]
    if text is None:
        raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")
    return torch.nn.functional.normalize(profile([purchases], text), dim=1), fingerprint(made_of)


def signatures(paths: Iterable[list[Hop]], dim: int, seed: int) -> list[Tensor]:
    """Random projection of what each user reaches by each meta-path, of length 1: ``[n_users, dim]`` a path.

    The convolution only averages features over neighbours; without a trace of *which* entity made them neighbours
    the text alone could not tell two themes apart (very sparse random projection, as in FastRP, Chen et al. 2019).
    """
    return [_signature(path, dim, np.random.default_rng([seed, number])) for number, path in enumerate(paths)]


def _signature(path_hops: list[Hop], dim: int, generator: np.random.Generator) -> Tensor:
    if dim == 0:
        return torch.zeros(path_hops[0].matrix.shape[0], 0)
    n_last = len(path_hops[-1].node_ids)
    signs = generator.choice([-1.0, 0.0, 1.0], size=(n_last, dim), p=[1 / 6, 2 / 3, 1 / 6])
    projected = profile(path_hops, torch.from_numpy(signs * np.sqrt(3.0)).float())
    return torch.nn.functional.normalize(projected, dim=1)
