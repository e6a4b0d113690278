"""Rows of a domain's files: what each format gives, and a sentence for each kind of broken line."""

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from kgloader.domains.description import Description
from kgloader.domains.records import interaction, item
from kgloader.domains.tables import Cells, Table
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.skipped import Skipped, Tolerance
from kgrec.errors import KgrecError


def cells(path: Path, text: str, columns: list[str], after: int = 0, delimiter: str = ",") -> list[tuple[int, Cells]]:
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return list(Table(path, columns, delimiter).records(Lines(path), lambda found, _: found, after))


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    rows = [(2, {"a": "x, y", "b": None}), (3, {"a": 'say "z"', "b": "2"})]
    assert cells(tmp_path / "t.csv", 'a,c,b\n"x, y",1, \n"say ""z""",1,2\n', ["a", "b"]) == rows
    assert cells(tmp_path / "t.csv.gz", 'c;b;a\n1; ;x, y\n1;2;"say ""z"""\n', ["a", "b"], 0, ";") == rows
    assert cells(tmp_path / "t.tsv", 'a\tb\nx, y\t\nsay "z"\t2\n', ["a", "b"], delimiter=";") == rows
    lines = "".join(f"{json.dumps(row)}\n" for row in ({}, {"a": "x, y"}, {"a": 'say "z"', "b": "2"}))
    assert cells(tmp_path / "t.jsonl", lines, ["a", "b"], after=1) == rows
    deep = '{"a": {"b": {"c": [1, "2"]}, "b.d": 3}, "a.b": 4}\n'
    found = cells(tmp_path / "t.json", deep, ["a.b.c", "a.b", "a.x.y", "a.b.c.d"])
    assert found == [(1, {"a.b.c": [1, "2"], "a.b": 4, "a.x.y": None, "a.b.c.d": None})]


def test_a_column_in_which_no_row_has_anything_is_known(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": 1}\n{"a": null, "b": 2}\n')
    table = Table(path, ["a", "b", "c"])
    list(table.records(Lines(path), lambda found, _: found))
    assert table.empty == {"c"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("t.csv", "a,b\n1,2\n1,2,3\n", "line 3: 3 fields where the header has 2."),
        ("t.csv", "a,b\n1\n", "line 2: 1 fields where the header has 2."),
        ("t.csv", "a,b,a\n", "line 1: the header names 'a' twice."),
        ("t.csv", "a,c\n", "line 1: the header has no column 'b'."),
        ("t.csv", 'a,b\n1,"2\n3\n', "line 2: not a row of fields (unexpected end of data), in the row of lines 2 to 3"),
        ("t.csv", 'a,b\n1,"2\n' + "3,4\n" * 400_000, "line 2: a quotation mark begins a value here that does not end"),
        ("t.csv", 'a,b\n"1" ,2\n', "line 2: not a row of fields (',' expected after '\"')"),
        ("t.tsv", "a\tb\n1\t2\t3\n", "line 2: 3 fields where the header has 2."),
        ("t.jsonl", "[1]\n", "line 1: [1] is not an object with keys."),
        ("t.jsonl", '{"a": 1', "line 1: not JSON (Expecting ',' delimiter: line 1 column 8 (char 7))."),
        ("t.jsonl", '{"a": ' + "[" * 100_000, "line 1: not JSON (maximum recursion depth exceeded"),
    ],
)  # fmt: skip
def test_a_broken_line_is_one_sentence(name: str, text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(KgrecError) as error:
        cells(tmp_path / name, text, ["a", "b"])
    assert str(error.value).startswith(f"{tmp_path / name}, {said}")


def test_no_part_of_a_row_is_a_row(tmp_path: Path) -> None:
    """A row of four lines whose inner ones look like rows, whole and broken; the next rows are read."""
    path = tmp_path / "t.csv"
    whole = 'a,b\n1,"2\n3,inner\n\n4,inner"\n'
    broken = '5,"6\n7,inner\n8,"inner\n'
    path.write_text(f'{whole}{broken}9,"10"\n')
    skipped = Skipped(path, Tolerance(1))
    found = list(Table(path, ["a", "b"]).records(Lines(path, skipped), lambda cells, _: cells))
    skipped.keep()
    assert found == [(2, {"a": "1", "b": "2\n3,inner\n\n4,inner"}), (9, {"a": "9", "b": "10"})]
    kept = [json.loads(line) for line in skipped.path.read_text().splitlines()]
    assert [(one["line"], one["text"]) for one in kept] == [(6, '5,"6'), (7, "7,inner"), (8, '8,"inner')]
    assert all("in the row of lines 6 to 8" in one["reason"] for one in kept) and skipped.count == 3


def test_a_load_goes_on_behind_a_whole_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"2\n\n3,inner"\n4,5\n"6\n",7\n')

    def rows(lines: Lines, after: int) -> Iterator[tuple[int, Cells]]:
        return Table(path, ["a", "b"]).records(lines, lambda cells, _: cells, after)

    whole = list(rows(Lines(path), 0))
    assert [number for number, _ in whole] == [2, 5, 6]
    for read in range(1, len(whole) + 1):
        first = Lines(path)
        assert list(islice(rows(first, 0), read)) == whole[:read]
        again = Lines(path)
        others = rows(again, first.number)
        assert again.passed(first.number, first.checksum) and list(others) == whole[read:]


def test_a_value_that_does_not_end_is_not_skipped(tmp_path: Path) -> None:
    """What follows may be inside it, or not."""
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"2\n' + "3,4\n" * 400_000)
    lines = Lines(path, Skipped(path, Tolerance(1)))
    with pytest.raises(KgrecError, match="line 2: a quotation mark begins a value here that does not end within 1 MiB"):
        list(Table(path, ["a", "b"]).records(lines, lambda cells, _: cells))


def test_columns_are_looked_for_before_any_row(tmp_path: Path) -> None:
    for name, header in (("t.csv", "a,c\n"), ("t.tsv", "a\tc\n")):
        (tmp_path / name).write_text(header)
        with pytest.raises(KgrecError, match="line 1: the header has no column 'b'"):
            Table(tmp_path / name, ["a", "b"]).ensure_columns()
    (tmp_path / "t.jsonl").write_text('{"a": 1}\n')
    Table(tmp_path / "t.jsonl", ["a", "b"]).ensure_columns()


def test_no_table_and_no_file_are_told(tmp_path: Path) -> None:
    with pytest.raises(KgrecError, match=r"t\.xlsx is no table that kgrec reads: give \.csv, \.tsv"):
        Table(tmp_path / "t.xlsx", ["a"])
    with pytest.raises(KgrecError, match=r"t\.csv\.gz is missing: --data names the folder"):
        Table(tmp_path / "t.csv.gz", ["a"])


DOMAIN = Description.model_validate(
    {
        "name": "Shop",
        "prefix": "s:",
        "interactions": {"file": "i.csv", "columns": {"user_id": "u", "item_id": "i", "rating": "r", "timestamp": "t"}},
        "items": {"file": "p.csv", "columns": {"item_id": "i", "title": "n", "year": "y", "price": "p"}},
        "nodes": [
            {"kind": "Aisle", "column": "a"},
            {"kind": "Hall", "column": "h"},
            {"kind": "Category", "column": "c", "separator": ">"},
        ],
        "relationships": [
            {"type": "IN_AISLE", "to": "Aisle"},
            {"type": "PART_OF", "from": "Aisle", "to": "Hall"},
            {"type": "PART_OF", "from": "Category", "to": "Category"},
        ],
    }
)


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [
        ("1673286120", 1673286120000),
        (1673286120, 1673286120000),
        (1673286120.5, 1673286120500),
        ("1673286120000", 1673286120000),
        ("2023-01-09", 1673222400000),
        (-62135596800, -62135596800000),
        ("9999-12-31T23:59:59.999", 253402300799999),
        ("9999-12-31T23:59:59.999+14:00", 253402250399999),
        (253402300799999, 253402300799999),
        ("0" * 5_000, 0),
        ("2023-01-09T17:42:00", 1673286120000),
        ("2023-01-09 17:42:00+01:00", 1673282520000),
        ("2023-01-09T17:42:00.250Z", 1673286120250),
    ],
)
def test_times(time: object, milliseconds: int) -> None:
    assert interaction(DOMAIN, {"u": 7, "i": "1", "r": None, "t": time}, 3).timestamp == milliseconds


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"u": None}, "'u' is missing"),
        ({"i": 1.5}, "'i' is 1.5, not text"),
        ({"r": "good"}, "'r' is 'good', not a number"),
        ({"t": None}, "'t' is missing"),
        ({"t": "2023-13-01"}, "'t' is '2023-13-01', which is no date"),
        ({"t": "yesterday"}, "'t' is 'yesterday', not a number"),
        ({"t": "9" * 5_000}, "'t' is '999"),
        ({"t": "9999-12-31T23:59:59-14:00"}, "'t' is '9999-12-31T23:59:59-14:00', which is no time of the years 1 to"),
        ({"t": "0001-01-01T00:00:00+14:00"}, "'t' is '0001-01-01T00:00:00+14:00', which is no time of the years 1 to"),
        ({"t": "-62135596801"}, "'t' is '-62135596801', which is no time of the years 1 to 9999"),
        ({"t": 253402300800000}, "'t' is 253402300800000, which is no time of the years 1 to 9999"),
        ({"t": 1.7e308}, "'t' is 1.7e+308, which is no time of the years 1 to 9999"),
        ({"t": -1.7e308}, "'t' is -1.7e+308, which is no time of the years 1 to 9999"),
        ({"t": "1_400_000_000"}, "'t' is '1_400_000_000', not a number"),
        ({"r": "5_0"}, "'r' is '5_0', not a number"),
    ],
)
def test_a_wrong_value_is_told(cells: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed) as error:
        interaction(DOMAIN, {"u": "7", "i": "1", "r": "4", "t": "1673286120"} | cells, 3)
    assert str(error.value).startswith(said)


def test_an_item_has_what_its_row_has() -> None:
    row = {"i": 7, "n": "A &amp; B ", "y": "1999-05-03", "p": "$9.99", "a": 4, "h": ["North"], "c": "Food> Dairy >"}
    found = item(DOMAIN, row)
    assert found.item_id == "s:7" and found.properties == {"title": "A & B", "year": 1999, "price": 9.99}
    assert found.nodes == {"Aisle": ("4",), "Hall": ("North",), "Category": ("Food", "Dairy")}
    bare = item(DOMAIN, dict.fromkeys("inypahc") | {"i": "7", "y": "soon"})
    assert bare.properties == {} and bare.nodes == {"Aisle": (), "Hall": (), "Category": ()}
    with pytest.raises(Malformed, match="2 Hall in one row, of which PART_OF can tie one only"):
        item(DOMAIN, row | {"h": ["North", "South"]})
