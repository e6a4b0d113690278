"""What is shown of a text from data: all of it, and nothing that does harm."""

import unicodedata

import pytest
from hypothesis import given

from kgrec.text import LONGEST_SENTENCE, clean, sentence, shown, visible
from tests.unit.hostile import TEXTS, harm


@given(TEXTS)
def test_no_text_keeps_what_does_harm(text: str) -> None:
    assert harm(visible(text)) == set() and "\n" not in visible(text)
    assert harm(clean(text)) == set() and clean(text).count("\n") == text.count("\n")
    assert harm(shown(text, 10)) == set() and len(shown(text, 10)) <= 10
    visible(text).encode()  # UTF-8 holds it


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\u202eevil\u2069", r"\u202eevil\u2069"),
        ("A1\u200b", r"A1\u200b"),
        ("a\u200db\u200c", r"a\u200db\u200c"),
        ("\u2028\ufeff\xad", r"\u2028\ufeff\xad"),
        ("\ud800\udcff\uffff\U0001fffe", r"\ud800\udcff\uffff\U0001fffe"),
        ("seen\U000e0073\U000e006f", r"seen\U000e0073\U000e006f"),
        ("a\ufe0f\ufe00", "a\ufe0f" + r"\ufe00"),
        ("\ufe0f", r"\ufe0f"),
        ("👩‍\u200d👩", r"👩\u200d\u200d👩"),
    ],
)
def test_what_does_harm_is_an_escape(text: str, expected: str) -> None:
    assert visible(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "👩🏽‍💻 👨‍👩‍👧 ❤️‍🔥 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🇩🇪 1️⃣",
        "می‌خواهم",  # Persian, with a joiner that keeps letters apart
        "क्‍ष र्‌क",  # Hindi, with both joiners
        "שָׁלוֹם", "مرحبا", "ภาษาไทย", "Tiếng Việt", unicodedata.normalize("NFD", "Škvorecký"),
        "京都の小説　全集", "葛\U000e0100", "한국어", "a\xa0b", r"a\b", "∀x ∈ y", "😀",
    ],
)  # fmt: skip
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == clean(text) == text


def test_a_long_name_ends_and_a_long_sentence_keeps_its_remedy() -> None:
    assert shown("x" * 200, 10) == "x" * 9 + "…"
    assert shown("\0" * 10**6, 10) == r"\x00\x00\…"
    told = sentence(f"There is no item {'x' * 60_000!r}: load it first.")
    assert len(told) <= LONGEST_SENTENCE and told.startswith("There is no item 'xx")
    assert told.endswith("xx': load it first.")
