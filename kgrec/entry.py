"""Where every command begins: before anything is imported that takes long enough for a Ctrl-C."""

import os
import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is imported is told as at any other time."""
    try:
        from kgrec.commands import main as run
    except KeyboardInterrupt:
        os.write(2, b"Interrupted: nothing was begun.\n")
        sys.exit(130)
    run()
