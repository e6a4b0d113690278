"""``kgrec load dbpedia``."""

from contextlib import nullcontext
from pathlib import Path

import click
from more_itertools import chunked

from kgloader.dbpedia.dump import Dump
from kgloader.dbpedia.facts import fetch_facts, link_items, write_links
from kgloader.dbpedia.links import read_links
from kgloader.dbpedia.settings import DBpediaSettings
from kgloader.dbpedia.sparql import Endpoint
from kgloader.report import Report
from kgloader.writers.interactions import known_items
from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.options import with_database
from kgrec.settings import cache_home, load_section

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
LINKS_AT_ONCE = 5_000


@click.command()
@click.option("--endpoint", help="SPARQL endpoint.  [default: https://dbpedia.org/sparql]")
@click.option("--links", type=FILE, help="Links made before, instead of linking: item_id, entity[, score]; csv or tsv.")
@click.option("--dump", "dumps", type=FILE, multiple=True, help="Local .nt or .ttl (.gz, .bz2) instead of an endpoint.")
@with_database(writes=True)
def dbpedia(database: Database, endpoint: str | None, links: Path | None, dumps: tuple[Path, ...]) -> None:
    """Link items to DBpedia entities and load their facts.

    Items without an entity are looked up by title and scored by title, kind of work and author. The facts of all
    linked entities become typed relationships. Answers of an endpoint are cached, so an interrupted load goes on and
    a repeated one asks for no more than the items that are still without an entity; batch size, pauses, retries and
    the least score are in the [dbpedia] table of kgrec.toml.

    \b
    Examples:
      kgrec load dbpedia
      kgrec load dbpedia --links item_entities.csv
      kgrec load dbpedia --dump labels_en.ttl.bz2 --dump mappingbased-objects_en.ttl.bz2
    """
    if endpoint and dumps:
        raise click.UsageError("Give either --endpoint or --dump.")
    settings = load_section("dbpedia", DBpediaSettings, {"endpoint": endpoint})
    report = Report()
    ensure_schema(database)
    if not database.read("load/has_items")[0]["found"]:
        raise KgrecError("The graph has no items to link: load interactions first, with `kgrec load amazon`.")
    if links is not None:
        _load_links(database, links, report)
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
            link_items(database, source, settings.batch_size, settings.min_score, report)
        fetch_facts(database, source, settings.batch_size, report)
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
