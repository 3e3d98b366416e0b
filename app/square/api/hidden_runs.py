"""/api/v1/square/hide-run and show-run: hiding of runs for scripts of operators."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from app.security import Role, needs
from app.security.caller import current_user
from app.square import notes, runs
from app.square.view_state import view_from_request
from app.web import Problem, cached_json
from app.web.arguments import LARGEST_RUN
from app.web.json_body import json_body

blueprint = Blueprint("square_hidden_runs_api", __name__, url_prefix="/api/v1/square")

MAX_BODY_BYTES = 16 * 1024

EXPECTED = 'Expected a JSON object such as {"run": 358792, "reason": "..."}'


def hidden_json(system: str) -> list[dict[str, Any]]:
    """The hidden runs of a system, latest first."""
    return [{"run": row.run, "user": row.user, "at": row.at, "reason": row.reason} for row in runs.hidden_runs(system)]


@blueprint.post("/hide-run")
@needs(Role.OPERATOR)
def hide() -> Response:
    """Hide a run: {"run", "reason"}. Returns the hidden runs."""
    system, (run, reason) = view_from_request().system, _run_and_reason()
    notes.hide_run(system, run, current_user().name, notes.clean_note(reason))
    return cached_json({"hidden": hidden_json(system)})


@blueprint.post("/show-run")
@needs(Role.OPERATOR)
def show() -> Response:
    """Show a hidden run again: {"run"}. Returns the hidden runs."""
    system, (run, _) = view_from_request().system, _run_and_reason()
    notes.show_run(system, run)
    return cached_json({"hidden": hidden_json(system)})


def _run_and_reason() -> tuple[int, str]:
    """The number of the run, which is negative for some doubtful ones, and the reason in the body. Raises Problem 400."""
    request.max_content_length = MAX_BODY_BYTES
    body = json_body(EXPECTED)
    found = body if isinstance(body, dict) else {}
    run, reason = found.get("run"), found.get("reason", "")
    is_run = isinstance(run, int) and not isinstance(run, bool) and abs(run) <= LARGEST_RUN
    checks = {"run": (is_run, "Expected a whole number"), "reason": (isinstance(reason, str), "Expected a text")}
    if wrong := [(field, problem) for field, (is_good, problem) in checks.items() if not is_good]:
        raise Problem(400, EXPECTED, wrong)
    return int(run or 0), str(reason)
