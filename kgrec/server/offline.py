"""A graph made without a server: ``neo4j-admin database import`` from the server's own jars, and its taking over.

The import writes into a folder of its own below the server's home. What is imported whole is renamed to one name in one
step, and from then on it is the graph: the next start puts it in the place of the old one before anything else, however
often it is cut short. A folder that its process left behind is removed.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from kgrec.errors import KgrecError
from kgrec.owner import tagged, this_process
from kgrec.server.process import java
from kgrec.terminal import Advance

TOOL = "org.neo4j.cli.AdminTool"
DATABASE = "neo4j"
STORES = ("databases", "transactions")  # below data, each with a folder for each database
WHOLE = "imported"  # a graph that is going to be in the place of the old one
UNFINISHED = "import-"  # and the tag of the process that makes it
MEMORY = "50%"  # of the free memory, beside the heap of Java
CSV, REPORT, OUTPUT = "csv", "report.txt", "output.txt"
CONFIGURATION = "db.tx_log.preallocate=false\n"
LONGEST_TAIL = 400  # characters of what the tool says, in an error
AGAIN = 0.5  # seconds between two looks at what the tool says
STAGE = re.compile(r"^\((\d+)/(\d+)\) (.+?) \d{4}-\d\d-\d\d .*$", re.MULTILINE)  # "(2/4) Node import 2026-11-28 ..."
SHARE = re.compile(r"(\d+)% ∆")  # of a stage
PER_CENT = 100


@contextmanager
def import_folder(home: Path) -> Iterator[Path]:
    """Make a folder to import into, with a folder ``csv`` for the files, and remove it at the end.

    Folders of processes that are gone are removed first.

    Args:
        home: of the server.
    """
    sweep(home)
    folder = home / f"{UNFINISHED}{this_process().tag}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / CSV).mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(home: Path) -> None:
    """Remove the folders of imports whose process is gone."""
    for folder in home.glob(f"{UNFINISHED}*"):
        owner = tagged(folder.name)
        if owner is not None and owner.gone:
            shutil.rmtree(folder, ignore_errors=True)


def run_import(jars: list[Path], heap: str, folder: Path, arguments: Sequence[str], advance: Advance) -> None:
    """Import the files of ``folder/csv`` into a graph below ``folder``.

    Args:
        jars: of the server, verified as for its start.
        heap: memory of Java, such as ``"1g"``.
        folder: of `import_folder`.
        arguments: behind ``neo4j-admin database import full neo4j``; paths are relative to ``folder/csv``.
        advance: is told how far it is, of `PER_CENT`, and its stage.

    Raises:
        KgrecError: the tool failed; holds what it says of the reason.
    """
    (folder / "conf").mkdir(exist_ok=True)
    (folder / "conf" / "neo4j.conf").write_text(CONFIGURATION, encoding="utf-8")
    own = [f"--report-file={folder / REPORT}", f"--max-off-heap-memory={MEMORY}"]
    command = [*java(jars, heap, folder), TOOL, "database", "import", "full", DATABASE, *own, *arguments]
    output = folder / OUTPUT
    with output.open("wb") as said:
        child = subprocess.Popen(
            command,
            cwd=folder / CSV,
            env=os.environ | {"NEO4J_HOME": str(folder), "NEO4J_CONF": str(folder / "conf")},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            umask=0o077,
        )
        try:
            while (status := _ended(child)) is None:
                advance(*_how_far(output))
        except BaseException:  # Ctrl-C too
            child.kill()
            child.wait()
            raise
    if status != 0:
        raise KgrecError(f"neo4j-admin could not import, and the graph is as it was: {_reason(output)}.")
    advance(*_how_far(output))


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    """Wait a moment for the exit status."""
    with suppress(subprocess.TimeoutExpired):
        return child.wait(AGAIN)
    return None


def _how_far(output: Path) -> tuple[int, str]:
    """Per cent that are done, each stage as much as another, and the stage, by what the tool said so far."""
    said = output.read_text(encoding="utf-8", errors="replace")
    stages = list(STAGE.finditer(said))
    if not stages:
        return 0, ""
    number, n_stages, stage = stages[-1].groups()
    shares = SHARE.findall(said, stages[-1].end())
    return round((PER_CENT * (int(number) - 1) + int(shares[-1] if shares else 0)) / int(n_stages)), stage


def commit(home: Path, folder: Path) -> None:
    """Declare what was imported below ``folder`` whole: from now on it is the graph. The server must not run."""
    shutil.rmtree(folder / CSV)
    folder.rename(home / WHOLE)


def take_over(home: Path) -> None:
    """Put an imported graph, if there is a whole one, in the place of the old one. The server must not run.

    Cut short anywhere, it is completed by the next call.
    """
    imported = home / WHOLE
    if not imported.exists():
        return
    for store in STORES:
        new, old = imported / "data" / store / DATABASE, home / "data" / store / DATABASE
        if new.exists():
            shutil.rmtree(old, ignore_errors=True)
            new.rename(old)
    shutil.rmtree(imported)


def _reason(output: Path) -> str:
    """What the tool says last: of a failure that it knows what stands behind a line that announces it."""
    lines = [line.strip() for line in output.read_text(encoding="utf-8", errors="replace").splitlines()]
    _, _, known = "\n".join(lines).rpartition("Command Failed")
    told = [line for line in (known.splitlines() if known else lines) if line.strip("-")]
    told = [line for line in told if not line.startswith(("Full exception details", "Please provide this file"))]
    words = " ".join(told if known else told[-3:]) or "it said nothing"
    return words[:LONGEST_TAIL].rstrip(".")
