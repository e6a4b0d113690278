"""A group of commands that are imported on use."""

import importlib
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose commands are imported on use: ``kgrec --help`` need not wait for torch.

    Args:
        members: command name -> (``"module:attribute"``, one-line summary), in the order they are listed.
    """

    def __init__(self, *args: Any, members: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = members

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names in the order of the way."""
        return list(self.members)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import the named command."""
        if name not in self.members:
            return None
        module, _, attribute = self.members[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list from the one-line summaries given here."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.members.items()])
