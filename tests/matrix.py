"""The tests on every Python and Neo4j that kgrec claims: ``python -m tests.matrix``, for maintainers.

Each Python found on PATH gets an environment of its own below the cache folder (6 GB with torch's CUDA libraries).
Neo4j 2026 is the managed server that the tests start themselves; for Neo4j 5.26 a server of that release is started
here.
"""

import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from kgrec.server.jars import BROWSER_VERSION
from kgrec.server.lock_jars import resolved
from kgrec.server.managed import ManagedServer
from kgrec.server.process import Release
from kgrec.settings import cache_home
from tests.conftest import free_port

ROOT = Path(__file__).parents[1]
CACHE = cache_home() / "matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NEO4JS = ("5.26", "2026")
COORDINATES_5 = (
    "org.neo4j:neo4j:5.26.30",
    "org.neo4j.app:neo4j-server:5.26.30",
    f"org.neo4j.client:neo4j-browser:{BROWSER_VERSION}",
    "org.neo4j.gds:proc:2.13.9",
    "org.neo4j.gds:opengds-extension:2.13.9",
)
OF_THE_MANAGED_SERVER = tuple(  # always of Neo4j 2026
    f"tests/integration/test_{name}.py" for name in ("db_commands", "neo4j_browser")
)


@dataclass(frozen=True)
class Outcome:
    """What one cell of the matrix came to."""

    passed: bool
    words: str


def find_python(version: str) -> Path | None:
    """Return the first interpreter of a version on PATH that can make environments; a shim of none is passed over."""
    probe = f"import ensurepip, sys, venv; sys.exit('{version}' != '%d.%d' % sys.version_info[:2])"
    for folder in os.get_exec_path():
        candidate = Path(folder, f"python{version}")
        if candidate.is_file() and subprocess.run([candidate, "-c", probe], capture_output=True).returncode == 0:
            return candidate
    return None


def environment(python: Path, version: str) -> Path:
    """Return the interpreter of the environment of a version; made on first use, and after pyproject.toml changed."""
    folder = CACHE / f"python{version}"
    made = folder / "bin" / "python"
    stamp = folder / f"kgrec-{zlib.crc32((ROOT / 'pyproject.toml').read_bytes()):08x}"
    if not stamp.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
        subprocess.run([made, "-m", "pip", "install", "--quiet", "--editable", ".[test,docs]"], cwd=ROOT, check=True)
        stamp.touch()
    return made


def jars_of_5() -> list[Path]:
    """Fetch Neo4j 5.26 with GDS and Browser, as Maven resolves them."""
    return [Path(artifact.resolve()) for artifact in resolved(COORDINATES_5, CACHE / "maven")]


NEO4J_5 = Release(jars_of_5, "org.neo4j.server.CommunityEntryPoint")


@contextmanager
def variables(neo4j: str) -> Iterator[dict[str, str]]:
    """Yield the variables of the tests on a release of Neo4j, with none of the user's own settings of kgrec."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KGREC_") or key == "KGREC_CACHE"}
    if neo4j == "2026":
        yield kept
        return
    with tempfile.TemporaryDirectory() as home:
        server = ManagedServer(Path(home), NEO4J_5)
        connection = server.start(bolt_port=free_port(), http_port=free_port())
        try:
            yield kept | {"KGREC_TEST_NEO4J_URI": connection.uri, "KGREC_TEST_NEO4J_PASSWORD": connection.password}
        finally:
            server.stop()


def run_tests(python: Path, neo4j: str, arguments: tuple[str, ...]) -> Outcome:
    """Run the tests in one cell and show what they say; the last line is the outcome's words."""
    left_out = [f"--ignore={path}" for path in OF_THE_MANAGED_SERVER] if neo4j != "2026" else []
    last = "said nothing"
    with variables(neo4j) as environ:
        environ = environ | {"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}  # ruff is asked for by name
        command = [str(python.with_name("pytest")), *left_out, *arguments]
        with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as tests:
            for line in tests.stdout or ():
                print(line, end="", flush=True)
                last = line.strip(" =\n") or last
    return Outcome(tests.returncode == 0, last)


def cell(version: str, neo4j: str, arguments: tuple[str, ...]) -> Outcome:
    """Run one cell; whatever keeps it from running is its outcome, and the other cells go on."""
    python = find_python(version)
    if python is None:
        return Outcome(False, f"not run: no python{version} with venv on PATH")
    try:
        return run_tests(environment(python, version), neo4j, arguments)
    except Exception as error:
        return Outcome(False, f"not run: {error}")


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--python", "pythons", multiple=True, type=click.Choice(PYTHONS), help="Only this; repeat for several.")
@click.option("--neo4j", "neo4js", multiple=True, type=click.Choice(NEO4JS), help="Only this; repeat for several.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def matrix(pythons: tuple[str, ...], neo4js: tuple[str, ...], arguments: tuple[str, ...]) -> None:
    """Run the tests on each Python and each Neo4j; ARGUMENTS go to pytest. Exit status 0: all ran, and passed."""
    cells = [(version, neo4j) for version in pythons or PYTHONS for neo4j in neo4js or NEO4JS]
    outcomes = [cell(*one, arguments) for one in cells]
    table = Table("Python", "Neo4j", "", "pytest says")
    for (version, neo4j), outcome in zip(cells, outcomes, strict=True):
        table.add_row(version, neo4j, "passed" if outcome.passed else "FAILED", outcome.words)
    Console().print(table)
    sys.exit(not all(outcome.passed for outcome in outcomes))


if __name__ == "__main__":
    matrix()
