"""The errors of DQM^2 as answers of HTTP."""

from __future__ import annotations

from app.square import errors
from app.square.errors import SquareError
from app.web import Problem

STATUSES: dict[type[SquareError], int] = {
    errors.UnknownRun: 404,
    errors.UnknownJob: 404,
    errors.UnknownChart: 404,
    errors.UnknownPlayer: 404,
    errors.AcknowledgementRefused: 409,
    errors.ReasonMissing: 400,
    errors.NoP5Configured: 503,
    errors.HostUnreachable: 501,
    errors.HostNotListed: 403,
    errors.LogUnavailable: 502,
}


def problem_of(error: SquareError) -> Problem:
    """The answer to a request that raised this error."""
    return Problem(STATUSES.get(type(error), 500), str(error))
