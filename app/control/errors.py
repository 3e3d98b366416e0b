"""Errors of the control room; `app.control.problems` maps them to HTTP."""

from __future__ import annotations


class ControlError(Exception):
    """Base class of the errors of the control room."""

    def __init__(self, message: str, fields: list[tuple[str, str]] | None = None) -> None:
        """
        Args:
            message: What is wrong, as a sentence.
            fields: Name of each wrong input with its problem.
        """
        super().__init__(message)
        self.message = message
        self.fields = fields or []


class UnknownCommand(ControlError):
    """No such kind of command, no such submitted command, or no such part of its response."""


class InvalidCommand(ControlError):
    """The arguments, the reason or the confirmation of a command cannot be used."""


class CommandConflict(ControlError):
    """The command cannot be submitted in the present state of P5, of the hub or of other commands."""
