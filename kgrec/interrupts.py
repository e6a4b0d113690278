"""Ctrl-C: the first at a moment of our choosing, the next at once, and each with a sentence in place of a traceback."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

INTERRUPTED = 130  # the exit status by which shells know Ctrl-C
SENTENCE = "Interrupted: what was finished is kept; the same command goes on from there."
SHOW_CURSOR = "\x1b[?25h\n"  # and leave the line of a progress bar


class Interruptible:
    """A process whose first Ctrl-C raises KeyboardInterrupt, as ever, and whose next one ends it as a kill would.

    A kill at any moment leaves nothing half-written, so the next one need not wait: neither for a server that does not
    answer nor for the threads that Python waits for at the end. It ends likewise where KeyboardInterrupt was raised in
    what cannot pass it on, such as a callback of the garbage collection, and would be lost with a traceback. Used as a
    context manager around all that a process does; where that did not take KeyboardInterrupt itself, it is told here.
    Where Ctrl-C arrives ignored, it stays so.
    """

    def __init__(self) -> None:
        self._received = False
        self._told = False
        self._status = INTERRUPTED

    def __enter__(self) -> Self:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._take)
            self._unraisable, sys.unraisablehook = sys.unraisablehook, self._lost
            # At last Python gives up its handlers, and a signal would change the exit status.
            atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """From here on Python only ends: what was to be told has been told."""
        if isinstance(error, SystemExit):
            self._status = error.code if isinstance(error.code, int) else 0
            self._told = self._received = True
        if isinstance(error, KeyboardInterrupt):
            self._tell()
            raise SystemExit(INTERRUPTED)

    def end_at_once(self) -> None:
        """End the process, with the sentence if nothing was told."""
        self._tell()
        os._exit(self._status)

    def _tell(self) -> None:
        """Say it by the system's own call: a lock of Python's may be held by what was interrupted."""
        if not self._told:
            self._told = True
            with suppress(OSError):
                os.write(2, f"{SHOW_CURSOR if os.isatty(2) else ''}{SENTENCE}\n".encode())

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._received:
            self.end_at_once()
        self._received = True
        raise KeyboardInterrupt

    def _lost(self, unraisable: Any) -> None:
        if unraisable.exc_type is KeyboardInterrupt:
            self.end_at_once()
        self._unraisable(unraisable)


class _Hold:
    """A handler that notes the first signal and passes on the next."""

    def __init__(self) -> None:
        self.received = False
        self.before = signal.getsignal(signal.SIGINT)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.received:
            process = getattr(self.before, "__self__", None)
            if isinstance(process, Interruptible):
                process.end_at_once()
            if callable(self.before):
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
