"""How much is done of what is read or tried one by one: a spinner, and a bar where there is something to count."""

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol, TypeVar

from kgrec.terminal import progress, shows_progress, waiting

OFTEN = 0.1  # seconds between two moves of a bar: what is counted is not made slower by it

Taken = TypeVar("Taken")


class Counted(Protocol):
    """Yields what it is given."""

    def __call__(self, given: Iterable[Taken], unit: str, total: int | None) -> Iterator[Taken]:
        """Yield what is given, and may show how far it is.

        Args:
            given: is taken one by one.
            unit: what it is, in the plural, such as ``"users"``.
            total: about how many it is; ``None`` where that is not known.
        """


def uncounted(given: Iterable[Taken], unit: str, total: int | None) -> Iterator[Taken]:
    """Yield what is given, and show nothing: for who has nobody to look, or shows something already."""
    yield from given


@contextmanager
def counting(what: str) -> Iterator[Counted]:
    """Show on standard error that something goes on; it is gone when the block ends.

    Args:
        what: goes on, such as ``"Reading the graph"``.

    Yields:
        what shows a bar in place of the spinner as long as something is taken from what it is given; one at a time.
    """
    if not shows_progress():
        yield uncounted
        return
    with ExitStack() as spinner:
        spinner.enter_context(waiting(what))

        def counted(given: Iterable[Taken], unit: str, total: int | None) -> Iterator[Taken]:
            spinner.close()
            with progress(what, total, stays=False) as advance:
                moved = time.monotonic()
                advance(0, "")
                for done, one in enumerate(given):
                    if time.monotonic() - moved >= OFTEN:
                        moved = time.monotonic()
                        advance(done, f"{done:,} {unit}")
                    yield one
            spinner.enter_context(waiting(what))

        yield counted
