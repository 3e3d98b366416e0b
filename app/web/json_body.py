"""The JSON in the body of a request to the API."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.web.problem import Problem

MAX_VALUES = 2_000_000
"""Most values of one body: each needs about a hundred bytes of memory, however short it is."""

MAX_DEPTH = 20
"""Lists and objects within each other: no request needs more, and functions that walk through a deeper value can fail."""


def json_body(expected: str, *, any_type: bool = False) -> Any:
    """The value in the body of this request.

    Raises Problem 400 for a body that is not JSON, or nested too deeply, and 413 for one with too many values.

    Args:
        expected: The message of the problem.
        any_type: Whether the body may have another type than application/json.
    """
    _check_values(request.get_data())
    try:
        value = request.get_json(force=any_type)
    except (BadRequest, UnsupportedMediaType):
        kind = "" if any_type else " of the type application/json"
        raise Problem(400, expected, [("body", f"The body is not JSON{kind}")]) from None
    except RecursionError:
        raise _too_deep(expected) from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [each for parent in level if isinstance(parent, list | dict) for each in _children(parent)]
    if level:
        raise _too_deep(expected)
    return value


def _check_values(body: bytes) -> None:
    """Raise Problem 413 for a body that would take too much memory as values. Characters within texts count, too."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        problem = f"More than {MAX_VALUES:,} values"
        raise Problem(413, f"{problem} in one body: send them in several", [("body", problem)])


def _children(parent: list[Any] | dict[str, Any]) -> list[Any]:
    return parent if isinstance(parent, list) else [*parent.values()]


def _too_deep(expected: str) -> Problem:
    return Problem(400, expected, [("body", f"More than {MAX_DEPTH} lists and objects within each other")])
