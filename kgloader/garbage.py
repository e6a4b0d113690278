"""Python's search for garbage, which costs a load as much as all else that it does with its records."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RECORDS = 100_000  # objects made, and still there, after which Python looks for garbage; 700 is its own number


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let Python look for garbage about once a batch in the block: records are in no cycles, and go without it."""
    before = gc.get_threshold()
    gc.set_threshold(RECORDS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
