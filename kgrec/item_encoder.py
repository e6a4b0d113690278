"""What gives an item its vector in the space of the personas by what is told of it: maps of texts and features.

The training of the personas keeps it in the run folder (`gnn.item_encoder`). An item that came later gets by it the
vector that the training gives to an item which nobody chose: of the parts of `gnn.shared_space`, all but its own.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from kgrec.errors import KgrecError, first_line
from kgrec.mapped import load_mapped, save_mapped
from kgrec.packed_text import packed, unpacked
from kgrec.training.fits import Fit

FORMAT_VERSION = 1
MANIFEST = "item_encoder.json"

Way = tuple[tuple[str, ...], ...]  # relationship types at each step from the item on: the part of a meta-path behind it
Reached = Mapping[Way, Sequence[str]]  # keys of what an item reaches by each, every key once


@dataclass(frozen=True, eq=False)
class Ends:
    """What the items reach by one way.

    Attributes:
        keys: of the nodes, as ``project/feature_keys`` gives them. ``[n]``
        weights: the logarithm of one over each one's share of the items. ``[n]``
        vectors: ``[n, dim]``
    """

    keys: list[str]
    weights: np.ndarray
    vectors: Tensor

    @cached_property
    def place(self) -> dict[str, int]:
        """Row of each key."""
        return {key: row for row, key in enumerate(self.keys)}


@dataclass(frozen=True, eq=False)
class ItemEncoder:
    """Gives vectors to items.

    Attributes:
        run_id: of the personas in whose space they are.
        n_items: how many items there were when it was learned.
        text: maps text embeddings. ``[dim, text_dim]``
        ends: of each way.
    """

    run_id: str
    n_items: int
    text: Tensor
    ends: dict[Way, Ends]

    def __call__(self, texts: Tensor, reached: Sequence[Reached]) -> Tensor:
        """Encode items.

        What no item reached at the training has no vector; it weighs as what one item alone reaches, as features are
        brought to length 1 together.

        Args:
            texts: text embeddings, zeros for none. ``[n, text_dim]``
            reached: by each of the items. ``[n]``

        Returns:
            ``[n, dim]``
        """
        found = texts @ self.text.T
        for row, of_item in enumerate(reached):
            square = 0.0
            total = torch.zeros(self.text.shape[0])
            for way, ends in self.ends.items():
                keys = of_item.get(way, ())
                known = [ends.place[key] for key in keys if key in ends.place]
                weights = ends.weights[known]
                square += float(np.square(weights, dtype=np.float64).sum())
                square += (len(keys) - len(known)) * math.log(max(self.n_items, 1)) ** 2
                total += torch.from_numpy(weights) @ ends.vectors[known]
            if square:
                found[row] += total / math.sqrt(square)
        return found

    def save(self, run: Path) -> None:
        """Write ``final/item_encoder-....safetensors`` and, at last, ``final/item_encoder.json``.

        Raises:
            KgrecError: the folder cannot be written.
        """
        arrays = {"text": self.text.numpy()}
        for number, ends in enumerate(self.ends.values()):
            arrays[f"{number}, keys"], arrays[f"{number}, key ends"] = packed(ends.keys)
            arrays[f"{number}, weights"], arrays[f"{number}, vectors"] = ends.weights, ends.vectors.numpy()
        content = {"run_id": self.run_id, "n_items": self.n_items, "ways": list(self.ends)}
        path = Fit.FINAL.folder(run) / MANIFEST
        save_mapped(path, FORMAT_VERSION, "item encoder", self.run_id, content, arrays)

    @classmethod
    def load(cls, run: Path) -> Self | None:
        """Read what `save` wrote; ``None`` where it wrote nothing: an earlier kgrec, or HDGI's own objective.

        Raises:
            KgrecError: it is damaged, or a later kgrec wrote it.
        """
        folder = Fit.FINAL.folder(run)
        if not (folder / MANIFEST).exists():
            return None
        mend = f"run `kgrec train personas --run {run}` again"
        manifest, arrays = load_mapped(folder / MANIFEST, FORMAT_VERSION, "item encoder", mend)
        try:
            ends = {
                tuple(tuple(step) for step in way): Ends(
                    unpacked(arrays[f"{number}, keys"].numpy(), arrays[f"{number}, key ends"].numpy()),
                    arrays[f"{number}, weights"].numpy(),
                    arrays[f"{number}, vectors"],
                )
                for number, way in enumerate(manifest["ways"])
            }
            return cls(manifest["run_id"], manifest["n_items"], arrays["text"], ends)
        except (ValueError, KeyError, TypeError) as error:
            raise KgrecError(f"The item encoder in {folder} is damaged ({first_line(error)}): {mend}.") from error
