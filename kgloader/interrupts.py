"""Ctrl-C at a moment of our choosing."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_back() -> Iterator[None]:
    """Let the block come to its end before Ctrl-C takes effect; a second one takes effect at once.

    The Neo4j driver does not survive an exception in the middle of a message: it hangs, fails on its buffer, or loses
    the interrupt. Blocks may be nested, and in threads other than the main one this does nothing.

    Raises:
        KeyboardInterrupt: at the end of the outermost block, if there was a Ctrl-C.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal received
        if received and callable(before):
            before(number, frame)
        received = True

    before = signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if received:
            signal.raise_signal(signal.SIGINT)
