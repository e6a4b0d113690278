"""``kgrec load embeddings``."""

import click

from kgloader.report import Report
from kgloader.texts.encoder import embed_items, needed_encoder
from kgloader.texts.settings import DEFAULT_MODEL, TextSettings
from kgloader.texts.similarity import tie_similar_items
from kgrec.graph.database import Database
from kgrec.graph.lock import writing
from kgrec.graph.schema import ensure_schema
from kgrec.options import with_database
from kgrec.records import JSON
from kgrec.settings import load_section


@click.command()
@click.option(
    "--model", help=f"Name or folder of a sentence-transformers model, or wordllama.  [default: {DEFAULT_MODEL}]"
)
@JSON
@with_database()
def embeddings(database: Database, model: str | None, format: str) -> None:
    """Encode the texts of the items, and tie items of similar texts.

    The text of an item is its title, authors or brands, categories and the beginning of its description, unless the
    [texts] table of kgrec.toml says otherwise: facts of DBpedia can be part of it, and a prompt stand before it. Only
    items whose text, prompt or model is new are encoded. The default model comes from PyPI and needs no model hub.

    \b
    Examples:
      kgrec load embeddings
      kgrec load embeddings --model sentence-transformers/all-mpnet-base-v2
    """
    settings = load_section("texts", TextSettings, {"model": model})
    report = Report(format)
    encoder = needed_encoder(database, settings)
    with writing(database):
        ensure_schema(database)
        embed_items(database, settings, encoder, report)
        tie_similar_items(database, report)
    report.show(database, "kgrec load embeddings")
