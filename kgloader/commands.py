"""``kgrec load``: fill the knowledge graph from files and from DBpedia."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kgloader.options import BULK, FILE, ON_ERROR, OUT, SKIPPED, check_bulk, tolerance_of
from kgloader.readers import amazon, recbole
from kgloader.readers.lines import Lines
from kgloader.readers.records import Interaction
from kgloader.readers.skipped import Tolerance
from kgloader.report import Report, growth
from kgloader.settings import LoadSettings
from kgloader.writers import entities, resume
from kgloader.writers.by_user import InteractionWrites
from kgloader.writers.interactions import (
    INTERACTION,
    INTERACTIONS_PER_BATCH,
    ITEM,
    ITEMS_PER_BATCH,
    item_writes,
    load_file,
)
from kgloader.writers.kcore import keep_core
from kgloader.writers.splits import mark_splits, tell_split
from kgloader.writers.ties import tell_ties
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.graph.splits import current_split
from kgrec.lazy_group import LazyGroup
from kgrec.options import with_database
from kgrec.records import JSON
from kgrec.settings import load_section

if TYPE_CHECKING:
    from kgloader.bulk.load import FirstLoad

K_CORE = click.option(
    "--k-core",
    type=click.IntRange(min=2),
    metavar="N",
    help="Keep only users and items of the N-core: each has at least N partners left. It counts all interactions of "
    "the graph, those for validation and test as well, as the published 5-core sets do.",
)


@click.group(
    cls=LazyGroup,
    members={
        "amazon": ("kgloader.commands:load_amazon", "Amazon reviews and metadata of 2014, 2018 or 2023."),
        "recbole": ("kgloader.commands:load_recbole", "RecBole's atomic files: .inter, .item, .link, .kg."),
        "domain": ("kgloader.domains.commands:load_domain", "Any domain that a settings file describes."),
        "spark": ("kgloader.spark.commands:load_spark", "Interactions in Parquet files, by a Spark job."),
        "split": ("kgloader.split_command:split", "Split anew: by leave-one-out, or by time for all users."),
        "dbpedia": ("kgloader.dbpedia.commands:dbpedia", "Link items to DBpedia entities and fetch their facts."),
        "embeddings": ("kgloader.texts.commands:embeddings", "Encode item texts; tie similar items."),
    },
)
def load() -> None:
    """Fill the knowledge graph: first amazon, recbole or domain, then dbpedia and embeddings.

    Without `split` every load splits by leave-one-out, which lets models learn from other users' later days.

    Every load creates the constraints and indexes first, writes in batches that are whole or absent, goes on where an
    interrupted one stopped, changes nothing when repeated, and ends with a table of what it did.
    """


@click.command("amazon")
@click.option("--reviews", type=FILE, help="Reviews (ratings of items by users).")
@click.option("--metadata", type=FILE, help="Metadata: titles, brands or authors, categories, also bought.")
@K_CORE
@ON_ERROR
@SKIPPED
@BULK
@OUT
@JSON
@with_database(writes=True, needed=lambda given: given["out"] is None)
def load_amazon(
    database: Database,
    reviews: Path | None,
    metadata: Path | None,
    k_core: int | None,
    on_error: str,
    skipped: Path | None,
    bulk: bool,
    out: Path | None,
    format: str,
) -> None:
    """Load Amazon reviews and metadata.

    The formats of 2014 (5-core), 2018 and 2023 are told apart line by line; files are .json or .jsonl, plain, .gz or
    .bz2. Metadata is taken for items that somebody reviewed; given alone it completes items loaded before. Reviews come
    first, then the k-core, then the splits (a user's last interaction is for the test, the one before for validation,
    unless `kgrec load split` has said otherwise) and the sessions (a gap of more than 24 hours starts a new one), then
    the metadata. The table says which share of the interactions is tied with another one of the same user and time, as
    in files that know days only: a hash orders them, with the seed of [load].

    \b
    Example:
      kgrec load amazon --reviews Books.jsonl.gz --metadata meta_Books.jsonl.gz --k-core 5
    """
    if reviews is None and metadata is None:
        raise click.UsageError("Give --reviews, --metadata or both.")
    if k_core is not None and reviews is None:
        raise click.UsageError("--k-core goes with --reviews.")
    check_bulk(bulk, out, interactions=reviews is not None)
    tolerance = tolerance_of(on_error, skipped)
    report = Report(format)
    if bulk and reviews is not None:
        from kgloader.bulk.load import FirstLoad, Source, Sources

        items = None if metadata is None else Source(metadata, "metadata", amazon.read_metadata)
        sources = Sources(Source(reviews, "reviews", amazon.read_reviews), items)
        _load_in_bulk(database, out, FirstLoad(sources, _seed(), report, tolerance, k_core), "kgrec load amazon")
        return
    ensure_schema(database)
    if reviews is None and not database.read("load/has_items")[0]["found"]:
        raise KgrecError(f"The graph has no items that {metadata} could describe: load --reviews first.")
    if reviews is not None:
        _load_interactions(database, reviews, "reviews", amazon.read_reviews, k_core, report, tolerance)
    if metadata is not None:
        load_file(
            database, metadata, "metadata", amazon.read_metadata, item_writes, ITEMS_PER_BATCH, ITEM, report, tolerance
        )
        resume.forget(database, metadata, "metadata")
    report.show(database, "kgrec load amazon")


@click.command("recbole")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@K_CORE
@ON_ERROR
@SKIPPED
@BULK
@OUT
@JSON
@with_database(writes=True, needed=lambda given: given["out"] is None)
def load_recbole(
    database: Database,
    folder: Path,
    k_core: int | None,
    on_error: str,
    skipped: Path | None,
    bulk: bool,
    out: Path | None,
    format: str,
) -> None:
    """Load a RecBole data set: FOLDER with NAME.inter, and NAME.item, NAME.link and NAME.kg where they exist.

    Columns: user_id and item_id, rating and timestamp where there are (.inter); item_id, and title or name, category
    or genre or class, brand, author, price, description where there are (.item); item_id, entity_id (.link); head_id,
    relation_id, tail_id (.kg). Times are seconds, or milliseconds from 1e11 up. Without times the order of the file
    stands for them, and there are no sessions.

    \b
    Example:
      kgrec load recbole dataset/ml-100k --k-core 5
    """
    check_bulk(bulk, out)
    tolerance = tolerance_of(on_error, skipped)
    inter = recbole.interactions_file(folder)
    item, link, facts = (inter.with_suffix(suffix) for suffix in (".item", ".link", ".kg"))
    timed = recbole.has_timestamps(inter)
    report = Report(format)
    if not timed:
        report.notes.append(f"{inter.name} has no timestamps: the order of the file stands for time; no sessions.")
    if bulk:
        from kgloader.bulk.load import FirstLoad, Source, Sources

        sources = Sources(
            Source(inter, ".inter", recbole.read_interactions),
            Source(item, ".item", recbole.read_items) if item.exists() else None,
            Source(link, ".link", recbole.read_links) if link.exists() else None,
            Source(facts, ".kg", recbole.read_facts) if facts.exists() else None,
        )
        _load_in_bulk(database, out, FirstLoad(sources, _seed(), report, tolerance, k_core), "kgrec load recbole")
        return
    ensure_schema(database)
    if not timed and current_split(database).by == "time":
        raise KgrecError(
            f"{inter} has no timestamps, and the graph is split by time: "
            "run `kgrec load split --by leave-one-out` before this load."
        )
    _load_interactions(database, inter, ".inter", recbole.read_interactions, k_core, report, tolerance)
    if item.exists():
        load_file(database, item, ".item", recbole.read_items, item_writes, ITEMS_PER_BATCH, ITEM, report, tolerance)
        resume.forget(database, item, ".item")
    size = (entities.FACTS_PER_BATCH, entities.FACT)
    if link.exists():
        load_file(database, link, ".link", recbole.read_links, entities.link_writes, *size, report, tolerance)
        resume.forget(database, link, ".link")
    if facts.exists():
        load_file(database, facts, ".kg", recbole.read_facts, entities.fact_writes, *size, report, tolerance)
        resume.forget(database, facts, ".kg")
    report.show(database, "kgrec load recbole")


def _load_in_bulk(database: Database, out: Path | None, first: "FirstLoad", title: str) -> None:
    # Imported on use: they bring Java and Arrow.
    from kgloader.bulk.commands import into_folder, into_managed

    if out is None:
        into_managed(database, first, title)
    else:
        into_folder(out, first, title)


def _seed() -> int:
    return load_section("load", LoadSettings).seed


def _load_interactions(
    database: Database,
    path: Path,
    kind: str,
    read: Callable[[Lines, int], Iterator[tuple[int, Interaction]]],
    k_core: int | None,
    report: Report,
    tolerance: Tolerance | None,
) -> None:
    """Read, filter, split and group interactions, then forget the progress note."""
    writes = InteractionWrites(_seed())
    with growth(database) as grown:
        load_file(database, path, kind, read, writes, INTERACTIONS_PER_BATCH, INTERACTION, report, tolerance)
    report.nodes.update({kind: grown[kind] for kind in ("Item", "User")})
    report.skipped["interactions already there"] += report.read.total() - report.relationships["INTERACTED"]
    if k_core is not None:
        # Behind this point the file is no longer wholly in the graph: a repeat has to read it from the start.
        resume.forget(database, path, kind)
        keep_core(database, k_core, report)
    marks = mark_splits(database)
    report.marked.update(marks.counts())
    tell_ties(database, report)
    tell_split(database, report)
    resume.forget(database, path, kind)
