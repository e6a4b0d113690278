"""The facts that a recommended item shares with one of the history, and what its score by facts loses without each.

The tables of the sources (`recommender.tables`) know facts by columns, the graph by names; the snapshot has both.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from kgrec.facts import rows_of_length_one
from kgrec.graph.database import Database
from kgrec.training.fits import Fit
from recommender.baselines import NO_RECENCY, weights
from recommender.explanations import read_shares, tells
from recommender.products import product
from recommender.snapshot import Snapshot
from recommender.sources import FROM_FACTS
from recommender.tables import told


@dataclass(frozen=True)
class Fact:
    """One fact of one item.

    Attributes:
        id: of its node.
        key: by which the tables order the facts.
        kind: label of its node, such as ``"Author"``.
        name: that people know.
        way: type of the relationship that leads to it.
        page: entity that the item is the same as, from which the way goes; ``None`` where it goes from the item.
        page_name: its label.
    """

    id: str
    key: str
    kind: str
    name: str
    way: str
    page: str | None
    page_name: str | None


class Facts:
    """Facts of some items, read from the graph.

    Args:
        database: the graph.
        item_ids: of all items that will be asked for.
        shares: of all items that have a fact, by its node, as far as they are known; those that are read are added.
    """

    def __init__(self, database: Database, item_ids: set[str], shares: dict[str, float]):
        self._database, self._shares = database, shares
        self._of: dict[str, dict[str, dict[str, Fact]]] = defaultdict(lambda: defaultdict(dict))
        for row in database.read("project/facts_of_items", item_ids=sorted(item_ids)):
            fact = Fact(*(row[name] for name in Fact.__dataclass_fields__))
            self._of[row["item_id"]][row["source"]].setdefault(fact.key, fact)

    def of(self, item_id: str) -> dict[str, Fact]:
        """Return the facts of an item, by the id of the node."""
        return {fact.id: fact for facts in self._of[item_id].values() for fact in facts.values()}

    def tell(self, facts: list[Fact]) -> list[Fact]:
        """Keep those that are a reason (`recommender.explanations.tells`)."""
        read_shares(self._database, {fact.id for fact in facts} - self._shares.keys(), self._shares)
        return [fact for fact in facts if tells(fact.name, self._shares[fact.id])]

    def shared(self, snapshot: Snapshot, item_id: str, other: str, history: list[int]) -> list[tuple[Fact, float]]:
        """Find what an item shares with another one of the history, whatever lowers the score by facts most first.

        Each fact is taken away from the item, whose others then weigh more, and the cosine with the profile of the
        history is made again (`recommender.sources.profiles`).

        Args:
            snapshot: what the sources look up.
            item_id: the recommended item.
            other: the item of the history.
            history: item numbers, oldest first.

        Returns:
            Facts that are a reason, with what the cosine loses: above 0.
        """
        tables = snapshot.tables(Fit.FINAL)
        found: list[tuple[Fact, float]] = []
        for kind in FROM_FACTS:
            if told(kind) not in tables.names:
                continue
            table, columns = tables[told(kind)], snapshot.columns_of_facts[kind]
            own = table[[snapshot.number[item_id]]]
            losses = dict(zip(own.indices.tolist(), cosine_losses(table, history, own).tolist(), strict=True))
            facts = self._of[item_id][kind]
            common = {key: losses.get(columns.get(key, -1), 0.0) for key in facts.keys() & self._of[other][kind].keys()}
            found += [(facts[key], loss) for key, loss in common.items() if loss > 0]
        kept = {fact.id for fact in self.tell([fact for fact, _ in found])}
        return sorted(((one, loss) for one, loss in found if one.id in kept), key=lambda one: (-one[1], one[0].name))


def cosine_losses(table: sp.csr_matrix, history: list[int], own: sp.csr_matrix) -> np.ndarray:
    """What an item's cosine with the profile of a history loses without each of its facts.

    Args:
        table: of `recommender.tables.profile_table`. ``[n_items + 1, n_facts]``
        history: item numbers, oldest first.
        own: the item's row of it. ``[1, n_facts]``

    Returns:
        A value a fact of the item, in the order of the row.
    """
    profile = rows_of_length_one(product(weights([history], table.shape[0] - 1, NO_RECENCY), table))
    shares = own.data * profile[:, own.indices].toarray().ravel()
    cosine = shares.sum()
    left = np.sqrt((1.0 - own.data.astype(np.float64) ** 2).clip(min=0.0))  # length of the row without each
    rest = np.divide(cosine - shares, left, out=np.zeros(len(left)), where=left > 1e-6)
    return np.asarray(cosine - rest)
