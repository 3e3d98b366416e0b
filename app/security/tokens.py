"""API tokens: `Authorization: Bearer dqmhub_...`. Only the SHA-256 is stored; the token itself is shown once, when it is created."""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256
from secrets import token_urlsafe

from app.core.database import proxy
from app.security.audit_log import audit
from app.security.errors import TokenError
from app.security.models import Token, User
from app.security.optional_write import optional_write
from app.security.roles import Role

PREFIX = "dqmhub_"  # makes a token in a file or log recognisable
LAST_USE_S = 60.0
"""The last use of a token is stored at most this often."""


def digest(secret: str) -> str:
    """The stored form of a random secret of 256 bits, which needs no salt."""
    return sha256(secret.encode()).hexdigest()


def make(owner: User, name: str, role: Role, days: float, areas: Sequence[str] = ()) -> tuple[Token, str]:
    """Create a token; returns its row and the token itself, which cannot be shown again.

    Args:
        owner: Whose role is the highest that the token can have.
        name: Purpose of the token.
        role: Of the token.
        days: Until it expires.
        areas: Names of the areas to which the token is limited; none for no limit.
    """
    secret, now = PREFIX + token_urlsafe(32), time.time()
    limit = f" in {', '.join(areas)}" if areas else ""
    with proxy.atomic():
        row: Token = Token.create(
            sha256=digest(secret),
            user=owner,
            name=name,
            role=min(role, owner.role),
            areas=",".join(areas),
            created=now,
            expires=now + days * 86400,
        )
        audit("add token", f"token {row.id} {name!r} of {owner.name}", answer=f"role {row.role.title}{limit}, {days:g} days")
    return row, secret


def tokens_of(user: User) -> list[Token]:
    """The tokens of a user, also expired ones."""
    return list(Token.select(Token, User).join(User).where(Token.user == user).order_by(Token.id))


def revoke(token: Token) -> None:
    """Delete a token, so that it stops working."""
    with proxy.atomic():
        audit("revoke token", f"token {token.id} {token.name!r} of {token.user.name}")
        token.delete_instance()


def authenticate(secret: str) -> Token:
    """The row of a token; stores its last use.

    Raises:
        TokenError: the token is unknown or expired, or its owner is disabled.
    """
    token: Token | None = Token.select(Token, User).join(User).where(Token.sha256 == digest(secret)).first()
    now = time.time()
    if token is None or token.user.disabled:
        raise TokenError("Unknown or revoked API token; /account/tokens creates one")
    if token.expires <= now:
        raise TokenError("This API token has expired; /account/tokens creates one")
    due = (Token.last_used.is_null()) | (Token.last_used < now - LAST_USE_S)
    if token.last_used is None or token.last_used < now - LAST_USE_S:
        with optional_write("The last use of a token was not stored", wait_s=0):
            Token.update(last_used=now).where((Token.id == token.id) & due).execute()
    return token
