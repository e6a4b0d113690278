"""What one fit of the personas learns from: meta-paths and features, of that fit's interactions alone."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.features import of_users, signatures
from gnn.hops import Hop, hops
from gnn.items import Items, items_of
from gnn.meta_path import START, MetaPath
from gnn.relationships import Relationships
from gnn.streamed_graph import StreamedGraph
from kgrec.errors import KgrecError
from kgrec.training.fingerprint import fingerprint
from kgrec.training.fits import Fit


@dataclass(frozen=True)
class TrainingGraph:
    """What personas are learned from; users in the order of their ids.

    Attributes:
        fit: whose interactions these are.
        user_ids: ``[n_users]``
        features: text part and structure part side by side ``[n_users, text_dim + n_paths * structure_dim]``; without
            columns where users are learned from a block at a time
        texts: digest of the models and texts that the text part was made of.
        paths: the meta-paths that have instances, each with its hops.
        missing: meta-paths that were asked for and have none.
        purchases: the hop from the users to the items that they chose.
        items: what is told of all items; but for what they co-occur with, the same in all fits.
        tables: what each item of `purchases` hands on to its users' features, a table a part. ``[n, width]`` each
    """

    fit: Fit
    user_ids: list[str]
    features: Tensor
    texts: str
    paths: dict[MetaPath, list[Hop]]
    missing: list[MetaPath]
    purchases: Hop
    items: Items
    tables: list[Tensor] = field(default_factory=list)

    @property
    def chosen(self) -> sp.csr_array:
        """Which users chose which of `items`, 1 or 0: ``[n_users, n_items]``."""
        rows, hop_columns = self.purchases.matrix.indices().numpy()
        columns = pd.Index(self.items.nodes).get_indexer(self.purchases.node_ids)[hop_columns]
        ones = np.ones(len(rows), dtype=np.float32)
        return sp.csr_array((ones, (rows, columns)), shape=(len(self.user_ids), len(self.items.nodes)))


def training_graph(
    streamed: StreamedGraph,
    fit: Fit,
    meta_paths: list[MetaPath],
    structure_dim: int,
    seed: int,
    whole: bool = True,
) -> TrainingGraph:
    """Take what one fit learns from out of the streamed graph.

    Only interactions of ``fit.splits`` are used: an item that somebody chose in a later split alone has no text, no
    popularity and no place in the first hop; what co-occurs does in the same interactions. What is known of items from
    the catalogue is the same for all fits.

    Args:
        streamed: the graph.
        fit: which of the three fits.
        meta_paths: to be followed.
        structure_dim: numbers a meta-path in the structure part.
        seed: of the structure part's random projection.
        whole: make the features of all users; else their tables only.

    Raises:
        KgrecError: the fit has no interactions or none with a text embedding, no meta-path has an instance, or the
            meta-paths need relationship types that were not streamed.
    """
    unknown = sorted(set.union(*(path.types for path in meta_paths)) - set(streamed.types))
    if unknown:
        raise KgrecError(f"The graph was saved without {', '.join(unknown)}: save it again with these meta-paths.")
    relationships = _relationships(streamed, fit)
    found = hops(MetaPath.parse(START), streamed.user_nodes, relationships)
    if found is None:
        raise KgrecError("The graph has no training interactions: load interactions first, with `kgrec load amazon`.")
    followed = {path: hops(path, streamed.user_nodes, relationships) for path in meta_paths}
    paths = {path: walked for path, walked in followed.items() if walked is not None}
    missing = [path for path, walked in followed.items() if walked is None]
    if not paths:
        raise KgrecError("The graph has no instance of any of the meta-paths: load the facts that they walk.")
    text, texts = _item_text(streamed, found[0])
    tables = [text, *signatures(paths.values(), structure_dim, seed)]
    features = of_users(found[0].normalised(), tables if whole else [text[:, :0]])
    items = items_of(streamed, fit, meta_paths)
    return TrainingGraph(fit, streamed.user_ids, features, texts, paths, missing, found[0], items, tables)


def _relationships(streamed: StreamedGraph, fit: Fit) -> dict[str, Relationships]:
    """Take the fit's interactions, each pair once, the facts, and what co-occurs in the interactions, by type."""
    mine = [streamed.interactions[split] for split in fit.splits if split in streamed.interactions]
    return streamed.facts_of(fit) | ({START: Relationships.together(mine)} if mine else {})


def _item_text(streamed: StreamedGraph, purchases: Hop) -> tuple[Tensor, str]:
    """Take the text embeddings of the items that somebody chose.

    Returns:
        Zeros where there is none ``[n, text_dim]``, and a digest of what the embeddings were made of.
    """
    place = pd.Index(streamed.item_nodes).get_indexer(purchases.node_ids)  # -1 without a text
    known = np.array([row >= 0 and streamed.made_of[row] != "" for row in place])
    if not known.any():
        raise KgrecError("No item has a text embedding: run `kgrec load embeddings` first.")
    text = torch.zeros(len(place), streamed.texts.shape[1])
    text[torch.from_numpy(known)] = torch.from_numpy(streamed.texts[place[known]])
    made_of = [streamed.made_of[row] if row >= 0 else "" for row in place]
    return text, fingerprint(made_of)
