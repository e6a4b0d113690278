"""What an evaluation measured, user by user: kept in the run folder, so that every figure can be traced to it."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd

from kgrec.errors import KgrecError, first_line
from kgrec.files import replacing

FORMAT_VERSION = 1
MANIFEST = "measured.json"
Kind = Literal["baseline", "model", "ablation"]


@dataclass(frozen=True)
class System:
    """One system that was asked for every target.

    Attributes:
        name: as tables show it.
        kind: a plain baseline, a trained model or pipeline, or one of them with something taken away.
        beyond: what its lists of ten are like, by name: coverage, Gini and so on.
        curve: validation NDCG@10 after each epoch; empty where nothing is trained in epochs.
    """

    name: str
    kind: Kind
    beyond: dict[str, float]
    curve: list[float]


@dataclass(frozen=True, eq=False)
class Measured:
    """One run's evaluation.

    Attributes:
        users: one row a target: ``user_id``, ``target`` (item id), ``history`` (how many items were known before),
            ``learned`` (how often the target occurs in what the models learned from), ``head`` (whether the target is
            among the most popular fifth of the items), ``persona`` (name of the user's strongest, ``None`` without).
        systems: in the order of tables.
        ranks: rank of each target among the items that the user has not had, from 1, infinity where it cannot be on
            the list. ``[n_systems, n_targets]``
        about: data and settings with their digests, the seed, the split, the shares of ties and of repeated targets.
    """

    users: pd.DataFrame
    systems: list[System]
    ranks: np.ndarray
    about: dict[str, Any]

    def __post_init__(self) -> None:
        if self.ranks.shape != (len(self.systems), len(self.users)):
            raise ValueError(f"ranks {self.ranks.shape} of {len(self.systems)} systems and {len(self.users)} targets")

    def save(self, folder: Path) -> None:
        """Write ``users.parquet``, ``ranks.parquet`` (a column a system) and, at last, ``measured.json``.

        Raises:
            KgrecError: the folder cannot be written.
        """
        names = [system.name for system in self.systems]
        manifest = {
            "version": FORMAT_VERSION,
            "about": self.about,
            "systems": [dataclasses.asdict(system) for system in self.systems],
        }
        try:
            (folder / MANIFEST).unlink(missing_ok=True)
            with replacing(folder / "users.parquet") as draft:
                self.users.to_parquet(draft)
            with replacing(folder / "ranks.parquet") as draft:
                pd.DataFrame(self.ranks.T, columns=names).to_parquet(draft)
            with replacing(folder / MANIFEST) as draft:
                draft.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        except OSError as error:
            raise KgrecError(f"The evaluation cannot be written to {folder}: {error.strerror or error}.") from error

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            KgrecError: there is none, it is damaged, or a later kgrec wrote it.
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if manifest["version"] != FORMAT_VERSION:
                raise KgrecError(f"{folder} holds an evaluation of format {manifest['version']}, not {FORMAT_VERSION}.")
            systems = [System(**system) for system in manifest["systems"]]
            ranks = pd.read_parquet(folder / "ranks.parquet")[[system.name for system in systems]]
            users = pd.read_parquet(folder / "users.parquet")
            return cls(users, systems, ranks.to_numpy(dtype=float).T, manifest["about"])
        except FileNotFoundError as error:
            raise KgrecError(f"{folder} holds no evaluation: run `kgrec evaluate` first.") from error
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:  # Arrow's errors are ValueErrors
            raise KgrecError(f"The evaluation in {folder} is damaged: {first_line(error)}.") from error
