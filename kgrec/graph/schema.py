"""Constraints and indexes of the graph; every load makes sure of them before it writes."""

from kgrec.counted import counting
from kgrec.errors import KgrecError
from kgrec.graph.database import Database

KEYS = (
    "user", "item", "brand", "author", "category", "entity", "session", "persona", "evaluation_persona", "item_persona",
    "load_progress", "current_run", "split", "domain", "feature",
)  # fmt: skip
VECTOR_INDEXES = {"item_embedding": ("Item", "embedding"), "user_persona": ("User", "persona")}


def ensure_schema(database: Database) -> None:
    """Create every uniqueness constraint and index that is missing, and wait until all of them answer.

    Raises:
        KgrecError: the data already breaks a constraint, or the user may not change the schema.
    """
    with counting("Making constraints") as counted:
        for key in counted(KEYS, "constraints", len(KEYS)):
            database.run(f"schema/{key}_key")
        database.run("schema/persona_run")
        database.run("schema/await_indexes")


def missing_schema(database: Database) -> list[str]:
    """Name what the schema lacks: constraints, indexes that are not there or do not answer."""
    found = {row["name"]: row for row in database.read("schema/indexes")}
    vectors = database.read("schema/vectors")[0]
    keys = [f"{key}_key" for key in KEYS]
    wanted = [*keys, "persona_run", *(name for name in VECTOR_INDEXES if vectors[name])]
    missing = [f"no constraint {name}" for name in keys if name in found and not found[name]["unique"]]
    missing += [f"no {'constraint' if name in keys else 'index'} {name}" for name in wanted if name not in found]
    return missing + [f"index {name} does not answer" for name in wanted if name in found and not found[name]["online"]]


def ensure_vector_index(database: Database, name: str, label: str, vector: str, dimensions: int) -> None:
    """Create a cosine vector index, or create it anew where its dimensions are others.

    Args:
        database: where.
        name: ``"item_embedding"`` or ``"user_persona"``.
        label: the node label that this index covers, ``"Item"`` or ``"User"``.
        vector: the property that it covers, ``"embedding"`` or ``"persona"``.
        dimensions: length of the vectors.

    Raises:
        KgrecError: there is no such index in the schema, or the server refuses the dimensions.
    """
    if VECTOR_INDEXES.get(name) != (label, vector):
        raise KgrecError(f"The schema has no vector index {name!r} on {label}.{vector}.")
    found = database.read("schema/vector_index", index=name)
    if found and found[0]["config"].get("vector.dimensions") == dimensions:
        return
    if found:
        database.run(f"schema/drop_{name}")
    config = {"vector.dimensions": dimensions, "vector.similarity_function": "cosine"}
    database.run(f"schema/{name}", options={"indexConfig": config})
    database.run("schema/await_indexes")
