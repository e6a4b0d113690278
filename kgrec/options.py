"""Command-line options that every command shares."""

import functools
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from kgrec.graph.database import connect
from kgrec.graph.lock import writing
from kgrec.settings import Neo4jSettings, load_section

NEO4J_OPTIONS = ("uri", "user", "password", "database")

RUN = click.option(
    "--run",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("runs/default"),
    show_default=True,
    help="Folder of the trained models, with their checkpoints and settings.",
)


def neo4j_options(user_flag: str = "--user") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare ``--uri/--user/--password/--database``; the values arrive as ``neo4j_uri``, ``neo4j_user`` and so on."""
    options = [
        click.option("--uri", "neo4j_uri", help="Bolt address of another Neo4j.  [env: KGREC_NEO4J_URI]"),
        click.option(user_flag, "neo4j_user", help="Neo4j user name.  [env: KGREC_NEO4J_USER]"),
        click.option(
            "--password", "neo4j_password", help="Better kept in the environment.  [env: KGREC_NEO4J_PASSWORD]"
        ),
        click.option("--database", "neo4j_database", help="Neo4j database name.  [env: KGREC_NEO4J_DATABASE]"),
    ]

    def declare(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return declare


def with_database(
    user_flag: str = "--user", writes: bool = False, needed: Callable[[dict[str, Any]], bool] = lambda given: True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the Neo4j options and an open ``database`` as its first argument.

    Args:
        user_flag: another name for ``--user`` where a command means a customer by it. The root command takes
            ``--user`` as well, so ``kgrec --user neo4j recommend --user A1`` is possible.
        writes: whether it writes what readers would see half of; it then holds the writer's lock.
        needed: whether this process, with the options given to the command, talks to it at all; where not, ``database``
            is ``None``.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @neo4j_options(user_flag)
        @click.pass_context
        @functools.wraps(command)
        def wrapped(context: click.Context, *args: Any, **kwargs: Any) -> Any:
            given = {name: kwargs.pop(f"neo4j_{name}") for name in NEO4J_OPTIONS}
            if not needed(kwargs):
                return command(None, *args, **kwargs)
            with connect(neo4j_settings(context, given)) as database, writing(database) if writes else nullcontext():
                return command(database, *args, **kwargs)

        return wrapped

    return decorate


def neo4j_settings(context: click.Context, given: dict[str, Any]) -> Neo4jSettings:
    """Merge what the command was given, then the root command's options, environment and settings file."""
    root = context.find_root().obj or {}
    merged = {name: given[name] if given[name] is not None else root.get(name) for name in NEO4J_OPTIONS}
    return load_section("neo4j", Neo4jSettings, merged)
