"""What is told of the items themselves: their texts, and what their part of the meta-paths reaches."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor

from gnn.hops import hops, instances
from gnn.meta_path import MetaPath
from gnn.streamed_graph import StreamedGraph
from kgrec.facts import rows_of_length_one, weighed
from kgrec.training.fits import Fit


@dataclass(frozen=True, eq=False)
class Items:
    """The items that somebody interacted with or that have facts, those of later splits among them.

    Attributes:
        item_ids: in their order. ``[n_items]``
        nodes: by which GDS streams them. ``[n_items]``
        texts: text embeddings, zeros where there is none. ``[n_items, text_dim]``
        made_of: what each text embedding was made of. ``[n_items]``
        reached: by each meta-path's steps behind the first, the nodes at its end: each entry is the logarithm of one
            over the node's share of the items, so that what all have in common counts nothing. ``[n_items, n_reached]``
        end_nodes: the nodes at the end of each meta-path, by which GDS streams them. ``[n_reached]``
    """

    item_ids: list[str]
    nodes: np.ndarray
    texts: Tensor
    made_of: list[str]
    reached: dict[MetaPath, sp.csr_array]
    end_nodes: dict[MetaPath, np.ndarray] = field(default_factory=dict)

    @cached_property
    def features(self) -> sp.csr_array:
        """What is reached by all meta-paths side by side, each item's of length 1: ``[n_items, n_features]``."""
        if not self.reached:
            return sp.csr_array(np.zeros((len(self.item_ids), 0), dtype=np.float32))
        joined: sp.csr_array = sp.hstack(list(self.reached.values()), format="csr")
        return rows_of_length_one(joined)

    @cached_property
    def ends(self) -> dict[MetaPath, slice]:
        """Columns of `features` that belong to each meta-path."""
        borders = np.cumsum([0, *(matrix.shape[1] for matrix in self.reached.values())]).tolist()
        return {path: slice(*borders[number : number + 2]) for number, path in enumerate(self.reached)}


def items_of(streamed: StreamedGraph, fit: Fit, meta_paths: list[MetaPath]) -> Items:
    """Take the items out of the streamed graph; meta-paths of one step, or without an instance, reach nothing.

    Of what co-occurs they reach what does in the interactions of the fit.
    """
    reached, nodes, facts = {}, {}, streamed.facts_of(fit)
    for path in meta_paths:
        steps = MetaPath(path.steps[1:])
        walked = hops(steps, streamed.item_nodes, facts) if steps.steps else None
        if walked is not None:
            reached[path] = weighed(instances(walked).astype(bool).astype(np.float32), len(streamed.item_ids))
            nodes[path] = walked[-1].node_ids
    texts = torch.from_numpy(streamed.texts)
    return Items(streamed.item_ids, streamed.item_nodes, texts, streamed.made_of, reached, nodes)
