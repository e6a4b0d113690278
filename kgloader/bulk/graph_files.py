"""The graph of a first load as files: every node and relationship that the loads over Bolt would write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from neo4j.time import DateTime

from kgloader.bulk.csv_files import CsvFiles
from kgloader.bulk.described import Columns, Described, Names
from kgloader.bulk.interactions import Interactions
from kgloader.bulk.marks import SPLITS, Sessions
from kgloader.labels import guessed_label
from kgloader.report import Report
from kgloader.writers.resume import FileLoad, Progress

CERTAIN = 1.0  # score of a link made by hand
TYPES = {str: "string", bool: "boolean", int: "long"}  # in the tool's headers


@dataclass(frozen=True)
class Marked:
    """Interactions in their order ``[n]``, and what was made of them.

    Attributes:
        interactions: by user, each user's in their order.
        tie: tie-breaks ``[n]``; ``None`` without times.
        split: places in ``SPLITS`` ``[n]``.
        sessions: empty without times.
    """

    interactions: Interactions
    tie: np.ndarray | None
    split: np.ndarray
    sessions: Sessions


def write_graph(
    folder: Path,
    marked: Marked,
    described: Described,
    loads: Sequence[tuple[FileLoad, Progress]],
    lock: Mapping[str, Any] | None,
    report: Report,
) -> CsvFiles:
    """Write the files of a graph.

    Args:
        folder: where; it is there and empty.
        marked: what interactions there are.
        described: what is known of their items.
        loads: notes that these files are loaded, up to these lines: what ends the load removes them.
        lock: properties of the writer's lock, if a graph that has it is replaced.
        report: where is counted what came to be, but for users, items and interactions, of which some may be gone.

    Raises:
        OSError: the disk is full, or the folder cannot be written to.
    """
    files = CsvFiles(folder)
    users, items = _users_and_items(files, marked, described)
    _interactions(files, marked, users, items)
    _features(files, described, items, report)
    _entities(files, described, items, report)
    if loads:
        rows = [asdict(load) | asdict(progress) for load, progress in loads]
        files.add_nodes("LoadProgress", len(rows), lambda _: _properties(rows))
    if lock is not None:
        files.add_nodes("Lock", 1, lambda _: _properties([lock]))
    return files


def _users_and_items(files: CsvFiles, marked: Marked, described: Described) -> tuple[int, int]:
    ids, item_ids = marked.interactions.users, marked.interactions.items
    users = files.add_nodes("User", len(ids), lambda rows: {"user_id:string": ids[rows], "name:string": ids[rows]})
    titles = pa.array(described.titles, pa.string())
    texts = pa.array(described.descriptions, pa.string())
    prices = pa.array(described.prices, pa.float64())
    items = files.add_nodes(
        "Item",
        len(item_ids),
        lambda rows: {
            "item_id:string": item_ids[rows],
            "name:string": pc.coalesce(titles[rows], item_ids[rows]),
            "title:string": titles[rows],
            "description:string": texts[rows],
            "price:double": prices[rows],
        },
    )
    return users, items


def _interactions(files: CsvFiles, marked: Marked, users: int, items: int) -> None:
    met, sessions, names = marked.interactions, marked.sessions, pa.array(SPLITS)
    first = files.add_nodes("Session", len(sessions.user), lambda rows: _session_columns(met, sessions, rows))
    numbers = np.arange(first, files.nodes)
    files.add_relationships(
        "HAS_SESSION",
        len(numbers),
        lambda rows: {":START_ID": pa.array(users + sessions.user[rows]), ":END_ID": pa.array(numbers[rows])},
    )

    def what_happened(rows: slice) -> dict[str, Any]:
        time = {} if met.timestamp is None else {"timestamp:long": pa.array(met.timestamp[rows])}
        return {":END_ID": pa.array(items + met.item[rows])} | time | {"split:string": names.take(marked.split[rows])}

    files.add_relationships(
        "INTERACTED",
        len(met),
        lambda rows: {
            ":START_ID": pa.array(users + met.user[rows]),
            **what_happened(rows),
            "rating:double": pa.array(met.rating[rows], from_pandas=True),  # NaN is null
            "position:long": pa.array(met.position[rows]),
            **({} if marked.tie is None else {"tie:long": pa.array(marked.tie[rows])}),
        },
    )
    files.add_relationships(
        "CONTAINS",
        len(sessions.of),
        lambda rows: {":START_ID": pa.array(first + sessions.of[rows]), **what_happened(rows)},
    )


def _session_columns(met: Interactions, sessions: Sessions, rows: slice) -> dict[str, Any]:
    started = sessions.started[rows]
    days = pa.array(np.datetime_as_string(started.astype("datetime64[ms]"), unit="D"))
    length = pa.array(sessions.length[rows])
    words = pc.if_else(pc.equal(length, 1), " item", " items")
    users = met.users.take(pa.array(sessions.user[rows]))
    return {
        "name:string": pc.binary_join_element_wise(days, pc.binary_join_element_wise(_text(length), words, ""), ", "),
        "session_id:string": pc.binary_join_element_wise(users, _text(pa.array(started)), "@"),
        "started_at:long": pa.array(started),
        "ended_at:long": pa.array(sessions.ended[rows]),
        "length:long": length,
    }


def _features(files: CsvFiles, described: Described, items: int, report: Report) -> None:
    ends_of: dict[str, list[Columns]] = {}
    for label, names, type_, ties, told in (
        ("Brand", described.brands, "BY", described.by_brand, "BY (brand)"),
        ("Author", described.authors, "BY", described.by_author, "BY (author)"),
        ("Category", described.categories, "IN_CATEGORY", described.in_category, "IN_CATEGORY"),
    ):
        first = _named(files, label, names)
        starts, ends = ties.distinct()
        report.nodes[label] += len(names)
        report.relationships[told] += len(starts)
        ends_of.setdefault(type_, []).append((starts + items, ends + first))
    for type_, ties in (("ALSO_BOUGHT", described.also_bought), ("ALSO_VIEWED", described.also_viewed)):
        starts, ends = ties.distinct()
        report.relationships[type_] += len(starts)
        ends_of[type_] = [(starts + items, ends + items)]
    for type_, parts in ends_of.items():
        starts, ends = (np.concatenate(column) for column in zip(*parts, strict=True))
        _tied(files, type_, starts, ends)


def _entities(files: CsvFiles, described: Described, items: int, report: Report) -> None:
    uris = described.entities
    labels = pa.array([guessed_label(uri) for uri in uris.places], pa.string())
    texts = uris.texts()
    first = files.add_nodes("Entity", len(uris), lambda rows: {"uri:string": texts[rows], "label:string": labels[rows]})
    report.nodes["Entity"] += len(uris)
    starts, ends = described.same_as.distinct()
    report.relationships["SAME_AS"] += len(starts)
    _tied(
        files,
        "SAME_AS",
        starts + items,
        ends + first,
        lambda rows: {"score:double": np.full(rows.stop - rows.start, CERTAIN)},
    )
    heads, tails, types = described.typed.distinct()
    report.relationships["typed facts"] += len(heads)
    names = described.types.texts()
    _tied(files, "", heads + first, tails + first, lambda rows: {":TYPE": names.take(pa.array(types[rows]))})
    heads, tails, predicates = described.other.distinct()
    report.relationships["RELATED_TO"] += len(heads)
    said = described.predicates.texts()
    _tied(
        files,
        "RELATED_TO",
        heads + first,
        tails + first,
        lambda rows: {"predicate:string": said.take(pa.array(predicates[rows]))},
    )


def _named(files: CsvFiles, label: str, names: Names) -> int:
    texts = names.texts()
    return files.add_nodes(label, len(names), lambda rows: {"name:string": texts[rows]})


def _tied(
    files: CsvFiles,
    type_: str,
    starts: np.ndarray,
    ends: np.ndarray,
    properties: Callable[[slice], dict[str, Any]] = lambda _: {},
) -> None:
    files.add_relationships(
        type_, len(starts), lambda rows: {":START_ID": starts[rows], ":END_ID": ends[rows], **properties(rows)}
    )


def _properties(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Columns of rows that have the same properties, of the types that their values have."""
    columns: dict[str, Any] = {}
    for name, value in rows[0].items():
        values = [row[name] for row in rows]
        if isinstance(value, DateTime):
            columns[f"{name}:datetime"] = pa.array([one.iso_format() for one in values])
        else:
            columns[f"{name}:{TYPES[type(value)]}"] = pa.array(values)
    return columns


def _text(column: pa.Array) -> pa.Array:
    return column.cast(pa.string())
