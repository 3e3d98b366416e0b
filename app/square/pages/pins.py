"""Pinning and unpinning of runs."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.security import Role, needs
from app.security.caller import current_user
from app.square import notes
from app.square.view_state import view_from_request
from app.web.arguments import checked_run

pages = Blueprint("square_pins", __name__)

MAX_FORM_BYTES = 16 * 1024


@pages.post("/square/runs/<int:run>/pin")
@needs(Role.SHIFTER)
def pin(run: int) -> AnyResponse:
    """Pin a run."""
    view = view_from_request()
    request.max_content_length = MAX_FORM_BYTES
    reason = notes.clean_note(request.form.get("reason", ""))
    notes.pin_run(view.system, checked_run(run), current_user().name, reason)
    return redirect(view.link(f"/square/runs/{run}"), 303)


@pages.post("/square/runs/<int:run>/unpin")
@needs(Role.SHIFTER)
def unpin(run: int) -> AnyResponse:
    """Unpin a run."""
    view = view_from_request()
    notes.unpin_run(view.system, checked_run(run))
    return redirect(view.link(f"/square/runs/{run}"), 303)
