"""A TCP proxy on loopback, so that a test can cut a connection and mend it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Cuttable:
    """Passes on what comes to its port, until it is cut.

    Args:
        port: on loopback, of whoever answers.
    """

    def __init__(self, port: int):
        self.behind = port
        self.port = 0
        self._open: set[socket.socket] = set()
        self._flows = threading.Event()
        self._flows.set()
        self.mend()

    def mend(self) -> None:
        """Listen, at the same port as before."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """End every connection, and take no more."""
        with suppress(OSError):  # closing alone does not wake who waits
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._open:
            _end(self._open.pop())

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let nothing through in the block, and keep every connection: so is a server that lost its network."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                one, _ = listener.accept()
                other = socket.create_connection(("127.0.0.1", self.behind))
                self._open |= {one, other}
                for ends in ((one, other), (other, one)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                target.sendall(data)
        for end in (source, target):
            self._open.discard(end)
            _end(end)


@contextmanager
def cuttable(port: int) -> Iterator[Cuttable]:
    """Stand before a port until the block ends."""
    proxy = Cuttable(port)
    try:
        yield proxy
    finally:
        proxy.cut()


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
