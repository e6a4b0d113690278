"""The example notebook, from its first cell to its last, on a small made-up shop."""

from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbclient import NotebookClient

from kgrec.graph.database import Database
from synthetic.__main__ import main as write_shop
from tests.conftest import CommandLine
from tests.integration.graph_dump import rows
from tests.integration.test_whole_way import SETTINGS

NOTEBOOK = Path(__file__).parents[2] / "examples" / "personas.ipynb"


def test_the_notebook_runs_from_a_loaded_graph_to_recommendations(
    database: Database, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, run = tmp_path / "shop", tmp_path / "run"
    assert CliRunner().invoke(write_shop, ["--out", str(shop), "--users", "90", "--items", "100"]).exit_code == 0
    files = [str(shop / name) for name in ("reviews.json.gz", "metadata.json.gz")]
    command_line("load", "amazon", "--reviews", files[0], "--metadata", files[1])
    command_line("load", "dbpedia", "--dump", str(shop / "dbpedia.nt"))
    command_line("load", "embeddings")

    (tmp_path / "kgrec.toml").write_text(SETTINGS)
    given = command_line.environment | {"KGREC_SETTINGS": str(tmp_path / "kgrec.toml"), "KGREC_RUN": str(run)}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output for output in outputs if "Warning" in str(output)] == []
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) == 1
    text = "\n".join(data.get("text/html", "") for data in shown)
    names = [name for (name,) in rows(database, "MATCH (p:Persona) RETURN p.name")]
    assert len(names) == 6 and all(name in text for name in names)
    titles = [title for (title,) in rows(database, "MATCH (i:Item) RETURN i.title")]
    assert sum(title in text for title in titles) >= 8  # at least one whole list
    assert all(system in text for system in ("popularity", "base SASRec", "persona-late, as served"))
