"""What the sequence models see of the graph: catalogue, sequences with their splits, texts, personas."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.personas import current_personas
from kgrec.graph.splits import ensure_split

PADDING = 0  # never an item: items are numbered from 1


@dataclass(frozen=True)
class Catalogue:
    """All items of the graph, numbered from 1 in the order of their ids.

    Attributes:
        item_ids: ``[n_items]``; the item of number ``n`` is ``item_ids[n - 1]``.
        titles: ``[n_items]``
    """

    item_ids: list[str]
    titles: list[str]

    @cached_property
    def number(self) -> dict[str, int]:
        """Number of each item id."""
        return {item_id: number for number, item_id in enumerate(self.item_ids, start=1)}

    def __len__(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True)
class Sequences:
    """Leave-one-out sequences, users in the order of their ids.

    Attributes:
        user_ids: ``[n_users]``
        train: item numbers, oldest first, of each user.
        validation: target of each user, 0 where there is none. ``[n_users]``
        test: target of each user, 0 where there is none. ``[n_users]``
    """

    user_ids: list[str]
    train: list[list[int]]
    validation: np.ndarray
    test: np.ndarray

    def before_test(self, user: int) -> list[int]:
        """What is known when the test target is asked for: training and validation."""
        return self.train[user] + ([int(self.validation[user])] if self.validation[user] else [])

    def whole(self, user: int) -> list[int]:
        """Everything that the user did: what a recommendation of today starts from."""
        return self.before_test(user) + ([int(self.test[user])] if self.test[user] else [])


@dataclass(frozen=True)
class UserPersonas:
    """Persona vectors as HDGI wrote them.

    Attributes:
        run_id: of the HDGI run.
        vectors: ``[n_users, persona_dim]``, zeros for users who have none.
        names: each user's strongest persona, ``None`` where there is none. ``[n_users]``
    """

    run_id: str
    vectors: Tensor
    names: list[str | None]


def read_catalogue(database: Database) -> Catalogue:
    """Read all items.

    Raises:
        KgrecError: there are none.
    """
    rows = list(database.stream("project/items"))
    if not rows:
        raise KgrecError("The graph has no items: load interactions first, with `kgrec load amazon`.")
    return Catalogue([row["item_id"] for row in rows], [row["title"] for row in rows])


def read_sequences(database: Database, catalogue: Catalogue) -> Sequences:
    """Read every user's interactions.

    Raises:
        KgrecError: some are not split into training, validation and test yet.
    """
    ensure_split(database)
    user_ids: list[str] = []
    parts: dict[str, list[list[int]]] = {"train": [], "validation": [], "test": []}
    for row in database.stream("project/sequences"):
        user_ids.append(row["user_id"])
        pairs = list(zip(row["item_ids"], row["splits"], strict=True))
        for split, sequences in parts.items():
            sequences.append([catalogue.number[item_id] for item_id, marked in pairs if marked == split])
    targets = {split: np.array([part[-1] if part else PADDING for part in parts[split]]) for split in parts}
    return Sequences(user_ids, parts["train"], targets["validation"], targets["test"])


def read_texts(database: Database, catalogue: Catalogue) -> Tensor:
    """Read the text embeddings: ``[n_items + 1, text_dim]``, zeros for padding and for items without one.

    Raises:
        KgrecError: no item has one.
    """
    texts: Tensor | None = None
    for row in database.stream("project/item_texts"):
        if texts is None:
            texts = torch.zeros(len(catalogue) + 1, len(row["embedding"]))
        texts[catalogue.number[row["item_id"]]] = torch.tensor(row["embedding"])
    if texts is None:
        raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")
    return texts


def read_personas(database: Database, user_ids: list[str]) -> UserPersonas:
    """Read the persona vectors of ``user_ids``, in their order.

    Raises:
        KgrecError: nobody has one.
    """
    found = current_personas(database)
    position = {user_id: row for row, user_id in enumerate(user_ids)}
    vectors = torch.zeros(len(user_ids), found.vectors.shape[1])
    names: list[str | None] = [None] * len(user_ids)
    for user_id, vector, name in zip(found.user_ids, torch.from_numpy(found.vectors), found.names, strict=True):
        if user_id in position:
            vectors[position[user_id]], names[position[user_id]] = vector, name
    return UserPersonas(found.run_id, vectors, names)


def padded(sequences: list[list[int]], max_length: int) -> Tensor:
    """Keep the last ``max_length`` items of each sequence and pad on the left: ``[batch, length]``."""
    length = max(1, min(max_length, max((len(sequence) for sequence in sequences), default=1)))
    batch = torch.full((len(sequences), length), PADDING)
    for row, sequence in enumerate(sequences):
        if sequence:
            kept = sequence[-length:]
            batch[row, -len(kept) :] = torch.tensor(kept)
    return batch
