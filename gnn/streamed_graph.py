"""What personas can be learned from, as it was streamed from the database; kept in a folder, it needs none."""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from kgrec.errors import KgrecError
from kgrec.files import replacing
from kgrec.graph.co_occurrence import RELATIONSHIP
from kgrec.manifest import load_manifest, save_manifest
from kgrec.training.fits import Fit

FORMAT_VERSION = 4
MANIFEST = "graph.json"
TABLES = ("graph_users", "graph_items", "graph_interactions", "graph_facts", "graph_co_occurrence")
FILES = ("graph_texts.npz", *(f"{table}.parquet" for table in TABLES))


@dataclass(frozen=True, eq=False)
class StreamedGraph:
    """Interactions of all splits and what is around them, out of which each fit takes its own part.

    Nodes go by the ids that GDS streams.

    Attributes:
        user_ids: of all users, in their order. ``[n_users]``
        user_nodes: their nodes; a negative number for a user without interactions. ``[n_users]``
        interactions: columns ``sourceNodeId``, ``targetNodeId``, ``split``; one row a user, item and split.
        facts: columns ``sourceNodeId``, ``targetNodeId``, ``relationshipType``.
        co_occurrence: columns ``sourceNodeId``, ``targetNodeId``, ``fit``; empty where no meta-path walks it.
        types: relationship types that were asked for, whether the graph has any or not.
        item_ids: of the items that somebody interacted with or that have facts, in their order. ``[n_items]``
        item_nodes: their nodes. ``[n_items]``
        texts: their text embeddings, zeros where there is none, single precision. ``[n_items, text_dim]``
        made_of: what each embedding was made of: a hash of model and text, empty where there is none. ``[n_items]``
    """

    user_ids: list[str]
    user_nodes: np.ndarray
    interactions: pd.DataFrame
    facts: pd.DataFrame
    co_occurrence: pd.DataFrame
    types: list[str]
    item_ids: list[str]
    item_nodes: np.ndarray
    texts: np.ndarray
    made_of: list[str]

    def facts_of(self, fit: Fit) -> pd.DataFrame:
        """Return the facts together with a fit's own co-occurrence, in the columns of ``facts``."""
        mine = self.co_occurrence[self.co_occurrence["fit"] == fit.value]
        ties = mine[["sourceNodeId", "targetNodeId"]].assign(relationshipType=RELATIONSHIP)
        return pd.concat([self.facts, ties], ignore_index=True) if len(ties) else self.facts

    def save(self, folder: str | Path) -> None:
        """Write the graph: arrays as npz, tables as parquet, the rest as JSON with their checksums.

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
        try:
            (folder / MANIFEST).unlink(missing_ok=True)
            with replacing(folder / "graph_texts.npz") as draft, draft.open("wb") as file:
                np.savez(file, texts=self.texts)
            for name, table in zip(
                TABLES, (users, items, self.interactions, self.facts, self.co_occurrence), strict=True
            ):
                with replacing(folder / f"{name}.parquet") as draft:
                    table.to_parquet(draft, index=False)
            save_manifest(folder / MANIFEST, FORMAT_VERSION, {"types": self.types}, FILES)
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
            interactions = pd.read_parquet(
                folder / "graph_interactions.parquet", columns=["sourceNodeId", "targetNodeId", "split"]
            )
            facts = pd.read_parquet(
                folder / "graph_facts.parquet", columns=["sourceNodeId", "targetNodeId", "relationshipType"]
            )
            co_occurrence = pd.read_parquet(
                folder / "graph_co_occurrence.parquet", columns=["sourceNodeId", "targetNodeId", "fit"]
            )
            return cls(
                user_ids=users["user_id"].tolist(),
                user_nodes=users["node"].to_numpy(),
                interactions=interactions,
                facts=facts,
                co_occurrence=co_occurrence,
                types=manifest["types"],
                item_ids=items["item_id"].tolist(),
                item_nodes=items["node"].to_numpy(),
                texts=texts,
                made_of=items["made_of"].tolist(),
            )
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:  # Arrow's are ValueErrors
            raise KgrecError(f"The graph in {folder} is damaged: {str(error).splitlines()[0]}.") from error
