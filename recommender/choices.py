"""What validation chooses for each model of a run: what it takes, and a JSON file a kind of choice, replaced whole."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic import TypeAdapter

from kgrec.errors import KgrecError
from kgrec.files import replacing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Choice = TypeVar("Choice")


def stands_out(gains: np.ndarray) -> bool:
    """Tell whether paired gains ``[n]`` are above zero by two standard errors: less may be chance."""
    return len(gains) > 1 and bool(gains.mean() > 2 * gains.std(ddof=1) / len(gains) ** 0.5)


def save_choices(chosen: "Mapping[str, DataclassInstance]", path: Path) -> None:
    """Write the choices, by name of the model."""
    with replacing(path) as draft:
        written = {name: asdict(choice) for name, choice in chosen.items()}
        draft.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def load_choice(kind: type[Choice], what: str, path: Path, name: str) -> Choice:
    """Read what was chosen for a model.

    Args:
        kind: the dataclass that the file's values are to fit.
        what: it is, as an error names it.
        path: ``RUN/evaluation/FILE``.
        name: of the model.

    Raises:
        KgrecError: nothing was chosen yet, or the file is damaged.
    """
    run = path.parents[1]
    try:
        found = _read(path)[name]
        return TypeAdapter(kind).validate_python(found)
    except (FileNotFoundError, KeyError) as error:
        raise KgrecError(f"{run} has no {what} of {name}: run `kgrec train sasrec --run {run}` first.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(path) from error


def chosen_names(path: Path) -> list[str]:
    """Return the models that something was chosen for, in the order of their names; none where there is no file.

    Args:
        path: ``RUN/evaluation/FILE``.

    Raises:
        KgrecError: the file is damaged.
    """
    try:
        found = _read(path)
    except FileNotFoundError:
        return []
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not isinstance(found, dict):
        raise _damaged(path)
    return sorted(found)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused)


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no weight")


def _damaged(path: Path) -> KgrecError:
    return KgrecError(f"{path} is damaged: run `kgrec train sasrec --run {path.parents[1]}` again.")
