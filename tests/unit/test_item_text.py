"""The text of an item: what it was before there were settings, its fields by hand, and hostile catalogues."""

import string
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kgloader.texts.encoder import text_hash
from kgloader.texts.item_text import DESCRIPTION_LENGTH, item_text
from kgloader.texts.settings import TextField, TextSettings
from kgrec.graph.database import Row

FIELDS = get_args(TextField)
DEFAULT = TextSettings()
DUNE: Row = {
    "title": "Dune",
    "makers": ["Frank Herbert"],
    "categories": ["Epic", "Science fiction"],
    "description": "Sand. Spice.",
    "facts": ["1965 novels", "Hugo Award for Best Novel"],
}

hostile = st.text(string.printable + "{}%$\x00é\u202e🙂", max_size=40)
rows = st.fixed_dictionaries(
    {
        "title": st.none() | hostile,
        "makers": st.lists(hostile, max_size=3),
        "categories": st.lists(hostile, max_size=3),
        "description": st.none() | hostile | hostile.map(lambda text: text * DESCRIPTION_LENGTH),
        "facts": st.lists(hostile, max_size=3),
    }
)
choices = st.lists(st.sampled_from(FIELDS), min_size=1, unique=True)


def text_before_settings(row: Row) -> str:
    """As kgrec 0.1.0 wrote it: graphs that are encoded already hold its hashes."""
    title, description = row["title"] or "", row["description"] or ""
    parts = [title, ", ".join(row["makers"]), ", ".join(row["categories"]), description[:1_000]]
    return ". ".join(part.strip().rstrip(".") for part in parts if part.strip())


@given(rows)
def test_defaults_give_the_text_of_before(row: Row) -> None:
    assert item_text(row, DEFAULT.fields) == text_before_settings(row)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["title"], "Dune"),
        (["facts", "title"], "1965 novels, Hugo Award for Best Novel. Dune"),
        (["title", "categories", "facts"], "Dune. Epic, Science fiction. 1965 novels, Hugo Award for Best Novel"),
        (["makers", "description"], "Frank Herbert. Sand. Spice"),
    ],
)
def test_fields_come_in_the_order_given(fields: list[TextField], expected: str) -> None:
    assert item_text(DUNE, fields) == expected


def test_what_an_item_lacks_is_left_out() -> None:
    bare: Row = {"title": None, "makers": [], "categories": [" "], "description": None, "facts": ["1965 novels"]}
    assert item_text(bare, DEFAULT.fields) == ""
    assert item_text(bare, FIELDS) == "1965 novels"


@given(rows, choices, st.sampled_from(["{title}", "{facts.__class__}", "{0}", "%s", "${title}", "{", "}}"]))
def test_a_template_in_the_data_stays_text(row: Row, fields: list[TextField], trap: str) -> None:
    trapped = row | {"title": trap, "makers": [trap], "categories": [trap], "description": trap, "facts": [trap]}
    assert item_text(trapped, fields) == ". ".join([trap] * len(fields))


@given(rows, choices)
def test_a_text_holds_its_fields_and_no_more(row: Row, fields: list[TextField]) -> None:
    text = item_text(row, fields)
    values = {name: ", ".join(value) if isinstance(value, list) else value or "" for name, value in row.items()}
    values["description"] = values["description"][:DESCRIPTION_LENGTH]
    kept = [values[field].strip().rstrip(".") for field in fields]
    assert len(text) <= sum(map(len, kept)) + 2 * (len(kept) - 1)
    assert all(part in text for part in kept)
    emptied = row | {name: None if name in ("title", "description") else [] for name in set(FIELDS) - set(fields)}
    assert item_text(emptied, fields) == text


def test_hashes_of_the_defaults_are_those_that_graphs_hold() -> None:
    """Written by kgrec 0.1.0."""
    assert text_hash(DEFAULT, "Dune. Frank Herbert") == "48dc4b78318cd9a5db31039b804c5162"


made = st.tuples(st.sampled_from(["a", "b"]), st.sampled_from(["", "b", "b\nc", "'", "a 'b'\n"]), hostile)


@given(st.lists(made, unique=True, max_size=8))
@example([("a", "", "'b'\nc"), ("a", "b", "c"), ("a", "b\nc", ""), ("b", "", ""), ("a", "", "b")])
def test_model_prompt_and_text_each_change_the_hash(different: list[tuple[str, str, str]]) -> None:
    hashes = {text_hash(TextSettings(model=model, prompt=prompt), text) for model, prompt, text in different}
    assert len(hashes) == len(different)
