"""What goes past one machine, where nothing of it is installed."""

import sys

import pytest

from kgloader.spark.session import spark_session
from kgrec.errors import KgrecError


def test_without_spark_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(KgrecError, match=r"pip install 'kgrec\[far\]'"), spark_session("local[1]"):
        pass
