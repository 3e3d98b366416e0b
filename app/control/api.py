"""/api/v1/square/commands: the control room for scripts of operators."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Blueprint, Response, request

from app.control import service
from app.control.models import Command
from app.control.responses import parts_of
from app.control.views import FORM_BYTES, found, kind_of
from app.security import Role, current_user, needs
from app.web import Problem, cached_json, request_settings
from app.web.arguments import int_arg

blueprint = Blueprint("control_api", __name__, url_prefix="/api/v1/square/commands")

MOST_COMMANDS = 500


def shape(row: Command) -> dict[str, Any]:
    """A command without its answer."""
    names = ("id", "system", "name", "user", "reason", "created", "state", "sent_at", "ended", "status", "error")
    return {name: getattr(row, name) for name in names} | {"arguments": row.given, "touched": row.touches()}


@blueprint.post("")
@needs(Role.OPERATOR)
def give_command() -> Response:
    """Give a command: {"name", "arguments": {...}, "reason", "once"}."""
    request.max_content_length = FORM_BYTES
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Problem(
            400, "a JSON object is expected", [("body", 'such as {"name": "restart_hltd", "arguments": {"host": "..."}, "reason": "..."}')]
        )
    name, values, reason, once = (
        body.get("name"),
        body.get("arguments", {}),
        body.get("reason", ""),
        body.get("once", secrets.token_urlsafe(16)),
    )
    wrong = []
    if not isinstance(name, str):
        wrong.append(("name", "the name of a command is expected"))
    if not isinstance(values, dict) or not all(isinstance(value, str | int) and not isinstance(value, bool) for value in values.values()):
        wrong.append(("arguments", "an object of texts and whole numbers is expected"))
    if not isinstance(reason, str):
        wrong.append(("reason", "a text is expected"))
    if not isinstance(once, str) or not re.fullmatch(r"[\w-]{16,64}", once):
        wrong.append(("once", "16 to 64 letters, digits, - and _ are expected"))
    if wrong:
        raise Problem(400, "the command was not given", wrong)
    texts = {str(key): str(value) for key, value in values.items()}
    row = service.give(request_settings(), kind_of(str(name)), texts, current_user().name, reason, once)
    answer = cached_json(shape(row), 202)
    answer.headers["Location"] = f"{request.script_root}/api/v1/square/commands/{row.id}"
    return answer


@blueprint.get("")
@needs(Role.OPERATOR)
def list_commands() -> Response:
    """Commands, the newest first: those with a number below `before`, at most `limit`."""
    before, limit = int_arg("before", 2**31 - 1, 2**31 - 1), min(int_arg("limit", 100), MOST_COMMANDS)
    query = Command.select().where(Command.id < before).order_by(Command.id.desc()).limit(limit)
    return cached_json({"commands": [shape(row) for row in query]})


@blueprint.get("/<int:command>")
@needs(Role.OPERATOR)
def one_command(command: int) -> Response:
    """A command with its answer: what each machine said."""
    row = found(command)
    return cached_json(shape(row) | {"answer": [part._asdict() for part in parts_of(row)]})
