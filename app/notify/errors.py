"""Errors of notifications; `app.notify.problems` maps those of requests to HTTP."""

from __future__ import annotations


class NotifyError(Exception):
    """Base of all errors of notifications.

    Attributes:
        fields: name of each wrong input with its problem.
    """

    def __init__(self, message: str, fields: list[tuple[str, str]] | None = None) -> None:
        super().__init__(message)
        self.fields = fields or []


class TemporaryError(NotifyError):
    """A channel could not deliver now; trying again may help."""


class PermanentError(NotifyError):
    """The receiver rejected a message; trying again is of no use."""


class UnknownChannel(NotifyError):
    """No channel of this name is configured."""

    def __init__(self, name: str, known: list[str]) -> None:
        allowed = "one of " + (", ".join(known) or "none: no channel is configured")
        super().__init__(f"No channel {name!r} is configured", [("channel", allowed)])


class OutdatedRequest(NotifyError):
    """The object of a request is not in a state in which it can be changed so."""


class InvalidChannel(NotifyError):
    """A channel of the page with wrong fields."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("The channel was not stored: " + "; ".join(f"{name}: {problem}" for name, problem in fields), fields)


class InvalidSubscription(NotifyError):
    """What a user wants to be notified about, with wrong fields."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("Nothing was changed: " + "; ".join(f"{name}: {problem}" for name, problem in fields), fields)


class InvalidWindow(NotifyError):
    """A maintenance window with wrong fields."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("Invalid maintenance window: " + "; ".join(f"{name}: {problem}" for name, problem in fields), fields)
