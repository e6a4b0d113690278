"""What reaches the terminal: text from data is no markup there, moves no cursor, and is no longer than it is of use."""

from rich.console import Console
from rich.table import Table

from kgrec.text import shown

LONGEST = 1_000  # characters of a cell


def terminal(stderr: bool = False) -> Console:
    """Return a console that takes square brackets and colons for what they are."""
    return Console(stderr=stderr, markup=False, emoji=False)


class DataTable(Table):
    """A table whose cells and title are shown as they stand, on one line each."""

    def __init__(self, *columns: str, title: str = ""):
        super().__init__(*columns, title=shown(title, LONGEST) or None)

    def add_row(self, *cells: str) -> None:  # type: ignore[override]
        """Add a row of values from data."""
        super().add_row(*(shown(cell, LONGEST) for cell in cells))
