"""What programs read from standard output: records as JSON, with exact values, or as csv, fit for a spreadsheet."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import click

from kgrec.spreadsheets import write_csv
from kgrec.text import replaced

FORMAT = click.option(
    "--format",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="Tables to read, or records for a program.",
)
JSON = click.option(
    "--format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Tables to read, or a document for a program.",
)


def write_records(format: str, columns: Sequence[str], records: list[dict[str, Any]]) -> None:
    """Write records on standard output, as ``json`` or ``csv``."""
    if format == "csv":
        write_csv(sys.stdout, columns, records)
        sys.stdout.flush()
    else:
        write_document(records)


def write_document(document: Any) -> None:
    """Write a document on standard output, as JSON.

    It is exact: what a terminal would obey stands there as JSON's own escape, and so does what the encoding of the
    output lacks.
    """
    _write(document, indent=2)


def write_line(record: Any, err: bool = False) -> None:
    """Write a record of which more may follow as JSON on a line of its own, at once: on standard output, or error."""
    _write(record, indent=None, err=err)


def _write(document: Any, indent: int | None, err: bool = False) -> None:
    stream = sys.stderr if err else sys.stdout
    unicode = (stream.encoding or "").lower().startswith("utf")
    text = json.dumps(document, indent=indent, ensure_ascii=not unicode)
    lines = [replaced(line, lambda character: json.dumps(character)[1:-1]) for line in text.split("\n")]
    stream.write("".join(f"{line}\n" for line in lines))  # at once, whole: others write too
    stream.flush()
