"""Errors of accounts, passwords, tokens and roles; `app.security.problems` maps them to HTTP."""

from __future__ import annotations

from math import ceil


class SecurityError(Exception):
    """Base of the errors of this area. The message is a sentence for users."""


class AccountError(SecurityError):
    """An account cannot be created or changed like this."""


class NoNameError(AccountError):
    """A directory sends no name for a new account."""


class NoRoleError(AccountError):
    """A directory grants a user no role here."""


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
