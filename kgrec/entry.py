"""Where every command begins: before anything is imported that takes long enough for a Ctrl-C."""

import signal


def main() -> None:
    """Run the command line; Ctrl-C is told at any time, also while the command is imported and while it ends."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    from kgrec.interrupts import Interruptible

    with Interruptible():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        from kgrec.commands import main as run

        run()
