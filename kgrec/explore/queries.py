"""The ready queries on the graph: listed, checked, run."""

from difflib import get_close_matches
from typing import Any

from neo4j.graph import Node, Path, Relationship

from kgrec.errors import KgrecError
from kgrec.graph import statements
from kgrec.graph.database import Database

FOLDER = "explore"
NAMING = ("name", "title", "label", "user_id", "item_id", "session_id", "uri")


def queries() -> dict[str, str]:
    """Return the names of the ready queries with what each shows."""
    return {name: statements.summary(f"{FOLDER}/{name}") for name in statements.names(FOLDER)}


def run_query(database: Database, name: str, given: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    """Run a ready query and return its columns and its rows, as they are to be read.

    Args:
        name: of the query.
        given: values of parameters; those left out take the query's default.

    Raises:
        KgrecError: there is no such query, or it has no such parameter.
    """
    known = statements.names(FOLDER)
    if name not in known:
        near = get_close_matches(name, known)
        hint = f"did you mean {' or '.join(near)}?" if near else "`kgrec explore` lists them."
        raise KgrecError(f"There is no query {name!r}: {hint}")
    expected = statements.parameters(f"{FOLDER}/{name}")
    unknown = [key for key in given if key not in expected]
    if unknown:
        takes = f"it takes {', '.join(expected)}" if expected else "it takes none"
        raise KgrecError(f"The query {name} has no parameter {unknown[0]!r}: {takes}.")
    columns, rows = database.table(f"{FOLDER}/{name}", **{key: given.get(key) for key in expected})
    return columns, [[_readable(value) for value in row] for row in rows]


def _readable(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Path):
        steps = [_readable(value.nodes[0])]
        for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
            steps += [f"-{relationship.type}-", _readable(node)]
        return " ".join(steps)
    if isinstance(value, Node):
        return next((str(value[key]) for key in NAMING if key in value), next(iter(value.labels), ""))
    if isinstance(value, Relationship):
        return value.type
    if isinstance(value, list):
        return ", ".join(_readable(one) for one in value)
    return str(value)
