"""The whole graph as a value that can be compared."""

from typing import Any

from kgrec.graph.database import Database

WHEN = {"since", "valid_from", "valid_to"}  # properties that tell the time of the day
KEYS = ("user_id", "item_id", "uri", "session_id", "persona_id", "load_id", "name")


def dump(database: Database) -> tuple[list[Any], list[Any]]:
    """Every node but the lock and every relationship with all labels and properties, in a fixed order.

    Since when a run is the current one, and from when to when somebody had a persona, is left out.
    """
    with database.driver.session() as session:
        nodes = [
            (sorted(row["labels"]), sorted(item for item in row["properties"].items() if item[0] not in WHEN))
            for row in session.run("MATCH (n:!Lock) RETURN labels(n) AS labels, properties(n) AS properties")
        ]
        relationships = [
            (key(row["start"]), row["type"], sorted(row["properties"].items()), key(row["end"]))
            for row in session.run(
                "MATCH (a)-[r]->(b) RETURN properties(a) AS start, type(r) AS type, "
                "properties(r) AS properties, properties(b) AS end"
            )
        ]
    return sorted(nodes, key=repr), sorted(relationships, key=repr)


def key(properties: dict[str, Any]) -> tuple[str, Any]:
    return next((name, properties[name]) for name in KEYS if name in properties)


def rows(database: Database, query: str, **parameters: Any) -> list[Any]:
    """Run a query of a test and return its rows as tuples."""
    with database.driver.session() as session:
        return [tuple(record.values()) for record in session.run(query, parameters)]
