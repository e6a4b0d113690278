"""The columns of a first load: what the readers of records, the hash of ties and another k-core give."""

import gzip
import math
import random
import re
from pathlib import Path

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgloader.bulk import inter_columns, review_columns
from kgloader.bulk.interactions import Interactions, core, from_records, in_order, tie_breaks
from kgloader.readers import amazon, recbole
from kgloader.readers.lines import Lines
from kgloader.readers.records import Interaction
from kgloader.writers.resume import Progress
from kgloader.writers.ties import tie_break
from kgrec.errors import KgrecError
from tests.unit.hostile import NAMES

PLAIN = ["user_id:token\titem_id:token\trating:float\ttimestamp:float", "7\t3\t4.5\t881250949", "8\t3\t\t881250949.0"]
CELLS = NAMES.map(lambda text: text.encode("utf-8", "replace").decode()) | st.sampled_from(
    ["7", "8", " 9", "", '"', " "]
)
RATINGS = st.sampled_from(["", "1", "0.1", "-0.0", "1e300", "nan", "inf", "1_0", "0x1F", " 2", "true", "1" * 400])
TIMES = st.sampled_from(
    ["881250949", "1.5", "881250949.0", "881250949000", "-1", "", "1e9", "1e30", "0x10", "1_0", "99999999999", "7."]
)


def record_columns(path: Path) -> tuple[list[Interaction], Progress]:
    lines = Lines(path)
    reader = recbole.read_interactions if path.suffix == ".inter" else amazon.read_reviews
    found = [record for _, record in reader(lines, 0)]
    return found, Progress(lines.number, lines.checksum)


def records_of(found: Interactions) -> list[Interaction]:
    users, items = found.users.to_pylist(), found.items.to_pylist()
    times = [None] * len(found) if found.timestamp is None else found.timestamp.tolist()
    columns = zip(found.user, found.item, found.rating.tolist(), times, found.position.tolist(), strict=True)
    return [
        Interaction(users[user], items[item], None if math.isnan(rating) else rating, time, position)
        for user, item, rating, time, position in columns
    ]


def read(path: Path) -> tuple[Interactions, Progress] | None:
    read_columns = inter_columns.read_columns if path.suffix == ".inter" else review_columns.read_columns
    return read_columns(path, lambda rows, place: None)


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("columns", [4, 2])
def test_a_plain_file_is_read_in_columns_as_line_by_line(tmp_path: Path, columns: int, end: str) -> None:
    path = tmp_path / "toy.inter"
    path.write_text("\n".join("\t".join(line.split("\t")[:columns]) for line in PLAIN) + end)
    found = read(path)
    assert found is not None
    assert (records_of(found[0]), found[1]) == record_columns(path)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, RATINGS, TIMES), min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n", "\n\n", "\n \t\n"]),
    begin=st.sampled_from(["", "\ufeff", "\n"]),
)
def test_whatever_stands_in_a_file_columns_say_what_records_say_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], end: str, begin: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.inter"
    path.write_bytes((begin + end.join([PLAIN[0], *map("\t".join, rows)])).encode())
    found = read(path)
    if found is None:
        return
    assert (records_of(found[0]), found[1]) == record_columns(path)


def test_a_file_that_is_no_text_is_left_to_the_reader_of_records(tmp_path: Path) -> None:
    path = tmp_path / "toy.inter"
    path.write_bytes("\n".join(PLAIN).encode() + b"\n9\t\xff\t1\t1\n")
    assert read(path) is None
    with pytest.raises(KgrecError, match="line 4: not UTF-8"):
        record_columns(path)


OLD = (
    '{"reviewerID": "A", "asin": "é\\u00e9\\"\\u0000", "overall": 0.1, "reviewText": "}\\n{", '
    '"unixReviewTime": 1300000000}'
)
NEW = (
    '{"user_id": "A", "parent_asin": "P", "asin": "B", "rating": 5, "timestamp": -1, "images": [{"a": null}]}',
    '{"user_id": "B", "asin": "B", "parent_asin": null, "rating": 1E-7, "timestamp": 253402300799999}',
)


@pytest.mark.parametrize("lines", [[OLD], NEW])
def test_plain_reviews_are_read_in_columns_as_line_by_line(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "reviews.json.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    found = read(path)
    assert found is not None
    assert (records_of(found[0]), found[1]) == record_columns(path)


VALUES = st.sampled_from(
    [
        '"A"',
        '"\\ud800"',
        '" "',
        '"é"',
        "7",
        "7.5",
        "1e400",
        "NaN",
        "true",
        "null",
        "[]",
        '"5"',
        "300000000000000000",
        "-0.0",
    ]
)
KEYS = st.sampled_from(
    ["user_id", "reviewerID", "parent_asin", "asin", "rating", "overall", "timestamp", "unixReviewTime"]
)


def changed(line: str, name: str, value: str) -> str:
    """Give a field of a line of JSON another value."""
    before, found, behind = line.partition(f'"{name}": ')
    return before + found + re.sub('^("[^"]*"|[^,}]*)', lambda _: value, behind) if found else line


@given(
    changes=st.lists(st.tuples(st.integers(0, 2), KEYS, VALUES), max_size=3),
    ends=st.lists(
        st.sampled_from(["\n", "\n\n", "\r\n", " ", "", " \n", ",", "{}\n"]) | st.just("\n"), min_size=3, max_size=3
    ),
    lines=st.lists(st.sampled_from([OLD, *NEW, "{'user_id': 'A'}"]), min_size=3, max_size=3),
)
def test_whatever_stands_in_reviews_columns_say_what_records_say_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, str, str]], ends: list[str], lines: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    for line, name, value in changes:
        lines[line] = changed(lines[line], name, value)
    path.write_text("".join(line + end for line, end in zip(lines, ends, strict=True)), encoding="utf-8", newline="")
    found = read(path)
    if found is None:
        return
    assert (records_of(found[0]), found[1]) == record_columns(path)


def some(count: int, seed: int) -> list[Interaction]:
    draw = random.Random(seed)
    return [
        Interaction(f"u{draw.randrange(9)}", f"é{draw.randrange(7)}", None, draw.randrange(5), place)
        for place in range(count)
    ]


def test_ties_are_broken_as_a_load_over_bolt_breaks_them_and_the_first_line_stays() -> None:
    records = some(200, 0)
    found = from_records(records)
    tie = tie_breaks(found, 7)
    assert tie is not None
    assert tie.tolist() == [tie_break(7, one.user_id, one.item_id, one.timestamp or 0) for one in records]
    first: dict[tuple[str, str, int | None], Interaction] = {}
    for one in records:
        first.setdefault((one.user_id, one.item_id, one.timestamp), one)
    order = {user: place for place, user in enumerate(found.users.to_pylist())}
    wanted = sorted(
        first.values(),
        key=lambda one: (order[one.user_id], one.timestamp, tie_break(7, one.user_id, one.item_id, one.timestamp or 0)),
    )
    ordered, kept = in_order(found, tie)
    assert records_of(ordered) == wanted
    assert kept is not None and len(kept) == len(wanted) < len(records)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_the_core_is_that_of_networkx(seed: int) -> None:
    draw = np.random.default_rng(seed)
    user, item, empty = (12 * draw.random(80) ** 2).astype(int), draw.integers(0, 10, 80), np.zeros(80)
    users, items = (pa.array([str(place) for place in range(size)]) for size in (12, 10))
    found = core(Interactions(users, items, user, item, empty, None, empty), 4)
    kept = nx.k_core(nx.Graph([(("u", u), ("i", i)) for u, i in zip(user.tolist(), item.tolist(), strict=True)]), 4)
    pairs = zip(user.tolist(), item.tolist(), strict=True)
    assert found.tolist() == [("u", u) in kept and ("i", i) in kept for u, i in pairs]
    assert found.any() and not found.all()
