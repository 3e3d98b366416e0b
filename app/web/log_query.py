"""Search and level in the query of a page that shows a log."""

from __future__ import annotations

from flask import request

from app.web.arguments import int_arg
from app.web.problem import Problem


class LogQuery:
    """What of a log a page shows. Raises Problem 400.

    Attributes:
        words: Text that the lines contain; "" for all.
        level: error, warning or "".
        start: First line of the page among those found, from 0.
        is_plain: Nothing was asked for.
    """

    def __init__(self) -> None:
        self.words, self.level = request.values.get("q", ""), request.values.get("level", "")
        self.start = int_arg("from", 0)
        self.is_plain = not (self.words or self.level or "from" in request.values)
        if self.level not in ("", "error", "warning"):
            raise Problem(400, f"There is no level {self.level[:100]!r}", [("level", "Expected error or warning")])
