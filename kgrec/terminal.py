"""The one place that writes to the terminal: nothing that comes from data is markup there, or moves a cursor.

``say`` for sentences, ``write`` for whole texts, ``DataTable`` and ``show`` for tables, ``progress`` and ``waiting``
for what takes long; `kgrec.records` for programs. The linter refuses every other way.
"""

import io
import logging
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from kgrec.text import clean, sentence, shown

LONGEST_CELL = 1_000  # characters

Advance = Callable[[int, str], None]


def say(*lines: object, err: bool = False) -> None:
    """Print lines on standard output, or on standard error; a line break within one of them is shown as an escape."""
    for line in lines:
        print(sentence(line), file=sys.stderr if err else sys.stdout, flush=True)


def write(text: str) -> None:
    """Print a text of several lines on standard output; its lines stay lines, tabs become spaces."""
    print(clean(text.expandtabs()), end="", flush=True)


class DataTable(Table):
    """A table of values: title, names of columns and cells are shown as they stand, on a line each that may wrap."""

    def __init__(self, *columns: str, title: object = ""):
        super().__init__(*columns, title=_cell(title, "table.title") if title else None)

    def add_column(  # type: ignore[override]
        self, header: object = "", justify: Literal["left", "right"] = "left", min_width: int | None = None
    ) -> None:
        """Add a column; words that are too long for it are folded, never cut."""
        super().add_column(_cell(header), justify=justify, min_width=min_width, overflow="fold")

    def add_row(self, *cells: object) -> None:  # type: ignore[override]
        """Add a row of values from data; ``None`` is an empty cell."""
        super().add_row(*("" if cell is None else _cell(cell) for cell in cells))


def show(*tables: DataTable) -> None:
    """Print tables on standard output."""
    _console().print(*tables)


@contextmanager
def progress(what: object, total: int) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs.

    Args:
        what: goes on, such as ``"linking"``.
        total: where the bar ends.

    Yields:
        a function that moves the bar to where it is given, with a word on it.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_console(stderr=True)) as bar:
        task = bar.add_task(shown(what), total=total, told="")
        yield lambda completed, told: bar.update(task, completed=completed, told=shown(told))


@contextmanager
def waiting(what: object) -> Iterator[None]:
    """Show on standard error that something goes on, of which nobody knows how long it takes."""
    with _console(stderr=True).status(Text(shown(what, LONGEST_CELL))):
        yield


def guard_streams() -> None:
    """Have what Python and libraries say by themselves come out clean too: warnings, log records, tracebacks.

    A character that the encoding of the output lacks becomes an escape as well.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.formatwarning = _warning
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_Clean())
    sys.excepthook = _traceback


class _Clean(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


def _warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    return f"{sentence(f'{filename}:{lineno}: {category.__name__}: {message}')}\n"


def _traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(clean("".join(traceback.format_exception(kind, error, trace))))


def _cell(value: object, style: str = "") -> Text:
    return Text(shown(value, LONGEST_CELL), style)


def _console(stderr: bool = False) -> Console:
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)
