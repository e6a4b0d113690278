"""What the sources of a fit look up, a table each: made when it is first asked for, or read from a snapshot."""

import functools
from collections.abc import Callable, Mapping

import numpy as np
import scipy.sparse as sp

from kgrec.facts import rows_of_length_one, weighed
from recommender.sequences import Known

WITHIN = 5  # an item follows those of at most so many steps before

NEAR = "near"  # items that have the row's among their own nearest, with the cosines. [n_items + 1, n_items + 1]
FOLLOWERS = "followers"  # of `follower_table`. [n_items + 1, n_items + 1]


class Tables:
    """Sparse matrices by name, each made once.

    Args:
        make: gives each of them.
    """

    def __init__(self, make: Mapping[str, Callable[[], sp.csr_matrix]]):
        self._make = {name: functools.cache(one) for name, one in make.items()}

    def __getitem__(self, name: str) -> sp.csr_matrix:
        return self._make[name]()

    @property
    def names(self) -> list[str]:
        """Those that there are."""
        return list(self._make)


def told(kind: str) -> str:
    """Name the table of what is told of each item, of a kind of facts: ``[n_items + 1, n_facts]``."""
    return f"facts, {kind}"


def tellers(kind: str) -> str:
    """Name the table of the items of each fact, the other way round: ``[n_facts, n_items + 1]``."""
    return f"items of facts, {kind}"


def tables_of(known: Known, ties: sp.csr_matrix, facts: Mapping[str, sp.csr_matrix]) -> Tables:
    """Say how the tables of a fit are made.

    Args:
        known: what the fit learns from.
        ties: cosines of each item, the row, with its nearest. ``[n_items + 1, n_items + 1]``
        facts: which items have which, 1 or 0, by kind; one that nobody has is left out. ``[n_items + 1, n_facts]`` each
    """
    n_items = ties.shape[0] - 1
    make: dict[str, Callable[[], sp.csr_matrix]] = {
        NEAR: lambda: sp.csr_matrix(ties.T),
        FOLLOWERS: lambda: follower_table(known, n_items),
    }
    for kind, one in facts.items():
        if one.nnz:
            profile = functools.cache(functools.partial(profile_table, one))
            make[told(kind)] = profile
            make[tellers(kind)] = functools.partial(_transposed, profile)
    return Tables(make)


def follower_table(known: Known, n_items: int) -> sp.csr_matrix:
    """Count how often an item came after another one, the row, at most `WITHIN` steps later, weighed by one over these.

    Divided by the square root of both items' counts, as a cosine is: ``[n_items + 1, n_items + 1]``.
    """
    counts = known.counts(n_items).clip(min=1).astype(np.float32)
    owners = np.repeat(np.arange(len(known.lengths)), known.lengths)
    rows, columns, shares = [], [], []
    for steps in range(1, WITHIN + 1):
        before, after = known.items[:-steps], known.items[steps:]
        real = (owners[:-steps] == owners[steps:]) & (before != after)
        rows.append(before[real])
        columns.append(after[real])
        shares.append(np.full(int(real.sum()), 1.0 / steps, dtype=np.float32))
    places = np.concatenate(rows), np.concatenate(columns)
    rules = sp.csr_matrix((np.concatenate(shares), places), shape=(n_items + 1, n_items + 1))
    scale = sp.diags(1.0 / np.sqrt(counts)).astype(np.float32)
    return sp.csr_matrix(scale @ rules @ scale)


def profile_table(facts: sp.csr_matrix) -> sp.csr_matrix:
    """Weigh facts ``[n_items + 1, n_facts]`` by the logarithm of one over their share, and bring rows to length 1."""
    return rows_of_length_one(weighed(facts, facts.shape[0] - 1))


def _transposed(make: Callable[[], sp.csr_matrix]) -> sp.csr_matrix:
    return sp.csr_matrix(make().T)
