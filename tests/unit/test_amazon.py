import gzip
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgloader.readers import fields
from kgloader.readers.amazon import read_metadata, read_reviews
from kgloader.readers.lines import Lines, Malformed
from kgloader.readers.records import Interaction, ItemRecord
from kgrec.errors import KgrecError

REVIEW_2014 = {"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 1390000000, "helpful": [0, 0]}
REVIEW_2018 = {**REVIEW_2014, "overall": 4.0, "verified": True, "style": {"Format:": " Hardcover"}, "vote": "3"}
REVIEW_2023 = {"user_id": "A2", "parent_asin": "B2", "asin": "B2X", "rating": 3.0, "timestamp": 1588687728923}


def write(path: Path, *records: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in records))
    return path


def metadata(path: Path, record: Any) -> ItemRecord:
    [(_, item)] = read_metadata(Lines(write(path / "meta.json", record)))
    return item


def test_reviews_of_three_formats_in_one_file(tmp_path: Path) -> None:
    no_parent = {key: value for key, value in REVIEW_2023.items() if key != "parent_asin"}
    path = write(tmp_path / "reviews.json", REVIEW_2014, REVIEW_2018, "", REVIEW_2023, no_parent, repr(REVIEW_2014))
    assert list(read_reviews(Lines(path))) == [
        (1, Interaction("A1", "B1", 5.0, 1390000000000, 1)),
        (2, Interaction("A1", "B1", 4.0, 1390000000000, 2)),
        (4, Interaction("A2", "B2", 3.0, 1588687728923, 4)),
        (5, Interaction("A2", "B2X", 3.0, 1588687728923, 5)),
        (6, Interaction("A1", "B1", 5.0, 1390000000000, 6)),
    ]
    assert [number for number, _ in read_reviews(Lines(path), after=4)] == [5, 6]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("not json", "neither JSON nor a Python literal"),
        ('{"reviewerID": "A1", ', "neither JSON nor a Python literal"),
        ("[" * 100_000, "neither JSON|nested too deeply"),
        ("[" + "1," * 600_000 + "]", "not JSON .*too long for a Python literal"),
        ("[1]", "not an object"),
        ("{}", "'user_id' or 'reviewerID' is missing"),
        ({**REVIEW_2014, "asin": None}, "'asin' is missing"),
        ({**REVIEW_2014, "asin": True}, "'asin' is True, not text"),
        ({**REVIEW_2014, "asin": " "}, "'asin' is blank"),
        ({**REVIEW_2014, "asin": "x" * 2_000}, "'asin' is longer than 1000"),
        ({**REVIEW_2014, "asin": "\ud800"}, "'asin' is not valid Unicode"),
        ({**REVIEW_2014, "overall": float("nan")}, "'overall' is nan, not a number"),
        ({**REVIEW_2014, "overall": "true"}, "'overall' is 'true', not a number"),
        ({**REVIEW_2014, "overall": True}, "'overall' is True, not a number"),
        ({**REVIEW_2014, "unixReviewTime": "01 2, 2014"}, "'unixReviewTime' is '01 2, 2014', not a number"),
        ({**REVIEW_2014, "unixReviewTime": 1.7e308}, "no time of the years 1 to 9999"),
        ({**REVIEW_2014, "overall": "5_0"}, "'overall' is '5_0', not a number"),
        ({**REVIEW_2014, "unixReviewTime": 10**20}, "no time of the years 1 to 9999"),
        ({key: value for key, value in REVIEW_2023.items() if key != "timestamp"}, "'timestamp' is missing"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong(tmp_path: Path, line: Any, problem: str) -> None:
    path = write(tmp_path / "reviews.json", REVIEW_2014, line)
    reader = read_reviews(Lines(path))
    assert next(reader)[0] == 1
    with pytest.raises(KgrecError, match=rf"reviews\.json, line 2: .*({problem})"):
        next(reader)


def test_metadata_of_2014_as_a_python_literal(tmp_path: Path) -> None:
    record = {
        "asin": "B1",
        "title": "Tom &amp; Jerry\n <3",
        "description": "It's \\/ &quot;good&quot;",
        "price": 9.5,
        "brand": "Acme",
        "categories": [["Toys", "Games"], ["Toys", "Dolls"]],
        "related": {"also_bought": ["B2", "B3"], "also_viewed": ["B4"], "bought_together": ["B3", "B5"]},
    }
    expected = ItemRecord(
        "B1",
        "Tom & Jerry <3",
        'It\'s \\/ "good"',
        9.5,
        "Acme",
        (),
        ("Toys", "Games", "Dolls"),
        ("B2", "B3", "B5"),
        ("B4",),
    )
    assert metadata(tmp_path, repr(record)) == expected
    assert metadata(tmp_path, record) == expected


def test_metadata_of_2018(tmp_path: Path) -> None:
    record = {
        "asin": "B1",
        "title": "A book",
        "description": ["First.", "", "Second."],
        "brand": "Visit Amazon's J. Smith Page",
        "category": ["Books", "Poetry &amp; Plays", "</span></span>"],
        "main_cat": '<img src="x" alt="Books"/>',
        "also_buy": ["B2"],
        "also_view": ["B3", "B3"],
        "price": "$1,009.99",
    }
    assert metadata(tmp_path, record) == ItemRecord(
        "B1",
        "A book",
        "First. Second.",
        1009.99,
        "",
        ("J. Smith",),
        ("Books", "Poetry & Plays"),
        ("B2",),
        ("B3",),
    )


def test_metadata_of_2023(tmp_path: Path) -> None:
    record = {
        "parent_asin": "B1",
        "asin": "B1X",
        "title": "A thing",
        "main_category": "Toys & Games",
        "store": "Acme",
        "categories": ["Toys & Games", "Puzzles"],
        "features": ["Small."],
        "description": ["Blue."],
        "bought_together": None,
        "price": None,
        "details": {"Weight": "1 kg"},
    }
    assert metadata(tmp_path, record) == ItemRecord(
        "B1", "A thing", "Small. Blue.", None, "Acme", (), ("Toys & Games", "Puzzles")
    )


@pytest.mark.parametrize(
    ("given_by", "authors", "brand"),
    [
        ({"author": {"name": "J. Smith", "about": []}, "store": "Format: Kindle Edition"}, ("J. Smith",), ""),
        ({"author": None, "store": "J. Smith (Author)"}, ("J. Smith",), ""),
        ({"store": "J. Smith (Author), A. B. Lee (Illustrator), C. Roe (Author)"}, ("J. Smith", "C. Roe"), ""),
        ({"author": {"name": "J. Smith"}, "store": "J. Smith (Author)"}, ("J. Smith",), ""),
        ({"store": "Acme (Europe)"}, (), "Acme (Europe)"),
        ({"brand": "Visit Amazon's J. Smith Page"}, ("J. Smith",), ""),
        ({"brand": None}, (), ""),
        ({}, (), ""),
    ],
)
def test_author_or_brand(tmp_path: Path, given_by: dict[str, Any], authors: tuple[str, ...], brand: str) -> None:
    item = metadata(tmp_path, {"parent_asin": "B1", **given_by})
    assert (item.authors, item.brand) == (authors, brand)


@pytest.mark.parametrize(
    ("given_as", "price"),
    [
        *[(9, 9.0), ("$9.99", 9.99), ("from 12.50", 12.5), ("$5.00 - $10.00", 5.0), ("—", None)],
        *[(".a{margin:3px}", None), (True, None), (float("nan"), None), (None, None), ("", None), ([1], None)],
    ],
)
def test_price(given_as: Any, price: float | None) -> None:
    assert fields.price(given_as) == price


scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = scalar | st.lists(scalar, max_size=2) | st.dictionaries(st.text(max_size=3), scalar, max_size=2)


@given(record=st.fixed_dictionaries({}, optional=dict.fromkeys((*REVIEW_2014, *REVIEW_2023), anything)))
def test_any_json_object_is_an_interaction_or_a_clear_refusal(record: dict[str, Any], tmp_path_factory: Any) -> None:
    path = write(tmp_path_factory.getbasetemp() / "any.json", record)
    try:
        [(_, row)] = read_reviews(Lines(path))
    except KgrecError as problem:
        assert "any.json, line 1: " in str(problem)
    else:
        assert isinstance(row.timestamp, int)
        assert row.user_id.encode()


@given(value=st.one_of(st.text(), st.integers(), anything))
def test_an_identifier_is_encodable_text_or_refused(value: Any) -> None:
    try:
        found = fields.identifier("key", value)
    except Malformed:
        return
    assert found.strip()
    assert found.encode("utf-8")


def test_names_and_texts_within_hundreds_of_brackets(tmp_path: Path) -> None:
    opened, closed = "[" * 900, "]" * 900
    line = f'{{"asin": "B1", "title": {opened}"A "{closed}, "category": ["C", {opened}["D", ["E"]], "F"{closed}]}}'
    item = metadata(tmp_path, line)
    assert item.title == "A" and item.categories == ("C", "D E F")


@given(st.integers(1, 10_000), st.sampled_from(["", ";"]), st.sampled_from(["1", "0", "9"]))
def test_an_entity_of_any_length_is_text(digits: int, end: str, digit: str) -> None:
    given_as = f"Salt &amp; &#{digit * digits}{end}"
    found = fields.text(given_as)
    assert found.startswith("Salt ")
    if digits > sys.get_int_max_str_digits():
        assert found == given_as


def test_an_entity_of_thousands_of_digits_in_metadata(tmp_path: Path) -> None:
    title = f"Salt &#{'1' * 5_000};"
    assert metadata(tmp_path, {"asin": "B1", "title": title, "brand": "A &amp; B"}).title == title


def test_reading_takes_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json.gz"
    line = json.dumps({**REVIEW_2014, "reviewText": "x" * 2_000}) + "\n"
    with gzip.open(path, "wt", compresslevel=1) as file:
        for _ in range(5_000):  # 10 MB
            file.write(line)
    tracemalloc.start()
    assert sum(1 for _ in read_reviews(Lines(path))) == 5_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize(
    "given_as",
    [
        "5" + " " * 1_000_000 + "x",
        "from" + " " * 1_000_000,
        "1," * 500_000,
        "5 -" * 300_000,
        1 << 20_000,
        -(1 << 20_000),
    ],
    ids=["spaces", "from", "commas", "ranges", "huge", "huge and negative"],
)
def test_a_price_of_any_length_is_read_in_one_go_or_is_none(given_as: Any) -> None:
    """In quadratic time each of the texts would take minutes; a number beyond all floats is no price."""
    assert fields.price(given_as) is None


def test_a_number_of_thousands_of_digits_or_brackets_is_named_in_words() -> None:
    for read in (fields.identifier, fields.number, lambda key, value: fields.milliseconds(key, value, 1)):
        with pytest.raises(Malformed, match="'asin' is a number of thousands of digits"):
            read("asin", 1 << 20_000)
    brackets: list[Any] = []
    for _ in range(5_000):
        brackets = [brackets]
    with pytest.raises(Malformed, match="'asin' is nested too deeply to be shown, not text"):
        fields.identifier("asin", brackets)
    assert fields.identifier("asin", 10**20) == "1" + "0" * 20


@pytest.mark.parametrize("piece", ["(", "a (", ", ", "a ", "Visit Amazon's ", "<", "(Author)"])
def test_makers_of_any_length_are_read_in_one_go(tmp_path: Path, piece: str) -> None:
    for length in (900, 1_000_000):
        item = metadata(tmp_path, {"parent_asin": "B1", "store": piece * (length // len(piece))})
        assert all(len(name) <= 1_000 for name in (*item.authors, item.brand))
