"""A group of commands that are imported on use, and the option that all of them have."""

import importlib
from typing import Any

import click
from click.shell_completion import CompletionItem

from kgrec.terminal import silence

COMPLETE_VARIABLE = "_KGREC_COMPLETE"  # by which a shell asks how a line goes on


def _silenced(context: click.Context, parameter: click.Parameter, quiet: bool) -> None:
    if quiet or context.parent is None:  # what the first word said holds for the others
        silence(quiet)


QUIET = click.Option(
    ["--quiet"],
    is_flag=True,
    expose_value=False,
    callback=_silenced,
    help="No progress and no notes: results and errors only.",
)


class LazyGroup(click.Group):
    """A group whose commands are imported on use: ``kgrec --help`` need not wait for torch.

    It and all commands below it take ``--quiet``.

    Args:
        members: command name -> (``"module:attribute"``, one-line summary), in the order they are listed.
    """

    def __init__(self, *args: Any, members: dict[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = members
        _let_be_quiet(self)

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the names in the order of the way."""
        return list(self.members)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Import the named command."""
        if name not in self.members:
            return None
        module, _, attribute = self.members[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        _let_be_quiet(command)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command list from the one-line summaries given here."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.members.items()])

    def shell_complete(self, context: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a name without importing the commands: a shell does not wait for torch either."""
        names = [
            CompletionItem(name, help=summary)
            for name, (_, summary) in self.members.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, context, incomplete)]


def _let_be_quiet(command: click.Command) -> None:
    """Give the option to a command and to those below it."""
    if QUIET not in command.params:
        command.params.append(QUIET)
    if isinstance(command, click.Group):
        for member in command.commands.values():
            _let_be_quiet(member)
