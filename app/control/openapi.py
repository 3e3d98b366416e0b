"""What the OpenAPI document says of the control room, by address and method."""

from __future__ import annotations

from typing import Any

from app.control.commands import KINDS
from app.control.models import ENDED, OPEN

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
MOMENT: Schema = {"type": "number", "description": "Unix s UTC.", "nullable": True}
TEXTS: Schema = {"type": "array", "items": TEXT}
NAME: Schema = {"type": "string", "enum": list(KINDS)}
STATE: Schema = {"type": "string", "enum": [*OPEN, *ENDED]}


def _of(properties: Schema, *required: str) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required or properties)}


TOUCHED = _of({"machines": TEXTS, "jobs": TEXTS, "documents": {"type": "object", "additionalProperties": WHOLE}, "notes": TEXTS})
COMMAND: Schema = {
    "id": WHOLE, "system": TEXT, "name": NAME, "user": TEXT, "reason": TEXT, "created": MOMENT, "state": STATE, "sent_at": MOMENT,
    "ended": MOMENT, "status": {"type": "integer", "nullable": True, "description": "Of the last HTTP answer."}, "error": TEXT,
    "arguments": {"type": "object", "additionalProperties": TEXT}, "touched": TOUCHED,
}  # fmt: skip
PART = _of({"machine": TEXT, "status": {"type": "integer", "nullable": True}, "text": TEXT, "state": STATE, "why": TEXT})
GIVEN = _of(
    {
        "name": NAME, "arguments": {"type": "object", "description": "Texts and whole numbers by name."},
        "reason": {"type": "string", "description": "Why; needed by commands that change something."},
        "once": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$", "description": "Of the script's choice: the same gives one command, however often it comes."},
    },
    "name",
)  # fmt: skip


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _whole(name: str, help: str, place: str = "query") -> Schema:
    return {"name": name, "in": place, "description": help, "required": place == "path", "schema": {"type": "integer", "minimum": 0}}


PATHS: Schema = {
    "/api/v1/square/commands": {
        "get": {
            "summary": "Commands to P5.",
            "parameters": [_whole("before", "Only those with a smaller number."), _whole("limit", "At most so many, 100 if not given.")],
            "responses": {"200": _json("The newest first.", _of({"commands": {"type": "array", "items": _of(COMMAND)}}))},
        },
        "post": {
            "summary": "Give a command to P5; it is sent once, and its answer is in the command.",
            "parameters": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": GIVEN}}},
            "responses": {"202": _json("The command, waiting to be sent.", _of(COMMAND))},
        },
    },
    "/api/v1/square/commands/{command}": {
        "get": {
            "summary": "One command with its answer.",
            "parameters": [_whole("command", "Its number.", "path")],
            "responses": {"200": _json("answer: what each machine said.", _of(COMMAND | {"answer": {"type": "array", "items": PART}}))},
        }
    },
}
