"""Item texts to vectors, by any sentence-transformers model."""

import hashlib
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


def embed_items(database: Database, settings: TextSettings, report: Report) -> None:
    """Encode the items whose text, prompt or model is new, a batch at a time, each written in one transaction.

    Raises:
        KgrecError: the graph has no items, or the model cannot be loaded.
    """
    rows = database.read("load/item_texts", most_facts=MOST_FACTS if "facts" in settings.fields else 0)
    if not rows:
        raise KgrecError("The graph has no items to encode: load interactions first, with `kgrec load amazon`.")
    texts = {row["item_id"]: item_text(row, settings.fields) for row in rows}
    stored = {row["item_id"]: row["embedding_of"] for row in rows}
    hashes = {item_id: text_hash(settings, text) for item_id, text in texts.items() if text}
    waiting = [item_id for item_id, digest in hashes.items() if stored[item_id] != digest]
    report.read["items"] += len(rows)
    report.skipped["items without any text"] += len(rows) - len(hashes)
    report.skipped["items encoded before"] += len(hashes) - len(waiting)
    report.marked["items encoded"] += len(waiting)
    if not waiting:
        return
    encoder = load_encoder(settings.model)
    # The index follows the model before the vectors come: it refuses vectors of another length.
    dimensions = encoder.get_embedding_dimension()
    assert dimensions is not None
    ensure_vector_index(database, "item_embedding", "Item", "embedding", dimensions)
    _encode(database, encoder, settings.prompt, waiting, texts, hashes)


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
