"""The error of a view: status, message and the fields that are wrong, in the one shape of the API."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An answer that is an error: what is wrong and what would be right, in the one shape of the API.

    errors: (field, problem) of each part of the input that cannot be used.
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
        fields = [{"field": name, "problem": problem} for name, problem in self.errors]
        return {"message": self.message, "status": self.status, "errors": fields}
