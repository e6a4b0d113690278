"""What a load did, counted and shown as a table."""

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from kgrec.graph.database import Database


@dataclass
class Report:
    """Counts by what they count, in the order of the first count."""

    read: Counter[str] = field(default_factory=Counter)
    nodes: Counter[str] = field(default_factory=Counter)
    relationships: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    marked: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def show(self, database: Database, title: str) -> None:
        """Print the table, the size of the graph and the notes on standard output."""
        table = Table(title=title, title_justify="left")
        table.add_column("")
        table.add_column("")
        table.add_column("count", justify="right")
        sections = {
            "read": self.read,
            "created nodes": self.nodes,
            "created relationships": self.relationships,
            "skipped": self.skipped,
            "removed": self.removed,
            "marked": self.marked,
            "in the graph": Counter(database.read("load/size")[0]),
        }
        for section, counts in sections.items():
            for place, (what, count) in enumerate(counts.items()):
                table.add_row("" if place else section, what, f"{count:,}")
            if counts:
                table.add_section()
        console = Console()
        console.print(table)
        for note in self.notes:
            console.print(note, highlight=False, soft_wrap=True)


def progress_bar(unit: str) -> Progress:
    """Return a progress display on standard error that counts ``unit`` and shows their rate.

    Tasks have the fields ``done`` (how many) and ``rate`` (how many per second).
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn(f"{{task.fields[done]:,}} {unit}, {{task.fields[rate]:,.0f}}/s"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
