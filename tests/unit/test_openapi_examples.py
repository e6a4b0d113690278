"""Every request and every answer has an example in OpenAPI, and examples are what they are examples of."""

import inspect
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import BaseModel

from recommender.service import bodies, schemas
from recommender.service.application import application
from recommender.service.current import Current
from recommender.service.settings import ServeSettings

MODELS = [
    model
    for module in (bodies, schemas)
    for _, model in inspect.getmembers(module, inspect.isclass)
    if issubclass(model, BaseModel)
    and "examples" in (cast(dict[str, Any], model.model_config.get("json_schema_extra")) or {})
]
DOCUMENT = application(cast(Current, SimpleNamespace()), ServeSettings()).openapi()
OPERATIONS = [(f"{way} {path}", one) for path, ways in DOCUMENT["paths"].items() for way, one in ways.items()]


def has_example(schema: dict[str, Any]) -> bool:
    """Itself, or all that it consists of."""
    if "$ref" in schema:
        return has_example(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return any(map(has_example, schema["anyOf"]))
    if "items" in schema and "examples" not in schema:
        return has_example(schema["items"])
    parts = schema.get("properties", {})
    required = [parts[name] for name in schema.get("required", parts)]
    return "examples" in schema or (bool(required) and all(map(has_example, required)))


@pytest.mark.parametrize("operation", [one for _, one in OPERATIONS], ids=[name for name, _ in OPERATIONS])
def test_each_operation_has_examples(operation: dict[str, Any]) -> None:
    told = {one["name"]: one["schema"] for one in operation.get("parameters", [])}
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for where in (*bodies, *(one for status, one in operation["responses"].items() if status.startswith("2"))):
        told |= {kind: content["schema"] for kind, content in where["content"].items() if content}
        assert all(map(has_example, told.values())), told


@pytest.mark.parametrize("model", MODELS)
def test_an_example_is_one(model: type[BaseModel]) -> None:
    for shown in cast(dict[str, Any], model.model_config["json_schema_extra"])["examples"]:
        assert model.model_validate(shown).model_dump(mode="json", exclude_unset=True) == shown
