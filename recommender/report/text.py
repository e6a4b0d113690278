"""Text from data made safe to show: names of personas, items, systems and folders are whatever a file held."""

import re
import unicodedata

from markupsafe import Markup

LONGEST_NAME = 96  # a persona's name of 80, and what stands before it
LONGEST_LABEL = 44  # in plots

# Not to be shown: they turn the order of what follows round, and no tag of ours would end that.
_TURNING = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_ENTITIES = str.maketrans({mark: f"&#{ord(mark)};" for mark in "|`~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_EMPHASIS = re.compile(r"([\\*_\[\]])")
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)  # GitHub makes a link of these without being asked


def shown(text: object, limit: int = LONGEST_NAME) -> str:
    """Return text on one line, of at most ``limit`` characters, that XML can hold."""
    line = " ".join(clean(str(text)).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def quoted(name: object) -> str:
    """Return a name as it stands within a sentence."""
    return f'"{shown(name)}"'


def clean(text: str) -> str:
    """Return text without what XML and UTF-8 cannot hold, and without marks that turn the reading direction."""
    return "".join(_harmless(character) for character in text)


def markdown(value: object) -> object:
    """Return text so that Markdown shows it and does nothing with it, in a table's cell too; markup stays as it is."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    text = " ".join(clean(value).splitlines())
    text = _EMPHASIS.sub(r"\\\1", text.translate(_ENTITIES))
    return _ADDRESS.sub(lambda found: found[0].replace(":", "&#58;").replace(".", "&#46;"), text)


def html(value: object) -> object:
    """Return text without what XML cannot hold; Jinja escapes it. Markup stays as it is."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _harmless(character: str) -> str:
    if character == "\n":
        return character
    code = ord(character)
    if code in _TURNING:
        return ""
    if code in {0x2028, 0x2029} or unicodedata.category(character) == "Cc":
        return " "
    return "\ufffd" if 0xD800 <= code <= 0xDFFF or code & 0xFFFE == 0xFFFE else character
