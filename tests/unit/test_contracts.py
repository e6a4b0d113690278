"""Who may import whom: the contracts of pyproject.toml hold, and each of them can be broken."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
SIBLINGS, INSTALLED, FLOORS, SERVING = (contract["name"] for contract in SETTINGS["contracts"])


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run ``lint-imports`` on the packages of a folder."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    alone = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True)


def test_the_contracts_are_kept() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Contracts: {len(SETTINGS['contracts'])} kept, 0 broken." in result.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("gnn/broken.py", "import recommender.metrics", SIBLINGS),
        ("recommender/broken.py", "from kgloader import report", SIBLINGS),
        ("kgrec/broken.py", "def later(): from gnn import names", SIBLINGS),
        ("kgloader/broken.py", "import synthetic.world", INSTALLED),
        ("kgrec/broken.py", "from tests.conftest import free_port", INSTALLED),
        ("gnn/broken.py", "import cli", INSTALLED),
        ("kgrec/graph/broken.py", "from kgrec.explore import queries", FLOORS),
        ("kgrec/training/broken.py", "import kgrec.server.jars", FLOORS),
        ("kgrec/server/broken.py", "import kgrec.options", FLOORS),
        ("recommender/ranking.py", "import recommender.trainer", SERVING),
        ("recommender/trained.py", "from kgrec.training import loop", SERVING),
    ],
)
def test_a_module_that_breaks_one_is_found(tmp_path: Path, module: str, line: str, contract: str) -> None:
    for name in (*SETTINGS["root_packages"], "cli.py", "pyproject.toml"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    (tmp_path / module).open("a").write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in result.stdout
