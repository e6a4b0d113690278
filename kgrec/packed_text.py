"""Many texts as two arrays, UTF-8 one behind the other and where each ends: they are mapped, not parsed."""

from collections.abc import Sequence

import numpy as np


def packed(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of all texts ``[n_bytes]``, and behind which of them each ends ``[n]``."""
    encoded = [text.encode() for text in texts]
    return (
        np.frombuffer(b"".join(encoded), dtype=np.uint8).copy(),
        np.cumsum([len(one) for one in encoded], dtype=np.int64),
    )


def unpacked(content: np.ndarray, ends: np.ndarray) -> list[str]:
    """Return what `packed` packed.

    Raises:
        ValueError: it did not.
    """
    text, borders = content.tobytes(), ends.tolist()
    return [text[start:end].decode() for start, end in zip([0, *borders], borders, strict=False)]
