"""Ctrl-C at a moment of our choosing."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class _Hold:
    """A handler that notes the first signal and passes on the next."""

    def __init__(self) -> None:
        self.received = False
        self.before = signal.getsignal(signal.SIGINT)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.received and callable(self.before):
            self.before(number, frame)
        self.received = True


@contextmanager
def held_back() -> Iterator[None]:
    """Let the block come to its end before Ctrl-C takes effect; a second one takes effect at once.

    The Neo4j driver does not survive an exception in the middle of a message: it hangs, fails on its buffer, or loses
    the interrupt. Of nested blocks the outermost counts; in threads other than the main one this does nothing.

    Raises:
        KeyboardInterrupt: at the end of the block, if there was a Ctrl-C.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or isinstance(signal.getsignal(signal.SIGINT), _Hold):
        yield
        return
    hold = _Hold()
    signal.signal(signal.SIGINT, hold)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, hold.before)
        if hold.received:
            signal.raise_signal(signal.SIGINT)
