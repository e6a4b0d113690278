"""Writes the command reference from the click commands: mkdocs calls `on_page_markdown` for every page.

Every command has its heading and, below, what ``--help`` prints, in the order in which ``--help`` lists the commands.
"""

import re
from collections.abc import Iterator
from typing import Any

import click

from kgrec.commands import kgrec

MARK = re.compile(r"^\[\[commands\]\]$", re.MULTILINE)
WIDTH = 88  # characters that a code block of the site shows without scrolling
LAYOUT: dict[str, Any] = {"terminal_width": WIDTH, "max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the help of all commands in the place of the mark ``[[commands]]``."""
    return MARK.sub(lambda _: "\n\n".join(_sections(click.Context(kgrec, info_name="kgrec", **LAYOUT))), markdown)


def _sections(context: click.Context, depth: int = 2) -> Iterator[str]:
    command = context.command
    yield f"{'#' * depth} {context.command_path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            member = command.get_command(context, name)
            if member is not None:
                yield from _sections(click.Context(member, parent=context, info_name=name, **LAYOUT), depth + 1)
