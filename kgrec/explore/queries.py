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


def run_query(database: Database, name: str, given: dict[str, str]) -> tuple[list[str], list[list[Any]]]:
    """Run a ready query and return its columns and its rows, with values as the driver gives them.

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
    return database.table(f"{FOLDER}/{name}", **{key: given.get(key) for key in expected})


def plain(value: Any, nested: bool) -> Any:
    """Return a value as records hold it: a number stays one, what is of the graph is as it reads.

    Args:
        value: as the driver gives it.
        nested: whether a list stays one.
    """
    if nested and isinstance(value, list):
        return [plain(one, nested) for one in value]
    return value if value is None or isinstance(value, str | int | float) else readable(value)


def readable(value: Any) -> str:
    """Return a value as it is to be read: a node by its name, a path by its nodes and the types between them."""
    if value is None:
        return ""
    if isinstance(value, Path):
        steps = [readable(value.nodes[0])]
        for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
            steps += [f"-{relationship.type}-", readable(node)]
        return " ".join(steps)
    if isinstance(value, Node):
        return next((str(value[key]) for key in NAMING if key in value), next(iter(value.labels), ""))
    if isinstance(value, Relationship):
        return value.type
    if isinstance(value, list):
        return ", ".join(readable(one) for one in value)
    return str(value)
