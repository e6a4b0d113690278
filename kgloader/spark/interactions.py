"""Interactions of Parquet files as rows of the graph, checked and in an order in which writers never deadlock."""

from typing import TYPE_CHECKING

from kgloader.readers.fields import FIRST_TIME, LAST_TIME, LONGEST_KEY, SECONDS_BELOW, shown
from kgloader.writers.ties import tie_break
from kgrec.errors import KgrecError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

KEYS = ("user_id", "item_id")
NEEDED = (*KEYS, "timestamp")
WHOLE = ("tinyint", "smallint", "int", "bigint")
NUMBERS = (*WHOLE, "float", "double")
TYPES = {"user_id": ("string", *WHOLE), "item_id": ("string", *WHOLE), "timestamp": NUMBERS, "rating": NUMBERS}


def read_interactions(spark: "SparkSession", path: str, seed: int) -> "DataFrame":
    """Read interactions: columns ``user_id``, ``item_id``, ``timestamp`` (epoch milliseconds), ``rating``, ``tie``.

    One row for a user, item and time; of several ratings the highest, as Parquet files have no first row.

    Args:
        spark: the session.
        path: a Parquet file, or a folder of them, wherever Spark reads from.
        seed: of the hash that orders interactions of the same user and time.

    Raises:
        KgrecError: a column is missing or of another type, or a row has no user, item or time.
    """
    from pyspark.sql import functions as f

    frame = spark.read.parquet(path)
    kinds = dict(frame.dtypes)
    missing = [name for name in NEEDED if name not in kinds]
    if missing:
        raise KgrecError(f"{path} has no column {', '.join(missing)}: it has {', '.join(frame.columns) or 'none'}.")
    for name, allowed in TYPES.items():
        if name in kinds and kinds[name] not in allowed:
            raise KgrecError(
                f"Column {name} of {path} is of type {kinds[name]}: it must be one of {', '.join(allowed)}."
            )
    rating = f.col("rating") if "rating" in kinds else f.lit(None)
    time = f.col("timestamp").cast("double")
    found = frame.select(
        *(f.col(key).cast("string").alias(key) for key in KEYS),
        rating.cast("double").alias("rating"),
        f.rint(f.when(time < SECONDS_BELOW, time * 1_000).otherwise(time)).alias("timestamp"),
    )
    _refuse_broken(found, path)
    tie = f.udf(lambda user_id, item_id, timestamp: tie_break(seed, user_id, item_id, timestamp), "long")
    return (
        found.withColumn("timestamp", f.col("timestamp").cast("long"))
        .groupBy(*NEEDED)
        .agg(f.max("rating").alias("rating"))
        .withColumn("tie", tie(*NEEDED))
    )


def nodes(interactions: "DataFrame", key: str) -> "DataFrame":
    """Return each key once, in one partition: no two writers meet in a node."""
    return interactions.select(key).distinct().repartition(key).sortWithinPartitions(key)


def relationships(interactions: "DataFrame") -> "DataFrame":
    """Return the interactions of a user in one partition, each partition in the order of the items.

    So the writers lock different users, and items in the same order: they wait for each other, and never in a circle.
    """
    return interactions.repartition("user_id").sortWithinPartitions("item_id", "user_id", "timestamp")


def _refuse_broken(found: "DataFrame", path: str) -> None:
    """Refuse rows that are no interactions before one is written; comparisons with null or NaN count as broken."""
    from pyspark.sql import functions as f

    key_is_fine = [(f.trim(key) != "") & (f.length(key) <= LONGEST_KEY) for key in KEYS]
    time_is_fine = f.col("timestamp").between(FIRST_TIME, LAST_TIME)
    rating_is_fine = f.col("rating").isNull() | (f.abs("rating") < float("inf"))
    fine = key_is_fine[0] & key_is_fine[1] & time_is_fine & rating_is_fine
    broken = found.where(~f.coalesce(fine, f.lit(False)))
    example = broken.first()
    if example is not None:
        values = ", ".join(f"{name} {shown(value)}" for name, value in example.asDict().items())
        raise KgrecError(
            f"{broken.count():,} rows of {path} are no interactions, such as {values}: each needs a user_id and an "
            f"item_id of 1 to {LONGEST_KEY:,} characters, a time of the years 1 to 9999, and a finite rating or none. "
            "Nothing was written."
        )
