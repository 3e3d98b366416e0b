"""The error response of a view: status, message and invalid fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.core.input_problems import InputProblems, shortened

MAX_MESSAGE_CHARS = 2000


class Problem(Exception):
    """An error response, raised by views.

    Attributes:
        status: HTTP status.
        message: a sentence for users: what is wrong, and what would be right.
        errors: field and problem of the first invalid parts of the input.
        not_listed: number of further invalid parts.
        headers: further HTTP headers.
    """

    def __init__(
        self,
        status: int,
        message: str,
        errors: Iterable[tuple[str, str]] | InputProblems | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        if not isinstance(errors, InputProblems):
            problems = errors or ()
            errors = InputProblems()
            errors.extend(problems)
        self.status = status
        self.message = shortened(message, MAX_MESSAGE_CHARS)
        self.errors = errors.listed
        self.not_listed = errors.count - len(errors.listed)
        self.headers = headers or {}
        super().__init__(self.message)

    def shape(self) -> dict[str, Any]:
        """The JSON of the response; `not_listed` is there only when it is not 0."""
        fields = [{"field": name, "problem": problem} for name, problem in self.errors]
        shape: dict[str, Any] = {"message": self.message, "status": self.status, "errors": fields}
        return shape | ({"not_listed": self.not_listed} if self.not_listed else {})
