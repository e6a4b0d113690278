"""Where every command begins: before anything is imported that takes long enough for a Ctrl-C."""

import sys

from kgrec.interrupts import INTERRUPTED, Interruptible


def main() -> None:
    """Run the command line; Ctrl-C is told at any time, while the command is imported and while it ends."""
    with Interruptible() as run:
        try:
            from kgrec.commands import main as command

            command()
        except KeyboardInterrupt:  # before the command could take it, or while it told of another error
            run.tell()
            sys.exit(INTERRUPTED)
