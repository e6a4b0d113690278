"""``kgrec explore``."""

from urllib.parse import urlsplit

import click

from kgrec.errors import KgrecError
from kgrec.explore.queries import FOLDER, queries, run_query
from kgrec.graph.database import connect
from kgrec.graph.statements import file_of, parameters
from kgrec.options import NEO4J_OPTIONS, neo4j_options, neo4j_settings
from kgrec.settings import Neo4jSettings
from kgrec.terminal import DataTable, say, show


@click.command()
@click.argument("name", required=False)
@click.option("-p", "--parameter", "given", multiple=True, metavar="KEY=VALUE", help="A parameter; repeat for several.")
@neo4j_options()
@click.pass_context
def explore(context: click.Context, /, name: str | None, given: tuple[str, ...], **neo4j: str | None) -> None:
    """Run a ready query on the personas, or list all of them with the address of Neo4j Browser.

    A parameter that is not given takes a sensible default, such as the largest persona or the most active user.

    \b
    Examples:
      kgrec explore
      kgrec explore persona-traits
      kgrec explore why-item -p user_id=A2SUAM1J3GNN3B -p item_id=0007350813
    """
    settings = neo4j_settings(context, {key: neo4j[f"neo4j_{key}"] for key in NEO4J_OPTIONS})
    if name is None:
        _list()
    else:
        with connect(settings) as database:
            columns, rows = run_query(database, name, dict(_pair(text) for text in given))
        _answer(queries()[name], columns, rows)
        say(f"To paste into Browser: {file_of(f'{FOLDER}/{name}.cypher')}")
    say(f"Neo4j Browser: {_browser(settings)}")


def _answer(title: str, columns: list[str], rows: list[list[str]]) -> None:
    if not rows:
        say("No rows: the graph has nothing that this query shows.")
        return
    table = DataTable(*columns, title=title)
    for row in rows:
        table.add_row(*row)
    show(table)


def _list() -> None:
    table = DataTable("Query", "What it shows", "Parameters")
    for name, summary in queries().items():
        table.add_row(name, summary, ", ".join(parameters(f"{FOLDER}/{name}")))
    show(table)
    say(f"Style for Browser, drag it onto the window: {file_of(f'{FOLDER}/style.grass')}")


def _browser(settings: Neo4jSettings) -> str:
    if settings.uri is not None:
        return f"usually http://{urlsplit(settings.uri).hostname}:7474/browser/ (user {settings.user})"
    from kgrec.server.managed import ManagedServer  # it brings Java, which help and other servers do without

    server = ManagedServer()
    connection = server.connection()
    if connection is None:
        return "not running; start it with `kgrec db start`"
    return f"{connection.browser} (user {connection.user}, password in {server.password_file})"


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise KgrecError(f"{text!r} is no parameter: write it as key=value.")
    return key, value
