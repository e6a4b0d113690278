"""Options of the loads from files: the files, and what is done at a broken line."""

import os
from pathlib import Path
from typing import Any

import click

from kgloader.readers.opening import require_file
from kgloader.readers.skipped import Tolerance
from kgloader.settings import LoadSettings
from kgrec.settings import load_section


class DataFile(click.Path):
    """A file that is there, and no pipe; told before any other is loaded."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return its path.

        Raises:
            BadParameter: it is not there, or a folder.
            KgrecError: it is a pipe, a device or a socket.
        """
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        require_file(path)
        return path


FILE = DataFile()
ON_ERROR = click.option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="At a broken line stop; or keep it aside, with its number and what is wrong, and go on: max_skipped of [load] "
    "says up to which share of the lines.",
)
SKIPPED = click.option(
    "--skipped",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where --on-error skip keeps broken lines, as NAME.skipped.jsonl.  [default: beside the data]",
)

BULK = click.option(
    "--bulk",
    is_flag=True,
    help="Import a first load offline, by neo4j-admin: many times as fast, into an empty graph of the managed Neo4j, "
    "which is stopped for some seconds.",
)
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="With --bulk, for another Neo4j: write the files of the import into a new folder, with the command for it.",
)


def check_bulk(bulk: bool, out: Path | None, interactions: bool = True) -> None:
    """Refuse options that do not go together.

    Raises:
        UsageError: --out without --bulk, or --bulk for metadata alone.
    """
    if out is not None and not bulk:
        raise click.UsageError("--out goes with --bulk.")
    if bulk and not interactions:
        raise click.UsageError("--bulk is for a first load, which has --reviews.")


def tolerance_of(on_error: str, folder: Path | None) -> Tolerance | None:
    """Return how many broken lines are let pass, as the command asks; ``None`` where the first one stops the load.

    Raises:
        UsageError: a folder is named and nothing to be kept there.
    """
    if on_error == "stop":
        if folder is not None:
            raise click.UsageError("--skipped goes with --on-error skip.")
        return None
    return Tolerance(load_section("load", LoadSettings).max_skipped, folder)
