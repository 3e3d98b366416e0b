"""Errors of the clients of OMS and of the Run Registry. Each message is a sentence for users."""

from __future__ import annotations

from app.core.text import one_line


class RunsError(Exception):
    """Base of the errors of the area."""


class ServiceError(RunsError):
    """A service gave no usable answer.

    Attributes:
        is_outage: Whether other requests to the service would fail as well.
        retry_after_s: Pause that the service demands, s.
    """

    is_outage = True
    retry_after_s = 0.0

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))  # it may hold texts of the service


class TokenRefused(ServiceError):
    """The token server issued no token; the message has its reason."""


class ServiceUnreachable(ServiceError):
    """No connection could be made, or it ended without an answer."""


class AccessDenied(ServiceError):
    """The service refuses the token, also a new one (401), or access (403)."""


class SignInRequired(ServiceError):
    """The service answers with its sign-in page, or leads to it."""


class TooManyRequests(ServiceError):
    """The service demands a pause (429, or 503 with Retry-After)."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ServiceTimeout(ServiceError):
    """No complete answer in time. Another request may be faster."""

    is_outage = False


class ServiceFailed(ServiceError):
    """The service failed (5xx). Another request may succeed."""

    is_outage = False


class RequestRefused(ServiceError):
    """The service refuses this request (4xx, or an error of the Run Registry)."""

    is_outage = False


class BadAnswer(ServiceError):
    """The answer is no JSON, or not of the documented form."""

    is_outage = False


class ServiceOutage(RunsError):
    """A service is not queried for now, since it fails; the message has the first cause and the time of the next attempt."""
