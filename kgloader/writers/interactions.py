"""Batched writes: each batch is one transaction that also notes how far the file has been read.

One thread reads the file and makes the next batch while another waits for the server to write the one before.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from more_itertools import chunked

from kgloader.garbage import rarely_collected
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.records import ItemRecord
from kgloader.readers.skipped import Skipped, Tolerance, kept_in
from kgloader.report import Report, progress_bar
from kgloader.writers import resume
from kgloader.writers.resume import Progress
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.transaction_size import NODE, RELATIONSHIP, rows_at_once
from kgrec.interrupts import held_back

INTERACTIONS_PER_BATCH = 100_000
ITEMS_PER_BATCH = 1_000
INTERACTION = 3 * RELATIONSHIP // 2  # bytes that the server needs for one, its user and its item with it
ITEM = NODE + 100 * RELATIONSHIP  # with its text and up to some hundred neighbours

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class Write:
    """A statement over ``$rows`` and other parameters, with the kind of node and of relationship that it creates."""

    statement: str
    rows: list[Any]
    node: str = ""
    relationship: str = ""
    beside: Row = field(default_factory=dict)

    @property
    def parameters(self) -> Row:
        """All that the statement takes."""
        return {"rows": self.rows} | self.beside


def load_file(
    database: Database,
    path: Path,
    kind: str,
    read: Callable[[Lines, int], Iterator[tuple[int, Record]]],
    prepare: Callable[[Database, list[Record], Report], list[Write]],
    most: int,
    of_record: int,
    report: Report,
    tolerance: Tolerance | None = None,
) -> None:
    """Read a file and write it in batches, going on where an interrupted load of the same lines stopped.

    A batch is written when the one before is in the graph; meanwhile the next one is read. The progress note stays;
    `resume.forget` removes it when all that follows from the file is done.

    Args:
        database: where to write.
        path: the file.
        kind: what the file is, as the progress bar and the progress note name it.
        read: a reader that takes the lines and the line number behind which to start.
        prepare: turns a batch of records into writes, and counts in the report what it leaves out; it may be called
            before the batch before is in the graph.
        most: records per transaction, fewer where the server allows less.
        of_record: bytes that the server needs for a record.
        report: where everything is counted.
        tolerance: of broken lines, which are kept aside; without it the first one is an error.

    Raises:
        KgrecError: the file is broken, or the server gone; a note of the error says what of the file is in the graph,
            as one of KeyboardInterrupt does.
    """
    if tolerance is not None:
        refuse_shared(path, tolerance, report)
    at_once = rows_at_once(database, of_record, most)
    load = resume.file_load(database, path, kind)
    done = resume.progress_of(database, load)
    skipped = None
    under_way: tuple[Future[None], Progress] | None = None

    def settle() -> None:
        """Wait until the batch under way is in the graph."""
        nonlocal under_way, done
        with held_back():
            if under_way is not None:
                (writing, reached), under_way = under_way, None
                writing.result()
                done = reached

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
        with (
            rarely_collected(),
            ThreadPoolExecutor(1, "kgrec-load") as writer,
            progress_bar(f"{kind} {path.name}", "rows", lines.size) as advance,
        ):
            for batch in chunked(records, at_once):
                reached = Progress(lines.number, lines.checksum)
                writes = prepare(database, [record for _, record in batch], report)
                settle()
                if skipped is not None:
                    skipped.keep()
                note = resume.progress_write(load, reached)
                with held_back():
                    under_way = writer.submit(_write_batch, database, writes, note, report), reached
                report.read[f"rows of {path.name}"] += len(batch)
                advance(len(batch), lines.bytes_read)
            settle()
    except (KgrecError, KeyboardInterrupt, OSError) as stop:
        with suppress(KgrecError):
            settle()
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
    summaries = database.write_together([*((write.statement, write.parameters) for write in given), progress])
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
