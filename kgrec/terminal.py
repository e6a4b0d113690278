"""The one place that writes to the terminal: nothing that comes from data is markup there, or moves a cursor.

``say`` for sentences, ``note`` for what need not be read, ``write`` for whole texts, ``DataTable`` and ``show`` for
tables, ``progress`` and ``waiting`` for what takes long; `kgrec.records` for programs. The linter refuses every other
way.
"""

import io
import logging
import os
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.table import Column, Table
from rich.text import Text

from kgrec.text import clean, sentence, shown

LONGEST_CELL = 1_000  # characters
NARROWEST = 20  # columns that a terminal is taken to have at least
WHOLE_WORD = 12  # columns of the terminal: a word of no more is not folded as long as there is room
WIDEST_BAR, BESIDE_BAR = 40, 64  # columns of a progress bar, and of what is told beside it

Advance = Callable[[int, str], None]

_quiet = False
_told_notes: Callable[[str], None] | None = None


def say(*lines: object, err: bool = False) -> None:
    """Print lines on standard output, or on standard error; a line break within one of them is shown as an escape."""
    for line in lines:
        print(sentence(line), file=sys.stderr if err else sys.stdout, flush=True)


def note(*lines: object) -> None:
    """Say on standard error what goes on beside the results; ``--quiet`` leaves it out."""
    if _quiet:
        return
    for line in lines:
        if _told_notes:
            _told_notes(sentence(line))
        else:
            say(line, err=True)


def tell_notes(tell: Callable[[str], None] | None) -> None:
    """Have notes told by a function from now on, such as into a log, or on standard error again."""
    global _told_notes
    _told_notes = tell


def silence(quiet: bool) -> None:
    """Leave out notes and progress from now on, or tell them again; results and errors are told always."""
    global _quiet
    _quiet = quiet


def write(text: str) -> None:
    """Print a text of several lines on standard output; its lines stay lines, tabs become spaces."""
    print(clean(text.expandtabs()), end="", flush=True)


class DataTable(Table):
    """A table of values: title, names of columns and cells are shown as they stand, on a line each that may wrap.

    One that is too wide for the terminal is stood on its side, a line a value: no column is lost, and no word of usual
    length is folded.
    """

    def __init__(self, *columns: str, title: object = ""):
        self._widest: list[int] = []  # of each column, its longest cell
        self._least: list[int] = []  # and its longest word of usual length
        super().__init__(*columns, title=_cell(title, "table.title") if title else None)

    def add_column(  # type: ignore[override]
        self, header: object = "", justify: Literal["left", "right"] = "left"
    ) -> None:
        """Add a column; words that are too long for it are folded, never cut."""
        name = _cell(header)
        self._widest.append(0)
        self._least.append(0)
        self._measure(len(self._least) - 1, name)
        super().add_column(name, justify=justify, overflow="fold")

    def add_row(self, *cells: object) -> None:  # type: ignore[override]
        """Add a row of values from data; ``None`` is an empty cell."""
        texts = [_cell("" if cell is None else cell) for cell in cells]
        for place, text in enumerate(texts):
            self._measure(place, text)
        super().add_row(*texts)

    def fitted(self, width: int) -> "DataTable":
        """Return the table as it fits the terminal, which is the table itself, or one of two columns in its place."""
        on_its_side = self._on_its_side() if sum(self._least) > _room(width, len(self.columns)) else None
        fitted = self if on_its_side is None or sum(on_its_side._least) >= sum(self._least) else on_its_side
        fitted._fit(width)
        return fitted

    def _fit(self, width: int) -> None:
        widths, room = list(self._widest), _room(width, len(self._widest))
        while sum(widths) > room and max(widths) > 1:
            spare = [(now - least, now) for now, least in zip(widths, self._least, strict=True)]
            fullest = max(spare) if max(spare)[0] > 0 else max(spare, key=itemgetter(1))
            widths[spare.index(fullest)] -= 1
        for column, of_column in zip(self.columns, widths, strict=True):
            column.width = of_column

    def _on_its_side(self) -> "DataTable":
        """Return a table with a line for each value, and a section for each row."""
        turned = DataTable(title=self.title)
        turned.title_justify, turned.show_header = self.title_justify, False
        turned.add_column()
        turned.add_column()
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            for column, cell in zip(self.columns, cells, strict=True):
                if str(cell):
                    turned.add_row(column.header, cell)
            turned.add_section()
        return turned

    def _measure(self, place: int, text: Text) -> None:
        self._widest[place] = max(self._widest[place], text.cell_len)
        word = min(WHOLE_WORD, max(map(cell_len, text.plain.split()), default=0))
        self._least[place] = max(self._least[place], word)


def show(*tables: DataTable) -> None:
    """Print tables on standard output."""
    console = _console()
    console.print(*(table.fitted(console.width) for table in tables))


@contextmanager
def progress(what: object, total: int | None, stays: bool = True) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs.

    Args:
        what: goes on, such as ``"linking"``.
        total: where the bar ends; ``None`` where that is not known.
        stays: whether its last line stays when the block ends, in a log as well; else the bar is a terminal's alone.

    Yields:
        a function that moves the bar to where it is given, with a word on it.
    """
    console = _console(stderr=True, quiet=_quiet)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(max(1, min(WIDEST_BAR, console.width - BESIDE_BAR))),
        TextColumn("{task.fields[told]}", markup=False),
        _Times(Column(no_wrap=True)),  # of a narrow terminal the bar takes less
    )
    moves: list[tuple[float, int]] = []  # when the bar was where: at first, and at last
    with Progress(*columns, console=console, transient=not stays) as bar:
        task = bar.add_task(shown(what), total=total, told="", moves=moves)

        def advance(completed: int, told: str) -> None:
            moves[1:] = [(time.monotonic(), completed)]
            bar.update(task, completed=completed, told=shown(told))

        yield advance


def shows_progress() -> bool:
    """Return whether somebody sees progress: standard error is a terminal, and nothing is to be left out."""
    return _console(stderr=True).is_terminal and not _quiet


@contextmanager
def waiting(what: object) -> Iterator[None]:
    """Show on standard error that something goes on, of which nobody knows how long it takes."""
    with _console(stderr=True, quiet=_quiet).status(Text(shown(what, LONGEST_CELL))):
        yield


def guard_streams() -> None:
    """Have what Python and libraries say by themselves come out clean too: warnings, log records, tracebacks.

    A character that the encoding of the output lacks becomes an escape as well.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started it: nobody listens
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.formatwarning = _warning
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(_Clean())
    sys.excepthook = _traceback


class _Times(ProgressColumn):
    """How long it has taken, and how long it will at the pace since it was first told where the bar is."""

    def render(self, task: Task) -> Text:
        took = (task.finished_time if task.finished else task.elapsed) or 0
        moves: list[tuple[float, int]] = task.fields["moves"]
        (began, first), (last, done) = (moves[0], moves[-1]) if moves else ((0.0, 0), (0.0, 0))
        left = ""
        if not task.finished and done > first and task.total is not None:
            seconds = (task.total - done) * (last - began) / (done - first) - (time.monotonic() - last)
            left = f", {timedelta(seconds=round(max(0, seconds)))} left"
        return Text(f"{timedelta(seconds=int(took))}{left}")


class _Clean(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))


def _warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    return f"{sentence(f'{filename}:{lineno}: {category.__name__}: {message}')}\n"


def _traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(clean("".join(traceback.format_exception(kind, error, trace))))


def _room(width: int, n_columns: int) -> int:
    """Columns of the terminal that are left for cells beside the lines of a table."""
    return width - 3 * n_columns - 1


def _cell(value: object, style: str = "") -> Text:
    return Text(shown(value, LONGEST_CELL), style)


def _console(stderr: bool = False, quiet: bool = False) -> Console:
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False, quiet=quiet)
    console.width = max(console.width, NARROWEST)  # in COLUMNS=0 nothing would be shown
    return console
