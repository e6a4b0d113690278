"""The data set of the recommender: ids, sequences, texts, what the graph says, aligned once, kept in a folder."""

import dataclasses
import hashlib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.errors import KgrecError, first_line
from kgrec.files import replacing
from kgrec.manifest import load_manifest, save_manifest
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit
from recommender.sequences import Sequences
from recommender.tables import Tables, tables_of

FORMAT_VERSION = 6
MANIFEST = "dataset.json"
FILES = ("arrays.npz", "items.parquet", "users.parquet")
SPARSE_PARTS = ("data", "indices", "indptr")  # of a matrix by rows

Vector = TypeVar("Vector", Sequence[float], np.ndarray, Tensor)


@dataclass(frozen=True, eq=False)
class Personas:
    """Personas of one fit.

    Attributes:
        run_id: the run that made them.
        vectors: zeros for users who have none. ``[n_users, persona_dim]``
        names: each user's strongest persona, ``None`` where there is none. ``[n_users]``
        items: vectors of the items in the space of the personas, zeros for padding and for items that have none.
            ``[n_items + 1, persona_dim]``
    """

    run_id: str
    vectors: Tensor
    names: list[str | None]
    items: Tensor

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.vectors.shape[1]

    def of_items(self, items: Sequence[int], beside: Tensor | None = None) -> Tensor:
        """Return the persona of somebody who has these items and no others: ``[dim]``.

        It has the direction of the sum of their vectors, each counted once, as a user's has; zeros where none has one.

        Args:
            items: item numbers.
            beside: what else is added up, as interests are. ``[dim]``
        """
        total = self.items[torch.tensor(sorted(set(items)), dtype=torch.int64)].sum(dim=0)
        return torch.nn.functional.normalize(total if beside is None else total + beside, dim=0)

    def or_of_items(self, vectors: Tensor, histories: Sequence[Sequence[int]]) -> Tensor:
        """Give those who have no persona that of their items: users who came after the personas were trained.

        Args:
            vectors: zeros for none. ``[n, dim]``
            histories: item numbers of each. ``[n]``

        Returns:
            ``[n, dim]``
        """
        missing = torch.nonzero(~vectors.any(dim=1)).squeeze(1).tolist()
        if not missing:
            return vectors
        found = vectors.clone()
        for row in missing:
            found[row] = self.of_items(histories[row])
        return found


@dataclass(frozen=True, eq=False)
class Dataset:
    """Everything that the sequence models see of the graph.

    Items are numbered from 1 in the order of their ids, users are rows in the order of theirs.

    Attributes:
        item_ids: ``[n_items]``; the item of number ``n`` is ``item_ids[n - 1]``.
        titles: ``[n_items]``
        user_ids: ``[n_users]``
        sequences: of the users.
        texts: text embeddings, zeros for padding and for items without one; ``text_dim`` is 0 where no item has one.
            ``[n_items + 1, text_dim]``
        texts_digest: stands for the texts and the encoder that made them.
        facts: which items have which fact, 1 or 0, by kind: ``"catalogue"`` (makers and categories), ``"DBpedia"``.
            ``[n_items + 1, n_facts]`` each
        co_occurrence: of each fit that it was read of, the cosines over users of each item, the row, with its nearest
            (see `kgrec.graph.co_occurrence`). ``[n_items + 1, n_items + 1]``
        split: how the interactions were split, in words.
        personas: of each fit that has them.
        fact_names: names of the facts of each kind, in the order of the columns; none in a data set out of a folder.

    Raises:
        ValueError: the parts do not fit each other.
    """

    item_ids: list[str]
    titles: list[str]
    user_ids: list[str]
    sequences: Sequences
    texts: Tensor
    texts_digest: str
    facts: dict[str, sp.csr_matrix]
    co_occurrence: dict[Fit, sp.csr_matrix]
    split: str
    personas: dict[Fit, Personas]
    fact_names: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        n_items, n_users = len(self.item_ids), len(self.user_ids)
        if not (len(self.titles) == n_items and len(self.texts) == n_items + 1):
            raise ValueError("item ids, titles and texts of a data set differ in length")
        if any(facts.shape[0] != n_items + 1 for facts in self.facts.values()):
            raise ValueError("item ids and facts of a data set differ in length")
        if any(ties.shape != (n_items + 1, n_items + 1) for ties in self.co_occurrence.values()):
            raise ValueError("item ids and co-occurrence of a data set differ in length")
        if any(len(one.items) != n_items + 1 for one in self.personas.values()):
            raise ValueError("item ids and their vectors in the space of the personas differ in length")
        found = [len(part) for one in self.personas.values() for part in (one.vectors, one.names)]
        if not set(found) | {len(self.sequences)} == {n_users}:
            raise ValueError("user ids, sequences and personas of a data set differ in length")

    @property
    def n_items(self) -> int:
        """How many items there are; the highest item number."""
        return len(self.item_ids)

    @cached_property
    def number(self) -> dict[str, int]:
        """Number of each item id."""
        return {item_id: number for number, item_id in enumerate(self.item_ids, start=1)}

    @cached_property
    def row(self) -> dict[str, int]:
        """Row of each user id."""
        return {user_id: row for row, user_id in enumerate(self.user_ids)}

    @cached_property
    def items_digest(self) -> str:
        """Digest of the item ids in their order: what a model's item table stands for."""
        return digest_of(self.item_ids)

    @cached_property
    def interactions_digest(self) -> str:
        """Digest of who did what in which order and how it is split, ids included."""
        sequences = self.sequences
        return fingerprint(self.user_ids, self.item_ids, sequences.offsets, sequences.items, sequences.splits)

    @cached_property
    def facts_digest(self) -> str:
        """Digest of which items share which facts."""
        return fingerprint([(kind, one.indptr, one.indices) for kind, one in sorted(self.facts.items())])

    def with_personas(
        self,
        fit: Fit,
        run_id: str,
        vectors: Mapping[str, Vector],
        names: Mapping[str, str | None],
        items: Mapping[str, Vector],
    ) -> Self:
        """Return the same data set with other personas of a fit.

        Args:
            fit: whose they are.
            run_id: the run that made them.
            vectors: of each user id that has one. ``[persona_dim]``
            names: strongest persona of each user id, where it is known.
            items: of each item id that has a vector in the space of the personas. ``[persona_dim]``
        """
        dim = len(next(iter(vectors.values()))) if vectors else 0
        found = Personas(
            run_id,
            _rows(vectors, self.row, torch.zeros(len(self.user_ids), dim)),
            [names.get(user_id) for user_id in self.user_ids],
            _rows(items, self.number, torch.zeros(self.n_items + 1, dim)),
        )
        return dataclasses.replace(self, personas=self.personas | {fit: found})

    def require_personas(self, fit: Fit) -> Personas:
        """Return the personas of a fit.

        Raises:
            KgrecError: nobody has one.
        """
        if fit not in self.personas or not self.personas[fit].dim:
            raise KgrecError(f"No user has a persona of the {fit} fit: run `kgrec train personas` first.")
        return self.personas[fit]

    def require_co_occurrence(self, fit: Fit) -> sp.csr_matrix:
        """Return the co-occurrence of a fit.

        Raises:
            KgrecError: there is none.
        """
        if fit not in self.co_occurrence:
            raise KgrecError(f"The data set has no co-occurrence of the {fit} fit: read it from the graph again.")
        return self.co_occurrence[fit]

    def counts(self, fit: Fit) -> np.ndarray:
        """How often each item occurs in what a fit knows: ``[n_items + 1]``."""
        return self.sequences.known(fit).counts(self.n_items)

    def tables(self, fit: Fit) -> Tables:
        """Return what the sources of a fit look up.

        Raises:
            KgrecError: there is no co-occurrence of the fit.
        """
        return tables_of(self.sequences.known(fit), self.require_co_occurrence(fit), self.facts)

    def require_texts(self) -> None:
        """Refuse to go on without text embeddings.

        Raises:
            KgrecError: no item has one.
        """
        if not self.texts.shape[1]:
            raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")

    def save(self, folder: str | Path) -> None:
        """Write the data set: arrays as npz, ids, titles and names as parquet, the rest as JSON with their checksums.

        The JSON file is written last and taken away first, so that what was half written is no data set.

        Raises:
            KgrecError: the folder cannot be written.
        """
        folder = Path(folder)
        arrays = {field.name: getattr(self.sequences, field.name) for field in dataclasses.fields(Sequences)}
        for kind, facts in self.facts.items():
            arrays |= {f"facts_{kind}_{part}": getattr(facts, part) for part in SPARSE_PARTS}
        for fit, ties in self.co_occurrence.items():
            arrays |= {f"co_occurrence_{fit}_{part}": getattr(ties, part) for part in SPARSE_PARTS}
        arrays |= {f"personas_{fit}": found.vectors.numpy() for fit, found in self.personas.items()}
        arrays |= {f"persona_items_{fit}": found.items.numpy() for fit, found in self.personas.items()}
        users = {"user_id": self.user_ids} | {fit.value: found.names for fit, found in self.personas.items()}
        manifest = {
            "texts_digest": self.texts_digest,
            "facts": {kind: facts.shape[1] for kind, facts in self.facts.items()},
            "co_occurrence": list(self.co_occurrence),
            "split": self.split,
            "persona_runs": {fit: found.run_id for fit, found in self.personas.items()},
        }
        try:
            (folder / MANIFEST).unlink(missing_ok=True)
            with replacing(folder / "arrays.npz") as draft, draft.open("wb") as file:
                np.savez(file, texts=self.texts.numpy(), **arrays)
            with replacing(folder / "items.parquet") as draft:
                pd.DataFrame({"item_id": self.item_ids, "title": self.titles}, dtype="str").to_parquet(draft)
            with replacing(folder / "users.parquet") as draft:
                pd.DataFrame(users, dtype="str").to_parquet(draft)
            save_manifest(folder / MANIFEST, FORMAT_VERSION, manifest, FILES)
        except OSError as error:
            raise KgrecError(f"The data set cannot be written to {folder}: {error.strerror or error}.") from error

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a data set that `save` wrote.

        Raises:
            KgrecError: there is none, it is damaged, or a later kgrec wrote it.
        """
        folder = Path(folder)
        manifest = load_manifest(folder / MANIFEST, FORMAT_VERSION, "data set")
        try:
            with np.load(folder / "arrays.npz") as stored:
                arrays = dict(stored)
            items, users = (pd.read_parquet(folder / f"{name}.parquet") for name in ("items", "users"))
            personas = {
                Fit(fit): Personas(
                    run_id,
                    torch.from_numpy(arrays[f"personas_{fit}"]),
                    [None if pd.isna(name) else name for name in users[fit]],
                    torch.from_numpy(arrays[f"persona_items_{fit}"]),
                )
                for fit, run_id in manifest["persona_runs"].items()
            }
            return cls(
                item_ids=items["item_id"].tolist(),
                titles=items["title"].tolist(),
                user_ids=users["user_id"].tolist(),
                sequences=Sequences(**{field.name: arrays[field.name] for field in dataclasses.fields(Sequences)}),
                texts=torch.from_numpy(arrays["texts"]),
                texts_digest=manifest["texts_digest"],
                facts={
                    kind: _sparse(arrays, f"facts_{kind}", (len(items) + 1, n_facts))
                    for kind, n_facts in manifest["facts"].items()
                },
                co_occurrence={
                    Fit(fit): _sparse(arrays, f"co_occurrence_{fit}", (len(items) + 1, len(items) + 1))
                    for fit in manifest["co_occurrence"]
                },
                split=manifest["split"],
                personas=personas,
            )
        except FileNotFoundError as error:
            missing = Path(error.filename).name if error.filename else str(error)  # Arrow's has no file name
            raise KgrecError(f"{folder} is not a saved data set: {missing} is missing.") from error
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            zipfile.BadZipFile,
        ) as error:  # Arrow's errors are ValueErrors
            raise KgrecError(f"The data set in {folder} is damaged: {first_line(error)}.") from error


def digest_of(item_ids: Sequence[str]) -> str:
    """Digest of item ids in their order: what the rows of an item table stand for."""
    return hashlib.sha256("\n".join(item_ids).encode()).hexdigest()


def _sparse(arrays: Mapping[str, np.ndarray], name: str, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix(tuple(arrays[f"{name}_{part}"] for part in SPARSE_PARTS), shape=shape)


def _rows(vectors: Mapping[str, Vector], row: Mapping[str, int], found: Tensor) -> Tensor:
    """Put each vector ``[dim]`` into the row of its id, where it has one: ``[n, dim]``."""
    for name, vector in vectors.items():
        if name in row:
            found[row[name]] = torch.as_tensor(vector)
    return found
