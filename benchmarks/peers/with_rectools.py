"""SASRec and eSASRec of RecTools, fitted by RecTools and asked for its item embeddings and session states."""

import logging
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
import torch
from pytorch_lightning import seed_everything
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel
from rectools.models.nn.transformers.ligr import LiGRLayers

from benchmarks.peers.two_fits import Peer

logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)  # it says at each epoch that there was an epoch
MAX_LENGTH = 50
SIZES = {"n_factors": 64, "n_blocks": 2, "n_heads": 2, "session_max_len": MAX_LENGTH, "dropout_rate": 0.3}
SASREC = {**SIZES, "loss": "softmax", "lr": 1e-3, "batch_size": 128}
# Tikhonovich et al., "eSASRec", RecSys 2025: LiGR layers and sampled softmax on SASRec's objective. The negatives, the
# mask of the padding and the width of the feed-forward are those of the authors' configurations.
ESASREC = {
    **SASREC,
    "loss": "sampled_softmax",
    "n_negatives": 256,
    "transformer_layers_type": LiGRLayers,
    "transformer_layers_kwargs": {"ff_factors_multiplier": 4},
    "use_key_padding_mask": True,
}


class RecToolsFit:
    """RecTools learns from each user's last 51 items and knows no other items than those."""

    def __init__(self, settings: dict[str, Any], histories: list[np.ndarray], n_items: int, seed: int):
        seed_everything(seed)
        lengths = [len(history) for history in histories]
        places = np.concatenate([np.arange(length) for length in lengths])
        interactions = pd.DataFrame(
            {
                Columns.User: np.repeat(np.arange(len(histories)), lengths),
                Columns.Item: np.concatenate(histories),
                Columns.Weight: 1.0,
                # RecTools sorts by time: the place in the history stands for it.
                Columns.Datetime: pd.Timestamp("2000-01-01") + pd.to_timedelta(places, unit="s"),
            }
        )
        self.n_items, self.max_length = n_items, int(settings["session_max_len"])
        self.dataset = Dataset.construct(interactions)
        self.model = SASRecModel(**settings, deterministic=True)

    def train_epoch(self) -> None:
        """Let RecTools go on for one epoch."""
        self.model.fit_partial(self.dataset, min_epochs=1, max_epochs=1)

    def scores(self, histories: list[np.ndarray]) -> np.ndarray:
        """Dot products of the session's state and the items; items that RecTools does not know are out."""
        id_map = self.model.data_preparator.item_id_map
        internal = np.zeros(self.n_items + 1, dtype=np.int64)
        items = self.model.data_preparator.get_known_item_ids().astype(np.int64)
        internal[items] = id_map.convert_to_internal(items)
        batch = np.zeros((len(histories), self.max_length), dtype=np.int64)
        for row, history in enumerate(histories):
            # As in recommend(): items that are not known fall away before the history is cut.
            kept = internal[history]
            kept = kept[kept > 0][-self.max_length :]
            if len(kept):
                batch[row, -len(kept) :] = kept
        net = self.model.torch_model.eval()
        with torch.no_grad():
            embeddings = net.item_model.get_all_embeddings()
            states = net.encode_sessions({"x": torch.from_numpy(batch)}, embeddings)[:, -1, :]
            known = (states @ embeddings.T).numpy()
        scores = np.full((len(histories), self.n_items + 1), -np.inf, dtype=np.float32)
        scores[:, items] = known[:, internal[items]]
        scores[batch[:, -1] == 0] = -np.inf  # nothing of the history is known
        return scores


def peer(settings: dict[str, Any]) -> Peer:
    """Return one of RecTools' models with ``SASREC`` or ``ESASREC``."""
    return Peer(
        start=partial(RecToolsFit, settings),
        settings={
            name: value if isinstance(value, int | float | str | dict) else value.__name__
            for name, value in settings.items()
        },
        versions={name: version(name) for name in ("rectools", "pytorch-lightning", "torch")},
        patience=20,
    )
