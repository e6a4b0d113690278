"""Text from data reaches the terminal as text: no markup, no escapes, no end of it."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from kgrec.terminal import LONGEST, DataTable, terminal
from recommender import recommend_command
from recommender.recommend import Recommendation

HOSTILE = [
    "A [/] tale",
    "Emma [with CD]",
    "\x1b[2J\x1b]8;;http://x\x07link\x1b]8;;\x07",
    "\x9b31mred",
    ":boom:",
    "a\rb\nc",
    "\u202eevil",
]


def printed(table: DataTable) -> str:
    console = terminal()
    console.file, console.width = io.StringIO(), 2_000
    console.print(table)
    text: str = console.file.getvalue()
    return text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_cells_and_titles_are_shown_as_they_stand(text: str) -> None:
    table = DataTable("Title", title=f"For {text}")
    table.add_row(text)
    found = printed(table)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", found)
    assert found.count("\n") == 6  # title, head and one line of the table
    if text.isprintable():
        assert found.count(text) == 2


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_breaks_a_table(cell: str, title: str) -> None:
    table = DataTable("a", title=title)
    table.add_row(cell)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printed(table))


def test_long_text_ends() -> None:
    table = DataTable("a")
    table.add_row("x" * 100_000)
    assert 0 < printed(table).count("x") < LONGEST


def test_lists_of_hostile_titles_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        Recommendation(f"[red]user {text}", rank, f"[/]{rank}", text, 1.0, rank, text, f"[b]{text}")
        for rank, text in enumerate(HOSTILE, start=1)
    ]
    recommend_command._show_lists(found)
    told = capsys.readouterr().out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", told)
    assert "[/]1" in told and "[red]user" in told


def test_markup_would_have_done_harm() -> None:
    """Or the tests above could not fail."""
    console = Console(file=io.StringIO(), width=80)
    console.print("Emma [bold]with[/bold] CD")
    assert "[bold]" not in console.file.getvalue()  # type: ignore[attr-defined]
