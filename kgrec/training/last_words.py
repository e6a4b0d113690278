"""SIGTERM under torchrun, which sends it once a process has ended: the others learn of that first, and tell it."""

import ctypes
import os
import signal
import socket
import threading
import time

MOMENT = 2.0  # seconds, many times what it takes to see that a connection is gone


def wait_before_terminating() -> None:
    """Obey SIGTERM a moment after it comes, from here to the end of the process, as it is obeyed by default.

    A thread does it, woken by the system's handler: the main thread may be in the middle of a collective operation,
    where it runs no Python. Where something else than the default is done about SIGTERM, it stays so. To be called in
    the main thread.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.detach())  # stays open as long as a signal may come
    signal.signal(signal.SIGTERM, lambda number, frame: None)  # without a handler of Python's nothing is woken
    threading.Thread(target=_obey, args=(woken,), daemon=True).start()


def _obey(woken: socket.socket) -> None:
    while woken.recv(1)[0] != signal.SIGTERM:  # the number of any signal that Python handles
        pass
    time.sleep(MOMENT)
    ctypes.pythonapi.PyOS_setsig(signal.SIGTERM, None)  # signal.signal is for the main thread
    os.kill(os.getpid(), signal.SIGTERM)
