"""Where every command begins: before anything is imported that takes long enough for a Ctrl-C."""

from kgrec.interrupts import Interruptible


def main() -> None:
    """Run the command line; Ctrl-C is told at any time, also while the command is imported and while it ends."""
    with Interruptible():
        from kgrec.commands import main as run

        run()
