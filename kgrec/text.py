r"""Text from data made safe to show: titles, names of personas, ids and folders are whatever a file held.

What a terminal would obey, what turns the order of what follows round, what nobody can see and what XML or UTF-8
cannot hold is shown as Python writes it: ``\x1b``, ``\u202e``. All else stays as it is: any script, combining marks,
emoji, and the invisible joiners where a script or an emoji needs them.
"""

import re
from collections.abc import Callable

LONGEST_NAME = 96  # a persona's name of 80, and what stands before it
LONGEST_SENTENCE = 2_000

_NO_CHARACTERS = "".join(map(chr, (plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))))
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"  # each chooses a variant of the character before it
# Arabic and its forms, Indian and other Asian scripts, symbols and emoji.
_JOINED = "\u0600-\u109f\u1780-\u18af\u1b00-\u1bff\ufb50-\ufdcf\ufe70-\ufefc\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_HOSTILE = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f)"  # Scotland's, say, with its letters as tags
    "|[\\x00-\\x1f\\x7f-\\x9f"  # control characters: escape sequences begin with them, of seven bits and of eight
    "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"  # directions
    "\u2028\u2029"  # separators of lines
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"  # unseen
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"  # unseen
    f"\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]"
    f"|(?<![{_JOINED}])[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
    f"|(?<![^{_SELECTORS}])[{_SELECTORS}]"
)


def visible(text: object) -> str:
    """Return text on one line, whole; what must not be shown as it is stands there as Python's escape of it."""
    return replaced(str(text), lambda character: character.encode("unicode_escape").decode())


def replaced(text: str, escape: Callable[[str], str]) -> str:
    """Return text with ``escape`` of each character that must not be shown as it is."""
    return _HOSTILE.sub(lambda found: found[0] if found["flag"] else escape(found[0]), text)


def clean(text: str) -> str:
    """Return text as `visible` does, but lines stay lines."""
    return "\n".join(map(visible, text.split("\n")))


def shown(text: object, limit: int = LONGEST_NAME) -> str:
    """Return text on one line, as `visible` does, of at most ``limit`` characters."""
    line = visible(str(text)[: limit + 1])  # no escape is shorter than what it stands for
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def sentence(text: object, limit: int = LONGEST_SENTENCE) -> str:
    """Return text on one line, as `visible` does; a long one lacks its middle, as the remedy stands at the end."""
    line = visible(text)
    return line if len(line) <= limit else f"{line[: limit // 2]} … {line[-limit // 3 :]}"
