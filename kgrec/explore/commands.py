"""``kgrec explore``."""

from typing import Any

import click

from kgrec.errors import KgrecError
from kgrec.explore.browser import Browser, open_link, query_text
from kgrec.explore.queries import FOLDER, plain, queries, readable, run_query
from kgrec.graph.database import connect
from kgrec.graph.statements import file_of, parameters
from kgrec.options import NEO4J_OPTIONS, neo4j_options, neo4j_settings
from kgrec.records import FORMAT, write_records
from kgrec.terminal import DataTable, note, say, show, write


@click.command()
@click.argument("name", required=False)
@click.option("-p", "--parameter", "given", multiple=True, metavar="KEY=VALUE", help="A parameter; repeat for several.")
@click.option("--open", "opens", is_flag=True, help="Open the link in the web browser.")
@FORMAT
@neo4j_options()
@click.pass_context
def explore(
    context: click.Context,
    /,
    name: str | None,
    given: tuple[str, ...],
    opens: bool,
    format: str,
    **neo4j: str | None,
) -> None:
    """Run a ready query on the personas, or list all of them with the address of Neo4j Browser.

    A parameter that is not given takes a sensible default, such as the largest persona or the most active user. Below
    the answer stands a link that opens Neo4j Browser with the user, the database and this query in the editor; it
    holds no password.

    \b
    Examples:
      kgrec explore
      kgrec explore persona-traits
      kgrec explore why-item -p user_id=A2SUAM1J3GNN3B -p item_id=0007350813 --open
    """
    settings = neo4j_settings(context, {key: neo4j[f"neo4j_{key}"] for key in NEO4J_OPTIONS})
    browser = Browser(settings)
    if name is None:
        link = browser.link()
        _list(browser, format)
    else:
        values = _parameters(given)
        with connect(settings) as database:
            columns, rows = run_query(database, name, values)
        link = browser.link(query_text(name, values))
        _answer(queries()[name], columns, rows, format)
        _tell_link(name, browser, link, format)
    if opens:
        if link is None:
            raise KgrecError(f"Neo4j Browser is {browser.told}.")
        open_link(link)


def _answer(title: str, columns: list[str], rows: list[list[Any]], format: str = "table") -> None:
    if format != "table":
        nested = format == "json"
        records = [dict(zip(columns, (plain(one, nested) for one in row), strict=True)) for row in rows]
        write_records(format, columns, records)
        return
    if not rows:
        say("No rows: the graph has nothing that this query shows.")
        return
    table = DataTable(*columns, title=title)
    for row in rows:
        table.add_row(*map(readable, row))
    show(table)


def _tell_link(name: str, browser: Browser, link: str | None, format: str) -> None:
    if format != "table":  # the answer is for a program
        note(f"Neo4j Browser: {browser.told}")
        return
    say(f"To paste into Browser: {file_of(f'{FOLDER}/{name}.cypher')}", f"Neo4j Browser: {browser.told}")
    if link is not None:
        say("With this query in the editor:")
        write(f"{link}\n")  # whole, however long


def _list(browser: Browser, format: str) -> None:
    if format != "table":
        records: list[dict[str, Any]] = [
            {
                "query": name,
                "shows": summary,
                "parameters": ", ".join(parameters(f"{FOLDER}/{name}")),
                "link": browser.link(query_text(name, {})),
            }
            for name, summary in queries().items()
        ]
        write_records(format, ["query", "shows", "parameters", "link"], records)
        return
    table = DataTable("Query", "What it shows", "Parameters")
    for name, summary in queries().items():
        table.add_row(name, summary, ", ".join(parameters(f"{FOLDER}/{name}")))
    show(table)
    say(
        f"Style for Browser, drag it onto the window: {file_of(f'{FOLDER}/style.grass')}",
        f"Neo4j Browser: {browser.told}",
    )


def _parameters(given: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in map(_pair, given):
        if key in values:
            raise KgrecError(f"The parameter {key!r} is given twice.")
        values[key] = value
    return values


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise KgrecError(f"{text!r} is no parameter: write it as key=value.")
    return key, value
