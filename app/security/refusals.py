"""Audit rows of refused requests: without the role of the page, from another site, or with an invalid token."""

from __future__ import annotations

from flask import Flask, Response, request
from peewee import PeeweeException

from app.security.caller import current_user
from app.security.errors import SecurityError
from app.security.repeated import audit_often
from app.security.throttle import network_of

REFUSED = "dqmhub.refused"
"""In the environ of a request that is redirected to the sign-in page."""

MAX_PATH_CHARS = 200
OWN_ROWS = ("account.sign_in_now", "sign_on.returned", "sign_on.end_sessions")
"""Views that add rows of their own."""


def init_app(app: Flask) -> None:
    """Add a row to the audit log for each refused response; those of one sender in an hour share a row."""

    @app.after_request
    def record(response: Response) -> Response:
        is_refused = response.status_code in (401, 403) or REFUSED in request.environ
        if is_refused and request.endpoint not in OWN_ROWS:
            _record(response.status_code)
        return response


def _record(status: int) -> None:
    try:
        caller = current_user()
    except (SecurityError, PeeweeException):  # an invalid token, or nothing can be read; the second call has nobody
        caller = current_user()
    address = request.remote_addr or ""
    audit_often(
        "refused request",
        f"{request.method} {request.path[:MAX_PATH_CHARS]}",
        address,
        f"{status}, as {caller.role.title}",
        sender=f"{caller.name}@{network_of(address)}",
    )
