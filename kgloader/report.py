"""What a load does while it runs, and what it did: progress bars, counts and the table of them."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from kgrec.graph.database import Database
from kgrec.records import write_document
from kgrec.terminal import DataTable, progress, say, show

NOTHING_NEW = "Nothing was new: no node or relationship was created, removed or marked."


@dataclass
class Report:
    """Counts by what they count, in the order of the first count.

    ``format`` is how they are told; ``asked`` counts the names and entities that DBpedia was asked for; ``shares`` are
    of the graph's interactions; ``loaded`` names the files that are wholly in the graph, ``aside`` those that keep
    broken lines.
    """

    format: str = "table"
    asked: int = 0
    read: Counter[str] = field(default_factory=Counter)
    nodes: Counter[str] = field(default_factory=Counter)
    relationships: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    shares: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    aside: set[Path] = field(default_factory=set)

    def show(self, database: Database, title: str) -> None:
        """Print what happened, the size of the graph and the notes on standard output; a count of 0 is left out."""
        self.tell(title, database.read("load/size")[0])

    def tell(self, title: str, size: dict[str, int]) -> None:
        """Print what happened, with the size of the graph as given."""
        if self.format == "json":
            write_document(self._document(title, size))
            return
        table = DataTable("", "", title=title)
        table.title_justify = "left"
        table.add_column("count", justify="right")
        sections = {
            "read": self.read,
            "created nodes": self.nodes,
            "created relationships": self.relationships,
            "skipped": self.skipped,
            "removed": self.removed,
            "marked": self.marked,
            "in the graph": Counter(size),
        }
        for section, counts in sections.items():
            happened = [(what, count) for what, count in counts.items() if count]
            for place, (what, count) in enumerate(happened):
                table.add_row("" if place else section, what, f"{count:,}")
            if happened:
                table.add_section()
        for place, (what, share) in enumerate(self.shares.items()):
            table.add_row("" if place else "of the interactions", what, f"{share:.2%}")
        show(table)
        say(*([] if self._changed() else [NOTHING_NEW]), *self.notes)

    def _changed(self) -> bool:
        return any(counts.total() for counts in (self.nodes, self.relationships, self.removed, self.marked))

    def _document(self, title: str, size: dict[str, int]) -> dict[str, Any]:
        return {
            "command": title,
            "changed": self._changed(),
            "read": dict(+self.read),
            "created nodes": dict(+self.nodes),
            "created relationships": dict(+self.relationships),
            "skipped": dict(+self.skipped),
            "removed": dict(+self.removed),
            "marked": dict(+self.marked),
            "in the graph": size,
            "of the interactions": self.shares,
            "notes": self.notes,
        }


@contextmanager
def growth(database: Database) -> Iterator[Counter[str]]:
    """Tell how many more users, items, interactions and sessions the graph has after a block; filled at its end."""
    before, grown = database.read("load/size")[0], Counter[str]()
    yield grown
    grown.update(database.read("load/size")[0])
    grown.subtract(before)


class Advance(Protocol):
    """Moves a progress bar on."""

    def __call__(self, count: int, completed: int | None = None) -> None:
        """Add ``count`` to what is done; the bar itself goes to ``completed`` where it measures something else."""


@contextmanager
def progress_bar(what: str, unit: str, total: int) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs, with how many ``unit`` are done and how many a second.

    Args:
        what: goes on, such as ``"linking"``.
        unit: of the counts, in the plural.
        total: where the bar ends, in ``unit`` or in what the block gives as ``completed``.
    """
    began, done = time.monotonic(), 0
    with progress(what, total) as move:

        def advance(count: int, completed: int | None = None) -> None:
            nonlocal done
            done += count
            elapsed = time.monotonic() - began
            rate = done / elapsed if elapsed else 0
            move(done if completed is None else completed, f"{done:,} {unit}, {rate:,.0f}/s")

        yield advance
