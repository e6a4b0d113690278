"""What a report consists of, before it becomes HTML or Markdown. Texts are plain: the templates escape them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from kgrec.text import shown

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what it says.
        interval: a 95% interval in words, empty without one.
        best: whether no other of its column, or row, is better.
        depth: how far a name is indented in a nested table.
        words: whether it holds words rather than a figure.
    """

    text: str
    interval: str = ""
    best: bool = False
    depth: int = 0
    words: bool = False


@dataclass(frozen=True)
class Table:
    """A table whose rows all have as many cells as its head, the first of them being the row's name.

    Attributes:
        anchor: its id in the page.
        caption: what it shows.
        head: names of its columns.
        rows: from above.
    """

    anchor: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError(f"a row of table {self.anchor} has not {len(self.head)} cells")


@dataclass(frozen=True)
class Plot:
    """A plot: ``svg`` is made here, never read from data. ``description`` says what it shows to who cannot see it."""

    name: str
    title: str
    description: str
    svg: Markup


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it, in this order."""

    anchor: str
    title: str
    paragraphs: Sequence[str] = ()
    code: str = ""
    blocks: Sequence[Table | Plot] = ()

    @property
    def plots(self) -> list[Plot]:
        """Those of the blocks that are plots."""
        return [block for block in self.blocks if isinstance(block, Plot)]


@dataclass(frozen=True)
class Report:
    """The whole of it."""

    title: str
    paragraphs: Sequence[str]
    sections: Sequence[Section] = field(default_factory=list)


def number(value: float | None, digits: int = 4, sign: bool = False) -> str:
    """Return a number with a true minus sign, or a dash where there is none."""
    if value is None or value != value:
        return DASH
    return f"{value:{'+' if sign else ''}.{digits}f}".replace("-", MINUS)


def interval(low: float | None, high: float | None, sign: bool = False) -> str:
    """Return an interval in words, empty where there is none."""
    if low is None or high is None or low != low or high != high:
        return ""
    return f"{number(low, sign=sign)} to {number(high, sign=sign)}"


def probability(p: float | None) -> str:
    """Return a p-value to three decimals."""
    if p is None or p != p:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def name_cell(name: object, depth: int = 0) -> Cell:
    """Return the cell of a name out of data."""
    return Cell(shown(name), depth=depth, words=True)
