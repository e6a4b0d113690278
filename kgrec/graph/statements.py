"""Every Cypher statement of kgrec, one commented file each, by the folder of the stage that runs it."""

import re
from functools import cache
from pathlib import Path

# The first line of a query for Neo4j Browser, where a value is typed in place of null: kgrec passes it as a parameter.
INPUTS = re.compile(r"WITH null AS \w+(, null AS \w+)*")
INPUT = re.compile(r"null AS (\w+)")
REMEDY = "// Remedy: "  # begins a line of a statement in check/

PACKAGE = Path(__file__).parents[1]
# Installed, the statements lie in the package; in a checkout beside it.
FOLDER = PACKAGE / "cypher" if (PACKAGE / "cypher").is_dir() else PACKAGE.parent / "cypher"


def statement(name: str) -> str:
    """Return the text of one statement; the inputs of a query for Browser are parameters in it.

    Args:
        name: folder and file without suffix, such as ``"load/interactions"``.

    Raises:
        FileNotFoundError: there is no such statement.
    """
    return "\n".join(INPUT.sub(r"$\1 AS \1", line) if INPUTS.fullmatch(line) else line for line in _lines(name))


def summary(name: str) -> str:
    """Return the first comment line of a statement."""
    return _lines(name)[0].removeprefix("//").strip()


def remedy(name: str) -> str:
    """Return what the comment of a check tells to do where it finds something."""
    return next(line.removeprefix(REMEDY) for line in _lines(name) if line.startswith(REMEDY))


def parameters(name: str) -> list[str]:
    """Return the inputs of a query for Browser; all of them may be null."""
    return [key for line in _lines(name) if INPUTS.fullmatch(line) for key in INPUT.findall(line)]


def names(folder: str) -> list[str]:
    """List the statements of one folder (``"explore"``), sorted, without suffix."""
    return sorted(path.stem for path in file_of(folder).glob("*.cypher"))


def file_of(name: str) -> Path:
    """Path of a file or folder of ``cypher/``, such as ``"explore/style.grass"``."""
    return FOLDER / name


@cache
def _lines(name: str) -> list[str]:
    return file_of(f"{name}.cypher").read_text(encoding="utf-8").splitlines()
