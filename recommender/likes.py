"""Stated likes: which features or items of the graph they mean, and what these say of all items.

Nobody's history is asked: items are ranked by the persona of who likes that, and by the profile of the facts that are
liked, a standard score each, of the same weight. The persona has the direction of the vector of an item with these
features (`kgrec.item_encoder`) and of the vectors of the items that are liked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn.functional import normalize

from kgrec.dbpedia import iri_of
from kgrec.facts import rows_of_length_one
from kgrec.graph.database import Database, Row
from kgrec.graph.names import Named, search
from kgrec.item_encoder import ItemEncoder
from kgrec.training.fits import Fit
from recommender.fusion import standard
from recommender.products import product
from recommender.sequences import PADDING
from recommender.snapshot import Snapshot
from recommender.tables import tellers, told

LONGEST = 200  # characters of a like; no name is longer
SAME = 5  # features of one name that are taken together


@dataclass(frozen=True)
class Liked:
    """What a like was understood as.

    Attributes:
        like: as it was said.
        kind: of node: ``"Entity"``, ``"Category"``, ``"Item"`` and so on.
        name: of the node.
        key: of the node, as ``project/features_named`` gives it.
        exact: whether the name or the IRI is what was said, or else the nearest one.
        item_ids: of the item, or of those whose page of DBpedia it is.
    """

    like: str
    kind: str
    name: str
    key: str
    exact: bool
    item_ids: tuple[str, ...]

    def answer(self) -> dict[str, Any]:
        """Return what is said of it beside a list, by the command line as by the service."""
        return {"like": self.like, "kind": self.kind, "name": self.name, "exact": self.exact}


class Likes:
    """Looks up what is liked, and scores items by it.

    Args:
        database: whose names are searched.
        snapshot: what is told of the items.
        encoder: of the personas' run; ``None`` where it has none, and the persona is of the items that are liked.
    """

    def __init__(self, database: Database, snapshot: Snapshot, encoder: ItemEncoder | None):
        self._database, self._snapshot, self._encoder = database, snapshot, encoder
        self._columns = snapshot.columns_of_facts

    def understood(self, likes: Iterable[str]) -> list[Liked]:
        """Find what each like means, in their order; one that means nothing here is left out.

        An IRI or what begins with ``dbr:`` is an entity's; else all features of that name, upper or lower case, or the
        one item of that title, or the feature whose name has all the words and fits best, or the one item whose title
        has them. What no item has, or all have, is passed over.
        """
        wanted = [like for like in dict.fromkeys(like.strip() for like in likes) if like and len(like) <= LONGEST]
        named = search(self._database, [like for like in wanted if "://" not in iri_of(like)])
        return [
            found
            for like in wanted
            for found in (self._called(like, named[like]) if like in named else self._of_iri(like))
        ]

    def _of_iri(self, like: str) -> list[Liked]:
        found = self._database.read("project/entity_of_iri", iri=iri_of(like))
        return [_liked(like, row, exact=True) for row in found if self._says(row)]

    def _called(self, like: str, named: Named) -> list[Liked]:
        called, near, titled, near_titles = (
            [row for row in rows if self._says(row)]
            for rows in (named.called, named.near, named.titled, named.near_titles)
        )
        if called:
            return [_liked(like, row, exact=True) for row in called[:SAME]]
        if len(titled) == 1:
            return [_liked(like, titled[0], exact=True)]
        items = titled + near_titles
        fits_best = near[:1] or (items if len(items) == 1 else [])
        return [_liked(like, row, exact=False) for row in fits_best]

    def _says(self, row: Row) -> bool:
        """Tell whether the snapshot has items that are told apart by it."""
        key, snapshot = row["key"], self._snapshot
        if any(item_id in snapshot.number for item_id in row["item_ids"]):
            return True
        if any(0 < self._count(kind, key) < snapshot.n_items for kind in self._columns):
            return True
        ends = self._encoder.ends.values() if self._encoder is not None else ()
        return any(bool(one.weights[one.place[key]]) for one in ends if key in one.place)

    def _count(self, kind: str, key: str) -> int:
        """How many items have a fact."""
        column = self._columns[kind].get(key)
        return 0 if column is None else len(self._snapshot.having(kind, column))

    def items(self, liked: Iterable[Liked]) -> list[int]:
        """Numbers of the items that are liked, each once."""
        number = self._snapshot.number
        return sorted({number[item_id] for one in liked for item_id in one.item_ids if item_id in number})

    @torch.no_grad()
    def persona(self, liked: Sequence[Liked]) -> Tensor:
        """Direction of what is liked in the space of the personas: ``[dim]``, zeros where nothing has a vector."""
        items = self._snapshot.require_personas(Fit.FINAL).items
        total = items[self.items(liked)].sum(dim=0)
        if self._encoder is not None:
            keys = list(dict.fromkeys(one.key for one in liked))
            reached = {way: [key for key in keys if key in ends.place] for way, ends in self._encoder.ends.items()}
            total = total + self._encoder(torch.zeros(1, self._encoder.text.shape[1]), [reached])[0]
        return normalize(total, dim=0)

    def scores(self, liked: Sequence[Liked], persona: Tensor) -> Tensor:
        """Score all items: ``[n_items + 1]``, minus infinity for padding."""
        vectors = self._snapshot.require_personas(Fit.FINAL).items
        parts = [(vectors @ persona)[None]]
        parts += [torch.from_numpy(self._by_facts(kind, liked)) for kind in self._columns]
        total = torch.stack([standard(one)[0] for one in parts]).sum(dim=0)
        total[PADDING] = -torch.inf
        return total

    def _by_facts(self, kind: str, liked: Sequence[Liked]) -> np.ndarray:
        """Cosines of what is told of the items with the profile of what is liked: ``[1, n_items + 1]``."""
        tables, snapshot = self._snapshot.tables(Fit.FINAL), self._snapshot
        of_items, of_facts = tables[told(kind)], tables[tellers(kind)]
        columns = sorted({self._columns[kind][one.key] for one in liked if one.key in self._columns[kind]})
        weights = [np.log(snapshot.n_items / len(snapshot.having(kind, column))) for column in columns]
        places = np.zeros(len(columns), dtype=np.int64), np.array(columns, dtype=np.int64)
        profile = sp.csr_matrix((np.array(weights, dtype=np.float32), places), shape=(1, of_items.shape[1]))
        if items := self.items(liked):
            profile = sp.csr_matrix(profile + sp.csr_matrix(of_items[items].sum(axis=0)))
        found: np.ndarray = product(rows_of_length_one(profile), of_facts).toarray().astype(np.float32)
        return found


def not_understood(likes: Iterable[str], found: Iterable[Liked]) -> list[str]:
    """Name the likes that mean nothing, each once, in their order."""
    known = {one.like for one in found}
    return [like for like in dict.fromkeys(likes) if like.strip() not in known]


def _liked(like: str, row: Row, exact: bool) -> Liked:
    return Liked(like, row["kind"], row["name"], row["key"], exact, tuple(row["item_ids"]))
