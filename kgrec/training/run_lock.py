"""One training in a run folder at a time, and readers that notice it.

A training holds a file lock, which ends with it however it ends, and keeps a record of itself in the folder: who it is,
whether it has come to its end, and which files it found. By it readers see whether the files that they read are of one
training: as long as a training has replaced none of them, they are those of the one before.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import Timeout
from pydantic import TypeAdapter

from kgrec.errors import KgrecError
from kgrec.files import exclusive, replacing
from kgrec.owner import Owner, in_words, running_command, this_process, user_and_host

LOCK = "training.lock"

Kind = Literal["personas", "sasrec"]
Files = dict[str, list[int]]  # by path in the run folder: inode, time of change in nanoseconds, bytes


@dataclass(frozen=True)
class _Record:
    """Who trains, or trained last.

    Attributes:
        state: ``"at work"``, ``"finished"`` or ``"stopped"``; who was killed is still said to be at work.
        found: the files of the last training that was finished.
    """

    command: str
    user: str
    host: str
    machine: str
    process: int
    started: int
    since: str
    state: str
    found: Files

    @property
    def words(self) -> str:
        return in_words(self.command, self.process, self.user, self.host, self.since)

    @property
    def at_work(self) -> bool:
        return self.state == "at work" and not Owner(self.machine, self.process, self.started).gone


@contextmanager
def training(run: Path, kind: Kind) -> Iterator[None]:
    """Hold a run folder in the block.

    Args:
        run: the folder; it is made where it is missing.
        kind: what is trained; each has a record of its own.

    Raises:
        KgrecError: another process trains into the folder, or its lock is no plain file.
    """
    place = run / LOCK
    if place.is_symlink() or (place.exists() and not place.is_file()):
        raise KgrecError(f"{place} is no plain file: delete it, and run the same command again.")
    lock = exclusive(place)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise KgrecError(
            f"{run} is being trained by {_holder(run)}: wait until that has ended, or give another folder with --run."
        ) from error
    try:
        record = _mine(run, kind)
        _write(run, kind, record)
        try:
            yield
        except BaseException:
            with suppress(OSError):  # a full disk may be the reason
                _write(run, kind, replace(record, state="stopped"))
            raise
        _write(run, kind, replace(record, state="finished", found={}))
    finally:
        lock.release()


@contextmanager
def settled(run: Path, kind: Kind, patterns: Sequence[str]) -> Iterator[None]:
    """Refuse what is read of a run folder in the block, unless it is of one training that came to its end.

    Args:
        run: the folder.
        kind: what has trained it.
        patterns: of the files that are read, relative to the folder.

    Raises:
        KgrecError: some of the files are of another training, which is at work or was interrupted, or they were
            replaced meanwhile.
    """
    before, record = files_of(run, patterns), _read(run, kind)
    if record is not None and record.state != "finished":
        whole = _matching(record.found, patterns)
        if record.at_work and (before != whole or not whole):  # of a first training there is nothing to read yet
            raise KgrecError(
                f"{run} is being trained by {record.words}: run the same command again when that has ended."
            )
        if before != whole:
            raise KgrecError(f"The training of {run} was interrupted: run `kgrec train {kind} --run {run}` again.")
    try:
        yield
    except Exception as error:
        if files_of(run, patterns) != before:
            raise _meanwhile(run, kind) from error
        raise
    if files_of(run, patterns) != before:
        raise _meanwhile(run, kind)


def _meanwhile(run: Path, kind: Kind) -> KgrecError:
    record = _read(run, kind)
    who = f", by {record.words}" if record else ""
    return KgrecError(f"{run} was trained while it was read{who}: run the same command again when that has ended.")


def _holder(run: Path) -> str:
    kinds: tuple[Kind, ...] = ("personas", "sasrec")
    at_work = [record for record in (_read(run, kind) for kind in kinds) if record and record.at_work]
    return at_work[0].words if at_work else "another process"  # which has not written its record yet


def files_of(run: Path, patterns: Sequence[str]) -> Files:
    """Tell which files of these are there; a file that is replaced is another."""
    found = {}
    for path in sorted({path for pattern in patterns for path in run.glob(pattern)}):
        with suppress(FileNotFoundError):  # a draft that has just taken its place
            state = path.stat()
            found[path.relative_to(run).as_posix()] = [state.st_ino, state.st_mtime_ns, state.st_size]
    return found


def _matching(files: Files, patterns: Sequence[str]) -> Files:
    return {name: state for name, state in files.items() if any(Path(name).match(pattern) for pattern in patterns)}


def _mine(run: Path, kind: Kind) -> _Record:
    """Make the record of a training that begins; what an unfinished one found, it found before that."""
    last = _read(run, kind)
    found = files_of(run, ["**/*.pt", "**/*.json"]) if last is None or last.state == "finished" else last.found
    me = this_process()
    since = datetime.now(UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    return _Record(running_command(), *user_and_host(), me.machine, me.process, me.started, since, "at work", found)


def _file(run: Path, kind: Kind) -> Path:
    return run / f"training-{kind}.json"


def _write(run: Path, kind: Kind, record: _Record) -> None:
    with replacing(_file(run, kind)) as draft:
        draft.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")


def _read(run: Path, kind: Kind) -> _Record | None:
    """Read a record; ``None`` where there is none, as in runs of an earlier kgrec."""
    path = _file(run, kind)
    try:
        return TypeAdapter(_Record).validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise KgrecError(f"{path} is damaged: delete it, and run `kgrec train {kind} --run {run}` again.") from error
