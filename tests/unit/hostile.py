"""Text that does harm where it is not rendered: for the terminal, for rich's markup, for spreadsheets, for a reader."""

import unicodedata

from hypothesis import strategies as st

FRAGMENTS = [
    "A [/] tale", "Emma [with CD]", "[bold red]", "[link=http://x]", "[@click=app.bell]", r"\[", ":boom:",
    "\x1b[2J", "\x1b]8;;http://x\x07link\x1b]8;;\x07", "\x1b]0;title\x07", "\x9b31m", "\x90q\x9c", "\x85", "\x7f", "\0",
    "\r", "\n", "\t", "\x0b", "\u2028", "\u2029", "a\rError: b", "\u202e", "\u2066", "\u200f", "\u200b", "\ufeff",
    "\xad", "\ud800", "\udcff", "\ufffe", "\U000e0041", "=1+1", '=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)",
    "'=1", '"', ",", ";", "{0}", "{task.description}", "%s", "京都の小説", "👩🏽‍💻", "می‌خواهم", "שָׁלוֹם", "é", "<b>",
    "& ",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(FRAGMENTS) | st.text(st.characters(), max_size=3), max_size=6).map("".join)
NAMES = TEXTS.filter(str.strip)

TURNING = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def harm(text: str) -> set[str]:
    """Characters that must not reach a terminal: those that it obeys, and those that turn text round."""
    return {
        character
        for character in text
        if (unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} and character != "\n") or character in TURNING
    }
