"""From Neo4j to memory: a GDS projection of the interactions and the facts, streamed and dropped again."""

import numpy as np
import pandas as pd
from more_itertools import chunked

from gnn.meta_path import START, MetaPath
from gnn.streamed_graph import StreamedGraph
from kgrec.errors import KgrecError
from kgrec.graph.co_occurrence import RELATIONSHIP, co_occurrence_run, ensure_whole
from kgrec.graph.database import Database
from kgrec.graph.lock import undisturbed
from kgrec.graph.splits import ensure_split
from kgrec.training.fits import Fit

NODES = 10_000  # asked for in one statement


@undisturbed
def stream_graph(
    database: Database, meta_paths: list[MetaPath], splits: tuple[str, ...] = Fit.FINAL.splits
) -> StreamedGraph:
    """Project the interactions with the facts around them, stream the projection, and drop it.

    Each interaction keeps its split, and co-occurrence its fit, so that one stream serves all fits.

    Args:
        database: the graph.
        meta_paths: whose relationship types are wanted.
        splits: of the interactions that are wanted; co-occurrence is of the fits that learn from no others.

    Raises:
        KgrecError: the graph is empty, not split yet, or has no text embeddings, or no co-occurrence that is asked for.
    """
    ensure_split(database)
    user_ids = [row["user_id"] for row in database.stream("project/persona_users")]
    if not user_ids:
        raise KgrecError("The graph has no users: load interactions first, with `kgrec load amazon`.")
    types = sorted(set.union(*(path.types for path in meta_paths)))
    fits = [fit for fit in Fit if set(fit.splits) <= set(splits)] if RELATIONSHIP in types else []
    runs = {fit: co_occurrence_run(database, fit) for fit in fits}
    with database.projection(
        "project/personas",
        types=[name for name in types if name != RELATIONSHIP],
        splits=list(splits),
        co_occurrence=[{"fit": fit.value, "run_id": run.run_id} for fit, run in runs.items()],
    ) as (gds, graph):
        streamed: pd.DataFrame = gds.graph.relationships.stream(graph)
    # A type of its own for each split, such as INTERACTED:train; sorted, so that the same graph gives the same files.
    streamed = streamed.sort_values(["relationshipType", "sourceNodeId", "targetNodeId"], ignore_index=True)
    kind = streamed["relationshipType"].astype("str")
    interactions, co_occurrence = (
        _of_each(streamed, kind, name, column) for name, column in ((START, "split"), (RELATIONSHIP, "fit"))
    )
    for fit, run in runs.items():
        ensure_whole(fit, run, int((co_occurrence["fit"] == fit.value).sum()))
    facts = streamed[~kind.str.contains(":")].reset_index(drop=True)
    nodes = _user_nodes(database, user_ids, interactions["sourceNodeId"].unique())
    leading_from_items = {name for path in meta_paths if len(path.steps) > 1 for name in path.steps[1]}
    with_facts = facts.loc[facts["relationshipType"].isin(leading_from_items), "sourceNodeId"]
    items = _items(database, np.union1d(interactions["targetNodeId"], with_facts))
    return StreamedGraph(user_ids, nodes, interactions, facts, co_occurrence, types, *items)


def _of_each(streamed: pd.DataFrame, kind: pd.Series, name: str, column: str) -> pd.DataFrame:
    """Take the relationships of types such as INTERACTED:train, with what follows the name in a column of its own."""
    mine = kind.str.startswith(f"{name}:")
    found = streamed.loc[mine, ["sourceNodeId", "targetNodeId"]].reset_index(drop=True)
    found[column] = kind[mine].str.removeprefix(f"{name}:").to_numpy()
    return found


def _user_nodes(database: Database, user_ids: list[str], projected: np.ndarray) -> np.ndarray:
    """Node id of each user, as GDS streams it; a negative number for users without interactions."""
    nodes = -1 - np.arange(len(user_ids))
    position = {user_id: row for row, user_id in enumerate(user_ids)}
    for node_ids in chunked(projected.tolist(), NODES):
        for row in database.read("project/persona_user_nodes", node_ids=node_ids):
            if row["user_id"] in position:  # else loaded a moment ago
                nodes[position[row["user_id"]]] = row["node_id"]
    return nodes


def _items(database: Database, nodes: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Those of the nodes that are items: their ids, nodes, text embeddings ``[n, text_dim]``, and what made them."""
    item_ids: list[str] = []
    found: list[int] = []
    made_of: list[str] = []
    texts: dict[int, np.ndarray] = {}
    for node_ids in chunked(nodes.tolist(), NODES):
        for row in database.stream("project/persona_items", node_ids=node_ids):
            if row["embedding"] is not None:
                texts[len(found)] = np.array(row["embedding"], dtype=np.float32)
            item_ids.append(row["item_id"])
            found.append(row["node_id"])
            made_of.append(row["made_of"])
    if not texts:
        raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")
    embeddings = np.zeros((len(found), len(next(iter(texts.values())))), dtype=np.float32)
    embeddings[list(texts)] = np.stack(list(texts.values()))
    order = np.argsort(np.array(item_ids, dtype=object))
    return [item_ids[row] for row in order], np.array(found)[order], embeddings[order], [made_of[row] for row in order]
