"""Interactions as columns: each user, item and time once, in the order in which a user's interactions count."""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kgloader.readers.records import Interaction

ROWS_AT_ONCE = 500_000  # of which the texts are made, so that memory is that of the numbers


@dataclass(frozen=True)
class Interactions:
    """Interactions in columns.

    Attributes:
        users: distinct ids of users ``[u]``, text.
        items: distinct ids of items ``[i]``, text.
        user: place in ``users`` ``[n]``.
        item: place in ``items`` ``[n]``.
        rating: NaN where there is none ``[n]``.
        timestamp: epoch milliseconds ``[n]``; ``None`` where the file has no times.
        position: line of the file ``[n]``.
    """

    users: pa.StringArray
    items: pa.StringArray
    user: np.ndarray
    item: np.ndarray
    rating: np.ndarray
    timestamp: np.ndarray | None
    position: np.ndarray

    def __len__(self) -> int:
        return len(self.user)

    def taken(self, places: np.ndarray) -> "Interactions":
        """Return the interactions at these places, or where this mask is true; all users and items stay."""
        return replace(
            self,
            user=self.user[places],
            item=self.item[places],
            rating=self.rating[places],
            timestamp=None if self.timestamp is None else self.timestamp[places],
            position=self.position[places],
        )


def from_records(records: Iterable[Interaction]) -> Interactions:
    """Gather records in columns: no object of a row is kept.

    All have a time, or none has one.
    """
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    user, item, time, position, rating = array("q"), array("q"), array("q"), array("q"), array("d")
    for record in records:
        user.append(users.setdefault(record.user_id, len(users)))
        item.append(items.setdefault(record.item_id, len(items)))
        rating.append(float("nan") if record.rating is None else record.rating)
        position.append(record.position)
        if record.timestamp is not None:
            time.append(record.timestamp)
    return Interactions(
        pa.array(list(users), pa.string()),
        pa.array(list(items), pa.string()),
        np.array(user),
        np.array(item),
        np.array(rating),
        np.array(time) if len(time) == len(user) else None,
        np.array(position),
    )


def tie_breaks(interactions: Interactions, seed: int) -> np.ndarray | None:
    """Return `kgloader.writers.ties.tie_break` of all interactions ``[n]``; ``None`` where they have no times."""
    if interactions.timestamp is None:
        return None
    found = [np.zeros(0, dtype=np.int64)]
    for first in range(0, len(interactions), ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        keys = pc.binary_join_element_wise(
            str(seed),
            pa.array(interactions.timestamp[rows]).cast(pa.string()),
            interactions.users.take(pa.array(interactions.user[rows])),
            interactions.items.take(pa.array(interactions.item[rows])),
            "\0",
        )
        digests = b"".join([blake2b(key, digest_size=8).digest() for key in keys.cast(pa.binary()).to_pylist()])
        found.append((np.frombuffer(digests, dtype=">u8") >> np.uint64(1)).astype(np.int64))
    return np.concatenate(found)


def in_order(interactions: Interactions, tie: np.ndarray | None) -> tuple[Interactions, np.ndarray | None]:
    """Order by user, time, tie-break and line; of those of one user, item and time the first line stays.

    Without times the line counts, and every line stays.

    Args:
        interactions: in the order of their lines.
        tie: their tie-breaks ``[n]``; ``None`` without times.

    Returns:
        what is left, and its tie-breaks. Two items of one time whose 63 bits are the same stand by their place in
        ``items``.
    """
    if interactions.timestamp is None or tie is None:
        return interactions.taken(np.argsort(interactions.user, kind="stable")), None
    order = np.lexsort((interactions.item, tie, interactions.timestamp, interactions.user))  # stable: lines in order
    ordered, tie = interactions.taken(order), tie[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = _changes(ordered.user) | _changes(ordered.item) | _changes(interactions.timestamp[order])
    return ordered.taken(new), tie[new]


def core(interactions: Interactions, k: int) -> np.ndarray:
    """Tell which interactions are of the k-core ``[n]``, as `kgloader.writers.kcore` does: all left have k partners.

    Whoever has too few is left out, again and again until nobody has. A user counts an item once.
    """
    pairs = np.unique(interactions.user * len(interactions.items) + interactions.item)
    user, item = np.divmod(pairs, max(1, len(interactions.items)))
    of_user, of_item = np.ones(len(interactions.users), bool), np.ones(len(interactions.items), bool)
    while True:  # each round is as long as what is left
        of_user &= np.bincount(user, minlength=len(of_user)) >= k
        of_item &= np.bincount(item, minlength=len(of_item)) >= k
        left = of_user[user] & of_item[item]
        if left.all():
            return np.asarray(of_user[interactions.user] & of_item[interactions.item])
        user, item = user[left], item[left]


def without_the_lonely(interactions: Interactions) -> Interactions:
    """Drop users and items without interactions from ``users`` and ``items``."""
    user, users = _renumbered(interactions.user, interactions.users)
    item, items = _renumbered(interactions.item, interactions.items)
    return replace(interactions, user=user, users=users, item=item, items=items)


def _renumbered(places: np.ndarray, of: pa.StringArray) -> tuple[np.ndarray, pa.StringArray]:
    met = np.bincount(places, minlength=len(of)) > 0
    return (np.cumsum(met) - 1)[places], of.filter(pa.array(met))


def _changes(column: np.ndarray) -> np.ndarray:
    return np.asarray(column[1:] != column[:-1])
