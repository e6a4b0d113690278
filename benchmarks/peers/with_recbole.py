"""SASRec of RecBole: its files, its augmentation, its model and its trainer; only the ranking is ours.

RecBole's own evaluation of sequence models leaves the items of the history among the rivals, and its leave-one-out
finds the targets itself, so that neither can be told to follow kgrec's protocol.
"""

import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from recbole.config import Config
from recbole.data import create_dataset
from recbole.data.dataloader import TrainDataLoader
from recbole.data.interaction import Interaction
from recbole.model.sequential_recommender import SASRec
from recbole.trainer import Trainer
from recbole.utils import init_seed

from benchmarks.peers.two_fits import Peer

NAME = "kgrec"
MAX_LENGTH = 50
PARTS = 4  # of a batch
SETTINGS = {
    "hidden_size": 64,
    "inner_size": 64,  # as wide as the other peers' and ours
    "n_layers": 2,
    "n_heads": 2,
    "hidden_dropout_prob": 0.3,
    "attn_dropout_prob": 0.3,
    "MAX_ITEM_LIST_LENGTH": MAX_LENGTH,
    "loss_type": "CE",
    "learning_rate": 1e-3,
    "train_batch_size": 256,  # prefixes, not users
}
NOT_OF_THE_MODEL = {
    "train_neg_sample_args": None,
    "load_col": {"inter": ["user_id", "item_id", "timestamp"], "item": ["item_id"]},
    # What is written is all to be learned from.
    "eval_args": {"split": {"RS": [1.0, 0.0, 0.0]}, "group_by": None, "order": "TO", "mode": "full"},
    "use_gpu": False,
    "show_progress": False,
}


def write(folder: Path, histories: list[np.ndarray], n_items: int) -> None:
    """Write RecBole's ``.inter`` and ``.item``; the place in the history stands for the time."""
    (folder / NAME).mkdir()
    with (folder / NAME / f"{NAME}.inter").open("w") as file:
        file.write("user_id:token\titem_id:token\ttimestamp:float\n")
        for user, history in enumerate(histories):
            file.writelines(f"{user}\t{item}\t{place}\n" for place, item in enumerate(history))
    # Items that nobody had are known too.
    items = "".join(f"{item}\n" for item in range(1, n_items + 1))
    (folder / NAME / f"{NAME}.item").write_text(f"item_id:token\n{items}")


class Trimmed(SASRec):  # type: ignore[misc]
    """RecBole's model without most of the padding, of which each prefix has up to 50: the same function, sooner."""

    def forward(self, item_seq: torch.Tensor, item_seq_len: torch.Tensor) -> torch.Tensor:
        """Return the last states, of parts of like length. ``[batch, dim]``"""
        order = torch.argsort(item_seq_len)
        parts = [
            super(Trimmed, self).forward(item_seq[rows, : int(item_seq_len[rows].max())], item_seq_len[rows])
            for rows in torch.tensor_split(order, min(PARTS, len(order)))
        ]
        return torch.cat(parts)[torch.argsort(order)]


class RecBoleFit:
    """Each epoch goes once over all prefixes of all histories, of 50 items at most."""

    def __init__(self, histories: list[np.ndarray], n_items: int, seed: int):
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), histories, n_items)
            changed = {"data_path": folder, "checkpoint_dir": folder, "seed": seed, "epochs": 0}
            config = Config(SASRec, NAME, config_dict=SETTINGS | NOT_OF_THE_MODEL | changed)
            init_seed(seed, reproducibility=True)
            dataset = create_dataset(config)
        taught, *_ = dataset.build()
        self.batches = TrainDataLoader(config, taught, None, shuffle=True)
        init_seed(seed, reproducibility=True)
        self.model = Trimmed(config, self.batches.dataset)
        self.trainer = Trainer(config, self.model)
        # Column of each item number in RecBole's scores; its padding is 0, as ours.
        self.internal = np.zeros(n_items + 1, dtype=np.int64)
        self.internal[1:] = dataset.token2id(dataset.iid_field, [str(item) for item in range(1, n_items + 1)])

    def train_epoch(self) -> None:
        """Let RecBole's trainer go on for one epoch."""
        self.trainer.start_epoch, self.trainer.epochs = self.trainer.epochs, self.trainer.epochs + 1
        self.trainer.fit(self.batches, verbose=False, saved=False)

    def scores(self, histories: list[np.ndarray]) -> np.ndarray:
        """Score with ``full_sort_predict``."""
        lengths = [min(len(history), MAX_LENGTH) for history in histories]
        batch = torch.zeros(len(histories), MAX_LENGTH, dtype=torch.int64)
        for row, (history, length) in enumerate(zip(histories, lengths, strict=True)):
            batch[row, :length] = torch.from_numpy(self.internal[history[-length:]])
        asked = Interaction({self.model.ITEM_SEQ: batch, self.model.ITEM_SEQ_LEN: torch.tensor(lengths)})
        self.model.eval()
        with torch.no_grad():
            scores: np.ndarray = self.model.full_sort_predict(asked).numpy()
        return scores[:, self.internal]


def peer() -> Peer:
    """Return RecBole's SASRec."""
    return Peer(
        start=RecBoleFit,
        settings=SETTINGS,
        versions={name: version(name) for name in ("recbole", "torch", "numpy")},
        patience=5,
    )
