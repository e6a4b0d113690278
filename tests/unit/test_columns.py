"""Rows of csv and tsv files, whatever is quoted in them."""

import csv
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgloader.readers.columns import Columns
from kgloader.readers.lines import Lines
from kgrec.errors import KgrecError


def read(path: Path, content: str) -> list[tuple[int, dict[str, str]]]:
    path.write_text(content)
    lines = Lines(path)
    columns = Columns.read(lines, "item_id", "entity")
    return list(columns.records(lines, lambda cells: cells))


def test_commas_tabs_and_quotes(tmp_path: Path) -> None:
    cells = {"item_id": "B1", "entity": 'http://a/Kiss_Me,_"Deadly"'}
    quoted = 'B1,"http://a/Kiss_Me,_""Deadly"""\n'
    assert read(tmp_path / "links.csv", f"item_id,entity\n\n{quoted}") == [(3, cells)]
    assert read(tmp_path / "links.tsv", 'item_id\tentity\nB1\t"http://a/Kiss_Me,_""Deadly"""\n') == [(2, cells)]


def test_a_field_may_go_on_over_lines(tmp_path: Path) -> None:
    content = '"item\nid",entity,item_id\n1,"a\n\n"",b,""\n",x\r\n2,plain,y\n"3\r\n","""",""""\n'
    assert read(tmp_path / "links.csv", content) == [
        (3, {"item\nid": "1", "entity": 'a\n\n",b,"\n', "item_id": "x"}),
        (7, {"item\nid": "2", "entity": "plain", "item_id": "y"}),
        (8, {"item\nid": "3\n", "entity": '"', "item_id": '"'}),
    ]


FIELDS = st.lists(st.text(st.sampled_from('a,"\n'), max_size=5), min_size=2, max_size=2)


@given(st.lists(FIELDS), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_what_the_csv_module_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], quoting: Literal[0, 1]
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", newline="") as file:
        csv.writer(file, quoting=quoting, lineterminator="\n").writerows([["item_id", "entity"], *rows])
    found = [[cells["item_id"], cells["entity"]] for _, cells in read(path, path.read_text())]
    assert found == rows


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("item_id,entity\nB1,http://a\nB2,http://b,c\n", "line 3: 3 fields where the header has 2"),
        ("item_id,entity\nB1,http://a,c\nB2,http://b,c\n", "line 2: 3 fields where the header has 2"),
        ("item_id,entity\nB1\n", "line 2: 1 fields where the header has 2"),
        (
            'item_id,entity\nB1,"http://a\n\nB2,http://b\n',
            "line 2: not a row of fields (unexpected end of data), in the row of lines 2 to 4 by its quotation marks.",
        ),
        ('item_id,entity\nB1,more"\n', "line 2: not a row of fields (a quotation mark in a field that is not quoted)."),
        ('item_id,entity\nB1,a"b"\n', "line 2: not a row of fields (a quotation mark in a field that is not quoted)"),
        (f"item_id,entity\nB1,{'x' * 200_000}\n", "line 2: not a row of fields (field larger than field limit"),
        ("item_id,entity,entity\n", "line 1: in the header a name is blank or stands there twice"),
        ("item_id,entity,\n", "line 1: in the header a name is blank"),
        ("item,entity\n", "line 1: the header has no column 'item_id'"),
    ],
)
def test_a_row_is_counted(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(KgrecError) as error:
        read(tmp_path / "links.csv", content)
    assert str(error.value).startswith(f"{tmp_path}/links.csv, {problem}")
