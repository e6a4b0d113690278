"""Text from data made safe for Markdown and HTML."""

import re

from markupsafe import Markup

from kgrec.text import clean, shown

LONGEST_LABEL = 44  # in plots

_ENTITIES = str.maketrans({mark: f"&#{ord(mark)};" for mark in "|`~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_EMPHASIS = re.compile(r"([\\*_\[\]])")
_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)  # GitHub makes a link of these without being asked


def quoted(name: object) -> str:
    """Return a name as it stands within a sentence."""
    return f'"{shown(name)}"'


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
