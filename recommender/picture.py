"""The paths of some lists as a page to look at: one HTML file that asks nobody for anything.

Drawn by `neo4j-viz`, the graph that Neo4j Browser draws. Its script is in the file; titles are data there, in JSON.
"""

from collections.abc import Sequence
from pathlib import Path

from kgrec.errors import KgrecError
from kgrec.files import replacing
from recommender.explained import Explanation
from recommender.paths import Node
from recommender.paths import Path as GraphPath

# Of the kinds that a path leads over; whatever a domain describes has the last one.
COLOURS = {"User": "#f79767", "Item": "#57c7e3", "Persona": "#d9c8ae", "Entity": "#8dcc93", "": "#c990c0"}
RECOMMENDED = "#f16667"
SIZES = {True: 30, False: 20}  # of what is recommended, and of the rest
LARGEST = 1_000  # nodes; of more nobody sees anything


def draw(explanations: Sequence[Explanation], path: Path) -> None:
    """Write the paths of explanations as one graph, in place of the file that was there.

    Raises:
        KgrecError: there are too many of them for a picture, or the file cannot be written.
    """
    page = drawn([one.path for one in explanations])
    try:
        with replacing(path) as draft:
            draft.write_text(page, encoding="utf-8")
    except OSError as error:
        raise KgrecError(f"The picture cannot be written to {path}: {error.strerror or error}.") from error


def drawn(paths: Sequence[GraphPath]) -> str:
    """Return a page in HTML that shows paths as one graph.

    Raises:
        KgrecError: there are too many of them for a picture.
    """
    from neo4j_viz import Node as Drawn  # half a second, which nothing else waits for
    from neo4j_viz import Relationship, VisualizationGraph

    recommended = {path.nodes[-1] for path in paths}
    nodes: dict[Node, str] = {}
    ties: dict[tuple[str, str, str], None] = {}
    for path in paths:
        ids = [nodes.setdefault(node, str(len(nodes))) for node in path.nodes]
        ties |= {(ids[tie.start], tie.type, ids[tie.end]): None for tie in path.ties}
    if len(nodes) > LARGEST:
        raise KgrecError(f"A picture of {len(nodes):,} nodes shows nothing: ask for fewer users, or for fewer items.")
    graph = VisualizationGraph(
        [
            Drawn(
                id=number,
                caption=node.name,
                color=RECOMMENDED if node in recommended else COLOURS.get(node.kind, COLOURS[""]),
                size=SIZES[node in recommended],
                properties={"kind": node.kind, "id": node.id, "name": node.name},
            )
            for node, number in nodes.items()
        ],
        [Relationship(source=start, target=end, caption=way) for start, way, end in ties],
    )
    return str(graph.render(height="100vh").data)
