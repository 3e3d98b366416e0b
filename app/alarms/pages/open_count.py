"""The number of alarms that nobody acknowledged: in the bar of each page, and in a header of each answer to an open page.

A poll may have no other news, so the header is all that it needs. It is `<number>.<newest>`: the second number, in ms, grows
with new alarms and reminders alone, so pages play their sound for these only.
"""

from __future__ import annotations

import threading
import time

from flask import Blueprint, Flask, Response, current_app, request

from app.alarms.reading import AlarmCount, unacknowledged_count
from app.core.outages import outage_of
from app.security import Role, needs
from app.security.caller import current_user

HEADER = "DQM-Alarms"

MAX_AGE_S = 1.0
"""A number that is shown is no older than this."""

EXTENSION = "alarm_count"

blueprint = Blueprint("alarm_count", __name__)


class RecentCount:
    """The number of the last second: each process reads it from the database once a second, however many pages poll."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expires = 0.0
        self._count: AlarmCount | None = None

    def get(self) -> AlarmCount | None:
        """The number; None while the database cannot be read."""
        with self._lock:
            if time.monotonic() >= self._expires:
                self._count = _read()
                self._expires = time.monotonic() + MAX_AGE_S
            return self._count

    def forget(self) -> None:
        """Read from the database the next time, since this process has changed something."""
        self._expires = 0.0


def init_app(app: Flask) -> None:
    """Show the number on all pages, and name it in all answers to open ones."""
    app.extensions[EXTENSION] = RecentCount()
    app.after_request(_name_count)
    app.jinja_env.globals.update(alarm_count=_shown_count, alarm_header=header_value)
    app.register_blueprint(blueprint)


@blueprint.get("/alarms/count")
@needs(Role.VIEWER)
def count() -> Response:
    """Nothing but the header, for open pages that request nothing else."""
    return Response(status=204)


def forget_count() -> None:
    """Let the answer to the current request have the number after its changes."""
    _recent().forget()


def header_value(count: AlarmCount) -> str:
    """The value of the header."""
    return f"{count.count}.{1000 * count.newest:.0f}"


def _shown_count() -> AlarmCount | None:
    """The number for the bar of a page; None for those who may not see alarms."""
    return _recent().get() if _may_see() else None


def _name_count(response: Response) -> Response:
    if "HX-Request" in request.headers and response.status_code < 400 and _may_see() and (found := _recent().get()):
        response.headers[HEADER] = header_value(found)
    return response


def _may_see() -> bool:
    return current_user().role >= Role.VIEWER


def _recent() -> RecentCount:
    recent: RecentCount = current_app.extensions[EXTENSION]
    return recent


def _read() -> AlarmCount | None:
    try:
        return unacknowledged_count()
    except Exception as error:
        if outage_of(error) is None:
            raise
        return None
