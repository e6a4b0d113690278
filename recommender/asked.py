"""Whom an evaluation asks for what: whole histories of known users, or anonymous sessions."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.graph.sessions import SESSION_GAP
from kgrec.training.fits import Fit
from recommender.dataset import Dataset
from recommender.ranking import seen_items, target_ranks
from recommender.sequences import NO_TIME, Sequences

SCORES_AT_ONCE = 2**24  # 64 MiB of them
SESSION_ITEMS = 5  # a session's length where there are no times
QUESTIONS = 20_000  # validation targets by which a setting is chosen; more do not make it better


@dataclass(frozen=True, eq=False)
class Asked:
    """Questions, one target each.

    Attributes:
        users: rows of the users. ``[n]``
        histories: what each system is shown of them, oldest first. ``[n]``
        targets: item numbers. ``[n]``
        places: of the targets among all interactions. ``[n]``
        personas: zeros for none; ``persona_dim`` is 0 where nobody has one. ``[n, persona_dim]``
        n_items: size of the catalogue.
        hidden: item numbers of each that are not to be listed, beside those of the history; ``None`` for none. ``[n]``
        interests: weight of what each said to be interested in, by the items that have it (`recommender.interests`);
            ``None`` where nobody said anything, as always in an evaluation. ``[n, n_items + 1]``
    """

    users: np.ndarray
    histories: list[list[int]]
    targets: np.ndarray
    places: np.ndarray
    personas: Tensor
    n_items: int
    hidden: list[list[int]] | None = None
    interests: sp.csr_matrix | None = None

    @property
    def out(self) -> Tensor:
        """The distinct items that are not to be listed, padded on the right with 0: ``[batch, length]``."""
        if self.hidden is None:
            return seen_items(self.histories)
        return seen_items([[*one, *other] for one, other in zip(self.histories, self.hidden, strict=True)])

    def batches(self) -> Iterator["Asked"]:
        """Go through the questions in parts that are scored at once."""
        size = batch_size(self.n_items)
        for start in range(0, len(self.users), size):
            yield self.rows(np.arange(start, min(start + size, len(self.users))))

    def by_length(self) -> "Asked":
        """Ask the same, those with short histories first: a batch of like lengths has little padding."""
        return self.rows(np.argsort([len(history) for history in self.histories], kind="stable"))

    def sample(self, n: int) -> "Asked":
        """Ask at most ``n`` of the questions, always the same."""
        if len(self.users) <= n:
            return self
        return self.rows(np.sort(np.random.default_rng(0).choice(len(self.users), n, replace=False)))

    def share(self, number: int, of: int) -> "Asked":
        """Ask every ``of``-th of the questions, from that of ``number`` on: one process's share."""
        return self if of == 1 else self.rows(np.arange(number, len(self.users), of))

    def with_personas(self, vectors: Tensor) -> "Asked":
        """Ask the same with other personas ``[n_users, persona_dim]``."""
        return dataclasses.replace(self, personas=vectors[self.users])

    def rows(self, rows: np.ndarray) -> "Asked":
        """Ask some of the questions, by their places."""
        return Asked(
            self.users[rows],
            [self.histories[row] for row in rows],
            self.targets[rows],
            self.places[rows],
            self.personas[rows],
            self.n_items,
            None if self.hidden is None else [self.hidden[row] for row in rows],
            None if self.interests is None else self.interests[rows],
        )


Score = Callable[[Asked], Tensor]  # scores of all items: [batch, n_items + 1]


def batch_size(n_items: int) -> int:
    """How many histories are scored at once, so that memory does not grow with the catalogue."""
    return max(1, min(512, SCORES_AT_ONCE // (n_items + 1)))


@torch.no_grad()
def ranks(asked: Asked, score: Score) -> Tensor:
    """Rank every target among all items that its user has not had, as `target_ranks` does.

    Args:
        asked: the questions.
        score: of a system, for a batch of them.

    Returns:
        On the CPU. ``[n]``
    """
    found = [torch.zeros(0, dtype=torch.float64)]
    for batch in asked.batches():
        scores = score(batch)
        seen, targets = batch.out, torch.from_numpy(batch.targets)
        found.append(target_ranks(scores, targets.to(scores.device), seen.to(scores.device)).cpu())
    return torch.cat(found)


def users_asked(dataset: Dataset, fit: Fit) -> Asked:
    """Ask every user for the interaction that follows all that the fit has learned from.

    Raises:
        KgrecError: nobody has one.
    """
    places = dataset.sequences.targets(fit)
    users = np.flatnonzero(places >= 0)
    if not len(users):
        raise KgrecError(f"Nobody has a {fit} interaction: every user has fewer than three interactions.")
    known = dataset.sequences.known(fit)
    histories = [known.histories[user] for user in users]
    found = dataset.personas.get(fit)
    vectors = torch.zeros(len(users), 0) if found is None else found.or_of_items(found.vectors[users], histories)
    return Asked(users, histories, dataset.sequences.items[places[users]], places[users], vectors, dataset.n_items)


def sessions_asked(dataset: Dataset, fit: Fit, most: int | None = None) -> Asked:
    """Ask the same of anonymous sessions: the user's last one, with a persona inferred from its items alone.

    A session ends with a gap of a day, as the loader's do; without times it is the last five items. Its persona is that
    of a user who has these items and no others (`Personas.of_items`).

    Args:
        dataset: whose users are asked.
        fit: the validation or the test fit.
        most: how many of them at most; all where ``None``.

    Raises:
        KgrecError: as `users_asked`.
    """
    whole = users_asked(dataset, fit)
    if most is not None:
        whole = whole.sample(most)
    lengths = _session_lengths(dataset.sequences, whole)
    histories = [history[-length:] for history, length in zip(whole.histories, lengths, strict=True)]
    found = dataset.personas.get(fit)
    inferred = whole.personas if found is None else torch.stack([found.of_items(history) for history in histories])
    return dataclasses.replace(whole, histories=histories, personas=inferred)


def _session_lengths(sequences: Sequences, whole: Asked) -> list[int]:
    """How many of each history's last items are one session: ``[n]``, at least 1."""
    lengths = []
    for user, history in zip(whole.users.tolist(), whole.histories, strict=True):
        first = int(sequences.offsets[user])
        times = sequences.times[first : first + len(history)]  # what is known comes first
        if (times == NO_TIME).any():
            lengths.append(min(SESSION_ITEMS, len(history)))
            continue
        breaks = np.flatnonzero(np.diff(times) > SESSION_GAP)
        lengths.append(len(history) - (int(breaks[-1]) + 1 if len(breaks) else 0))
    return lengths
