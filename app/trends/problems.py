"""HTTP statuses of the errors of trends."""

from __future__ import annotations

from app.trends import errors
from app.web import Problem

STATUSES: dict[type[errors.TrendError], int] = {
    errors.InvalidQuery: 400,
    errors.UnknownSelection: 404,
    errors.RequestLimit: 429,
    errors.UnknownRequest: 404,
}
"""Status of each error; others are 500."""


def problem_of(error: errors.TrendError) -> Problem:
    """The HTTP answer to an error of trends."""
    status = next((STATUSES[base] for base in type(error).__mro__ if base in STATUSES), 500)
    return Problem(status, str(error))
