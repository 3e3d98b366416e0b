"""/api/v1/square/events: what happened to runs, jobs and hosts, as JSON."""

from __future__ import annotations

import time

from flask import Blueprint, Response, request

from app.security import Role, needs
from app.square.events import KINDS, events
from app.square.view_state import view_from_request
from app.web import Problem, cached_json
from app.web.arguments import int_arg

blueprint = Blueprint("square_events", __name__, url_prefix="/api/v1/square")

MOST = 1000
DAY_S = 86400
LAST_S = 10**11
"""Of later moments no calendar tells."""


@blueprint.get("/events")
@needs(Role.VIEWER)
def list_events() -> Response:
    """What happened from `since` to `until`, of the `kinds`, the newest first and at most `limit`; the last day when not given."""
    system, now = view_from_request().system, int(time.time()) + 1
    until = int_arg("until", now, LAST_S)
    since, limit = int_arg("since", max(until - DAY_S, 0), LAST_S), min(int_arg("limit", MOST), MOST)
    kinds = [kind for kind in request.args.get("kinds", "").split(",") if kind] or list(KINDS)
    if unknown := set(kinds) - set(KINDS):
        raise Problem(400, f"there is no kind {min(unknown)!r}", [("kinds", "some of " + ",".join(KINDS))])
    return cached_json({"system": system, "events": [event._asdict() for event in events(system, since, until, limit, kinds)]})
