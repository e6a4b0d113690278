"""Splits and sessions of ordered interactions, as ``load/splits.cypher`` and ``load/sessions.cypher`` make them."""

from dataclasses import dataclass

import numpy as np

from kgloader.bulk.interactions import Interactions
from kgrec.graph.sessions import SESSION_GAP

SPLITS = ("train", "validation", "test")
FEWEST = 3  # interactions of a user of whom something is asked


def leave_one_out(interactions: Interactions) -> np.ndarray:
    """Return the split of each interaction, as its place in ``SPLITS`` ``[n]``.

    Args:
        interactions: by user, each user's in their order.
    """
    counts = np.bincount(interactions.user, minlength=len(interactions.users))
    last = np.cumsum(counts) - 1
    asked = last[counts >= FEWEST]
    split = np.zeros(len(interactions), dtype=np.int8)
    split[asked], split[asked - 1] = 2, 1
    return split


@dataclass(frozen=True)
class Sessions:
    """Sessions in columns.

    Attributes:
        user: whose they are, as a place in ``users`` ``[s]``.
        started: epoch milliseconds of the first interaction ``[s]``.
        ended: of the last one ``[s]``.
        length: how many interactions they have ``[s]``.
        of: the session of each interaction ``[n]``, n being 0 where there are no times.
    """

    user: np.ndarray
    started: np.ndarray
    ended: np.ndarray
    length: np.ndarray
    of: np.ndarray


def sessions(interactions: Interactions) -> Sessions:
    """Group interactions into sessions: a gap of more than a day starts a new one. Without times there are none.

    Args:
        interactions: by user, each user's in their order.
    """
    if interactions.timestamp is None or not len(interactions):
        return Sessions(*(np.zeros(0, dtype=np.int64) for _ in range(5)))
    user, time = interactions.user, interactions.timestamp
    new = np.ones(len(interactions), dtype=bool)
    new[1:] = (user[1:] != user[:-1]) | (np.diff(time) > SESSION_GAP)
    first = np.flatnonzero(new)
    behind = np.append(first[1:], len(interactions))
    return Sessions(user[first], time[first], time[behind - 1], behind - first, np.cumsum(new) - 1)


def tied(interactions: Interactions) -> int:
    """Count the interactions that have the time of another one of their user.

    Args:
        interactions: by user, each user's in their order.
    """
    if interactions.timestamp is None:
        return 0
    same = np.zeros(len(interactions) + 1, dtype=bool)  # as the one before
    same[1:-1] = (np.diff(interactions.user) == 0) & (np.diff(interactions.timestamp) == 0)
    return int((same[1:] | same[:-1]).sum())
