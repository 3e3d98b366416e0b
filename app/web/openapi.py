"""Helpers for the parts of the OpenAPI document."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}


def nullable(schema: Schema) -> Schema:
    """The same schema, or null."""
    return schema | {"nullable": True}


def array(items: Schema) -> Schema:
    """An array."""
    return {"type": "array", "items": items}


def mapping_of(values: Schema) -> Schema:
    """An object with any names and values of one schema."""
    return {"type": "object", "additionalProperties": values}


def choice(values: tuple[str, ...] | list[str], **more: Any) -> Schema:
    """One of several texts."""
    return {"type": "string", "enum": list(values), **more}


def object_schema(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    """An object; all properties are required unless `required` names some."""
    return {"type": "object", "properties": properties, "required": list(required or properties)}


def parameter(name: str, description: str, schema: Schema, location: str = "query", *, required: bool = False) -> Schema:
    """A parameter of an address."""
    return {"name": name, "in": location, "description": description, "required": required or location == "path", "schema": schema}


def json_response(description: str, schema: Schema) -> Schema:
    """A response with JSON."""
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def get_operation(summary: str, parameters: list[Schema], description: str, schema: Schema) -> Schema:
    """An address that answers GET with JSON and an ETag."""
    unchanged = {"description": "Unchanged: `If-None-Match` has the current ETag."}
    responses = {"200": json_response(description, schema), "304": unchanged}
    return {"get": {"summary": summary, "parameters": parameters, "responses": responses}}
