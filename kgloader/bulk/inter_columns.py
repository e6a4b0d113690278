"""A ``.inter`` file straight into columns, where every line of it is in order.

It gives what `kgloader.readers.recbole.read_interactions` gives, several times as fast. At whatever is not plainly in
order it gives up, and the reader of records says what is wrong.
"""

import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from kgloader.bulk.blocks import blocks, plain
from kgloader.bulk.interactions import Interactions
from kgloader.readers import fields, recbole
from kgloader.readers.lines import Lines, Malformed
from kgloader.writers.resume import Progress
from kgrec.errors import KgrecError

SECONDS = r"[0-9]{1,10}(\.0*)?"  # whole, and below 1e11
KEYS = ("user_id", "item_id")


def read_columns(path: Path, moved: Callable[[int, int], None]) -> tuple[Interactions, Progress] | None:
    """Read a ``.inter`` file, and how far it goes; ``None`` where it has to be read line by line.

    Args:
        path: the file.
        moved: is told how many rows more were read, and up to which byte of the file.
    """
    tables: list[pa.Table] = []
    number, checksum = 0, 0
    lines = Lines(path)
    try:
        types = recbole.header(lines, *KEYS)
        for block, bytes_read in blocks(path):
            table = _table(block, types, skip=not number)
            count = block.count(b"\n") + (not block.endswith(b"\n"))
            if table is None or len(table) != count - (not number):  # a blank line among them
                return None
            checksum = zlib.crc32(block, checksum)
            number += count
            tables.append(table)
            moved(len(table), bytes_read)
    except (KgrecError, EOFError, OSError, zlib.error):  # not packed as it should be
        return None
    found = _interactions(pa.concat_tables(tables)) if tables and lines.number == 1 else None
    return None if found is None else (found, Progress(number, checksum))


def _table(block: bytes, types: dict[str, str], skip: bool) -> pa.Table | None:
    """Columns of whole lines: ids and ratings as codes, times as numbers; ``None`` where a line is not in order."""
    if not plain(block):
        return None
    kinds: dict[str, Any] = {
        name: pa.dictionary(pa.int32(), pa.string()) for name in (*KEYS, "rating") if name in types
    }
    kinds |= {"timestamp": pa.string()} if "timestamp" in types else {}
    try:
        table = csv.read_csv(
            BytesIO(block),
            csv.ReadOptions(column_names=list(types), skip_rows=int(skip), block_size=8 * 2**20),
            csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                column_types=kinds, include_columns=list(kinds), null_values=[], strings_can_be_null=False
            ),
        )
        if "timestamp" in kinds:
            table = table.set_column(table.column_names.index("timestamp"), "timestamp", _times(table["timestamp"]))
    except (pa.ArrowInvalid, Malformed):
        return None
    return table


def _times(texts: pa.ChunkedArray) -> pa.Array:
    """Epoch milliseconds, as `fields.time` makes them of each text."""
    if pc.all(pc.match_substring_regex(texts, f"^{SECONDS}$"), min_count=0).as_py():
        seconds = pc.replace_substring_regex(texts, r"\..*", "").cast(pa.int64())
        return pc.multiply(seconds, 1_000)
    return pa.array([fields.time("timestamp", text) for text in texts.to_pylist()], pa.int64())


def _interactions(table: pa.Table) -> Interactions | None:
    columns = {
        name: column.unify_dictionaries().combine_chunks()
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    try:
        for name in KEYS:
            for key in columns[name].dictionary.to_pylist():
                fields.identifier(name, key)
        rating = np.full(len(table), np.nan)
        if "rating" in columns:
            texts = columns["rating"].dictionary.to_pylist()
            values = [fields.number("rating", text) if text else np.nan for text in texts]
            rating = np.array(values, dtype=np.float64)[columns["rating"].indices]
    except Malformed:
        return None
    users, items = (columns[name] for name in KEYS)
    return Interactions(
        users.dictionary,
        items.dictionary,
        users.indices.to_numpy().astype(np.int64),
        items.indices.to_numpy().astype(np.int64),
        rating,
        columns["timestamp"].to_numpy() if "timestamp" in columns else None,
        np.arange(2, len(table) + 2),
    )
