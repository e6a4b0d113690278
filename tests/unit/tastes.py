"""A made-up graph of two tastes, and items of which nothing is told."""

import numpy as np
import pandas as pd
import torch

from gnn.hops import hops
from gnn.items import Items
from gnn.meta_path import MetaPath
from gnn.training_graph import TrainingGraph
from kgrec.training.fits import Fit
from tests.unit.walks import by_type

SHELF = 20  # items of each taste


def bare_items(nodes: np.ndarray) -> Items:
    """Items without facts or texts."""
    item_ids = [f"i{node:04}" for node in nodes]
    return Items(item_ids, nodes, torch.zeros(len(nodes), 3), ["" for _ in nodes], {})


def two_tastes(n_users: int = 200) -> TrainingGraph:
    """Users of two tastes who buy from two shelves; features tell the taste, under noise, and texts nothing."""
    generator = np.random.default_rng(2)
    taste = np.arange(n_users) % 2
    chosen = [
        (user, 1_000 + SHELF * taste[user] + item) for user in range(n_users) for item in generator.choice(SHELF, 5)
    ]
    frame = pd.DataFrame(chosen, columns=["sourceNodeId", "targetNodeId"]).drop_duplicates()
    frame["relationshipType"] = "INTERACTED"
    path = MetaPath.parse("INTERACTED")
    found = hops(path, np.arange(n_users), by_type(frame))
    assert found is not None
    features = torch.from_numpy(generator.normal(size=(n_users, 16)) + 2.0 * (2 * taste - 1)[:, None]).float()
    user_ids = [f"u{user}" for user in range(n_users)]
    items = bare_items(1_000 + np.arange(2 * SHELF))
    items.texts[:] = torch.from_numpy(generator.normal(size=tuple(items.texts.shape)))
    return TrainingGraph(Fit.VALIDATION, user_ids, features, "texts", {path: found}, [], found[0], items)
