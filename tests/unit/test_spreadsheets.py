"""Cells of csv files: no formula out of data, numbers and honest text as they are."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgrec.spreadsheets import cell, text_of, write_csv
from kgrec.text import visible
from tests.unit.hostile import TEXTS, harm


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\uff1d1", "=", "'=1", "-", "-1-1"])
def test_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["-12", "+3.5", "-1e-05", "Emma", "a=b", "'tis", "1-2", "", 5, -0.25, None, True])
def test_numbers_and_honest_text_stay(value: object) -> None:
    assert cell(value) is value


@given(TEXTS)
def test_a_cell_begins_no_formula_and_gives_its_text_back(text: str) -> None:
    made = cell(text)
    assert isinstance(made, str) and harm(made) == set()
    try:
        float(made.replace(",", "."))
    except ValueError:
        assert not made.startswith(tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"))
    assert text_of(made) == visible(text)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers() | st.none()), max_size=5))
def test_a_file_has_its_rows(rows: list[tuple[str, str, int | None]]) -> None:
    file = io.StringIO()
    columns = ["a", "b", "n"]
    write_csv(file, columns, [dict(zip(columns, row, strict=True)) for row in rows])
    assert harm(file.getvalue()) == set() and file.getvalue().count("\n") == len(rows) + 1
    back = list(csv.reader(io.StringIO(file.getvalue())))
    assert back[0] == columns
    expected = [[visible(a), visible(b), "" if n is None else str(n)] for a, b, n in rows]
    assert [[text_of(a), text_of(b), n] for a, b, n in back[1:]] == expected
