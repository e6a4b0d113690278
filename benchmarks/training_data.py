"""What `benchmarks.training` teaches: made-up histories, in numpy alone, for every peer's environment."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

N_ASKED = 512
SHORTEST = 4  # items of a history
FOLLOWS = 0.5  # share of items that their predecessor tells


@dataclass(frozen=True)
class Histories:
    """Item numbers of each user from 1, oldest first; the last item of each is not learned from.

    Attributes:
        whole: a history each.
        n_items: size of the catalogue.
    """

    whole: list[np.ndarray]
    n_items: int

    @classmethod
    def of_known_items(cls, whole: list[np.ndarray], length: int) -> "Histories":
        """Keep the histories whose last item others have too, and number the items anew, those that are learned from.

        RecTools knows no others than those among the last ``length + 1``: both models then have the same item table.
        """
        known = np.unique(np.concatenate([history[:-1][-length - 1 :] for history in whole]))
        kept = [history[np.isin(history, known)] for history in whole if np.isin(history[-1], known)]
        return cls([np.searchsorted(known, history) + 1 for history in kept if len(history) >= SHORTEST], len(known))

    @property
    def before(self) -> list[np.ndarray]:
        """What is learned from."""
        return [history[:-1] for history in self.whole]

    @property
    def asked(self) -> list[np.ndarray]:
        """Histories of the first users, whose next item is asked for."""
        return self.before[:N_ASKED]

    @property
    def wanted(self) -> np.ndarray:
        """Their next items: ``[n_asked]``."""
        return np.array([history[-1] for history in self.whole[:N_ASKED]])

    def save(self, path: Path) -> None:
        """Write one file."""
        lengths = [len(history) for history in self.whole]
        np.savez(path, items=np.concatenate(self.whole), lengths=lengths, n_items=self.n_items)

    @classmethod
    def load(cls, path: Path) -> "Histories":
        """Read it."""
        with np.load(path) as file:
            return cls(np.split(file["items"], np.cumsum(file["lengths"])[:-1]), int(file["n_items"]))


def made_up(n_users: int, n_items: int, mean_length: int, full: bool) -> list[np.ndarray]:
    """Draw histories by a power law of popularity; half of the items follow from the one before.

    Args:
        n_users: of histories.
        n_items: size of the catalogue.
        mean_length: of the geometric distribution of lengths, which are `SHORTEST` at least.
        full: whether all have ``mean_length`` items and two more: one is the first, one is not learned from.
    """
    draw = np.random.default_rng(0)
    lengths = (
        np.full(n_users, mean_length + 2) if full else np.maximum(SHORTEST, draw.geometric(1 / mean_length, n_users))
    )
    popularity = 1 / np.arange(1, n_items + 1) ** 0.8
    items = draw.choice(n_items, size=int(lengths.sum()), p=popularity / popularity.sum())
    follows = draw.random(len(items)) < FOLLOWS
    follows[np.cumsum(lengths)[:-1]] = follows[0] = False
    successor = draw.permutation(n_items)
    for place in np.flatnonzero(follows):  # in order: chains of them
        items[place] = successor[items[place - 1]]
    return np.split(items + 1, np.cumsum(lengths)[:-1])


def judged(scores: np.ndarray, wanted: np.ndarray) -> tuple[float, float]:
    """Cross-entropy and NDCG@10 of the wanted items ``[n]`` among all, by scores ``[n, n_items + 1]``.

    An item that a model does not know has a score of minus infinity; who wanted it counts in NDCG alone.
    """
    mine = scores[np.arange(len(wanted)), wanted].astype(np.float64)
    known = np.isfinite(mine)
    found, mine_known = scores[known].astype(np.float64), mine[known]
    highest = found.max(axis=1)
    entropy = np.log(np.exp(found - highest[:, None]).sum(axis=1)) + highest - mine_known
    ranks = (scores > mine[:, None]).sum(axis=1)
    gains = np.where((ranks < 10) & known, 1 / np.log2(ranks + 2), 0.0)
    return float(entropy.mean()), float(gains.mean())
