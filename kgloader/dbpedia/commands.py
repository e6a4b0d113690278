"""``kgrec load dbpedia``."""

from contextlib import nullcontext
from pathlib import Path

import click
from more_itertools import chunked

from kgloader.dbpedia.dump import Dump
from kgloader.dbpedia.facts import fetch_facts
from kgloader.dbpedia.given_links import read_links
from kgloader.dbpedia.hops import find_hops
from kgloader.dbpedia.links import link_items, write_links
from kgloader.dbpedia.review import read_review, write_decisions, write_review
from kgloader.dbpedia.settings import DBpediaSettings
from kgloader.dbpedia.sparql import Endpoint
from kgloader.dbpedia.vocabulary import vocabulary
from kgloader.options import FILE
from kgloader.report import Report
from kgloader.writers.interactions import known_items
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.options import with_database
from kgrec.records import JSON
from kgrec.settings import cache_home, load_section

LINKS_AT_ONCE = 5_000


@click.command()
@click.option("--endpoint", help="SPARQL endpoint.  [default: https://dbpedia.org/sparql]")
@click.option("--links", type=FILE, help="Links made before, instead of linking: item_id, entity[, score]; csv or tsv.")
@click.option("--dump", "dumps", type=FILE, multiple=True, help="Local .nt or .ttl (.gz, .bz2) instead of an endpoint.")
@click.option(
    "--review",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.csv",
    help="Read decisions on unsure links from this file, and write the unsure ones into it.",
)
@JSON
@with_database(writes=True)
def dbpedia(
    database: Database,
    endpoint: str | None,
    links: Path | None,
    dumps: tuple[Path, ...],
    review: Path | None,
    format: str,
) -> None:
    """Link items to DBpedia entities and load their facts.

    Items without an entity are looked up by title and judged by title, kind of work, author and year. The facts of all
    linked entities become typed relationships. Answers of an endpoint are cached, so an interrupted load goes on and
    a repeated one asks for no more than the items that are still without an entity; batch size, pauses, retries, the
    least score and what facts are fetched are in the [dbpedia] table of kgrec.toml.

    A review file has a row for each unsure link with what speaks for and against it. In its last column write yes, no
    or another IRI, and load again: what you decided holds then and later.

    \b
    Examples:
      kgrec load dbpedia
      kgrec load dbpedia --links item_entities.csv
      kgrec load dbpedia --review unsure.csv
      kgrec load dbpedia --dump labels_en.ttl.bz2 --dump mappingbased-objects_en.ttl.bz2
    """
    if endpoint and dumps:
        raise click.UsageError("Give either --endpoint or --dump.")
    if links is not None and review is not None:
        raise click.UsageError("Give either --links or --review: links of a file are not doubted.")
    settings = load_section("dbpedia", DBpediaSettings, {"endpoint": endpoint})
    report = Report(format)
    ensure_schema(database)
    hops = find_hops(settings.second_hops, vocabulary(database))
    if not database.read("load/has_items")[0]["found"]:
        raise KgrecError("The graph has no items to link: load interactions first, with `kgrec load amazon`.")
    if links is not None:
        _load_links(database, links, report)
    decided = read_review(review) if review is not None else None
    if review is not None and decided is not None:
        write_decisions(database, review, decided, report)
    server = Endpoint(
        settings.endpoint,
        cache_home() / "sparql",
        settings.min_interval_seconds,
        settings.timeout_seconds,
        settings.retries,
        (settings.user, settings.password.get_secret_value()) if settings.user and settings.password else None,
    )
    with Dump(list(dumps)) if dumps else nullcontext(server) as source:
        if links is None:
            doubts = link_items(database, source, settings, report)
            if review is not None and decided is not None:
                write_review(review, decided, doubts, report)
        fetch_facts(database, source, settings, hops, report)
    if not dumps:
        report.read["requests to the endpoint"] += server.requests
        report.read["answers from the cache"] += server.cached
    report.show(database, "kgrec load dbpedia")


def _load_links(database: Database, path: Path, report: Report) -> None:
    """Write the links of a file, once all of them are found to be right.

    Raises:
        KgrecError: as `read_links`; nothing is written then.
    """
    rows = read_links(path)
    known = known_items(database, {row["item_id"] for row in rows})
    kept = [row for row in rows if row["item_id"] in known]
    for batch in chunked(kept, LINKS_AT_ONCE):
        write_links(database, batch, report)
    report.read[f"rows of {path.name}"] += len(rows)
    report.skipped["links of items without interactions"] += len(rows) - len(kept)
