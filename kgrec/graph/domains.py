"""Domains of the graph: what their files said of meta-paths and of DBpedia, kept by `kgrec load domain`."""

from dataclasses import dataclass

from kgrec.graph.database import Database


@dataclass(frozen=True)
class Domain:
    """What a `Domain` node knows.

    Attributes:
        name: its key, and the property ``domain`` of its items.
        digest: of the file that described it.
        meta_paths: over its kinds of nodes, as they are written in the settings.
        classes: IRIs of what its items may be in DBpedia.
        predicates: relationship type of each DBpedia predicate that it asks for, by IRI.
    """

    name: str
    digest: str
    meta_paths: list[str]
    classes: list[str]
    predicates: dict[str, str]


def domains(database: Database) -> list[Domain]:
    """Read the domains of the graph, in the order of their names."""
    return [
        Domain(
            row["name"],
            row["digest"],
            row["meta_paths"],
            row["classes"],
            dict(zip(row["predicates"], row["types"], strict=True)),
        )
        for row in database.read("project/domains")
    ]
