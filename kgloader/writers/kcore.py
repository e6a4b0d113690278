"""The k-core of the user-item graph: everybody left has at least k partners who are left as well.

Core values come from the Graph Data Science library (Batagelj and Zaversnik, 2003, "An O(m) algorithm for cores
decomposition of networks"). A user counts an item once, however often they met.
"""

from more_itertools import chunked

from kgloader.report import Report, progress_bar
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.jobs import watched

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
        KgrecError: nothing would be left (then nothing is deleted), the server has no Graph Data Science library, or
            too little memory for it.
    """
    outside = _outside(database, k)
    if not outside:
        return
    items: list[str] = []
    with progress_bar(f"removing what is outside the {k}-core", "users and items", len(outside)) as advance:
        for nodes in chunked(outside, NODES_PER_BATCH):
            keys = database.read("load/core_keys", nodes=nodes)
            items += [row["item_id"] for row in keys if row["item_id"] is not None]
            users = [row["user_id"] for row in keys if row["user_id"] is not None]
            database.write("load/core_users", users=users)
            report.removed[f"users outside the {k}-core"] += len(users)
            advance(len(users))
        # Items go last: a popular one may be outside the core, and now has fewer than k users left to part from.
        for batch in chunked(items, NODES_PER_BATCH):
            database.write("load/core_items", items=batch)
            advance(len(batch))
    report.removed[f"items outside the {k}-core"] += len(items)


def _outside(database: Database, k: int) -> list[int]:
    """Node numbers with a core value below ``k``."""
    with (
        watched(database, f"Finding the {k}-core") as job_id,
        database.projection("load/core_projection", job_id) as (gds, graph),
    ):
        cores = gds.k_core_decomposition.stream(graph, job_id=job_id)
    outside = cores.loc[cores["coreValue"] < k, "nodeId"]
    if len(outside) == len(cores):
        raise KgrecError(f"The {k}-core is empty, nothing was removed: load again with a smaller --k-core, or without.")
    return [int(node) for node in outside]
