"""What ``kgrec load ... --bulk`` does: into the managed Neo4j, or into a folder with the command for another."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from kgloader.bulk.graph_files import write_graph
from kgloader.bulk.load import FirstLoad
from kgloader.writers import resume
from kgrec.errors import KgrecError
from kgrec.folders import making
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.server.managed import ManagedServer
from kgrec.server.offline import CSV, PER_CENT, import_folder, run_import
from kgrec.server.process import read_options
from kgrec.terminal import progress, waiting

SCRIPT = "import.sh"
WRITTEN = frozenset({".csv", ".sh"})
SCRIPT_TEXT = """\
#!/bin/sh
# Run this where Neo4j is, as the user that Neo4j runs as, while the database (of Community: the server) is stopped.
# It REPLACES the database neo4j, or the one whose name it is given.
cd "$(dirname "$0")" &&
  exec neo4j-admin database import full "${{1:-neo4j}}" --overwrite-destination {arguments}
"""


def into_managed(database: Database, first: FirstLoad, title: str) -> None:
    """Import a first load into the managed Neo4j, which is stopped for some seconds, and print what happened.

    Args:
        database: an empty graph of the managed Neo4j, whose lock this process holds.
        first: what is loaded.
        title: of the table.

    Raises:
        KgrecError: it is another server, in use or not empty; a file is broken; the disk is full; the jar cache is
            broken; the import failed. The graph is then as it was.
    """
    server = ManagedServer()
    connection = server.connection()
    if connection is None or connection.uri != database.uri:
        raise KgrecError(
            f"--bulk stops and starts the managed Neo4j, and {database.uri} is another: give --out FOLDER as well, "
            "which writes the files and the command for it."
        )
    if database.read("schema/anything")[0]["found"]:
        raise KgrecError("The graph is not empty, and --bulk is for a first load: run the same command without it.")
    server.require_alone()
    with import_folder(server.home) as folder:
        marked, described, loads = first.read()
        lock = database.read("lock/properties")[0]["properties"]
        with waiting("Writing what is imported"), _explained(folder):
            files = write_graph(folder / CSV, marked, described, loads, lock, first.report)
        with progress("importing", PER_CENT) as advance:
            run_import(server.release.jars(), read_options(server.home).heap, folder, files.arguments, advance)
        with nullcontext() if database.writer is None else database.writer.paused():
            server.replace_graph(folder)
            database.forget_bookmarks()
            database.read("schema/ping")  # connections to the server that was are given up
    ensure_schema(database)
    for path, kind in first.files:
        resume.forget(database, path, kind)
    first.report.show(database, title)


def into_folder(folder: Path, first: FirstLoad, title: str) -> None:
    """Write the files of a first load, and the command that imports them, and print what happened.

    Args:
        folder: is made, whole or not at all.
        first: what is loaded.
        title: of the table.

    Raises:
        KgrecError: the folder holds something, a file is broken, or the disk is full.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise KgrecError(f"{folder} is there and holds something: name a new folder with --out.")
    marked, described, loads = first.read()
    with waiting("Writing the files"), _explained(folder), making(folder, WRITTEN) as draft:
        files = write_graph(draft, marked, described, loads, None, first.report)
        text = SCRIPT_TEXT.format(arguments=shlex.join(files.arguments))
        (draft / SCRIPT).write_text(text, encoding="utf-8")
        (draft / SCRIPT).chmod(0o755)
    first.report.notes += [
        f"{folder} holds what neo4j-admin imports; run {folder / SCRIPT} where Neo4j is: it says how, and replaces the "
        "database.",
        "Then run this same command without --bulk and --out: it makes the constraints and ends the load.",
    ]
    first.report.tell(title, {})


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # Arrow's have no words of their own
        reason = os.strerror(error.errno) if error.errno else error
        raise KgrecError(
            f"The files for the import cannot be written to {folder}, and nothing was loaded: {reason}."
        ) from error
