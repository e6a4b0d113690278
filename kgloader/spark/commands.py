"""``kgrec load spark``."""

import click

from kgloader.report import Report, growth
from kgloader.settings import LoadSettings
from kgloader.spark.connector import write
from kgloader.spark.interactions import KEYS, nodes, read_interactions, relationships
from kgloader.spark.session import spark_session
from kgloader.writers.splits import mark_splits, tell_split
from kgloader.writers.ties import tell_ties
from kgrec.graph.database import Database
from kgrec.graph.schema import ensure_schema
from kgrec.options import with_database
from kgrec.records import JSON
from kgrec.settings import load_section
from kgrec.terminal import waiting


@click.command("spark")
@click.argument("interactions")
@click.option("--master", default="local[*]", show_default=True, help="Spark's master, as spark-submit takes it.")
@JSON
@with_database(writes=True)
def load_spark(database: Database, interactions: str, master: str, format: str) -> None:
    """Load interactions by a Spark job: INTERACTIONS is a Parquet file or folder, wherever Spark reads from.

    Columns: user_id, item_id and timestamp (seconds, or milliseconds from 1e11 up), and rating where there is one. Rows
    are checked before any is written; a row that is no interaction stops the load. The executors write to Neo4j by its
    Spark connector, in batches that are whole or absent; then the splits and sessions are made as in every load. The
    graph is the one that `kgrec load recbole` makes of the same interactions with times. The executors need kgrec
    installed, and have to reach Neo4j at its address.

    \b
    Example:
      kgrec --uri neo4j://graph.example:7687 load spark s3a://logs/interactions --master spark://spark.example:7077
    """
    report = Report(format)
    ensure_schema(database)
    seed = load_section("load", LoadSettings).seed
    with growth(database) as grown, spark_session(master) as spark, waiting("Spark reads and writes"):
        found = read_interactions(spark, interactions, seed)
        for key, name in zip(KEYS, ("load/spark_users", "load/spark_items"), strict=True):
            write(nodes(found, key), database, name)
        write(relationships(found), database, "load/spark_interactions")
    report.nodes.update({kind: grown[kind] for kind in ("User", "Item")})
    report.relationships["INTERACTED"] += grown["INTERACTED"]
    report.marked.update(mark_splits(database).counts())
    tell_ties(database, report)
    tell_split(database, report)
    report.show(database, "kgrec load spark")
