"""Matplotlib's figures as SVG that repeats byte for byte, stands alone and can stand in a page beside others."""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

from kgrec.text import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be read out, searched for, and be in any script
    "svg.hashsalt": "kgrec",
    "text.parse_math": False,  # a persona's name may hold dollars
    "text.usetex": False,
    "axes.formatter.use_mathtext": False,
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica"],
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
}


@contextmanager
def canvas(width: float, height: float) -> Iterator["Figure"]:
    """Yield an empty figure of so many inches, independent of anybody's matplotlibrc; drawn by `finished`."""
    import matplotlib.style  # half a second that other commands need not wait for
    from matplotlib.figure import Figure

    with matplotlib.style.context(["default", _STYLE], after_reset=True):
        yield Figure(figsize=(width, height), layout="constrained")


def finished(figure: "Figure", name: str, title: str, description: str) -> Markup:
    """Draw a figure and name it for who cannot see it; to be called within `canvas`.

    Args:
        figure: what was drawn.
        name: prefix of the ids, so that several drawings can be in one page.
        title: what the drawing is called.
        description: what it shows.
    """
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # the browser has other fonts
        figure.savefig(drawn, format="svg", metadata=nothing)
    return Markup(_named(drawn.getvalue(), name, clean(title), clean(description)))  # escaped by ElementTree


def _named(drawn: str, name: str, title: str, description: str) -> str:
    """Return the SVG with ids that begin with ``name``, without ids nobody refers to, and with a title."""
    root = ElementTree.fromstring(drawn)
    for parent in root.iter():
        for child in list(parent):
            if child.tag in {f"{{{SVG}}}style", f"{{{SVG}}}metadata"}:
                parent.remove(child)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")  # what the style element said, of this drawing
    used = {found for element in root.iter() for found in _references(element)}
    for element in root.iter():
        for key, value in element.attrib.items():
            if key in {f"{{{XLINK}}}href", "href"} and value.startswith("#"):
                element.set(key, f"#{name}-{value[1:]}")
            elif key != "id":
                element.set(key, _REFERENCE.sub(rf"url(#{name}-\1)", value))
        own = element.attrib.pop("id", None)
        if own in used:
            element.set("id", f"{name}-{own}")
    for tag, text in (("desc", description), ("title", title)):
        told = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{tag}"})
        told.text = text
        root.insert(0, told)
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode")


def _references(element: ElementTree.Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if key in {f"{{{XLINK}}}href", "href"} and value.startswith("#"):
            yield value[1:]
        yield from _REFERENCE.findall(value)
