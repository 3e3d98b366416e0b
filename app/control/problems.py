"""The errors of the control room as answers of HTTP."""

from __future__ import annotations

from app.control.errors import CommandConflict, ControlError, InvalidCommand, UnknownCommand
from app.web import Problem

STATUSES: dict[type[ControlError], int] = {UnknownCommand: 404, InvalidCommand: 400, CommandConflict: 409}


def problem_of(error: ControlError) -> Problem:
    """The answer to a request that raised this error."""
    return Problem(STATUSES.get(type(error), 500), error.message, error.fields)
