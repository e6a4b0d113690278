"""An item as one text, of the fields that the settings name."""

from collections.abc import Sequence

from kgloader.texts.settings import TextField
from kgrec.graph.database import Row

DESCRIPTION_LENGTH = 1_000  # characters; the default model reads 256 word pieces
MOST_FACTS = 20  # which leave room for the rest in what a model reads


def item_text(row: Row, fields: Sequence[TextField]) -> str:
    """Write an item as one text: its fields in the order given, empty ones left out.

    The values are joined and never taken for a template: what a catalogue holds is anybody's text.

    Args:
        row: of ``load/item_texts``.
        fields: what the text is made of.

    Returns:
        Empty where the item has none of the fields.
    """
    written = {
        "title": row["title"] or "",
        "makers": ", ".join(row["makers"]),
        "categories": ", ".join(row["categories"]),
        "description": (row["description"] or "")[:DESCRIPTION_LENGTH],
        "facts": ", ".join(row["facts"]),
    }
    parts = [written[field].strip() for field in fields]
    return ". ".join(part.rstrip(".") for part in parts if part)
