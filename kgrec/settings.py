"""Settings: where Neo4j is, and typed sections of the settings file.

Precedence, highest first: command-line option, environment variable, settings file, default.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kgrec.errors import KgrecError

Section = TypeVar("Section", bound=BaseModel)

SETTINGS_FILE = "kgrec.toml"
TABLES = ("neo4j", "dbpedia", "hdgi", "sasrec")


class Neo4jSettings(BaseSettings):
    """Which Neo4j every command talks to; without a ``uri`` it is the managed server.

    Read from ``KGREC_NEO4J_URI``, ``KGREC_NEO4J_USER``, ``KGREC_NEO4J_PASSWORD`` and ``KGREC_NEO4J_DATABASE``, or
    from the ``[neo4j]`` table of the settings file.
    """

    model_config = SettingsConfigDict(env_prefix="KGREC_NEO4J_", extra="forbid")

    uri: str | None = None
    user: str = "neo4j"
    password: SecretStr | None = None
    database: str = "neo4j"


def settings_file() -> Path:
    """Path of the settings file: ``$KGREC_SETTINGS``, or ``kgrec.toml`` in the working directory."""
    return Path(os.environ.get("KGREC_SETTINGS", SETTINGS_FILE))


def load_section(name: str, model: type[Section], overrides: dict[str, Any] | None = None) -> Section:
    """Read one table of the settings file into a checked model.

    Args:
        name: the table, for instance ``"hdgi"``.
        model: the pydantic model of that table.
        overrides: values from the command line; ``None`` values are left out.

    Raises:
        KgrecError: the file that KGREC_SETTINGS names is missing, it is not TOML, or a table or value does not fit.
    """
    path = settings_file()
    try:
        absent = "KGREC_SETTINGS" not in os.environ and not path.exists()
        tables = {} if absent else tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KgrecError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise KgrecError(f"The settings file {path} cannot be read: {error}.") from error
    unknown = [table for table in tables if table not in TABLES]
    if unknown:
        raise KgrecError(f"{path} has a table [{unknown[0]}] that kgrec does not know: it reads {', '.join(TABLES)}.")
    values = tables.get(name, {})
    if not isinstance(values, dict):
        raise KgrecError(f"[{name}] in {path} must be a table.")
    if issubclass(model, BaseSettings):
        # Environment variables go over the file, so the file may only fill what they leave open.
        prefix = str(model.model_config.get("env_prefix", ""))
        values = {key: value for key, value in values.items() if f"{prefix}{key}".upper() not in os.environ}
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    try:
        return model(**{**values, **given})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise KgrecError(f"Setting {name}.{where} is wrong: {first['msg']}.") from error


def data_home() -> Path:
    """Where the managed server keeps its data: ``$KGREC_HOME``, or the user's data directory."""
    return Path(os.environ["KGREC_HOME"]) if "KGREC_HOME" in os.environ else user_data_path("kgrec")


def cache_home() -> Path:
    """Where downloads and fetched answers are kept: ``$KGREC_CACHE``, or the user's cache directory."""
    return Path(os.environ["KGREC_CACHE"]) if "KGREC_CACHE" in os.environ else user_cache_path("kgrec")
