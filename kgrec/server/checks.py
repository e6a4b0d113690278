"""What must hold before the managed Neo4j starts: free ports, enough memory and disk, each refused in one sentence."""

import re
import shutil
import socket
from pathlib import Path

import psutil

from kgrec.errors import KgrecError

LOOPBACK = "127.0.0.1"
HEAP = r"([1-9][0-9]{0,8})([mgMG])"
HOME_ARGUMENT = "--home-dir="  # of Neo4j's command line
MEBIBYTE = 1 << 20
# A fresh server keeps about 520 MB of stores and transaction logs; the rest leaves room to load into.
DISK_NEEDED = 1024 * MEBIBYTE


def check_port(port: int, option: str) -> None:
    """Refuse a port that something else listens on.

    Raises:
        KgrecError: the port is in use, or this user may not listen on it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port of a server just stopped is free
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError as error:
            raise KgrecError(f"Port {port} may not be used by this user: choose another with {option}.") from error
        except OSError as error:
            raise KgrecError(f"Port {port} is in use{_holder(port)}: choose another with {option}.") from error


def heap_bytes(heap: str) -> int:
    """Read a heap size such as ``512m`` or ``2g``.

    Raises:
        KgrecError: it is not of that form.
    """
    match = re.fullmatch(HEAP, heap)
    if match is None:
        raise KgrecError(f"The heap size {heap!r} must be a number and m or g, such as 512m or 2g.")
    return int(match[1]) * MEBIBYTE * (1024 if match[2] in "gG" else 1)


def check_memory(needed: int) -> None:
    """Refuse to start where the machine would have to swap.

    Args:
        needed: bytes of heap, page cache and the rest of the process.

    Raises:
        KgrecError: less is available.
    """
    available = psutil.virtual_memory().available
    if available < needed:
        raise KgrecError(
            f"Neo4j needs {needed // MEBIBYTE} MiB of memory and {available // MEBIBYTE} MiB are available: close "
            "other programs or give less with --heap."
        )


def check_disk(folder: Path) -> None:
    """Refuse a folder whose disk is nearly full.

    Raises:
        KgrecError: there is too little room.
    """
    free = shutil.disk_usage(folder).free
    if free < DISK_NEEDED:
        raise KgrecError(
            f"{folder} has {free // MEBIBYTE} MiB of disk left and Neo4j needs {DISK_NEEDED // MEBIBYTE} MiB: free "
            "some, or set KGREC_HOME to a folder on another disk."
        )


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if listens and connection.pid:
                return f" by {_name(psutil.Process(connection.pid))} (process {connection.pid})"
    except psutil.Error:
        pass  # other users' processes are not ours to see
    return ""


def _name(process: psutil.Process) -> str:
    homes = [argument.partition("=")[2] for argument in process.cmdline() if argument.startswith(HOME_ARGUMENT)]
    return f"the Neo4j of {homes[0]}" if homes else process.name()


def listens(process: psutil.Process, port: int) -> bool:
    """Whether it is this process that answers on a port, and not another that was there before it."""
    return any(
        connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
        for connection in process.net_connections("tcp")
    )
