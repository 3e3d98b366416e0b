"""The error response of a view: status, message and invalid fields."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An error response, raised by views.

    Attributes:
        status: HTTP status.
        message: a sentence for users: what is wrong, and what would be right.
        errors: field and problem of each invalid part of the input.
        headers: further HTTP headers.
    """

    def __init__(
        self, status: int, message: str, errors: list[tuple[str, str]] | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors or []
        self.headers = headers or {}

    def shape(self) -> dict[str, Any]:
        """The JSON of the response."""
        fields = [{"field": name, "problem": problem} for name, problem in self.errors]
        return {"message": self.message, "status": self.status, "errors": fields}
