"""Runs that are kept whole, whatever the age of what is known of them: a shifter said so, and why."""

from __future__ import annotations

import time

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.core.database import proxy
from app.security import Role, audit, current_user, needs
from app.square import runs
from app.square.models import Pin
from app.square.view_state import view_from_request
from app.web import Problem
from app.web.arguments import checked_run

pages = Blueprint("square_pins", __name__)

LONGEST_REASON = 1000
FORM_BYTES = 16 * 1024


def pin_of(system: str, run: int) -> Pin | None:
    """Who keeps a run, and why; None when its documents go with their age."""
    found: Pin | None = Pin.get_or_none(Pin.system == system, Pin.run == run)
    return found


@pages.post("/square/runs/<int:run>/pin")
@needs(Role.SHIFTER)
def pin(run: int) -> AnyResponse:
    """Keep a run; one that is kept already keeps the reason that was given first."""
    place = view_from_request()
    request.max_content_length = FORM_BYTES
    reason = request.form.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
    if runs.find(place.system, checked_run(run)) is None:
        raise Problem(404, f"run {run} is not known in {place.system}")
    with proxy.atomic():
        row = {"system": place.system, "run": run, "user": current_user().name, "at": time.time(), "reason": reason}
        Pin.insert(row).on_conflict_ignore().execute()
        audit("keep run", f"{place.system} run {run}", reason)
    return redirect(place.link(f"/square/runs/{run}"), 303)


@pages.post("/square/runs/<int:run>/unpin")
@needs(Role.SHIFTER)
def unpin(run: int) -> AnyResponse:
    """Let a run go: the next clean-up takes what is older than the settings say."""
    place = view_from_request()
    with proxy.atomic():
        Pin.delete().where(Pin.system == place.system, Pin.run == checked_run(run)).execute()
        audit("let run go", f"{place.system} run {run}")
    return redirect(place.link(f"/square/runs/{run}"), 303)
