"""/api/v1/control/commands: the control room for scripts of operators."""

from __future__ import annotations

import re
import secrets
from typing import Any, NamedTuple

from flask import Blueprint, Response, request

from app.control import service
from app.control.errors import InvalidCommand
from app.control.models import SubmittedCommand
from app.control.responses import load_responses
from app.control.views import KEY_PATTERN, MAX_FORM_BYTES
from app.security import Role, needs
from app.security.caller import current_user
from app.web import cached_json, request_settings
from app.web.arguments import int_arg
from app.web.json_body import json_body

blueprint = Blueprint("control_api", __name__, url_prefix="/api/v1/control/commands")

MAX_COMMANDS = 500
MAX_NUMBER = 2**31 - 1

COLUMNS = ("id", "system", "name", "user", "reason", "created", "state", "sent_at", "ended", "status", "error")

EXPECTED = "Expected a JSON object"
EXAMPLE = '{"name": "restart_hltd", "arguments": {"host": "..."}, "reason": "..."}'


class Submission(NamedTuple):
    """The body of a submission."""

    name: str
    arguments: dict[str, str]
    reason: str
    idempotency_key: str


def command_json(row: SubmittedCommand) -> dict[str, Any]:
    """A command without its responses."""
    return {name: getattr(row, name) for name in COLUMNS} | {"arguments": row.args, "impact": row.impact_fields()}


@blueprint.post("")
@needs(Role.OPERATOR)
def submit_command() -> Response:
    """Submit a command: {"name", "arguments": {...}, "reason", "idempotency_key"}."""
    request.max_content_length = MAX_FORM_BYTES
    found = _submission(json_body(EXPECTED))
    spec = service.find_spec(found.name)
    row = service.submit(request_settings(), spec, found.arguments, current_user().name, found.reason, found.idempotency_key)
    answer = cached_json(command_json(row), 202)
    answer.headers["Location"] = f"{request.script_root}/api/v1/control/commands/{row.id}"
    return answer


def _submission(body: Any) -> Submission:
    """The checked body of a submission. Raises InvalidCommand."""
    if not isinstance(body, dict):
        raise InvalidCommand(EXPECTED, [("body", f"Expected an object such as {EXAMPLE}")])
    name, arguments, reason = body.get("name"), body.get("arguments", {}), body.get("reason", "")
    key = body.get("idempotency_key", secrets.token_urlsafe(16))
    checks = {
        "name": (isinstance(name, str), "Expected the name of a command"),
        "arguments": (_are_arguments(arguments), "Expected an object of texts and whole numbers"),
        "reason": (isinstance(reason, str), "Expected a text"),
        "idempotency_key": (_is_key(key), "Expected 16 to 64 letters, digits, - and _"),
    }
    if wrong := [(field, problem) for field, (is_good, problem) in checks.items() if not is_good]:
        raise InvalidCommand("The command was not submitted", wrong)
    return Submission(str(name), {str(field): str(value) for field, value in arguments.items()}, reason, key)


def _are_arguments(values: Any) -> bool:
    return isinstance(values, dict) and all(isinstance(value, str | int) and not isinstance(value, bool) for value in values.values())


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(KEY_PATTERN, value) is not None


@blueprint.get("")
@needs(Role.OPERATOR)
def list_commands() -> Response:
    """Commands with a number below `before`, newest first, at most `limit`."""
    before, limit = int_arg("before", MAX_NUMBER, MAX_NUMBER), min(int_arg("limit", 100), MAX_COMMANDS)
    query = SubmittedCommand.select().where(SubmittedCommand.id < before).order_by(SubmittedCommand.id.desc()).limit(limit)
    return cached_json({"commands": [command_json(row) for row in query]})


@blueprint.get("/<int:command>")
@needs(Role.OPERATOR)
def show_command(command: int) -> Response:
    """A command with the responses of the machines."""
    row = service.find_command(command)
    return cached_json(command_json(row) | {"responses": [response._asdict() for response in load_responses(row)]})
