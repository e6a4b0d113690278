"""Settings: the tables of ``kgrec.toml``, the environment over them, the command line over both.

A table belongs to a stage, which gives its model; every field ``name`` of table ``stage`` can also be set by the
variable ``KGREC_STAGE_NAME`` (lists and numbers as JSON). Precedence, highest first: command-line option, environment
variable, settings file, default.
"""

import os
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from platformdirs import user_cache_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsError, TomlConfigSettingsSource

from kgrec.addresses import check_address
from kgrec.errors import KgrecError

Section = TypeVar("Section", bound=BaseModel)

SETTINGS_FILE = "kgrec.toml"
POLICY = re.compile(r"policy=[\w-]{1,100}")
SCHEMES = tuple(f"{name}{security}://" for name in ("bolt", "neo4j") for security in ("", "+s", "+ssc"))
TABLES = ("neo4j", "load", "dbpedia", "texts", "hdgi", "sasrec", "serve")


class Neo4jSettings(BaseModel):
    """Which Neo4j every command talks to; without a ``uri`` it is the managed server."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    uri: str | None = Field(None, description="Bolt address of another Neo4j than the managed one.")
    user: str = Field("neo4j", description="User name.")
    password: SecretStr | None = Field(None, description="Password; better kept in the environment than in a file.")
    database: str = Field("neo4j", description="Name of the database on that server.")
    session_memory: str | None = Field(
        None,
        pattern="[1-9][0-9]*GB",
        description="On AuraDB without the GDS plugin: memory of the GDS session in which a projection is computed on, "
        "such as 8GB.",
    )

    @field_validator("uri")
    @classmethod
    def _address(cls, uri: str | None) -> str | None:
        if uri is None:
            return None
        if "@" in uri:  # it is shown in messages
            raise ValueError(
                "it holds a user name or a password: give them apart, best in KGREC_NEO4J_USER and KGREC_NEO4J_PASSWORD"
            )
        check_address(uri)
        if not uri.startswith(SCHEMES):
            raise ValueError("it must begin with bolt:// or neo4j://")
        parts = urlsplit(uri)
        policy = uri.startswith("neo4j") and POLICY.fullmatch(parts.query)  # of a cluster's members
        if parts.path.strip("/") or parts.fragment or (parts.query and not policy):
            raise ValueError(
                "behind host and port it may have no more than ?policy=NAME, at neo4j://: give a password apart, best "
                "in KGREC_NEO4J_PASSWORD"
            )
        return uri


@dataclass(frozen=True)
class Setting:
    """One value, and where it came from.

    Attributes:
        name: of the field.
        value: as it is in force, checked.
        default: what it is when nobody says anything.
        description: what it means.
        source: a variable's name, the settings file's path, or ``"default"``.
    """

    name: str
    value: Any
    default: Any
    description: str
    source: str


def settings_file() -> Path:
    """Path of the settings file: ``$KGREC_SETTINGS``, or ``kgrec.toml`` in the working directory."""
    return Path(os.environ.get("KGREC_SETTINGS", SETTINGS_FILE))


def variable(table: str, name: str) -> str:
    """Name of the environment variable of a field, such as ``KGREC_HDGI_DIM``."""
    return f"KGREC_{table}_{name}".upper()


def load_section(table: str, model: type[Section], overrides: dict[str, Any] | None = None) -> Section:
    """Read one table of the settings file, and the variables over it, into a checked model.

    Args:
        table: for instance ``"hdgi"``.
        model: the pydantic model of that table.
        overrides: values from the command line; ``None`` values are left out.

    Raises:
        KgrecError: the file that KGREC_SETTINGS names is missing, it is not TOML, or a table or value does not fit.
    """
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    file, environment = _from_file(table, model), _from_environment(table, model)
    try:
        return model(**file | environment | given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([table, *(str(part) for part in first["loc"])])
        field = str(first["loc"][0]) if first["loc"] else ""  # none where several do not fit each other
        source = None if field in given else _sources(table, file, environment).get(field)
        told = f" It comes from {source}." if source else ""
        raise KgrecError(f"Setting {where} is wrong: {first['msg'].removeprefix('Value error, ')}.{told}") from error


def explained(table: str, model: type[BaseModel]) -> list[Setting]:
    """Tell every setting of a table, in the order of the model.

    Raises:
        KgrecError: as `load_section`.
    """
    loaded, file, environment = load_section(table, model), _from_file(table, model), _from_environment(table, model)
    sources = _sources(table, file, environment)
    return [
        Setting(
            name,
            getattr(loaded, name),
            field.get_default(call_default_factory=True),
            field.description or "",
            sources.get(name, "default"),
        )
        for name, field in model.model_fields.items()
    ]


def _sources(table: str, file: dict[str, Any], environment: dict[str, Any]) -> dict[str, str]:
    """Say of each field that is set where it comes from."""
    return dict.fromkeys(file, str(settings_file())) | {name: variable(table, name) for name in environment}


def _from_file(table: str, model: type[BaseModel]) -> dict[str, Any]:
    path = settings_file()
    try:
        if "KGREC_SETTINGS" in os.environ or path.exists():
            path.stat()  # the source passes over a file that is not there, and over what is none
            if not path.is_file():
                raise KgrecError(f"The settings {path} are no file: name one in KGREC_SETTINGS.")
        tables = TomlConfigSettingsSource(_fields(model), path)()
    except OSError as error:
        raise KgrecError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # of TOML and of its encoding, and of numbers and lists without end
        if path.read_bytes().startswith(BOM_UTF8):
            raise KgrecError(f"The settings file {path} begins with a byte order mark: save it without one.") from error
        raise KgrecError(f"The settings file {path} cannot be read: {error}.") from error
    unknown = [name for name in tables if name not in TABLES]
    if unknown:
        raise KgrecError(f"{path} has a table [{unknown[0]}] that kgrec does not know: it reads {', '.join(TABLES)}.")
    values: Any = tables.get(table, {})
    if not isinstance(values, dict):
        raise KgrecError(f"[{table}] in {path} must be a table.")
    return values


def _from_environment(table: str, model: type[BaseModel]) -> dict[str, Any]:
    try:
        return EnvSettingsSource(_fields(model), env_prefix=f"KGREC_{table.upper()}_")()
    except (SettingsError, RecursionError) as error:
        raise KgrecError(f"A variable KGREC_{table.upper()}_... is not JSON: {error}.") from error


def _fields(model: type[BaseModel]) -> type[BaseSettings]:
    """Return the model as the sources of pydantic-settings take it."""
    return create_model("Fields", __base__=(cast(type[BaseSettings], model), BaseSettings))


def data_home() -> Path:
    """Where the managed server keeps its data: ``$KGREC_HOME``, or the user's data directory."""
    return Path(os.environ["KGREC_HOME"]) if "KGREC_HOME" in os.environ else user_data_path("kgrec")


def cache_home() -> Path:
    """Where downloads and fetched answers are kept: ``$KGREC_CACHE``, or the user's cache directory."""
    return Path(os.environ["KGREC_CACHE"]) if "KGREC_CACHE" in os.environ else user_cache_path("kgrec")
