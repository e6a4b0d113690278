"""``kgrec graph``: what is in the graph, and whether it is as kgrec makes it."""

import importlib
from dataclasses import asdict

import click

from kgrec.graph.check import Finding, check_graph
from kgrec.graph.database import Database
from kgrec.graph.stats import Share, Stats, graph_stats
from kgrec.options import with_database
from kgrec.records import JSON, write_document
from kgrec.terminal import DataTable, say, show, waiting

# The loader owns the allow-list of facts; it is imported on use, and by name.
FACT_TYPES = "kgloader.dbpedia.predicates", "SECOND_TYPES"  # those of one hop among them
OTHER_FACTS = "RELATED_TO"


@click.group("graph")
def graph() -> None:
    """Look at the whole graph: its size and shape, and whether everything in it is as it must be."""


@graph.command()
@JSON
@with_database()
def stats(database: Database, format: str) -> None:
    """Tell what is in the graph: counts, degrees, what each source covers, what is isolated.

    Nodes are counted by all their labels, kgrec's and others. Degrees are relationships of a node; nodes without any
    count as well. Alone is a node without any relationship.

    Example: kgrec graph stats
    """
    with waiting("Counting"):
        found = graph_stats(database)
    if format == "json":
        write_document(asdict(found))
    else:
        _show_stats(found)


def _show_stats(found: Stats) -> None:
    nodes = DataTable("Label", "Nodes", "Alone", title="Nodes")
    for one in found.nodes:
        nodes.add_row(one.label, f"{one.nodes:,}", "" if one.alone is None else f"{one.alone:,}")
    relationships = DataTable("Type", "Relationships", title="Relationships")
    for name, count in found.relationships.items():
        relationships.add_row(name, f"{count:,}")
    degrees = DataTable("Of a", "To", "Median", "Mean", "95%", "Most", title="Degrees: relationships of a node")
    for degree in found.degrees:
        numbers = f"{degree.median:,}", f"{degree.mean:,.2f}", f"{degree.most:,}", f"{degree.maximum:,}"
        degrees.add_row(degree.label, degree.what, *numbers)
    show(
        nodes,
        relationships,
        degrees,
        _shares("Coverage: what each source brings", "With", found.coverage),
        _shares("Isolated: what little leads to", "Which", found.isolated),
    )


@graph.command()
@JSON
@with_database()
@click.pass_context
def check(context: click.Context, database: Database, format: str) -> None:
    """Prove that the graph is as kgrec makes it, and name what is not.

    Keys, splits without a leak, sessions, vectors and their dimensions, IRIs, fact types, weights, and one whole
    current run of everything that is written in runs. Nothing is changed. What a load or a training has not finished
    counts as broken: check when none runs. The exit status is 0 where all holds, and 1 where something does not. Each
    check is a statement in cypher/check, which Neo4j Browser can run as well.

    Example: kgrec graph check
    """
    module, name = FACT_TYPES
    facts: dict[str, str] = getattr(importlib.import_module(module), name)
    found = check_graph(database, {*facts.values(), OTHER_FACTS})
    broken = [finding for finding in found if finding.broken]
    if format == "json":
        write_document([asdict(finding) for finding in found])
        context.exit(1 if broken else 0)
    show(_held(found))
    if broken:
        show(_named(broken))
        say(f"{len(broken)} of {len(found)} do not hold.")
        context.exit(1)
    say(f"All {len(found)} hold.")


def _held(findings: list[Finding]) -> DataTable:
    table = DataTable("Check", "What must hold", "Broken", title="What must hold in the graph")
    for finding in findings:
        table.add_row(finding.name, finding.holds, f"{finding.broken:,}")
    return table


def _named(findings: list[Finding]) -> DataTable:
    table = DataTable("Check", "What breaks it", "What mends it", title="What does not hold")
    for finding in findings:
        more = finding.broken - len(finding.examples)
        named = [*finding.examples, *([f"and {more:,} more"] if more else [])]
        for place, what in enumerate(named):
            table.add_row("" if place else finding.name, what, "" if place else finding.remedy)
    return table


def _shares(title: str, heading: str, shares: list[Share]) -> DataTable:
    table = DataTable("Of the", heading, "Count", "Share", title=title)
    for share in shares:
        table.add_row(share.of, share.what, f"{share.count:,}", f"{share.count / share.total:.1%}")
    return table
