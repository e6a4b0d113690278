"""What the final fit knows of all users together, kept in the run folder: who is asked for is all that is read besides.

A snapshot is of one state of the graph. After any write, by whomever, it is not taken for the graph any more; feedback
alone, which is of few users, it outlives (`kgrec.feedback.following`).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from kgrec.counted import Counted, uncounted
from kgrec.errors import KgrecError, first_line
from kgrec.feedback.following import MANIFEST
from kgrec.graph.database import Database
from kgrec.mapped import load_mapped, save_mapped
from kgrec.packed_text import packed, unpacked
from kgrec.training.fits import Fit
from recommender.dataset import SPARSE_PARTS, Dataset, Personas
from recommender.encoding import with_new_items
from recommender.reading import read_dataset
from recommender.tables import Tables, tellers

FORMAT_VERSION = 2  # 1 had neither names of facts nor vectors of items that came after the personas
CHOSEN = "chosen"  # name of that matrix among the tables of the file


@dataclass(frozen=True, eq=False)
class Snapshot:
    """The final fit without its users, as `recommender.knowledge.Knowledge`. What is read from a file stays there.

    Attributes:
        state: of the graph that it was read from, or that feedback alone made of it
            (`kgrec.graph.database.Database.state`).
        item_ids: ``[n_items]``
        items_digest: as `Dataset.items_digest`.
        personas: of the final fit, without those of the users.
        frequency: how often each item was chosen. ``[n_items + 1]``
        chosen: which users had which items. ``[n_users, n_items + 1]``
        looked_up: what its sources look up.
        fact_names: names of the facts of each kind that it looks up, packed (`kgrec.packed_text`).
    """

    state: str
    item_ids: list[str]
    items_digest: str
    personas: Mapping[Fit, Personas]
    frequency: np.ndarray
    chosen: sp.csc_matrix
    looked_up: Tables
    fact_names: Mapping[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, dataset: Dataset, state: str) -> Self:
        """Take what is needed of a data set.

        Args:
            dataset: with co-occurrence and personas of the final fit.
            state: of the graph when it was read.

        Raises:
            KgrecError: it lacks one of both.
        """
        personas = dataset.require_personas(Fit.FINAL)
        of_nobody = Personas(personas.run_id, torch.zeros(0, personas.dim), [], personas.items)
        known = dataset.sequences.known(Fit.FINAL)
        return cls(
            state,
            dataset.item_ids,
            dataset.items_digest,
            {Fit.FINAL: of_nobody},
            dataset.counts(Fit.FINAL),
            known.matrix(dataset.n_items).tocsc(),
            dataset.tables(Fit.FINAL),
            {kind: packed(names) for kind, names in dataset.fact_names.items() if names},
        )

    @property
    def n_items(self) -> int:
        """The highest item number."""
        return len(self.item_ids)

    @cached_property
    def number(self) -> dict[str, int]:
        """Number of each item id."""
        return {item_id: number for number, item_id in enumerate(self.item_ids, start=1)}

    @cached_property
    def columns_of_facts(self) -> dict[str, dict[str, int]]:
        """Column of each fact, by its name, of each kind."""
        return {
            kind: {name: column for column, name in enumerate(unpacked(*names))}
            for kind, names in self.fact_names.items()
        }

    def numbers(self, histories: Sequence[Sequence[str]]) -> list[list[int]]:
        """Number the items of histories; those that came after the snapshot are passed over."""
        number = self.number
        return [[number[item_id] for item_id in history if item_id in number] for history in histories]

    def having(self, kind: str, column: int) -> np.ndarray:
        """Numbers of the items that have a fact of a kind, by its column: ``[n]``."""
        of_facts = self.looked_up[tellers(kind)]
        found: np.ndarray = of_facts.indices[of_facts.indptr[column] : of_facts.indptr[column + 1]]
        return found

    def require_personas(self, fit: Fit) -> Personas:
        """Return the personas of the final fit, without those of the users."""
        _only_final(fit)
        return self.personas[fit]

    def counts(self, fit: Fit) -> np.ndarray:
        """How often each item was chosen: ``[n_items + 1]``."""
        _only_final(fit)
        return self.frequency

    def tables(self, fit: Fit) -> Tables:
        """Return what the sources of the final fit look up."""
        _only_final(fit)
        return self.looked_up

    def save(self, run: Path) -> None:
        """Write ``final/snapshot-....safetensors`` and, at last, ``final/snapshot.json``, in place of those before.

        Nothing is written where another process does it at the same time.

        Raises:
            KgrecError: the folder cannot be written.
        """
        tables = {name: self.looked_up[name] for name in self.looked_up.names} | {CHOSEN: self.chosen}
        content = {
            "state": self.state,
            "items_digest": self.items_digest,
            "persona_run": self.personas[Fit.FINAL].run_id,
            "facts": list(self.fact_names),
            "shapes": {table: list(one.shape) for table, one in tables.items()},
        }
        path = Fit.FINAL.folder(run) / MANIFEST
        save_mapped(path, FORMAT_VERSION, "snapshot", self.state, content, self._arrays())

    @classmethod
    def load(cls, run: Path) -> Self:
        """Read what `save` wrote, of whatever state of the graph.

        Raises:
            KgrecError: there is none, it is damaged, or a later kgrec wrote it.
        """
        folder = Fit.FINAL.folder(run)
        manifest, arrays = load_mapped(folder / MANIFEST, FORMAT_VERSION, "snapshot")
        try:
            item_ids = unpacked(arrays["item_ids"].numpy(), arrays["item_ends"].numpy())
            items = arrays["persona_items"].clone()  # products differ by where in memory a matrix begins
            personas = Personas(manifest["persona_run"], torch.zeros(0, items.shape[1]), [], items)
            shapes = {name: (rows, columns) for name, (rows, columns) in manifest["shapes"].items()}
            make = {name: partial(_by_rows, arrays, name, shape) for name, shape in shapes.items() if name != CHOSEN}
            return cls(
                manifest["state"],
                item_ids,
                manifest["items_digest"],
                {Fit.FINAL: personas},
                arrays["counts"].numpy(),
                sp.csc_matrix(_parts(arrays, CHOSEN), shape=shapes[CHOSEN]),
                Tables(make),
                {
                    kind: (arrays[f"{kind}, names"].numpy(), arrays[f"{kind}, name ends"].numpy())
                    for kind in manifest["facts"]
                },
            )
        except (ValueError, KeyError, TypeError) as error:
            raise KgrecError(f"The snapshot in {folder} is damaged: {first_line(error)}.") from error

    def _arrays(self) -> dict[str, np.ndarray]:
        """All that is in the file: ids as UTF-8 one behind the other, matrices in their parts."""
        item_ids, item_ends = packed(self.item_ids)
        arrays = {
            "item_ids": item_ids,
            "item_ends": item_ends,
            "counts": self.frequency,
            "persona_items": self.personas[Fit.FINAL].items.numpy(),
        }
        for kind, (names, name_ends) in self.fact_names.items():
            arrays |= {f"{kind}, names": names, f"{kind}, name ends": name_ends}
        for name in self.looked_up.names:
            arrays |= {f"{name}, {part}": getattr(self.looked_up[name], part) for part in SPARSE_PARTS}
        arrays |= {f"{CHOSEN}, {part}": getattr(self.chosen, part) for part in SPARSE_PARTS if part != "data"}
        return arrays


def current_snapshot(database: Database, run: Path, counted: Counted = uncounted) -> Snapshot:
    """Return the snapshot of the graph of now: that of the run folder, or one made of the whole graph, which is kept.

    Reading the whole graph may be shown by ``counted``.

    Raises:
        KgrecError: as `read_dataset`, or there are no personas.
    """
    state = database.state()
    with suppress(KgrecError):  # whatever is wrong with it, it can be made anew
        kept = Snapshot.load(run)
        if state and kept.state == state:  # a server without bookmarks tells of no state
            return kept
    dataset = read_dataset(database, [Fit.FINAL], with_texts=False, counted=counted)
    made = Snapshot.of(with_new_items(database, run, dataset), state)
    if state and database.state() == state and Fit.FINAL.folder(run).is_dir():
        with suppress(KgrecError):  # a folder that cannot be written is still read
            made.save(run)
    return made


def _only_final(fit: Fit) -> None:
    if fit is not Fit.FINAL:
        raise ValueError(f"a snapshot is of the final fit, not of the {fit} fit")


def _by_rows(arrays: Mapping[str, Tensor], name: str, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix(_parts(arrays, name), shape=shape)


def _parts(arrays: Mapping[str, Tensor], name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return data, indices and bounds of a matrix; ones where its data were not kept."""
    indices, indptr = (arrays[f"{name}, {part}"].numpy() for part in ("indices", "indptr"))
    data = arrays.get(f"{name}, data")
    ones = np.broadcast_to(np.ones(1, dtype=np.float32), indices.shape)
    return (ones if data is None else data.numpy()), indices, indptr
