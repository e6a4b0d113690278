"""What must hold in a graph of kgrec: a statement in ``cypher/check`` for each, which finds what breaks it.

The statements only read. They look at what is there at that moment: a load or a training that runs meanwhile is seen
half done.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from kgrec.errors import KgrecError
from kgrec.graph import statements
from kgrec.graph.co_occurrence import outdated
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.schema import missing_schema
from kgrec.graph.sessions import SESSION_GAP
from kgrec.terminal import progress

FOLDER = "check"
EXAMPLES = 5  # of what breaks an invariant
UNNAMED = "one whose name is missing"


@dataclass(frozen=True)
class Finding:
    """What was found of one invariant.

    Attributes:
        name: of the check, that of its statement.
        holds: what must hold.
        remedy: what to do where it does not.
        broken: how much breaks it.
        examples: the first of that, text from data. ``[at most 5]``
    """

    name: str
    holds: str
    remedy: str
    broken: int
    examples: list[str]


def check_graph(database: Database, fact_types: Collection[str]) -> list[Finding]:
    """Check every invariant, in the order of their names.

    Args:
        database: the graph.
        fact_types: types that facts between entities may have, beside those that domains of the graph name.

    A check that cannot be made, as where a number is kept as a text, counts as broken, with what the server says of it.

    Raises:
        KgrecError: the graph is empty, or the server does not answer.
    """
    if not database.read("schema/anything")[0]["found"]:
        raise KgrecError("The graph is empty: load first, with `kgrec load amazon`.")
    inputs = {
        "gap": SESSION_GAP,
        "fact_types": [*fact_types, *(name for domain in domains(database) for name in domain.predicates.values())],
        "embedding_dimensions": _dimensions(database, "item_embedding"),
        "persona_dimensions": _dimensions(database, "user_persona"),
    }
    names = statements.names(FOLDER)
    with progress("checking", len(names)) as advance:
        findings = [_schema(database), _outdated(database)]
        for done, name in enumerate(names):
            advance(done, name)
            findings.append(_found(database, name, inputs))
        advance(len(names), f"{len(findings)} checks")
    return sorted(findings, key=lambda finding: finding.name)


def _found(database: Database, name: str, inputs: dict[str, Any]) -> Finding:
    path = f"{FOLDER}/{name}"
    given = {key: inputs[key] for key in statements.parameters(path)}
    holds, remedy = statements.summary(path), statements.remedy(path)
    try:
        return _finding(name, holds, remedy, (row["what"] for row in database.stream(path, **given)))
    except KgrecError as error:
        if not database.answers:
            raise KgrecError(f"The check {name} could not be made: {error}") from error
        return Finding(name, holds, remedy, 1, [f"It could not be checked: {error}"])


def _schema(database: Database) -> Finding:
    return _finding(
        "schema",
        "Every key has its constraint, and vectors have their index.",
        "Any `kgrec load` makes constraints, `kgrec load embeddings` and `kgrec train personas` the vector indexes.",
        missing_schema(database),
    )


def _outdated(database: Database) -> Finding:
    return _finding(
        "split-co-occurrence",
        "The co-occurrence of each fit is made of the interactions that the fit may know, as they are now.",
        "Run `kgrec train personas` again: interactions or their split are others since.",
        (f"co-occurrence of {fit}" for fit in outdated(database)),
    )


def _finding(name: str, holds: str, remedy: str, broken: Iterable[object]) -> Finding:
    count = 0
    examples: list[str] = []
    for what in broken:
        count += 1
        if len(examples) < EXAMPLES:
            examples.append(UNNAMED if what is None else str(what))
    return Finding(name, holds, remedy, count, examples)


def _dimensions(database: Database, index: str) -> int | None:
    """Dimensions of a vector index; ``None`` where there is no such index."""
    found = database.read("schema/vector_index", index=index)
    return found[0]["config"]["vector.dimensions"] if found else None
