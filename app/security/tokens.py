"""API tokens: `Authorization: Bearer dqmhub_...`. Only the SHA-256 is stored; a token is shown once, when it is made."""

from __future__ import annotations

import time
from hashlib import sha256
from secrets import token_urlsafe

from app.core.database import proxy
from app.security.audit import audit
from app.security.models import Token, User
from app.security.roles import Role
from app.web import Problem

PREFIX = "dqmhub_"  # so that a token that strayed into a file or a log is known for what it is
USED_EVERY_S = 60.0


def digest(secret: str) -> str:
    """What is stored of a random secret of 256 bits, which needs no salt."""
    return sha256(secret.encode()).hexdigest()


def make(owner: User, name: str, role: Role, days: float) -> tuple[Token, str]:
    """A new token and its row; the token cannot be shown again."""
    secret, now = PREFIX + token_urlsafe(32), time.time()
    with proxy.atomic():
        row: Token = Token.create(
            sha256=digest(secret), user=owner, name=name, role=min(role, owner.role), created=now, expires=now + days * 86400
        )
        audit("add token", f"token {row.id} {name!r} of {owner.name}", answer=f"role {row.role.title}, {days:g} days")
    return row, secret


def revoke(token: Token) -> None:
    with proxy.atomic():
        audit("revoke token", f"token {token.id} {token.name!r} of {token.user.name}")
        token.delete_instance()


def find(secret: str) -> Token:
    """The token that a caller shows; Problem 401 when it is unknown, expired, or its owner is disabled."""
    token: Token | None = Token.select(Token, User).join(User).where(Token.sha256 == digest(secret)).first()
    now = time.time()
    if token is None or token.user.disabled:
        raise _unusable("this token is not known (any more)")
    if token.expires <= now:
        raise _unusable("this token has expired")
    due = (Token.last_used.is_null()) | (Token.last_used < now - USED_EVERY_S)
    if token.last_used is None or token.last_used < now - USED_EVERY_S:
        Token.update(last_used=now).where((Token.id == token.id) & due).execute()
    return token


def _unusable(why: str) -> Problem:
    challenge = 'Bearer realm="dqmhub", error="invalid_token"'
    return Problem(401, f"{why}; `dqmhub token add` makes one", headers={"WWW-Authenticate": challenge})
