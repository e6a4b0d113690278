"""What is in the graph: counts, degrees, what each source covers, and what little leads to."""

from dataclasses import dataclass

import numpy as np

from kgrec.errors import KgrecError
from kgrec.graph.database import Database

# By design without relationships.
APART = {"EvaluationPersona", "ItemPersona", "CurrentRun", "Domain", "LoadProgress", "Lock", "Split"}


@dataclass(frozen=True)
class Nodes:
    """Nodes of one label, whoever gave it.

    Attributes:
        label: of the nodes; a node with several counts for each.
        nodes: how many there are.
        alone: how many of them have no relationship; ``None`` where the label is made to have none.
    """

    label: str
    nodes: int
    alone: int | None


@dataclass(frozen=True)
class Degrees:
    """How many relationships of a kind the nodes of a label have.

    Attributes:
        label: of the nodes.
        what: the relationships lead to.
        median: half of the nodes have no more.
        mean: over all nodes, those without any too.
        most: 95% of the nodes have no more.
        maximum: of one node.
    """

    label: str
    what: str
    median: int
    mean: float
    most: int
    maximum: int


@dataclass(frozen=True)
class Share:
    """A part of the nodes or interactions of a kind: ``count`` of ``total``."""

    of: str
    what: str
    count: int
    total: int


@dataclass(frozen=True)
class Stats:
    """The graph in numbers.

    Attributes:
        nodes: by label, the most frequent first.
        relationships: how many there are of each type, the most frequent first.
        degrees: in the order of ``cypher/stats/degrees.cypher``; those that no node has are left out.
        coverage: of items, users and interactions by what a source brings.
        isolated: what little leads to.
    """

    nodes: list[Nodes]
    relationships: dict[str, int]
    degrees: list[Degrees]
    coverage: list[Share]
    isolated: list[Share]


def graph_stats(database: Database) -> Stats:
    """Count what is in the graph. Memory here and there does not grow with it.

    Raises:
        KgrecError: the graph is empty.
    """
    nodes = [
        Nodes(row["label"], row["nodes"], None if row["label"] in APART else row["alone"])
        for row in database.read("stats/nodes")
    ]
    if not nodes:
        raise KgrecError("The graph is empty: load first, with `kgrec load amazon`.")
    relationships = {row["type"]: row["relationships"] for row in database.read("stats/relationships")}
    coverage = [Share(row["of"], row["what"], row["covered"], row["total"]) for row in database.read("stats/coverage")]
    isolated = [Share(row["of"], row["what"], row["nodes"], row["total"]) for row in database.read("stats/isolated")]
    return Stats(
        nodes,
        relationships,
        _degrees(database),
        [share for share in coverage if share.total],
        [share for share in isolated if share.total],
    )


def _degrees(database: Database) -> list[Degrees]:
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in database.stream("stats/degrees"):
        found.setdefault((row["label"], row["what"]), []).append((row["degree"], row["nodes"]))
    return [degrees for key, pairs in found.items() if (degrees := _summary(*key, sorted(pairs))).maximum]


def _summary(label: str, what: str, pairs: list[tuple[int, int]]) -> Degrees:
    """Sum up how many nodes have which degree; the degrees rise."""
    degrees, nodes = np.array(pairs, dtype=np.int64).T
    until = np.cumsum(nodes)  # how many nodes have this degree or less
    median, most = (int(degrees[np.searchsorted(until, -(-percent * until[-1] // 100))]) for percent in (50, 95))
    return Degrees(label, what, median, float(degrees @ nodes / until[-1]), most, int(degrees[-1]))
