"""Hiding of runs, and showing them again."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.security.caller import current_user
from app.square import notes
from app.square.view_state import view_from_request
from app.web import Problem

pages = Blueprint("square_hidden_runs", __name__)

MAX_FORM_BYTES = 16 * 1024


@pages.post("/square/hide-run")
@needs(Role.OPERATOR)
def hide() -> AnyResponse:
    """Hide the run with the number in the form, for a reason."""
    view = view_from_request()
    request.max_content_length = MAX_FORM_BYTES
    notes.hide_run(view.system, _run_from_form(), current_user().name, notes.clean_note(request.form.get("reason", "")))
    return redirect(view.link("/square/timeline"), 303)


@pages.post("/square/show-run")
@needs(Role.OPERATOR)
def show() -> AnyResponse:
    """Show the run with the number in the form again."""
    view = view_from_request()
    request.max_content_length = MAX_FORM_BYTES
    notes.show_run(view.system, _run_from_form())
    return redirect(view.link("/square/timeline"), 303)


def _run_from_form() -> int:
    """The number of the run in the form; doubtful ones can be negative. Raises Problem 400."""
    text = request.form.get("run", "")
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise Problem(400, "The number of the run cannot be used", [("run", "Expected a whole number")])
    return int(text)
