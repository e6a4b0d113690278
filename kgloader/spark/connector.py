"""The Neo4j Connector for Apache Spark: its jar, checked, and how a data frame is written by it."""

from pathlib import Path
from typing import TYPE_CHECKING

import pooch

from kgrec.errors import KgrecError
from kgrec.graph.database import Database
from kgrec.graph.statements import statement
from kgrec.server.jars import REPOSITORY, jar_folder

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

VERSION = "5.3.8_for_spark_3"  # runs on Spark 4 as well: both are of Scala 2.13
NAME = f"neo4j-connector-apache-spark_2.13-{VERSION}.jar"
PATH = f"org/neo4j/neo4j-connector-apache-spark_2.13/{VERSION}/{NAME}"
SHA256 = "2d60211f0336a3e36cdf2ef291542c4c49ad492858c643e0e0a6143054fb32b1"
FORMAT = "org.neo4j.spark.DataSource"
BATCH = "UNWIND $events AS event\n"  # the line that the connector puts before a statement
ROWS_PER_BATCH = 10_000
RETRIES = 10  # of a batch, where the leader changes


def connector_jar() -> Path:
    """Return the path of the connector; the first call fetches it, every call checks it.

    Raises:
        KgrecError: Maven Central cannot be reached, or the jar is not the one that is meant.
    """
    folder = jar_folder() / Path(PATH).parent
    try:
        found = pooch.retrieve(f"{REPOSITORY}/{PATH}", known_hash=f"sha256:{SHA256}", fname=NAME, path=folder)
    except (OSError, ValueError) as error:
        raise KgrecError(
            f"The Spark connector cannot be fetched from {REPOSITORY}/{PATH} to {folder}: {error}."
        ) from error
    return Path(found)


def write(frame: "DataFrame", database: Database, name: str) -> None:
    """Run a statement over the rows of a frame, a transaction for each batch of a partition.

    Args:
        frame: its columns are the properties of ``event``.
        database: where to; the executors connect to its address themselves.
        name: a statement of ``cypher/`` that begins with the line of the connector.
    """
    text = "\n".join(line for line in statement(name).splitlines() if not line.startswith("//"))
    user, password = database.login
    frame.write.format(FORMAT).mode("Append").options(
        **{
            "url": database.uri,
            "database": database.name,
            "authentication.type": "basic",
            "authentication.basic.username": user,
            "authentication.basic.password": password,
            "batch.size": str(ROWS_PER_BATCH),
            "transaction.retries.max": str(RETRIES),
            "query": text.removeprefix(BATCH),
        }
    ).save()
