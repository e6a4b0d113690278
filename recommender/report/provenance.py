"""Data, settings and digests of the runs, and the way from a figure back to the run folders."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kgrec.text import shown
from recommender.measured import Measured
from recommender.report.document import DASH, Cell, Table

LONGEST_VALUE = 300
DEEPEST = 6  # a nesting beyond it is shown as JSON
MEASUREMENTS = ("ranks.parquet", "users.parquet")

RECOMPUTE = """\
import numpy as np
import pandas as pd

from recommender.metrics import METRICS

folders = [
{folders}
]
system, metric, k = {system}, "NDCG", 10
ranks = [pd.read_parquet(f"{{folder}}/ranks.parquet")[system].to_numpy() for folder in folders]
print(np.mean([METRICS[metric](of_run, k) for of_run in ranks]))
"""


def of_runs(runs: Sequence[tuple[Path, Measured]]) -> Table:
    """One row a run: its folder, its seed, and the digests of the files that hold the ranks and the users."""
    rows = []
    for number, (folder, run) in enumerate(runs, start=1):
        digests = [_words(_digest(folder / name)) for name in MEASUREMENTS]
        rows.append([Cell(f"run {number}"), _words(shown(folder, LONGEST_VALUE)), _words(shown(_seed(run))), *digests])
    head = ["Run", "Folder", "Seed", *(f"SHA-256 of {name}" for name in MEASUREMENTS)]
    return Table("runs", "The runs whose mean the figures are", head, rows)


def of_settings(runs: Sequence[Measured]) -> Table:
    """Everything that ``about`` says, nested; what differs between the runs is told run by run."""
    rows = _nested([run.about for run in runs], depth=0)
    return Table("settings-table", "Data and settings, as the runs keep them", ["Name", "Value"], rows)


def recompute(runs: Sequence[tuple[Path, Measured]], system: str) -> str:
    """Return Python that computes one figure of the main table anew from the run folders."""
    folders = "\n".join(f"    {str(folder)!r}," for folder, _ in runs)
    return RECOMPUTE.format(folders=folders, system=repr(system)) if len(system) <= LONGEST_VALUE else ""


def _words(text: str) -> Cell:
    return Cell(text, words=True)


def _seed(run: Measured) -> object:
    return run.about.get("seed", DASH)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "not kept"


def _nested(values: Sequence[Any], depth: int) -> list[list[Cell]]:
    """Return the rows of dicts that stand at the same place in the runs."""
    rows: list[list[Cell]] = []
    for key in dict.fromkeys(key for value in values for key in value):
        found = [value.get(key, _ABSENT) for value in values]
        name = Cell(shown(key), depth=depth)
        if depth < DEEPEST and all(isinstance(one, dict) and one for one in found):
            rows += [[name, _words("")], *_nested(found, depth + 1)]
        else:
            rows.append([name, _words(_told(found))])
    return rows


def _told(found: Sequence[Any]) -> str:
    told = [_plain(one) for one in found]
    if len(set(told)) == 1:
        return shown(told[0], LONGEST_VALUE)
    return "; ".join(f"run {number}: {shown(one, LONGEST_VALUE)}" for number, one in enumerate(told, start=1))


def _plain(value: Any) -> str:
    if value is _ABSENT:
        return DASH
    if isinstance(value, str):
        return value
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return ", ".join(_plain(one) for one in value)
    return json.dumps(value, ensure_ascii=False, default=str)


_ABSENT = object()
