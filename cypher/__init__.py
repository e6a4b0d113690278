"""Every Cypher statement of kgrec, one commented file each, by the folder of the stage that runs it."""

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """Return the text of one statement.

    Args:
        name: folder and file without suffix, such as ``"load/interactions"``.

    Raises:
        FileNotFoundError: there is no such statement.
    """
    return files(__name__).joinpath(f"{name}.cypher").read_text(encoding="utf-8")


def names(folder: str) -> list[str]:
    """List the statements of one folder (``"explore"``), sorted, without suffix."""
    entries = files(__name__).joinpath(folder).iterdir()
    return sorted(entry.name.removesuffix(".cypher") for entry in entries if entry.name.endswith(".cypher"))
