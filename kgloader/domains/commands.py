"""``kgrec load domain``."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
from more_itertools import chunked

from kgloader.domains.description import Description, read_description
from kgloader.domains.records import DescribedItem, identifier, interaction, item, item_id
from kgloader.domains.tables import Cells, Table
from kgloader.domains.writes import ensure_own, interactions_of_domain, items_of_domain
from kgloader.options import FILE, ON_ERROR, SKIPPED, tolerance_of
from kgloader.readers.lines import Lines
from kgloader.readers.records import Interaction
from kgloader.readers.skipped import Skipped, Tolerance
from kgloader.report import Report, growth, progress_bar
from kgloader.settings import LoadSettings
from kgloader.writers import resume
from kgloader.writers.by_user import InteractionWrites
from kgloader.writers.interactions import INTERACTION, INTERACTIONS_PER_BATCH, ITEM, ITEMS_PER_BATCH, load_file
from kgloader.writers.splits import mark_splits, tell_split
from kgloader.writers.ties import tell_ties
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.domains import domains
from kgrec.graph.schema import ensure_schema
from kgrec.graph.splits import current_split
from kgrec.options import with_database
from kgrec.owner import temporary_folder
from kgrec.records import JSON
from kgrec.settings import load_section

INTERACTIONS, ITEMS = "interactions", "metadata"  # what the files are, in progress bars and notes


@click.command("domain")
@click.argument("file", type=FILE)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the files that FILE names.  [default: that of FILE]",
)
@ON_ERROR
@SKIPPED
@JSON
@with_database(writes=True)
def load_domain(
    database: Database, file: Path, data: Path | None, on_error: str, skipped: Path | None, format: str
) -> None:
    """Load a domain of your own, as the settings file FILE describes it.

    FILE is TOML: the name of the domain; the files of interactions and of items, and which column holds what; the kinds
    of nodes that the items are tied to, and by which relationships; meta-paths, which `train personas` walks beside its
    own; and the classes and predicates that `load dbpedia` asks for. Files are .csv, .tsv or .jsonl, plain or .gz.
    Several domains share the graph, its users, entities, authors, brands and categories.

    \b
    Example:
      kgrec load domain examples/domains/groceries.toml
    """
    tolerance = tolerance_of(on_error, skipped)
    domain = read_description(file)
    folder = data or file.parent
    interactions, items = _tables(domain, folder)
    for table in (interactions, items):
        table.ensure_columns()
    report = Report(format)
    ensure_schema(database)
    _ensure_consistent(domain, database)
    if domain.interactions.columns.timestamp is None and current_split(database).by == "time":
        raise KgrecError(
            f"{file} names no column of timestamps, and the graph is split by time: "
            "run `kgrec load split --by leave-one-out` before this load."
        )
    _ensure_apart(domain, items, None, domain.items.columns.item_id, database, tolerance)
    who = domain.interactions.columns
    _ensure_apart(domain, interactions, who.user_id, who.item_id, database, tolerance)
    _describe(domain, database, interactions.path, items.path)
    _load_interactions(domain, interactions, database, report, tolerance)
    writes = partial(items_of_domain, domain)
    read = partial(_items, domain, items)
    load_file(database, items.path, ITEMS, read, writes, ITEMS_PER_BATCH, ITEM, report, tolerance)
    resume.forget(database, items.path, ITEMS)
    for table in (interactions, items):
        report.notes += [f"{table.path.name}: no row has anything in {column}." for column in sorted(table.empty)]
    report.show(database, "kgrec load domain")


def _tables(domain: Description, folder: Path) -> tuple[Table, Table]:
    """Return the tables of the interactions and of the items."""
    who, what = domain.interactions, domain.items
    asked = [column for _, column in who.columns if column is not None]
    told = [column for _, column in what.columns if column is not None] + [node.column for node in domain.nodes]
    return Table(folder / who.file, asked, who.delimiter), Table(folder / what.file, told, what.delimiter)


def _interactions(domain: Description, table: Table, lines: Lines, after: int) -> Iterator[tuple[int, Interaction]]:
    return table.records(lines, partial(interaction, domain), after)


def _items(domain: Description, table: Table, lines: Lines, after: int) -> Iterator[tuple[int, DescribedItem]]:
    return table.records(lines, lambda cells, _: item(domain, cells), after)


def _ensure_consistent(domain: Description, database: Database) -> None:
    """Refuse a predicate that is another relationship in another domain of the graph."""
    for other in domains(database):
        for name, type_ in domain.dbpedia.predicates.items():
            if other.name != domain.name and other.predicates.get(name, type_) != type_:
                raise KgrecError(
                    f"The predicate {name} is {other.predicates[name]} in the domain {other.name!r}, and {type_} in "
                    f"{domain.name!r}: give it one name."
                )


def _ensure_apart(
    domain: Description, table: Table, user: str | None, what: str, database: Database, tolerance: Tolerance | None
) -> None:
    """Look through the columns of ids for items that the graph has from somewhere else, before anything is written."""
    only_ids = Table(table.path, [what] if user is None else [user, what], table.delimiter)

    def looked_at(cells: Cells, _: int) -> str:
        if user is not None:
            identifier(cells, user)
        return item_id(domain, cells, what)

    with temporary_folder("skipped") as folder:
        broken = None if tolerance is None else Skipped(table.path, Tolerance(1, Path(folder)))  # they are judged later
        lines = Lines(table.path, broken)
        found = only_ids.records(lines, looked_at)
        with progress_bar(f"ids of {table.path.name}", "rows", lines.size) as advance:
            for batch in chunked(found, INTERACTIONS_PER_BATCH):
                ensure_own(domain, database, dict.fromkeys(one for _, one in batch))
                advance(len(batch), lines.bytes_read)
        if broken is not None:
            broken.keep()


def _describe(domain: Description, database: Database, *files: Path) -> None:
    """Keep in the graph what later stages ask of a domain; an interrupted load by another description begins anew."""
    kept = next((other for other in domains(database) if other.name == domain.name), None)
    if kept is None or kept.digest != domain.digest:
        for file, kind in zip(files, (INTERACTIONS, ITEMS), strict=True):
            resume.forget(database, file, kind)
    database.write(
        "load/domain",
        domain=domain.name,
        digest=domain.digest,
        meta_paths=domain.meta_paths,
        classes=domain.dbpedia.classes,
        predicates=list(domain.dbpedia.predicates),
        types=list(domain.dbpedia.predicates.values()),
    )


def _load_interactions(
    domain: Description, table: Table, database: Database, report: Report, tolerance: Tolerance | None
) -> None:
    """Read, split and group interactions, then forget the progress note."""
    interaction_writes = InteractionWrites(load_section("load", LoadSettings).seed, domain.name)
    writes = partial(interactions_of_domain, domain, interaction_writes)
    read = partial(_interactions, domain, table)
    with growth(database) as grown:
        load_file(
            database, table.path, INTERACTIONS, read, writes, INTERACTIONS_PER_BATCH, INTERACTION, report, tolerance
        )
    report.nodes.update({kind: grown[kind] for kind in ("Item", "User")})
    report.skipped["interactions already there"] += report.read.total() - report.relationships["INTERACTED"]
    report.marked.update(mark_splits(database).counts())
    tell_ties(database, report)
    tell_split(database, report)
    resume.forget(database, table.path, INTERACTIONS)
