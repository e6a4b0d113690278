"""What goes past one machine, where nothing of it is installed."""

import sys
from pathlib import Path

import pytest

from kgloader.spark.session import spark_session
from kgrec.errors import KgrecError
from recommender.on_ray import write_lists
from recommender.settings import SASRecSettings


def test_without_spark_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(KgrecError, match=r"pip install 'kgrec\[far\]'"), spark_session("local[1]"):
        pass


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(KgrecError, match=r"pip install 'kgrec\[far\]'"):
        write_lists("histories", tmp_path / "out", tmp_path, SASRecSettings(), 10, 2, None)
