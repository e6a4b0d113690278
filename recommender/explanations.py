"""Why an item, told by the graph: what it shares with the history, and with what of it others chose it."""

import numpy as np
import scipy.sparse as sp

from kgrec.graph.database import Database

ENOUGH = 2  # features, with which nothing is said of others; and users, so that nobody is told of


def reasons(database: Database, recommended: list[tuple[str, list[str]]]) -> list[list[str]]:
    """Name what each recommended item shares with the items of its history, as a profile of the history weighs it.

    First what most of the history has and few other items; what half of all items share is no reason.

    Args:
        recommended: item id, and the item ids of the history that it was recommended for.

    Returns:
        At most two names a row, none where the graph shows nothing in common.
    """
    rows = [{"item_id": item_id, "history": history} for item_id, history in recommended]
    found = {row["number"]: row["features"] for row in database.read("project/reasons", rows=rows)}
    return [found.get(number, []) for number in range(len(rows))]


def companion(near: sp.csr_matrix, chosen: sp.csc_matrix, item: int, history: list[int]) -> tuple[int, int] | None:
    """Find the item of the history that this one co-occurs with most.

    Args:
        near: for each item, the row, the cosines of those that have it among their nearest.
            ``[n_items + 1, n_items + 1]``
        chosen: which users had which items, their rows in order. ``[n_users, n_items + 1]``
        item: number of the recommended item.
        history: item numbers.

    Returns:
        Its number and how many users had both; ``None`` where fewer than `ENOUGH` had.
    """
    own = np.array(sorted(set(history)))
    cosines = near[own][:, [item]].toarray().ravel()
    users = _users(chosen, item)
    for place in np.argsort(-cosines, kind="stable"):
        if not cosines[place]:
            break
        both = _in_both(users, _users(chosen, int(own[place])))
        if both >= ENOUGH:
            return int(own[place]), both
    return None


def _users(chosen: sp.csc_matrix, item: int) -> np.ndarray:
    rows: np.ndarray = chosen.indices[chosen.indptr[item] : chosen.indptr[item + 1]]
    return rows


def _in_both(one: np.ndarray, other: np.ndarray) -> int:
    """Count what two ascending arrays have in common."""
    few, many = sorted((one, other), key=len)
    if not len(few):
        return 0
    places = np.searchsorted(many, few).clip(max=len(many) - 1)
    return int((many[places] == few).sum())
