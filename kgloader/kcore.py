"""The k-core of the user-item graph: everybody left has at least k partners who are left as well.

Core values come from the Graph Data Science library (Batagelj and Zaversnik, 2003, "An O(m) algorithm for cores
decomposition of networks"). A user counts an item once, however often they met.
"""

import uuid

from kgloader.database import Database
from kgloader.report import Report

NODES_PER_BATCH = 1_000


def keep_core(database: Database, k: int, report: Report) -> None:
    """Delete the users and items outside the k-core, with their interactions and sessions.

    All interactions count, those for validation and test as well, as in the published 5-core sets. Users who lose an
    item become ``Changed``. An interrupted call may leave some nodes outside the core; a repeat removes them.

    Args:
        database: the graph.
        k: how many distinct partners everybody has at least.
        report: where the removed users and items are counted.

    Raises:
        KgrecError: the server has no Graph Data Science library, or too little memory for the projection.
    """
    outside = _outside(database, k)
    for start in range(0, len(outside), NODES_PER_BATCH):
        keys = database.read("load/core_keys", nodes=outside[start : start + NODES_PER_BATCH])
        users = [row["user_id"] for row in keys if row["user_id"] is not None]
        items = [row["item_id"] for row in keys if row["item_id"] is not None]
        database.write_together([("load/core_items", {"items": items}), ("load/core_users", {"users": users})])
        report.removed[f"users outside the {k}-core"] += len(users)
        report.removed[f"items outside the {k}-core"] += len(items)


def _outside(database: Database, k: int) -> list[int]:
    """Node numbers with a core value below ``k``."""
    gds = database.gds()
    graph_name = f"kgrec-core-{uuid.uuid4()}"
    pairs = {"INTERACTED": {"orientation": "UNDIRECTED", "aggregation": "SINGLE"}}
    try:
        graph, _ = gds.graph.project.native(graph_name, ["User", "Item"], pairs, log_progress=False)
        cores = gds.k_core_decomposition.stream(graph, log_progress=False)
    finally:
        gds.graph.drop(graph_name, fail_if_missing=False)
    return [int(node) for node in cores.loc[cores["coreValue"] < k, "nodeId"]]
