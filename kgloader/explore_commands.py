"""``kgrec explore``."""

import click
from rich.console import Console
from rich.table import Table

from cypher import parameters, style_file
from kgloader.errors import KgrecError
from kgloader.explore import FOLDER, queries, run_query
from kgloader.options import NEO4J_OPTIONS, neo4j_options, open_database
from kgloader.server import ManagedServer


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
    console = Console()
    if name is None:
        _list(console)
        return
    values = dict(_pair(text) for text in given)
    with open_database(context, {key: neo4j[f"neo4j_{key}"] for key in NEO4J_OPTIONS}) as database:
        columns, rows = run_query(database, name, values)
    table = Table(*columns, title=queries()[name])
    for row in rows:
        table.add_row(*row)
    console.print(table if rows else "No rows: the graph has nothing that this query shows.")


def _list(console: Console) -> None:
    table = Table("Query", "What it shows", "Parameters")
    for name, summary in queries().items():
        table.add_row(name, summary, ", ".join(parameters(f"{FOLDER}/{name}")))
    console.print(table)
    connection = ManagedServer().connection()
    browser = f"{connection.browser} (user {connection.user})" if connection else "not running; `kgrec db start`"
    console.print(f"Neo4j Browser of the managed server: {browser}", soft_wrap=True, highlight=False)
    console.print(f"Style for Browser, drag it onto the window: {style_file()}", soft_wrap=True, highlight=False)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise KgrecError(f"{text!r} is no parameter: write it as key=value.")
    return key, value
