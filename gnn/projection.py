"""From Neo4j to memory: a GDS projection of the interactions and the facts, streamed and dropped again."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from more_itertools import chunked

from gnn.meta_path import START, MetaPath
from gnn.relationships import Relationships
from gnn.streamed_graph import StreamedGraph
from kgrec.counted import Counted, counting, uncounted
from kgrec.errors import KgrecError
from kgrec.graph.co_occurrence import RELATIONSHIP, co_occurrence_run, ensure_whole
from kgrec.graph.database import Database
from kgrec.graph.jobs import watched
from kgrec.graph.lock import undisturbed
from kgrec.graph.splits import ensure_split
from kgrec.graph.transaction_size import rows_at_once
from kgrec.training.fits import Fit

if TYPE_CHECKING:
    from graphdatascience.graph.graph_api import Graph

NODES = 10_000  # asked for in one statement
PAIRS = 50_000  # relationships of a record
AT_ONCE = 500  # embeddings that are lists of numbers at once
HELD = 64  # bytes of the server for a relationship that is collected
HALF = 0.5  # of what transactions may take: the projection itself is in the heap too


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
    n_users, n_items = database.read("project/size")[0].values()
    with counting("Reading the users") as counted:
        user_ids = [row["user_id"] for row in counted(database.stream("project/persona_users"), "users", n_users)]
    if not user_ids:
        raise KgrecError("The graph has no users: load interactions first, with `kgrec load amazon`.")
    types = sorted(set.union(*(path.types for path in meta_paths)))
    fits = [fit for fit in Fit if set(fit.splits) <= set(splits)] if RELATIONSHIP in types else []
    runs = {fit: co_occurrence_run(database, fit) for fit in fits}
    asked = {
        "types": [name for name in types if name != RELATIONSHIP],
        "splits": list(splits),
        "co_occurrence": [{"fit": fit.value, "run_id": run.run_id} for fit, run in runs.items()],
    }
    with (
        projected(database, "Projecting the graph", "project/personas", **asked) as graph,
        counting("Reading the graph") as counted,
    ):
        streamed = stream_relationships(database, graph, counted)
    # A type of its own for each split, such as INTERACTED:train.
    interactions, co_occurrence = (_of_each(streamed, name) for name in (START, RELATIONSHIP))
    for fit, run in runs.items():
        ensure_whole(fit, run, len(co_occurrence.get(fit.value, ())))
    facts = {name: found for name, found in streamed.items() if ":" not in name}
    nodes = _user_nodes(database, user_ids, _unique(found.sources for found in interactions.values()))
    leading_from_items = {name for path in meta_paths if len(path.steps) > 1 for name in path.steps[1]}
    with_facts = (found.sources for name, found in facts.items() if name in leading_from_items)
    targets = _unique([*(found.targets for found in interactions.values()), *with_facts])
    with counting("Reading the texts") as counted:
        items = _items(database, targets, counted, min(len(targets), n_items))
    return StreamedGraph(user_ids, nodes, interactions, facts, co_occurrence, types, *items)


@contextmanager
def projected(database: Database, what: str, name: str, **parameters: Any) -> Iterator["Graph"]:
    """Project as `Database.projection` does, and show on standard error how far that is, but not the block."""
    with ExitStack() as held:
        with watched(database, what) as job_id:
            _, graph = held.enter_context(database.projection(name, job_id, **parameters))
        yield graph


class ProjectionStream:
    """Streams a projection a type at a time, in parts of which the server can hold each.

    Args:
        database: the server that has it.
        graph: the projection.
    """

    def __init__(self, database: Database, graph: "Graph"):
        self._database = database
        total = max(1, int(graph.relationship_count()))
        self._parts = -(-total // rows_at_once(database, HELD, total, HALF))  # the whole is streamed for each
        records = -(-total // (self._parts * PAIRS))
        self._asked = {"graph_name": graph.name(), "parts": self._parts, "records": records}

    def of_type(self, name: str) -> Relationships:
        """Stream the relationships of a type that the projection has."""
        sources, targets = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for part in range(self._parts):
            asked = self._asked | {"type": name, "part": part}
            for row in self._database.stream("project/relationships", fetch_size=1, **asked):
                sources.append(np.array(row["sources"], dtype=np.int64))
                targets.append(np.array(row["targets"], dtype=np.int64))
        return Relationships.of(np.concatenate(sources), np.concatenate(targets))


def stream_relationships(database: Database, graph: "Graph", counted: Counted = uncounted) -> dict[str, Relationships]:
    """Stream a projection by types; those without a relationship are left out."""
    stream = ProjectionStream(database, graph)
    types = sorted(graph.relationship_types())
    streamed = {name: stream.of_type(name) for name in counted(types, "types of relationships", len(types))}
    return {name: found for name, found in streamed.items() if len(found)}


def _of_each(streamed: dict[str, Relationships], name: str) -> dict[str, Relationships]:
    """Take the types such as INTERACTED:train, by what follows the name."""
    return {kind.partition(":")[2]: found for kind, found in streamed.items() if kind.startswith(f"{name}:")}


def _unique(nodes: Iterable[np.ndarray]) -> np.ndarray:
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *nodes]))


def _user_nodes(database: Database, user_ids: list[str], projected: np.ndarray) -> np.ndarray:
    """Node id of each user, as GDS streams it; a negative number for users without interactions."""
    nodes = -1 - np.arange(len(user_ids))
    position = {user_id: row for row, user_id in enumerate(user_ids)}
    for start in range(0, len(projected), NODES):
        batch = projected[start : start + NODES]
        (row,) = database.read("project/persona_user_nodes", node_ids=batch.tolist())
        places = np.array([position.get(user_id, -1) for user_id in row["user_ids"]])
        known = places >= 0  # else loaded a moment ago
        nodes[places[known]] = batch[known]
    return nodes


def _items(
    database: Database, nodes: np.ndarray, counted: Counted, n_items: int
) -> tuple[list[str], np.ndarray, np.ndarray, list[str]]:
    """Those of the nodes that are items: their ids, nodes, text embeddings ``[n, text_dim]``, and what made them."""
    item_ids: list[str] = []
    found: list[int] = []
    made_of: list[str] = []
    texts = np.zeros((len(nodes), 0), dtype=np.float32)
    rows = (
        row
        for node_ids in chunked(nodes.tolist(), NODES)
        for row in database.stream("project/persona_items", fetch_size=AT_ONCE, node_ids=node_ids)
    )
    for row in counted(rows, "texts", n_items):
        if row["embedding"] is not None:
            if not texts.shape[1]:
                texts = np.zeros((len(nodes), len(row["embedding"])), dtype=np.float32)
            texts[len(found)] = row["embedding"]
        item_ids.append(row["item_id"])
        found.append(row["node_id"])
        made_of.append(row["made_of"])
    if not texts.shape[1]:
        raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")
    order = np.argsort(np.array(item_ids, dtype=object))
    return [item_ids[row] for row in order], np.array(found)[order], texts[order], [made_of[row] for row in order]
