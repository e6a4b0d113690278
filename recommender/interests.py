"""What users said that they are interested in, as a part of the score: an item gains by each interest that it has.

The rarer what they are interested in, the more: by the logarithm of one over its share of the items, as facts weigh.
Nothing is learned of it, as interactions do not tell what people say: what the logarithm is multiplied by is a
constant, chosen with interests that were made up for validation targets (`benchmarks/interests.py`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.feedback.personas import ITEMS_OF_INTEREST
from kgrec.training.fits import Fit
from recommender.explanations import tells
from recommender.snapshot import Snapshot

INTERESTS = "interests"  # name of that part
GAIN = 0.2  # spreads of the scores that give the order, for an interest that one of e items has


@dataclass(frozen=True)
class Interest:
    """What somebody is interested in, or likes: something that items have in common.

    Attributes:
        kind: of node: ``"Entity"``, ``"Category"`` and so on.
        key: of the node, as ``project/item_facts`` gives it.
        name: of the node.
        item_ids: of the items whose page of DBpedia it is.
    """

    kind: str
    key: str
    name: str
    item_ids: tuple[str, ...]


def having(snapshot: Snapshot, interest: Interest) -> np.ndarray:
    """Numbers of the items that have what somebody is interested in, each once: ``[n]``; none where all have it."""
    number = snapshot.number
    own = [number[item_id] for item_id in interest.item_ids if item_id in number]
    columns = ((kind, of.get(interest.key)) for kind, of in snapshot.columns_of_facts.items())
    found = [snapshot.having(kind, column) for kind, column in columns if column is not None]
    items = np.unique(np.concatenate([np.array(own, dtype=np.int64), *found]))
    return items if len(items) < snapshot.n_items else items[:0]


def telling(snapshot: Snapshot, stated: Iterable[Interest]) -> list[tuple[Interest, np.ndarray]]:
    """Return the interests that are a reason for what has them, the rarest first, each with the items' numbers ``[n]``.

    What half of all items have is none (`recommender.explanations.tells`).
    """
    found = [(one, having(snapshot, one)) for one in stated]
    told = [(one, items) for one, items in found if len(items) and tells(one.name, len(items) / snapshot.n_items)]
    return sorted(told, key=lambda one: len(one[1]))


def in_persona(snapshot: Snapshot, stated: Iterable[Interest]) -> Tensor:
    """Return what interests add to the vectors of the items that a persona is the direction of: ``[persona_dim]``.

    Each counts as one item: the mean of those that have it (`kgrec.feedback.personas`).
    """
    vectors = snapshot.require_personas(Fit.FINAL).items
    total = torch.zeros(vectors.shape[1])
    for one in stated:
        own = vectors[having(snapshot, one)[:ITEMS_OF_INTEREST]]  # numbers are in the order of the ids
        known = own[own.any(dim=1)]
        if len(known):
            total += known.mean(dim=0)
    return total


def interesting(snapshot: Snapshot, stated: Sequence[Iterable[Interest]]) -> sp.csr_matrix | None:
    """Weigh what users said to be interested in, as `weighed` does, by a snapshot's items."""
    return weighed([[having(snapshot, one) for one in interests] for interests in stated], snapshot.n_items)


def weighed(had: Sequence[Sequence[np.ndarray]], n_items: int) -> sp.csr_matrix | None:
    """Weigh the interests that each item has, added up: each the logarithm of one over its share of the items.

    Args:
        had: numbers of the items that have each interest of each user. ``[n]``
        n_items: of the catalogue.

    Returns:
        ``[n, n_items + 1]``; ``None`` where no item has any.
    """
    found = [(row, items) for row, interests in enumerate(had) for items in interests if len(items)]
    if not found:
        return None
    lengths = [len(items) for _, items in found]
    weights = np.repeat([weight(items, n_items) for _, items in found], lengths).astype(np.float32)
    places = np.repeat([row for row, _ in found], lengths), np.concatenate([items for _, items in found])
    return sp.csr_matrix((weights, places), shape=(len(had), n_items + 1))


def weight(items: np.ndarray, n_items: int) -> float:
    """Weigh an interest by the numbers of the items that have it ``[n]``, of which there are some."""
    return float(np.log(n_items / len(items)))


def gained(weights: Tensor, scores: Tensor) -> Tensor:
    """Tell what items gain by interests, of the same shape: their weight times the spread of the scores times `GAIN`.

    Args:
        weights: of the interests that each item has, added up. ``[batch, n]``
        scores: of the items, minus infinity where there is none. ``[batch, n]``
    """
    real = scores.isfinite()
    n = real.sum(dim=1, keepdim=True).clamp(min=1)
    known = scores.masked_fill(~real, 0.0)
    centred = (known - known.sum(dim=1, keepdim=True) / n).masked_fill(~real, 0.0)
    spread = (centred.square().sum(dim=1, keepdim=True) / n).sqrt()
    return GAIN * weights.to(scores) * spread


def dense(weights: sp.csr_matrix) -> Tensor:
    """Put what `interesting` gives beside the scores of all items: ``[n, n_items + 1]``."""
    return torch.from_numpy(weights.toarray())
