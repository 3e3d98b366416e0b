"""A user as a proxy identifies them."""

from __future__ import annotations

from dataclasses import dataclass

from app.security.errors import SecurityError


class ProxySignInError(SecurityError):
    """A named proxy identifies a user in a way that does not count. The message says what is wrong, for users and administrators."""


@dataclass(frozen=True, slots=True)
class ProxyUser:
    """A user as a proxy identifies them."""

    subject: str  # identifier that no other user ever has
    name: str  # of a new account
    values: frozenset[str]  # that may grant a role, as in the setting proxy_sign_in_roles


def utf8(value: str) -> str:
    """The text of a header, whose bytes WSGI hands on as Latin-1."""
    return value.encode("latin-1").decode("utf-8", "replace")
