"""``kgrec load embeddings``."""

import click

from kgloader.report import Report
from kgloader.texts.encoder import DEFAULT_MODEL, embed_items
from kgloader.texts.similarity import tie_similar_items
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.options import with_database


@click.command()
@click.option(
    "--model", default=DEFAULT_MODEL, show_default=True, help="Name or folder of a sentence-transformers model."
)
@with_database()
def embeddings(database: Database, model: str) -> None:
    """Encode the texts of the items, and tie items of similar texts.

    The text of an item is its title, authors or brands, categories and the beginning of its description. Only items
    whose text or model is new are encoded. The default model comes from PyPI and needs no model hub.

    \b
    Examples:
      kgrec load embeddings
      kgrec load embeddings --model sentence-transformers/all-mpnet-base-v2
    """
    report = Report()
    ensure_schema(database)
    embed_items(database, model, report)
    tie_similar_items(database, report)
    report.show(database, "kgrec load embeddings")
