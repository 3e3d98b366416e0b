"""The errors of notifications as answers of HTTP."""

from __future__ import annotations

from app.notify.errors import InvalidChannel, InvalidSubscription, InvalidWindow, NotifyError, OutdatedRequest, UnknownChannel
from app.web import Problem

STATUSES: dict[type[NotifyError], int] = {
    UnknownChannel: 400,
    InvalidChannel: 400,
    InvalidWindow: 400,
    InvalidSubscription: 400,
    OutdatedRequest: 409,
}


def problem_of(error: NotifyError) -> Problem:
    """The answer to a request that raised this error."""
    return Problem(STATUSES.get(type(error), 500), str(error), error.fields)
