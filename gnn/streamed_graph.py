"""What personas can be learned from, as it was streamed from the database; kept in a folder, it needs none."""

import dataclasses
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from gnn.relationships import Relationships
from kgrec.errors import KgrecError, first_line
from kgrec.files import replacing
from kgrec.graph.co_occurrence import RELATIONSHIP
from kgrec.manifest import load_manifest, save_manifest
from kgrec.training.fits import Fit

FORMAT_VERSION = 5
MANIFEST = "graph.json"
FILES = ("graph_texts.npz", "graph_relationships.npz", "graph_users.parquet", "graph_items.parquet")
KINDS = ("interactions", "facts", "co_occurrence")


@dataclass(frozen=True, eq=False)
class StreamedGraph:
    """Interactions of all splits and what is around them, out of which each fit takes its own part.

    Nodes go by the ids that GDS streams.

    Attributes:
        user_ids: of all users, in their order. ``[n_users]``
        user_nodes: their nodes; a negative number for a user without interactions. ``[n_users]``
        interactions: of users with items, each pair once, by split.
        facts: by type.
        co_occurrence: of items with items, by fit; none where no meta-path walks it.
        types: relationship types that were asked for, whether the graph has any or not.
        item_ids: of the items that somebody interacted with or that have facts, in their order. ``[n_items]``
        item_nodes: their nodes. ``[n_items]``
        texts: their text embeddings, zeros where there is none, single precision. ``[n_items, text_dim]``
        made_of: what each embedding was made of: a hash of model and text, empty where there is none. ``[n_items]``
    """

    user_ids: list[str]
    user_nodes: np.ndarray
    interactions: dict[str, Relationships]
    facts: dict[str, Relationships]
    co_occurrence: dict[str, Relationships]
    types: list[str]
    item_ids: list[str]
    item_nodes: np.ndarray
    texts: np.ndarray
    made_of: list[str]

    def facts_of(self, fit: Fit) -> dict[str, Relationships]:
        """Return the facts together with a fit's own co-occurrence, by type."""
        mine = self.co_occurrence.get(fit.value)
        return self.facts if mine is None else self.facts | {RELATIONSHIP: mine}

    def save(self, folder: str | Path) -> None:
        """Write the graph: arrays as npz, ids as parquet, the rest as JSON with their checksums.

        The JSON file is written last and taken away first, so that what was half written is no graph.

        Raises:
            KgrecError: the folder cannot be written.
        """
        folder = Path(folder)
        users = pd.DataFrame({"user_id": pd.Series(self.user_ids, dtype="str"), "node": self.user_nodes})
        items = pd.DataFrame(
            {
                "item_id": pd.Series(self.item_ids, dtype="str"),
                "node": self.item_nodes,
                "made_of": pd.Series(self.made_of, dtype="str"),
            }
        )
        found = {kind: getattr(self, kind) for kind in KINDS}
        arrays = {
            f"{kind}:{name}:{field.name}": getattr(relationships, field.name)
            for kind, by_name in found.items()
            for name, relationships in by_name.items()
            for field in dataclasses.fields(Relationships)
        }
        manifest = {"types": self.types, "relationships": {kind: list(by_name) for kind, by_name in found.items()}}
        try:
            (folder / MANIFEST).unlink(missing_ok=True)
            with replacing(folder / "graph_texts.npz") as draft, draft.open("wb") as file:
                np.savez(file, texts=self.texts)
            with replacing(folder / "graph_relationships.npz") as draft, draft.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            for name, table in (("users", users), ("items", items)):
                with replacing(folder / f"graph_{name}.parquet") as draft:
                    table.to_parquet(draft, index=False)
            save_manifest(folder / MANIFEST, FORMAT_VERSION, manifest, FILES)
        except OSError as error:
            raise KgrecError(f"The graph cannot be written to {folder}: {error.strerror or error}.") from error

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a graph that `save` wrote.

        Raises:
            KgrecError: there is none, it is damaged, or a later kgrec wrote it.
        """
        folder = Path(folder)
        manifest = load_manifest(folder / MANIFEST, FORMAT_VERSION, "graph")
        try:
            with np.load(folder / "graph_texts.npz") as stored:
                texts = stored["texts"]
            users, items = (pd.read_parquet(folder / f"graph_{name}.parquet") for name in ("users", "items"))
            if len(texts) != len(items):
                raise ValueError("items and texts differ in length")
            with np.load(folder / "graph_relationships.npz") as stored:
                arrays = dict(stored)
            found = {
                kind: {
                    name: Relationships(
                        *(arrays[f"{kind}:{name}:{field.name}"] for field in dataclasses.fields(Relationships))
                    )
                    for name in manifest["relationships"][kind]
                }
                for kind in KINDS
            }
            return cls(
                user_ids=users["user_id"].tolist(),
                user_nodes=users["node"].to_numpy(),
                **found,
                types=manifest["types"],
                item_ids=items["item_id"].tolist(),
                item_nodes=items["node"].to_numpy(),
                texts=texts,
                made_of=items["made_of"].tolist(),
            )
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:  # Arrow's are ValueErrors
            raise KgrecError(f"The graph in {folder} is damaged: {first_line(error)}.") from error
