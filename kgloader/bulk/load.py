"""A first load by `neo4j-admin database import`: the files are read, written as its CSV, imported and put in place.

The graph that comes out is that of the same load over Bolt. It also notes of each file that it is loaded, as an
interrupted load does, until the constraints are made: killed before, the same load over Bolt goes on from there.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from kgloader.bulk import inter_columns, review_columns
from kgloader.bulk.described import Described
from kgloader.bulk.graph_files import Marked
from kgloader.bulk.interactions import (
    Interactions,
    core,
    from_records,
    in_order,
    tie_breaks,
    without_the_lonely,
)
from kgloader.bulk.marks import leave_one_out, sessions, tied
from kgloader.readers.lines import Lines
from kgloader.readers.records import Fact, Interaction, ItemRecord, Link
from kgloader.readers.skipped import Skipped, Tolerance
from kgloader.report import Report, progress_bar
from kgloader.writers.interactions import refuse_shared, tell_aside
from kgloader.writers.resume import FileLoad, Progress, file_load_of
from kgloader.writers.splits import Marks
from kgloader.writers.ties import TIES, WITHOUT_TIME
from kgrec.errors import KgrecError

Record = TypeVar("Record")
COLUMNS = {".inter": inter_columns.read_columns, "reviews": review_columns.read_columns}
BAR = 10_000  # records between two moves of the progress bar


@dataclass(frozen=True)
class Source(Generic[Record]):
    """A file, what it is (as the progress note names it), and how its records are read."""

    path: Path
    kind: str
    read: Callable[[Lines, int], Iterator[tuple[int, Record]]]


@dataclass(frozen=True)
class Sources:
    """The files of a load, in the order in which they are read."""

    interactions: Source[Interaction]
    items: Source[ItemRecord] | None = None
    links: Source[Link] | None = None
    facts: Source[Fact] | None = None


@dataclass
class FirstLoad:
    """What a first load reads and makes, before anything is written.

    Attributes:
        sources: the files.
        seed: of the hash that orders interactions of the same time.
        report: where everything is counted.
        tolerance: of broken lines; without it the first one is an error.
        k: of the k-core, if only that is kept.
    """

    sources: Sources
    seed: int
    report: Report
    tolerance: Tolerance | None = None
    k: int | None = None
    _read: list[tuple[Path, str, Progress]] = field(default_factory=list)

    @property
    def files(self) -> list[tuple[Path, str]]:
        """What was read: each file, and what it is."""
        return [(path, kind) for path, kind, _ in self._read]

    def read(self) -> tuple[Marked, Described, list[tuple[FileLoad, Progress]]]:
        """Read all files.

        Returns:
            the interactions, what is known of items, and the notes that the files are loaded.

        Raises:
            KgrecError: a file is broken, there are no interactions, or the k-core is empty.
        """
        try:
            marked = self._marked()
            described = Described(marked.interactions.items, self.report)
            for source, add in (
                (self.sources.items, described.add_items),
                (self.sources.links, described.add_links),
                (self.sources.facts, described.add_facts),
            ):
                if source is not None:
                    with closing(self._records(source)) as records:
                        add(records)
        except (KgrecError, KeyboardInterrupt, OSError) as stop:
            stop.add_note("Nothing was loaded.")
            raise
        items = len(marked.interactions.items)
        return marked, described, [(file_load_of(path, kind, items), far) for path, kind, far in self._read]

    def _marked(self) -> Marked:
        """Read the interactions, and do with them what the writers do with a graph of them."""
        report, source = self.report, self.sources.interactions
        read = self._interactions()
        if not len(read):
            raise KgrecError(f"{source.path} holds no interactions.")
        met, tie = in_order(read, tie_breaks(read, self.seed))
        report.nodes.update({"Item": len(met.items), "User": len(met.users)})
        report.relationships["INTERACTED"] += len(met)
        report.skipped["interactions already there"] += len(read) - len(met)
        if self.k is not None:
            kept = core(met, self.k)
            if not kept.any():
                raise KgrecError(f"The {self.k}-core is empty: choose a smaller --k-core, or load without.")
            before, met = met, without_the_lonely(met.taken(kept))
            tie = None if tie is None else tie[kept]
            report.removed[f"users outside the {self.k}-core"] += len(before.users) - len(met.users)
            report.removed[f"items outside the {self.k}-core"] += len(before.items) - len(met.items)
        marked = Marked(met, tie, leave_one_out(met), sessions(met))
        report.marked.update(Marks(len(met.users), len(marked.sessions.user), 0).counts())
        report.shares[TIES] = tied(met) / len(met)
        report.shares[WITHOUT_TIME] = float(met.timestamp is None)
        return marked

    def _interactions(self) -> Interactions:
        source = self.sources.interactions
        skipped = self._aside(source)
        with progress_bar(f"{source.kind} {source.path.name}", "rows", source.path.stat().st_size) as advance:
            found = COLUMNS[source.kind](source.path, advance)
        if found is not None:
            self._whole(source, found[1], len(found[0]), skipped)
            return found[0]
        with closing(self._records(source)) as records:
            return from_records(records)

    def _records(self, source: Source[Record]) -> Generator[Record]:
        """Yield the records of a file; at its end it counts as read."""
        skipped = self._aside(source)
        lines = Lines(source.path, skipped)
        count = 0
        try:
            with progress_bar(f"{source.kind} {source.path.name}", "rows", lines.size) as advance:
                for count, (_, record) in enumerate(source.read(lines, 0), start=1):
                    yield record
                    if not count % BAR:
                        advance(BAR, lines.bytes_read)
        finally:
            if skipped is not None:
                skipped.keep()
        self._whole(source, Progress(lines.number, lines.checksum), count, skipped)

    def _aside(self, source: Source[Record]) -> Skipped | None:
        """Return where broken lines of a file are kept, if they are; those of an earlier load are dropped."""
        if self.tolerance is None:
            return None
        refuse_shared(source.path, self.tolerance, self.report)
        return Skipped(source.path, self.tolerance)

    def _whole(self, source: Source[Record], reached: Progress, rows: int, skipped: Skipped | None) -> None:
        self.report.read[f"rows of {source.path.name}"] += rows
        self._read.append((source.path, source.kind, reached))
        if skipped is not None:
            tell_aside(source.path, skipped, self.report)
