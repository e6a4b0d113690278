"""Amazon reviews straight into columns, where every line of the file is a JSON object with all that is needed.

It gives what `kgloader.readers.amazon.read_reviews` gives, several times as fast. At whatever is not plainly in order
it gives up, and the reader of records says what is wrong. Fields that no load reads are not looked at.
"""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import json

from kgloader.bulk.blocks import NOT_PLAIN, identifiers, plain, read_table
from kgloader.bulk.interactions import Interactions
from kgloader.readers import fields
from kgloader.readers.amazon import SECOND
from kgloader.writers.resume import Progress

FIELDS = {
    **dict.fromkeys(("user_id", "reviewerID", "parent_asin", "asin"), pa.string()),
    **dict.fromkeys(("rating", "overall"), pa.float64()),
    **dict.fromkeys(("timestamp", "unixReviewTime"), pa.int64()),
}
OPTIONS = json.ParseOptions(explicit_schema=pa.schema(FIELDS), unexpected_field_behavior="ignore")
READING = json.ReadOptions(block_size=8 * 2**20)


def read_columns(path: Path, moved: Callable[[int, int], None]) -> tuple[Interactions, Progress] | None:
    """Read a file of reviews, and how far it goes; ``None`` where it has to be read line by line.

    Args:
        path: the file.
        moved: is told how many rows more were read, and up to which byte of the file.
    """
    try:
        read = read_table(path, moved, lambda block, lines, _: _table(block, lines))
        return None if read is None else (_interactions(read[0]), read[1])
    except NOT_PLAIN:
        return None


def _table(block: bytes, lines: int) -> pa.Table | None:
    """The fields of whole lines; ``None`` where a line is more or less than an object, or lacks what is needed."""
    objects = block.startswith(b"{") and block.rstrip(b"\n").endswith(b"}") and block.count(b"}\n{") == lines - 1
    if not objects or not plain(block):
        return None
    table = json.read_json(BytesIO(block), READING, OPTIONS)
    if len(table) != lines:
        return None
    item = table["asin"]
    if table["user_id"].null_count == 0:  # 2023
        names, unit, item = ("user_id", "rating", "timestamp"), 1, pc.coalesce(table["parent_asin"], item)
    else:  # 2014 and 2018
        names, unit = ("reviewerID", "overall", "unixReviewTime"), SECOND
        if table["user_id"].null_count != lines:
            return None
    user, rating, time = (table[name] for name in names)
    time = pc.multiply_checked(time, unit)
    if any(column.null_count for column in (user, item, rating, time)):
        return None
    first, last = pc.min(time).as_py(), pc.max(time).as_py()
    if first < fields.FIRST_TIME or last > fields.LAST_TIME or not pc.all(pc.is_finite(rating)).as_py():
        return None
    codes = [column.dictionary_encode() for column in (user, item)]
    return pa.table({"user": codes[0], "item": codes[1], "rating": rating, "time": time})


def _interactions(table: pa.Table) -> Interactions:
    """Raises: Malformed: an id is not in order."""
    user, item = (identifiers("id", table[name]) for name in ("user", "item"))
    return Interactions(
        user.dictionary,
        item.dictionary,
        user.indices.to_numpy().astype(np.int64),
        item.indices.to_numpy().astype(np.int64),
        table["rating"].to_numpy(),
        table["time"].to_numpy(),
        np.arange(1, len(table) + 1),
    )
