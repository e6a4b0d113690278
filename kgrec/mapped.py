"""Arrays of a run folder that are mapped, not read: one file beside a manifest that names it and is written last."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from kgrec.errors import KgrecError, fault, first_line
from kgrec.files import exclusive, replacing
from kgrec.manifest import load_manifest, save_manifest


def save_mapped(
    manifest: Path, version: int, what: str, of: str, content: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write ``STEM-....safetensors`` and, at last, the manifest, in place of those before.

    Nothing is written where another process does it at the same time.

    Args:
        manifest: its path; the stem is that of the file too.
        version: of the format.
        what: lies there, as errors name it: ``"snapshot"``.
        of: what the arrays are of, by which their file is named.
        content: what else the manifest says, JSON's own types.
        arrays: by name.

    Raises:
        KgrecError: the folder cannot be written.
    """
    folder, stem = manifest.parent, manifest.stem
    name = f"{stem}-{hashlib.sha256(of.encode()).hexdigest()[:16]}.safetensors"
    try:
        with lock_of(manifest).acquire(blocking=False):
            for left in folder.glob(f"{stem}-*.partial"):  # of a process that was killed
                left.unlink()
            with replacing(folder / name) as draft:
                draft.touch()
                mode = draft.stat().st_mode  # safetensors lets nobody else read what it writes
                save_file({key: torch.from_numpy(np.ascontiguousarray(one)) for key, one in arrays.items()}, draft)
                draft.chmod(mode)
            save_manifest(manifest, version, {"file": name, **content}, [name])
            for old in folder.glob(f"{stem}-*.safetensors"):
                if old.name != name:
                    old.unlink()
    except Timeout:
        return
    except (OSError, SafetensorError) as error:
        raise KgrecError(f"The {what} cannot be written to {folder}: {fault(error)}.") from error


def lock_of(manifest: Path) -> FileLock:
    """Return the lock that whoever changes the manifest holds."""
    return exclusive(manifest.with_suffix(".lock"))


def load_mapped(
    manifest: Path, version: int, what: str, mend: str = "save it again"
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read what `save_mapped` wrote: what the manifest says, and the arrays by their names.

    ``mend`` is what to do where it cannot be used.

    Raises:
        KgrecError: there is none, it is damaged, or a later kgrec wrote it.
    """
    said = load_manifest(manifest, version, what, mend)
    try:
        with safe_open(manifest.with_name(said["file"]), framework="pt") as file:
            return said, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        raise KgrecError(f"The {what} in {manifest.parent} is damaged ({first_line(error)}): {mend}.") from error
