from pathlib import Path

import pytest

from kgloader.readers.columns import Columns
from kgloader.readers.lines import Lines
from kgrec.errors import KgrecError


def read(path: Path, content: str) -> list[tuple[int, dict[str, str]]]:
    path.write_text(content)
    lines = Lines(path)
    columns = Columns.read(lines, "item_id", "entity")
    return list(lines.parsed(lambda line, _: columns.cells(line)))


def test_commas_tabs_and_quotes(tmp_path: Path) -> None:
    cells = {"item_id": "B1", "entity": 'http://a/Kiss_Me,_"Deadly"'}
    quoted = 'B1,"http://a/Kiss_Me,_""Deadly"""\n'
    assert read(tmp_path / "links.csv", f"item_id,entity\n\n{quoted}") == [(3, cells)]
    assert read(tmp_path / "links.tsv", 'item_id\tentity\nB1\t"http://a/Kiss_Me,_""Deadly"""\n') == [(2, cells)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("item_id,entity\nB1,http://a\nB2,http://b,c\n", "line 3: 3 fields where the header has 2"),
        ("item_id,entity\nB1,http://a,c\nB2,http://b,c\n", "line 2: 3 fields where the header has 2"),
        ("item_id,entity\nB1\n", "line 2: 1 fields where the header has 2"),
        ('item_id,entity\nB1,"http://a\n"\n', "line 2: not a row of fields (unexpected end of data)"),
        (
            'item_id,entity\nB1,more"\n',
            "line 2: not a row of fields (a quotation mark in a field that is not quoted); "
            "a field with a line break in it is not read.",
        ),
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
