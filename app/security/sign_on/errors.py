"""Errors of sign-on. Messages are sentences for users, `reason` is for the audit log."""

from __future__ import annotations

from app.security.errors import SecurityError


class SignOnError(SecurityError):
    """A sign-on is refused.

    Attributes:
        reason: what exactly was wrong, for administrators; of one line that every database can store. It may have text that
            the visitor chose, except before its first colon.
        user: whom the provider has identified, "" if nobody.
        kind: which refusals are counted together in the audit log; without text that the visitor chose.
    """

    def __init__(self, message: str, reason: str, user: str = "", kind: str = "") -> None:
        super().__init__(message)
        self.user = user
        self.kind = kind or reason.partition(":")[0]
        self.reason = reason[:300].encode(errors="backslashreplace").decode()


class AnswerRefused(SignOnError):
    """An answer or token of the provider is not valid, or not for this hub, this sign-on or this time."""


class ProviderUnavailable(SignOnError):
    """The provider cannot be reached, or answers nothing that can be used."""
