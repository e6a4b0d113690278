"""For maintainers: write ``jars.lock`` anew after a change of versions, by ``python -m kgrec.server.lock_jars``."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext
from jgo.parse import Coordinate

from kgrec.server.jars import COORDINATES, LOCK_FILE

HEADER = "# sha256 size coordinate, written by kgrec/server/lock_jars.py\n"


def resolved(coordinates: Sequence[str], repository: Path) -> list[Any]:
    """Resolve coordinates and everything they need at run time to jgo's artifacts; fetch what ``repository`` lacks."""
    context = MavenContext(repo_cache=repository, timeout=60)
    wanted = [
        context.create_dependency(replace(Coordinate.parse(coordinate), scope="compile")) for coordinate in coordinates
    ]
    given, needed = context.resolver.resolve(wanted)
    return [one.artifact for one in (*given, *(one for one in needed if one.scope in ("compile", "runtime")))]


def lock_lines(repository: Path) -> list[str]:
    """Resolve the coordinates of the managed server; fetch and hash each jar."""
    lines = []
    for artifact in resolved(COORDINATES, repository):
        content = artifact.resolve().read_bytes()
        parts = [artifact.groupId, artifact.artifactId, artifact.version, artifact.classifier]
        lines.append(f"{hashlib.sha256(content).hexdigest()} {len(content)} {':'.join(part for part in parts if part)}")
    return lines


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = HEADER + "".join(f"{line}\n" for line in lock_lines(Path(folder)))
    Path(str(files("kgrec.server").joinpath(LOCK_FILE))).write_text(text, encoding="utf-8")
