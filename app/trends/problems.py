"""HTTP statuses of the errors of trends."""

from __future__ import annotations

from app.trends import errors
from app.trends.golden.errors import InvalidGolden, UnknownGolden
from app.trends.groups.conflict import GroupConflict
from app.trends.groups.errors import InvalidGroup, UnknownGroup, UnreadableGroups
from app.trends.rules.errors import InvalidRule, RuleConflict, UnknownRule
from app.web import Problem

STATUSES: dict[type[errors.TrendError], int] = {
    errors.InvalidQuery: 400,
    errors.InvalidFields: 400,
    errors.UnknownSelection: 404,
    errors.RequestLimit: 429,
    errors.UnknownRequest: 404,
    UnknownGroup: 404,
    InvalidGroup: 400,
    UnreadableGroups: 400,
    GroupConflict: 409,
    InvalidGolden: 400,
    UnknownGolden: 404,
    UnknownRule: 404,
    InvalidRule: 400,
    RuleConflict: 409,
}
"""Status of each error; others are 500."""


def problem_of(error: errors.TrendError) -> Problem:
    """The HTTP answer to an error of trends."""
    status = next((STATUSES[base] for base in type(error).__mro__ if base in STATUSES), 500)
    return Problem(status, str(error), error.fields)
