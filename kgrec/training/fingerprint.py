"""What a checkpoint must agree with, as one digest."""

import hashlib

import numpy as np


def fingerprint(*parts: object) -> str:
    """Digest of whatever a checkpoint must agree with: settings, ids, arrays of whole numbers, in this order.

    Arrays are read in place. Arrays of floats are refused: their last bits differ between machines, so what made them
    (settings, texts, a run id) has to stand for them.

    Raises:
        TypeError: a part is an array of floats.
    """
    digest = hashlib.sha256()
    _feed(digest, parts)
    return digest.hexdigest()


def _feed(digest: "hashlib._Hash", part: object) -> None:
    if isinstance(part, np.ndarray):
        if part.dtype.kind not in "iub":
            raise TypeError(f"an array of {part.dtype} is no part of a fingerprint")
        digest.update(f"{part.dtype.str}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    elif isinstance(part, list | tuple):
        digest.update(f"{len(part)} parts".encode())
        for one in part:
            _feed(digest, one)
    else:
        text = repr(part).encode()
        digest.update(f"{len(text)} bytes".encode())
        digest.update(text)
