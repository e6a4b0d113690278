"""What lies in a folder of saved data, in a JSON file that is written last: its version, and the checksums of all."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kgrec.errors import KgrecError
from kgrec.files import replacing

Manifest = dict[str, Any]


def save_manifest(path: Path, version: int, content: Manifest, files: Iterable[str]) -> None:
    """Write the manifest of files that lie beside it.

    Args:
        path: of the manifest.
        version: of the format.
        content: what else it says, JSON's own types.
        files: their names.
    """
    manifest = content | {"version": version, "files": {name: _digest(path.with_name(name)) for name in files}}
    _write(path, manifest)


def amend_manifest(path: Path, known: Manifest, changes: Manifest) -> bool:
    """Change what a manifest says, if it says what is known; the files beside it are not read.

    Args:
        path: of the manifest.
        known: what it has to say now.
        changes: what it is to say.

    Returns:
        Whether it said so. A manifest that cannot be read, or whose checksum is wrong, says nothing.
    """
    try:
        manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
        sound = manifest.pop("checksum") == _checksum(manifest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    if not sound or any(manifest.get(key) != value for key, value in known.items()):
        return False
    _write(path, manifest | changes)
    return True


def load_manifest(path: Path, version: int, what: str, mend: str = "save it again") -> Manifest:
    """Read a manifest, and check that all is as it was saved.

    Args:
        path: of the manifest.
        version: of the format that is wanted. That of the version before, which had no checksums, is read as it is.
        what: lies there, as errors name it: ``"data set"``.
        mend: what to do where it cannot be used.

    Raises:
        KgrecError: there is none, it or a file of it is damaged or gone, or it is of another format.
    """
    folder = path.parent
    try:
        manifest: Manifest = json.loads(path.read_text(encoding="utf-8"))
        found, files = manifest["version"], dict(manifest.get("files", {}))
        stated = manifest.get("checksum")
        sound = stated == _checksum({key: value for key, value in manifest.items() if key != "checksum"})
    except FileNotFoundError as error:
        raise KgrecError(f"{folder} is not a saved {what}: {path.name} is missing.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise KgrecError(f"The {what} in {folder} is damaged, {path.name} cannot be read: {mend}.") from error
    if stated is None and found == version - 1:
        return manifest
    if not isinstance(found, int) or not (sound or (stated is None and found != version)):
        raise KgrecError(f"The {what} in {folder} is damaged, as the checksum of {path.name} tells: {mend}.")
    if found > version:
        raise KgrecError(f"A later kgrec saved the {what} in {folder}, in format {found}: update kgrec, or {mend}.")
    if found < version:
        raise KgrecError(f"{folder} holds a {what} of format {found}, not {version}: {mend}.")
    for name, digest in files.items():
        try:
            if _digest(path.with_name(name)) != digest:
                raise KgrecError(f"The {what} in {folder} is damaged, as the checksum of {name} tells: {mend}.")
        except FileNotFoundError as error:
            raise KgrecError(f"{folder} is not a saved {what}: {name} is missing, {mend}.") from error
    return manifest


def _write(path: Path, manifest: Manifest) -> None:
    with replacing(path) as draft:
        whole = manifest | {"checksum": _checksum(manifest)}
        draft.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checksum(manifest: Manifest) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
