"""Text from data made safe to show: titles, names of personas, ids and folders are whatever a file held."""

import unicodedata

LONGEST_NAME = 96  # a persona's name of 80, and what stands before it

# Not to be shown: they turn the order of what follows round, and no tag of ours would end that.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}


def shown(text: object, limit: int = LONGEST_NAME) -> str:
    """Return text on one line, of at most ``limit`` characters, that XML can hold and a terminal only shows."""
    line = " ".join(clean(str(text)).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def clean(text: str) -> str:
    """Return text without control characters, marks that turn its direction, and what XML and UTF-8 cannot hold.

    Lines stay lines.
    """
    return "".join(_harmless(character) for character in text)


def _harmless(character: str) -> str:
    if character == "\n":
        return character
    code = ord(character)
    if code in _TURNING:
        return ""
    if code in {0x2028, 0x2029} or unicodedata.category(character) == "Cc":
        return " "
    return "\ufffd" if 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE else character
