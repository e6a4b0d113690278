"""Writes the settings reference from the pydantic models: mkdocs calls `on_page_markdown` for every page."""

import re
import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from kgrec.settings import variable
from kgrec.settings_command import model_of

MARK = re.compile(r"^\[\[settings (\w+)\]\]$", re.MULTILINE)  # [[settings hdgi]]
CODE_OR_BAR = re.compile(r"`[^`]*`|\|")  # a bar outside code would begin a new cell
HEAD = "| name | type | default | variable | meaning |\n|---|---|---|---|---|"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put a table in the place of every mark ``[[settings TABLE]]``."""
    return MARK.sub(lambda mark: settings_table(mark[1], model_of(mark[1])), markdown)


def settings_table(table: str, model: type[BaseModel]) -> str:
    """Write one table of ``kgrec.toml`` in Markdown: a row a setting, in the order of the model."""
    rows = [_row(table, name, field) for name, field in model.model_fields.items()]
    return "\n".join([HEAD, *rows])


def _row(table: str, name: str, field: FieldInfo) -> str:
    kind, limits = _kind(field.annotation), [part for one in field.metadata for part in _limits(one)]
    meaning = CODE_OR_BAR.sub(lambda found: "&#124;" if found[0] == "|" else found[0], field.description or "")
    cells = [f"`{name}`", ", ".join([kind, *limits]), _default(field), f"`{variable(table, name)}`", meaning]
    return f"| {' | '.join(cells)} |"


def _kind(annotation: Any) -> str:
    """Name a type as a reader of TOML thinks of it: ``int``, ``list of str``, ``"prefix" or "add"``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(one) for one in arguments if one is not types.NoneType)
    if origin is Literal:
        return " or ".join(f'`"{one}"`' for one in arguments)
    if origin is list:
        return f"list of {_kind(arguments[0])}"
    if hasattr(annotation, "__metadata__"):  # Annotated[float, Ge(0), Lt(1)]
        limits = [part for one in annotation.__metadata__ for part in _limits(one)]
        return ", ".join([_kind(arguments[0]), *limits])
    return "str" if annotation is SecretStr else str(annotation.__name__)


def _limits(constraint: Any) -> list[str]:
    """Tell a bound of annotated-types: ``Ge(ge=0)`` is ``≥ 0``."""
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    found = [f"{sign} {getattr(constraint, key)}" for key, sign in signs.items() if hasattr(constraint, key)]
    return found or [part for one in getattr(constraint, "metadata", []) for part in _limits(one)]


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "none"
    if isinstance(value, list):
        return "<br>".join(f"`{_toml(one)}`" for one in value)
    return f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    """Write a value as it stands in the settings file."""
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
