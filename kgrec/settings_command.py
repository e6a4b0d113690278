"""``kgrec settings``: the whole settings file, documented, with what is in force and where it came from."""

import importlib
from dataclasses import asdict
from typing import Any

import click
import tomlkit
from pydantic import BaseModel, SecretStr
from tomlkit.items import Table

from kgrec.records import write_document
from kgrec.settings import Setting, explained, settings_file, variable
from kgrec.terminal import write
from kgrec.text import replaced, visible

# The stages own their models; they are imported on use, and none of these modules needs torch.
MODELS = {
    "neo4j": "kgrec.settings:Neo4jSettings",
    "load": "kgloader.settings:LoadSettings",
    "dbpedia": "kgloader.dbpedia.settings:DBpediaSettings",
    "texts": "kgloader.texts.settings:TextSettings",
    "hdgi": "gnn.settings:HDGISettings",
    "sasrec": "recommender.settings:SASRecSettings",
    "serve": "recommender.service.settings:ServeSettings",
}
HEADER = (
    "All settings of kgrec. A command-line option goes over a variable, a variable over this file.",
    "Written by `kgrec settings`: each value is the one in force, with the default and where it came from.",
)


def model_of(table: str) -> type[BaseModel]:
    """Import the model of a table."""
    module, _, name = MODELS[table].partition(":")
    model: type[BaseModel] = getattr(importlib.import_module(module), name)
    return model


@click.command()
@click.option(
    "--format",
    type=click.Choice(["toml", "json"]),
    default="toml",
    show_default=True,
    help="A settings file, or records for a program.",
)
def settings(format: str) -> None:
    """Print the whole documented kgrec.toml: every setting, its default, and where its value came from.

    The output is a settings file itself, fit to be edited. A password is never printed.

    \b
    Example:
      kgrec settings > documented.toml
    """
    if format == "json":
        write_document([_record(table, one) for table in MODELS for one in explained(table, model_of(table))])
        return
    document = tomlkit.document()
    for line in HEADER:
        document.add(tomlkit.comment(line))
    document.add(tomlkit.comment(f"The file that was read: {_file_read()}"))
    for table in MODELS:
        document.add(tomlkit.nl())
        document.add(table, _table(table))
    write("\n".join(replaced(line, _escape) for line in tomlkit.dumps(document).split("\n")))


def _record(table: str, setting: Setting) -> dict[str, Any]:
    """One setting; of a password, only whether there is one."""
    record = {"table": table, "variable": variable(table, setting.name), **asdict(setting)}
    return record | ({"value": "***"} if isinstance(setting.value, SecretStr) else {})


def _table(table: str) -> Table:
    written = tomlkit.table()
    for setting in explained(table, model_of(table)):
        written.add(tomlkit.comment(f"{setting.description}  [{variable(table, setting.name)}]"))
        written.add(tomlkit.comment(_origin(setting)))
        if setting.value is None or isinstance(setting.value, SecretStr):  # TOML knows no null, and a secret stays one
            written.add(tomlkit.comment(f'{setting.name} = ""'))
        else:
            written.add(setting.name, _plain(setting.value))
        written.add(tomlkit.nl())
    return written


def _origin(setting: Setting) -> str:
    if setting.source == "default":
        return "The default."
    shown = "none" if setting.default is None else tomlkit.item(setting.default).as_string()
    return f"From {visible(setting.source)}; the default is {shown}."


def _plain(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    array = tomlkit.array()
    array.extend(value)
    return array.multiline(len(value) > 2)


def _escape(character: str) -> str:
    """As TOML has it, where a terminal would obey what TOML lets stand."""
    return f"\\U{ord(character):08X}"


def _file_read() -> str:
    return visible(settings_file().absolute()) if settings_file().exists() else "none"
