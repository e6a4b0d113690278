"""A ``.inter`` file straight into columns, where every line of it is in order.

It gives what `kgloader.readers.recbole.read_interactions` gives, several times as fast. At whatever is not plainly in
order it gives up, and the reader of records says what is wrong.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kgloader.bulk.blocks import NOT_PLAIN, identifiers, plain, read_table
from kgloader.bulk.interactions import Interactions
from kgloader.readers import fields, recbole
from kgloader.readers.lines import Lines
from kgloader.writers.resume import Progress

SECONDS = r"[0-9]{1,10}(\.0*)?"  # whole, and below 1e11
KEYS = ("user_id", "item_id")


def read_columns(path: Path, moved: Callable[[int, int], None]) -> tuple[Interactions, Progress] | None:
    """Read a ``.inter`` file, and how far it goes; ``None`` where it has to be read line by line.

    Args:
        path: the file.
        moved: is told how many rows more were read, and up to which byte of the file.
    """
    lines = Lines(path)
    try:
        types = recbole.header(lines, *KEYS)
        read = read_table(path, moved, lambda block, count, first: _table(block, types, count, first))
        return (_interactions(read[0]), read[1]) if read is not None and lines.number == 1 else None
    except NOT_PLAIN:
        return None


def _table(block: bytes, types: dict[str, str], count: int, first: bool) -> pa.Table | None:
    """Columns of whole lines: ids and ratings as codes, times as numbers; ``None`` where a line is not in order."""
    if not plain(block):
        return None
    kinds: dict[str, Any] = {
        name: pa.dictionary(pa.int32(), pa.string()) for name in (*KEYS, "rating") if name in types
    }
    kinds |= {"timestamp": pa.string()} if "timestamp" in types else {}
    table = csv.read_csv(
        BytesIO(block),
        csv.ReadOptions(column_names=list(types), skip_rows=int(first), block_size=8 * 2**20),
        csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(column_types=kinds, include_columns=list(kinds), null_values=[], strings_can_be_null=False),
    )
    if "timestamp" in kinds:
        table = table.set_column(table.column_names.index("timestamp"), "timestamp", _times(table["timestamp"]))
    return table if len(table) == count - first else None  # else a blank line is among them


def _times(texts: pa.ChunkedArray) -> pa.Array:
    """Epoch milliseconds, as `fields.time` makes them of each text."""
    if pc.all(pc.match_substring_regex(texts, f"^{SECONDS}$"), min_count=0).as_py():
        seconds = pc.replace_substring_regex(texts, r"\..*", "").cast(pa.int64())
        return pc.multiply(seconds, 1_000)
    return pa.array([fields.time("timestamp", text) for text in texts.to_pylist()], pa.int64())


def _interactions(table: pa.Table) -> Interactions:
    """Raises: Malformed: an id or a rating is not in order."""
    user, item = (identifiers(name, table[name]) for name in KEYS)
    rating = np.full(len(table), np.nan)
    if "rating" in table.column_names:
        codes = table["rating"].unify_dictionaries().combine_chunks()
        values = [fields.number("rating", text) if text else np.nan for text in codes.dictionary.to_pylist()]
        rating = np.array(values, dtype=np.float64)[codes.indices]
    return Interactions(
        user.dictionary,
        item.dictionary,
        user.indices.to_numpy().astype(np.int64),
        item.indices.to_numpy().astype(np.int64),
        rating,
        table["timestamp"].to_numpy() if "timestamp" in table.column_names else None,
        np.arange(2, len(table) + 2),
    )
