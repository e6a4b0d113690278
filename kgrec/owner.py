"""Which process something belongs to, so that what a dead one left behind is told from what is in use.

A process is known by its number and by the moment it started: numbers come again. Both mean something on one machine
only, and there only in one boot and one space of process numbers.
"""

import getpass
import hashlib
import os
import re
import shutil
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import psutil

TAG = re.compile(r"([0-9a-f]{12})-(\d+)-(\d+)")


@dataclass(frozen=True)
class Owner:
    """A process.

    Attributes:
        machine: digest of the boot and of the space of process numbers.
        process: its number.
        started: its start, in clock ticks after the boot: a wall clock can be set.
    """

    machine: str
    process: int
    started: int

    @property
    def tag(self) -> str:
        """Text that stands for it in a name; `tagged` reads it back."""
        return f"{self.machine}-{self.process}-{self.started}"

    @property
    def gone(self) -> bool:
        """Whether it is known to have ended; never of a process on another machine."""
        return self.machine == _machine() and _started(self.process) not in (self.started, UNKNOWN)


UNKNOWN = -1  # start of another user's process, where these are hidden


def this_process() -> Owner:
    """Return the process that asks."""
    return Owner(_machine(), os.getpid(), _started(os.getpid()) or UNKNOWN)


def tagged(name: str) -> Owner | None:
    """Read the owner out of a name that holds its tag; ``None`` where it holds none."""
    found = TAG.search(name)
    return Owner(found[1], int(found[2]), int(found[3])) if found else None


def user_and_host() -> tuple[str, str]:
    """Return what people know a process by: who started it, and where."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in containers
        user = str(os.getuid())
    return user, socket.gethostname()


def running_command() -> str:
    """Return what people call this process: the words of its command, or the name of its program."""
    context = click.get_current_context(silent=True)
    return context.command_path if context else Path(sys.argv[0]).name or "python"


def in_words(command: str, process: int, user: str, host: str, since: str) -> str:
    """Tell people of a process: by its command, and then in brackets by all that finds it."""
    return f"`{command}` (process {process} of {user} on {host}, since {since})"


def temporary_folder(kind: str) -> "tempfile.TemporaryDirectory[str]":
    """Make a temporary folder that carries its owner's tag, and remove those of the same kind whose owner is gone.

    Args:
        kind: what it is for, as in ``kgrec-dump-...``.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"kgrec-{kind}-*"):
        owner = tagged(folder.name)
        if owner is not None and owner.gone and _ours(folder):
            shutil.rmtree(folder, ignore_errors=True)
    return tempfile.TemporaryDirectory(prefix=f"kgrec-{kind}-{this_process().tag}-")


def _ours(folder: Path) -> bool:
    try:
        return not folder.is_symlink() and folder.is_dir() and folder.lstat().st_uid == os.getuid()
    except OSError:  # somebody else has just removed it
        return False


@cache
def _machine() -> str:
    parts = [socket.gethostname()]
    with suppress(OSError):  # a sandbox may have neither
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:12]


def _started(process: int) -> int | None:
    """Ticks from the boot to the start of a process; ``None`` where there is none, or one that nobody waited for.

    Of proc(5), behind the name in brackets: the state is field 3, the start field 22.
    """
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        try:
            return UNKNOWN if psutil.pid_exists(process) else None
        except OverflowError:  # a number that no process can have
            return None
    return None if fields[0] in "ZX" else int(fields[19])
