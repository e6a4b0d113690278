"""The path in the graph from who is recommended to over an item of the history to the recommended one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """Of a path.

    Attributes:
        kind: its label.
        id: tells it from the others of its kind: ids of users and items, IRIs of entities, names of the rest.
        name: that people know.
    """

    kind: str
    id: str
    name: str


@dataclass(frozen=True)
class Tie:
    """From one node of a path to another, by their places. A type in lower case is computed, none of the graph's."""

    start: int
    type: str
    end: int


@dataclass(frozen=True)
class Path:
    """From who is recommended to, the first node, to the recommended item, the last."""

    nodes: list[Node]
    ties: list[Tie]

    @classmethod
    def of(cls, first: Node, ties: list[tuple[Node, str, Node]], last: Node) -> "Path":
        """Make it of its ties, each node and each tie once.

        Args:
            first: where it begins.
            ties: start, type and end of each.
            last: where it ends.
        """
        met = dict.fromkeys([first, *(node for start, _, end in ties for node in (start, end))])
        nodes = [node for node in met if node != last] + [last]
        return cls(nodes, [Tie(nodes.index(start), way, nodes.index(end)) for start, way, end in dict.fromkeys(ties)])
