"""Batched writes: each batch is one transaction that also notes how far the file has been read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from more_itertools import chunked

from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.records import Interaction, ItemRecord
from kgloader.readers.skipped import Skipped, Tolerance, kept_in
from kgloader.report import Report, progress_bar
from kgloader.settings import LoadSettings
from kgloader.writers import resume
from kgloader.writers.resume import Progress
from kgloader.writers.ties import tie_break
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.interrupts import held_back

INTERACTIONS_PER_BATCH = 10_000
DEFAULT_SEED = LoadSettings().seed
ITEMS_PER_BATCH = 1_000  # with their texts and up to some hundred neighbours each

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Write:
    """A statement over ``$rows``, with the kind of node and of relationship that it creates."""

    statement: str
    rows: list[Any]
    node: str = ""
    relationship: str = ""


def load_file(
    database: Database,
    path: Path,
    kind: str,
    read: Callable[[Lines, int], Iterator[tuple[int, Record]]],
    prepare: Callable[[Database, list[Record], Report], list[Write]],
    batch_size: int,
    report: Report,
    tolerance: Tolerance | None = None,
) -> None:
    """Read a file and write it in batches, going on where an interrupted load of the same lines stopped.

    The progress note stays; `resume.forget` removes it when all that follows from the file is done.

    Args:
        database: where to write.
        path: the file.
        kind: what the file is, as the progress bar and the progress note name it.
        read: a reader that takes the lines and the line number behind which to start.
        prepare: turns a batch of records into writes, and counts in the report what it leaves out.
        batch_size: records per transaction.
        report: where everything is counted.
        tolerance: of broken lines, which are kept aside; without it the first one is an error.

    Raises:
        KgrecError: the file is broken, or the server gone; a note of the error says what of the file is in the graph,
            as one of KeyboardInterrupt does.
    """
    if tolerance is not None:
        refuse_shared(path, tolerance, report)
    load = resume.file_load(database, path, kind)
    done = resume.progress_of(database, load)
    skipped = None
    try:
        lines, skipped = _opened(path, tolerance, done)
        records = read(lines, done.rows)
        if done.rows and not lines.passed(done.rows, done.checksum):  # another file than the one that was interrupted
            done = Progress()
            lines, skipped = _opened(path, tolerance, done)
            records = read(lines, 0)
        if done.rows:
            report.notes.append(
                f"{path.name}: went on behind line {done.rows:,}, where an earlier load was interrupted."
            )
        with progress_bar(f"{kind} {path.name}", "rows", lines.size) as advance:
            for batch in chunked(records, batch_size):
                writes = prepare(database, [record for _, record in batch], report)
                if skipped is not None:
                    skipped.keep()
                reached = Progress(lines.number, lines.checksum)
                with held_back():
                    _write_batch(database, writes, resume.progress_write(load, reached), report)
                    done = reached
                report.read[f"rows of {path.name}"] += len(batch)
                advance(len(batch), lines.bytes_read)
    except (KgrecError, KeyboardInterrupt, OSError) as stop:
        stop.add_note(_loaded(path, done, report, stop, tolerance))
        raise
    finally:
        if skipped is not None:
            skipped.keep()
    report.loaded.append(path.name)
    if skipped is not None:
        tell_aside(path, skipped, report)


def refuse_shared(path: Path, tolerance: Tolerance, report: Report) -> None:
    """Refuse to keep the broken lines of two files of a load in one.

    Raises:
        KgrecError: another file of the same name was loaded before.
    """
    if kept_in(path, tolerance) in report.aside:
        raise KgrecError(
            f"The broken lines of another file called {path.name} are in {kept_in(path, tolerance)} already: load the "
            "two by a command each, with a --skipped folder of its own."
        )


def tell_aside(path: Path, skipped: Skipped, report: Report) -> None:
    """Report how many lines of a file were kept aside, and where."""
    report.aside.add(skipped.path)
    if skipped.count:
        report.skipped[f"broken lines of {path.name}"] += skipped.count
        report.notes.append(f"{path.name}: {skipped.path} holds the broken lines, with what is wrong with each.")


def interaction_writes(
    database: Database, batch: list[Interaction], report: Report, seed: int = DEFAULT_SEED
) -> list[Write]:
    """Users, items and their interactions; ``seed`` is that of the hash which orders those of the same time."""
    rows = [asdict(interaction) for interaction in batch]
    timed = [
        row | {"tie": tie_break(seed, row["user_id"], row["item_id"], row["timestamp"])}
        for row in rows
        if row["timestamp"] is not None
    ]
    return [
        Write("load/users", list({row["user_id"]: None for row in rows}), node="User"),
        Write("load/items", list({row["item_id"]: None for row in rows}), node="Item"),
        Write("load/interactions", timed, relationship="INTERACTED"),
        Write(
            "load/interactions_in_file_order",
            [row for row in rows if row["timestamp"] is None],
            relationship="INTERACTED",
        ),
    ]


def item_writes(database: Database, batch: list[ItemRecord], report: Report) -> list[Write]:
    """What is known of the items that somebody interacted with, and their ties to each other."""
    mentioned = {item.item_id for item in batch}.union(*(item.also_bought + item.also_viewed for item in batch))
    known = known_items(database, mentioned)
    items = [item for item in batch if item.item_id in known]
    report.skipped["items not in the reviews"] += len(batch) - len(items)
    return [
        Write("load/item_properties", [{"item_id": item.item_id, "properties": _properties(item)} for item in items]),
        Write(
            "load/brands",
            [{"item_id": item.item_id, "name": item.brand} for item in items if item.brand],
            "Brand",
            "BY (brand)",
        ),
        Write(
            "load/authors",
            [{"item_id": item.item_id, "name": name} for item in items for name in item.authors],
            "Author",
            "BY (author)",
        ),
        Write(
            "load/categories",
            [{"item_id": item.item_id, "name": name} for item in items for name in item.categories],
            "Category",
            "IN_CATEGORY",
        ),
        Write(
            "load/also_bought",
            _ties(((item.item_id, item.also_bought) for item in items), known, report),
            relationship="ALSO_BOUGHT",
        ),
        Write(
            "load/also_viewed",
            _ties(((item.item_id, item.also_viewed) for item in items), known, report),
            relationship="ALSO_VIEWED",
        ),
    ]


def _opened(path: Path, tolerance: Tolerance | None, done: Progress) -> tuple[Lines, Skipped | None]:
    skipped = None if tolerance is None else Skipped(path, tolerance, done.rows)
    return Lines(path, skipped), skipped


def _loaded(path: Path, done: Progress, report: Report, stop: BaseException, tolerance: Tolerance | None) -> str:
    """Say what was loaded before a stop, and how to go on."""
    whole = f"Loaded whole: {', '.join(report.loaded)}. " if report.loaded else ""
    if not done.rows:
        return f"{whole}Of {path.name} nothing was loaded."
    if isinstance(stop, KeyboardInterrupt):
        way = ""
    elif isinstance(stop.__cause__, Malformed) and tolerance is None:
        way = "once the line is mended, or with --on-error skip, "
    else:
        way = "once this is mended, "
    there = f"The first {done.rows:,} lines of {path.name} are in the graph"
    return f"{whole}{there}: {way}the same command goes on behind them."


def _write_batch(database: Database, writes: list[Write], progress: tuple[str, dict[str, Any]], report: Report) -> None:
    given = [write for write in writes if write.rows]
    summaries = database.write_together([*((write.statement, {"rows": write.rows}) for write in given), progress])
    told = iter(summaries)  # of those with rows, and of the progress
    for write in writes:
        counters = next(told).counters if write.rows else None
        if write.node:
            report.nodes[write.node] += counters.nodes_created if counters else 0
        if write.relationship:
            report.relationships[write.relationship] += counters.relationships_created if counters else 0


def _properties(item: ItemRecord) -> dict[str, Any]:
    values = {"title": item.title, "description": item.description, "price": item.price}
    return {key: value for key, value in values.items() if value not in ("", None)}


def _ties(neighbours: Iterable[tuple[str, tuple[str, ...]]], known: set[str], report: Report) -> list[dict[str, str]]:
    rows = []
    for item_id, others in neighbours:
        rows += [{"item_id": item_id, "other": other} for other in others if other in known and other != item_id]
        report.skipped["ties to items not in the reviews"] += sum(other not in known for other in others)
    return rows


def known_items(database: Database, items: set[str]) -> set[str]:
    """Return which of these are items of the graph."""
    return {row["item_id"] for row in database.read("load/known_items", items=list(items))}
