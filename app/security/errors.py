"""Errors of accounts, passwords, tokens and roles. `problem_of` gives their HTTP status; only views and the guard use it."""

from __future__ import annotations

from math import ceil

from app.web import Problem


class SecurityError(Exception):
    """Base of the errors of this area. The message is a sentence for users."""


class AccountError(SecurityError):
    """An account cannot be created or changed like this."""


class WrongPasswordError(SecurityError):
    """The current password is wrong."""


class TokenError(SecurityError):
    """An API token is unknown or expired, or its owner is disabled."""


class RetryLaterError(SecurityError):
    """A password cannot be checked now.

    Attributes:
        retry_after_s: seconds until it can be.
    """

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = ceil(retry_after_s)


class TooManyAttemptsError(RetryLaterError):
    """Too many wrong passwords for this user name or from this address."""


class SignInBusyError(RetryLaterError):
    """Too many passwords are being checked at the same time."""


def problem_of(error: SecurityError) -> Problem:
    """The HTTP response to an error of this area."""
    headers = {}
    if isinstance(error, RetryLaterError):
        headers = {"Retry-After": str(error.retry_after_s)}
    elif isinstance(error, TokenError):
        headers = {"WWW-Authenticate": 'Bearer realm="dqmhub", error="invalid_token"'}
    return Problem(_status(error), str(error), headers=headers)


def _status(error: SecurityError) -> int:
    match error:
        case TokenError():
            return 401
        case WrongPasswordError():
            return 403
        case TooManyAttemptsError():
            return 429
        case SignInBusyError():
            return 503
        case _:
            return 400
