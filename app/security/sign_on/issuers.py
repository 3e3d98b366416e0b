"""The issuers of accounts: those that an identity provider had before it got another address."""

from __future__ import annotations

from collections import Counter

from peewee import IntegrityError

from app.core.database import proxy
from app.security.audit_log import audit
from app.security.models import Session, User
from app.security.sign_on.provider_sessions import ORIGIN


def accounts_of_issuers() -> Counter[str]:
    """How many accounts each issuer has identified."""
    return Counter(issuer for _, issuer, _ in _accounts_with_issuer())


def move_accounts(old: str, new: str) -> tuple[list[str], list[str]]:
    """Let the users of an issuer keep their accounts where another one identifies them by the same `sub`; their sessions end.

    Each account has a transaction of its own, so that the next call continues an interrupted one.

    Returns: Names of the accounts that were moved, and of those that were not, since their users have other accounts there.
    """
    moved: list[str] = []
    left: list[str] = []
    for user, issuer, sub in _accounts_with_issuer():
        if issuer == old:
            (moved if _move(user, f"{new} {sub}", f"from {old} to {new}") else left).append(user.name)
    return moved, left


def _move(user: User, subject: str, answer: str) -> bool:
    try:
        with proxy.atomic():
            User.update(subject=subject).where(User.id == user.id).execute()
            Session.delete().where(Session.user == user).execute()
            audit("move user", user.name, answer=answer)
    except IntegrityError:
        return False
    return True


def _accounts_with_issuer() -> list[tuple[User, str, str]]:
    """The accounts with issuer and `sub`, by name."""
    users = User.select().where(User.origin == ORIGIN).order_by(User.name)
    return [(user, issuer, sub) for user in users for issuer, _, sub in [(user.subject or "").partition(" ")] if sub]
