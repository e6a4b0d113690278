"""Who holds a lock of the graph, by what its node says, and whether that process is still at work."""

from datetime import datetime

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.statements import statement
from kgrec.owner import Owner, in_words, this_process

PATIENCE = 60.0  # seconds without a heartbeat, after which a holder on another machine is taken for dead
WRITER, LEARNER = "writer", "learner"  # names of the locks

held: set[str] = set()  # what this process holds: an owner of this process that is not here gave up without a word


@dataclass(frozen=True, config=ConfigDict(strict=True))
class Holder:
    """What a lock says; ``owner`` is ``None`` where nobody holds it now."""

    name: str
    owner: str | None
    command: str
    user: str
    host: str
    machine: str
    process: int
    started: int
    since: datetime
    disturbs: bool
    writes: int
    disturbances: int
    silent: bool

    @property
    def words(self) -> str:
        """Its command, process, user and host, and since when."""
        return in_words(self.command, self.process, self.user, self.host, f"{self.since:%Y-%m-%d %H:%M:%S %Z}")

    @property
    def gone(self) -> bool:
        """Whether its process is known to have ended, or is this one and has given up."""
        process = Owner(self.machine, self.process, self.started)
        return process.gone or (process == this_process() and self.owner not in held)

    @property
    def at_work(self) -> bool:
        """Whether it holds the lock, as far as can be known."""
        return self.owner is not None and not self.gone and not (self.elsewhere and self.silent)

    @property
    def elsewhere(self) -> bool:
        """Whether it runs on another machine."""
        return self.machine != this_process().machine


def look(database: Database, name: str = WRITER) -> Holder | None:
    """Return who holds a lock, or held it last; ``None`` where nobody ever did.

    Raises:
        KgrecError: the lock is not as kgrec writes it.
    """
    rows = database.at_leader("lock/look", kind=name, patience=PATIENCE)
    if not rows:
        return None
    try:
        rows[0]["since"] = rows[0]["since"].to_native().astimezone()
        return Holder(**rows[0])
    except (AttributeError, ValueError, OverflowError) as error:
        raise damaged() from error


def busy(holder: Holder) -> KgrecError:
    """Say who has the lock."""
    what = "written" if holder.name == WRITER else "learned from"
    told = f"The graph is being {what} by {holder.words}: run the same command again when that has ended."
    known_gone = f" If it is known to have ended without a word, remove its lock in Neo4j: {_removal()}."
    return KgrecError(told + known_gone if holder.elsewhere else told)


def damaged() -> KgrecError:
    """Say that a lock is not as kgrec writes it."""
    return KgrecError(
        f"A lock in the graph is not as kgrec writes it: if nobody writes, remove it in Neo4j: {_removal()}."
    )


def _removal() -> str:
    return f"`{statement('lock/remove').splitlines()[-1]}`"
