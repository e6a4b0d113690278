"""Item texts to vectors, by any sentence-transformers model."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from more_itertools import chunked

from kgloader.report import Report, progress_bar
from kgloader.texts.item_text import MOST_FACTS, item_text
from kgloader.texts.models import load_encoder
from kgloader.texts.settings import TextSettings
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_vector_index

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

ITEMS_PER_BATCH = 512


@dataclass(frozen=True)
class Texts:
    """Texts of the items that have one, and what the graph says of them.

    Attributes:
        texts: texts by item id; ``hashes`` name what the vector of each is to be made of.
        waiting: ids of the items whose text, prompt or model is new.
        items: how many items there are, with a text or without.
    """

    texts: dict[str, str]
    hashes: dict[str, str]
    waiting: list[str]
    items: int


def read_texts(database: Database, settings: TextSettings) -> Texts:
    """Read the texts of all items.

    Raises:
        KgrecError: the graph has no items.
    """
    rows = database.read("load/item_texts", most_facts=MOST_FACTS if "facts" in settings.fields else 0)
    if not rows:
        raise KgrecError("The graph has no items to encode: load interactions first, with `kgrec load amazon`.")
    found = {row["item_id"]: item_text(row, settings.fields) for row in rows}
    texts = {item_id: text for item_id, text in found.items() if text}
    hashes = {item_id: text_hash(settings, text) for item_id, text in texts.items()}
    stored = {row["item_id"]: row["embedding_of"] for row in rows}
    return Texts(texts, hashes, [one for one, digest in hashes.items() if stored[one] != digest], len(rows))


def needed_encoder(database: Database, settings: TextSettings) -> "SentenceTransformer | None":
    """Load the model if an item waits for it: outside of the writer's lock, since a model hub may be slow.

    Raises:
        KgrecError: the graph has no items, or the model cannot be loaded.
    """
    return load_encoder(settings.model) if read_texts(database, settings).waiting else None


def embed_items(
    database: Database, settings: TextSettings, encoder: "SentenceTransformer | None", report: Report
) -> None:
    """Encode the items whose text, prompt or model is new, a batch at a time, each written in one transaction.

    Args:
        database: the graph.
        settings: what is encoded.
        encoder: the model of the settings, as `needed_encoder` gave it.
        report: what is counted.

    Raises:
        KgrecError: the graph has no items, or a model that was not needed before cannot be loaded.
    """
    found = read_texts(database, settings)
    report.read["items"] += found.items
    report.skipped["items without any text"] += found.items - len(found.texts)
    report.skipped["items encoded before"] += len(found.texts) - len(found.waiting)
    report.marked["items encoded"] += len(found.waiting)
    if not found.waiting:
        return
    if encoder is None:  # another load came between
        encoder = load_encoder(settings.model)
    # The index follows the model before the vectors come: it refuses vectors of another length.
    dimensions = encoder.get_embedding_dimension()
    assert dimensions is not None
    ensure_vector_index(database, "item_embedding", "Item", "embedding", dimensions)
    _encode(database, encoder, settings.prompt, found.waiting, found.texts, found.hashes)


def _encode(
    database: Database,
    encoder: "SentenceTransformer",
    prompt: str,
    waiting: list[str],
    texts: dict[str, str],
    hashes: dict[str, str],
) -> None:
    with progress_bar(f"encoding on {encoder.device.type}", "items", len(waiting)) as advance:
        for batch in chunked(waiting, ITEMS_PER_BATCH):
            vectors = encode(encoder, [texts[item_id] for item_id in batch], prompt)
            written: list[dict[str, Any]] = [
                {"item_id": item_id, "embedding": vector.tolist(), "embedding_of": hashes[item_id]}
                for item_id, vector in zip(batch, vectors, strict=True)
            ]
            database.write("load/embeddings", rows=written)
            advance(len(batch))


def encode(encoder: "SentenceTransformer", texts: list[str], prompt: str) -> "np.ndarray":
    """Encode texts, the prompt before each: vectors of length 1, ``[n_texts, dim]``."""
    return encoder.encode(texts, prompt=prompt or None, normalize_embeddings=True, show_progress_bar=False)


def text_hash(settings: TextSettings, text: str) -> str:
    """Name what a vector is made of: model, prompt and text.

    Without a prompt it is what it was before there were prompts, so that no graph is encoded anew.
    """
    encoder = f"{settings.model} {settings.prompt!r}" if settings.prompt else settings.model  # one line
    return hashlib.sha256(f"{encoder}\n{text}".encode()).hexdigest()[:32]
