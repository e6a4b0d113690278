"""Why an item, told by the graph: what it shares with the history, and with what of it others chose it."""

import math
import re

import numpy as np
import scipy.sparse as sp

from kgrec.graph.database import Database

ENOUGH = 2  # features, with which nothing is said of others; and users, so that nobody is told of
COMMON = 0.5  # share of all items: what so many have is no reason
# Categories by which Wikipedia keeps house, of whatever subject.
_HOUSEKEEPING = re.compile(
    r"^(All )?(articles|pages|Wikipedia articles|Wikipedia introduction|Wikimedia projects|CS1|Webarchive|"
    r"Use \S+ (dates|English))\b"
    r"|\b(articles|pages) (containing|lacking|needing|requiring|to be|using|with|without)\b"
    r"|^(Date|Place|Year) of .* (missing|unknown|uncertain)\b|\bstubs$"
    r"|^(?>.*?-related ).*articles$|^Short description\b",
    re.IGNORECASE,
)


def reasons(
    database: Database, recommended: list[tuple[str, list[str]]], shares: dict[str, float] | None = None
) -> list[list[str]]:
    """Name what each recommended item shares with the items of its history, as a profile of the history weighs it.

    First what most of the history has and few other items: a feature weighs the logarithm of one over its share of all
    items, once for each item of the history that has it. What half of all items share is no reason.

    Args:
        database: the graph.
        recommended: item id, and the item ids of the history that it was recommended for.
        shares: of all items that have a feature, as far as they are known; those that are read are added.

    Returns:
        At most two names a row, none where the graph shows nothing in common.
    """
    shares = {} if shares is None else shares
    wanted = {item_id for item_id, _ in recommended}.union(*(history for _, history in recommended))
    found = database.read("project/features_of_items", item_ids=sorted(wanted))
    features = {row["item_id"]: dict(zip(row["features"], row["names"], strict=True)) for row in found}
    shared = [
        {
            feature: sum(feature in features.get(own, ()) for own in set(history))
            for feature in features.get(item_id, ())
        }
        for item_id, history in recommended
    ]
    asked = {feature for one in shared for feature, n in one.items() if n} - shares.keys()
    read_shares(database, asked, shares)
    return [
        _named(features.get(item_id, {}), {feature: n for feature, n in one.items() if n}, shares)
        for (item_id, _), one in zip(recommended, shared, strict=True)
    ]


def read_shares(database: Database, features: set[str], shares: dict[str, float]) -> None:
    """Read which share of all items has each of some features, and add it to those that are known."""
    if features:
        for row in database.read("project/items_of_features", features=sorted(features)):
            shares[row["id"]] = row["items"] / row["n_items"]


def tells(name: str, share: float) -> bool:
    """Say whether it is a reason to share what has this name and is shared by so many of all items.

    What half of all items share is none, nor what Wikipedia keeps house by, such as "Articles containing video clips".
    """
    return share < COMMON and not _HOUSEKEEPING.search(name)


def _named(names: dict[str, str], shared: dict[str, int], shares: dict[str, float]) -> list[str]:
    """Name the two features of the most weight, by how many items of a history have each."""
    weights = {
        feature: -n * math.log(shares[feature])
        for feature, n in shared.items()
        if tells(names[feature], shares[feature])
    }
    ordered = sorted(weights, key=lambda feature: (-weights[feature], names[feature]))
    return list(dict.fromkeys(names[feature] for feature in ordered))[:ENOUGH]


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
    for place in np.argsort(-cosines, kind="stable"):
        if not cosines[place]:
            break
        both = together(chosen, item, int(own[place]))
        if both >= ENOUGH:
            return int(own[place]), both
    return None


def together(chosen: sp.csc_matrix, item: int, other: int) -> int:
    """Count the users who had both of two items, of ``chosen`` as `companion` has it."""
    return _in_both(_users(chosen, item), _users(chosen, other))


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
