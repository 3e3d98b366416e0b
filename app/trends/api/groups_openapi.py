"""Display groups and golden JSON files in the OpenAPI document."""

from __future__ import annotations

from app.web.openapi import COUNT, INTEGER, TEXT, Schema, array, get_operation, json_response, object_schema, parameter

FIELDS: Schema = {
    "name": TEXT,
    "plot_title": {"type": "string", "description": "May hold HTML; default: the name."},
    "y_title": TEXT,
    "subsystem": TEXT,
    "correlation": {"type": "boolean", "description": "Draw the two or three series against each other.", "default": False},
    "series": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100, "description": "Names of trends of the subsystem."},
}
GROUP = object_schema(
    {
        "id": INTEGER,
        "version": INTEGER,
        **FIELDS,
        "missing": {"type": "array", "items": TEXT, "description": "Series without configuration."},
    }
)
REQUIRED = ("name", "subsystem", "series")
NUMBER = parameter("group", "Number of the group.", COUNT, "path")


def _body(schema: Schema) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


_CONFLICT: Schema = {"description": "Somebody has changed the group since it was read."}

_GOLDEN: Schema = {
    "hash": {"type": "string", "description": "SHA-256 of the content: runs and ranges ascending, ranges that touch joined."},
    "runs": INTEGER,
    "lumisections": INTEGER,
    "choice": {"type": "string", "description": "As `runs=` in addresses of trends."},
}
_RANGES: Schema = {
    "type": "object",
    "description": "First and last lumisection of each range of a run.",
    "additionalProperties": array(array(INTEGER)),
    "example": {"355100": [[1, 50], [60, 70]]},
}

GOLDEN_PATHS: Schema = {
    "/api/v1/trends/golden": {
        "post": {
            "summary": "Store a golden JSON: a list of runs with their lumisections.",
            "parameters": [],
            "requestBody": _body(_RANGES),
            "responses": {"201": json_response("The stored list; the same content always has the same hash.", object_schema(_GOLDEN))},
        }
    },
    "/api/v1/trends/golden/{digest}": get_operation(
        "A golden JSON.",
        [parameter("digest", "Its hash, or at least 12 digits of it.", TEXT, "path")],
        "The list.",
        object_schema(_GOLDEN | {"ranges": _RANGES}),
    ),
}

GROUP_PATHS: Schema = {
    "/api/v1/trends/groups": {
        **get_operation(
            "Display groups of trends.",
            [parameter("subsystem", "Groups of this subsystem alone.", TEXT)],
            "The groups in their order.",
            object_schema({"groups": array(GROUP)}),
        ),
        "post": {
            "summary": "Store a new group, as an expert of its subsystem.",
            "parameters": [],
            "requestBody": _body(object_schema(FIELDS, REQUIRED)),
            "responses": {"201": json_response("The stored group.", GROUP)},
        },
    },
    "/api/v1/trends/groups/{group}": {
        **get_operation("One display group.", [NUMBER], "The group.", GROUP),
        "put": {
            "summary": "Replace a group, as an expert of its subsystem.",
            "parameters": [NUMBER],
            "requestBody": _body(
                object_schema(FIELDS | {"version": {"type": "integer", "description": "As it was read."}}, (*REQUIRED, "version"))
            ),
            "responses": {"200": json_response("The stored group.", GROUP), "409": _CONFLICT},
        },
        "delete": {
            "summary": "Delete a group, as an expert of its subsystem; the history on its page brings it back.",
            "parameters": [NUMBER, parameter("version", "As it was read.", COUNT, required=True)],
            "responses": {"204": {"description": "The group is deleted."}, "409": _CONFLICT},
        },
    },
}
