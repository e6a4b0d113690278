"""What encodes an item that comes later, out of what a training learned (see `kgrec.item_encoder`)."""

from collections.abc import Callable

import numpy as np
from more_itertools import chunked

from gnn.items import Items
from gnn.shared_space import Maps
from kgrec.graph.database import Database
from kgrec.item_encoder import Ends, ItemEncoder

NODES = 10_000  # asked for in one statement


def item_encoder(items: Items, maps: Maps, run_id: str, keys_of: Callable[[list[int]], list[str]]) -> ItemEncoder:
    """Name the features that have vectors by keys.

    Args:
        items: that were learned from.
        maps: what was learned.
        run_id: of the personas.
        keys_of: gives the keys of nodes.
    """
    ends = {}
    for path, matrix in items.reached.items():
        weights = matrix.max(axis=0).toarray().ravel().astype(np.float32)  # each entry of a column is the same
        keys = keys_of(items.end_nodes[path].tolist())
        ends[path.steps[1:]] = Ends(keys, weights, maps.features[items.ends[path]])
    return ItemEncoder(run_id, len(items.item_ids), maps.text, ends)


def keys_in(database: Database) -> Callable[[list[int]], list[str]]:
    """Return what gives the keys of the nodes that were streamed from a database: ids differ from load to load."""

    def keys_of(node_ids: list[int]) -> list[str]:
        keys: list[str] = []
        for part in chunked(node_ids, NODES):
            keys += database.read("project/feature_keys", node_ids=part)[0]["keys"]
        return keys

    return keys_of
