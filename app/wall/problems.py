"""The errors of walls as answers of HTTP."""

from __future__ import annotations

from app.wall.errors import InvalidWall, UnknownWall, WallConflict, WallError
from app.web import Problem

STATUSES: dict[type[WallError], int] = {UnknownWall: 404, InvalidWall: 400, WallConflict: 409}


def problem_of(error: WallError) -> Problem:
    """The answer to a request that raised this error."""
    return Problem(STATUSES.get(type(error), 500), str(error), error.problems if isinstance(error, InvalidWall) else None)
