"""The control room in the OpenAPI document."""

from __future__ import annotations

from app.control.commands import COMMANDS
from app.control.models import ENDED, OPEN
from app.web.openapi import COUNT, INTEGER, TEXT, Schema, array, choice, json_response, mapping_of, nullable, object_schema, parameter

TIME: Schema = {"type": "number", "description": "Unix s UTC.", "nullable": True}
NAME = choice(list(COMMANDS))
STATE = choice([*OPEN, *ENDED])

IMPACT = object_schema({"machines": array(TEXT), "jobs": array(TEXT), "documents": mapping_of(INTEGER), "notes": array(TEXT)})
COMMAND: Schema = {
    "id": INTEGER,
    "system": TEXT,
    "name": NAME,
    "user": TEXT,
    "reason": TEXT,
    "created": TIME,
    "state": STATE,
    "sent_at": TIME,
    "ended": TIME,
    "status": nullable({"type": "integer", "description": "HTTP status of the last response."}),
    "error": TEXT,
    "arguments": mapping_of(TEXT),
    "impact": IMPACT,
}
RESPONSE = object_schema({"machine": TEXT, "status": nullable(INTEGER), "text": TEXT, "state": STATE, "error": TEXT})
SUBMISSION = object_schema(
    {
        "name": NAME,
        "arguments": {"type": "object", "description": "Texts and whole numbers by name."},
        "reason": {"type": "string", "description": "Required by commands that change something."},
        "idempotency_key": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{16,64}$",
            "description": "Chosen by the script: the same key never submits a second command.",
        },
    },
    ("name",),
)

PATHS: Schema = {
    "/api/v1/control/commands": {
        "get": {
            "summary": "Commands to P5.",
            "parameters": [
                parameter("before", "Only commands with a smaller number.", COUNT),
                parameter("limit", "Maximum number of commands; default 100.", COUNT),
            ],
            "responses": {"200": json_response("Newest first.", object_schema({"commands": array(object_schema(COMMAND))}))},
        },
        "post": {
            "summary": "Submit a command to P5. It is sent once.",
            "parameters": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": SUBMISSION}}},
            "responses": {"202": json_response("The queued command.", object_schema(COMMAND))},
        },
    },
    "/api/v1/control/commands/{command}": {
        "get": {
            "summary": "One command with the responses of the hosts.",
            "parameters": [parameter("command", "Number of the command.", COUNT, "path")],
            "responses": {"200": json_response("The command.", object_schema(COMMAND | {"responses": array(RESPONSE)}))},
        }
    },
}
