"""Every Cypher statement of kgrec, one commented file each, by the folder of the stage that runs it."""

from functools import cache
from importlib.resources import files
from pathlib import Path

PARAMETER = ":param "  # lines for Neo4j Browser, which sets a parameter by them: ":param user_id => null"


def statement(name: str) -> str:
    """Return the text of one statement, without the lines that only Browser understands.

    Args:
        name: folder and file without suffix, such as ``"load/interactions"``.

    Raises:
        FileNotFoundError: there is no such statement.
    """
    return "\n".join(line for line in _lines(name) if not line.startswith(PARAMETER))


def summary(name: str) -> str:
    """Return the first comment line of a statement."""
    return _lines(name)[0].removeprefix("//").strip()


def parameters(name: str) -> list[str]:
    """Return the parameters that a statement for Browser has; all of them may be null."""
    return [line.removeprefix(PARAMETER).split()[0] for line in _lines(name) if line.startswith(PARAMETER)]


def names(folder: str) -> list[str]:
    """List the statements of one folder (``"explore"``), sorted, without suffix."""
    entries = files(__name__).joinpath(folder).iterdir()
    return sorted(entry.name.removesuffix(".cypher") for entry in entries if entry.name.endswith(".cypher"))


def style_file() -> Path:
    """Path of the style file for Neo4j Browser."""
    return Path(str(files(__name__).joinpath("explore", "style.grass")))


@cache
def _lines(name: str) -> list[str]:
    return files(__name__).joinpath(f"{name}.cypher").read_text(encoding="utf-8").splitlines()
