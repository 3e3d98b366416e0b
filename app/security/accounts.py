"""Local accounts and the sessions of their browsers.

A session is a row; its random identifier is in the signed cookie. Signing out, a new password, another role or disabling
the account removes rows, so nothing that was copied from a browser outlives it.
"""

from __future__ import annotations

import re
import time
from secrets import token_urlsafe

from peewee import IntegrityError

from app.core.database import proxy
from app.security import throttle
from app.security.audit import audit
from app.security.models import Session, User
from app.security.passwords import hashed, matches, weakness
from app.security.roles import Role
from app.security.tokens import digest
from app.web import Problem

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


class Refused(ValueError):
    """An account cannot be made or changed like this; the message says why."""


def find(name: str) -> User | None:
    user: User | None = User.get_or_none(User.name == name.strip().lower())
    return user


def add(name: str, role: Role, password: str) -> User:
    """A new account; Refused when the name is taken or no name, or the password is weak."""
    name = name.strip().lower()
    if not NAME.fullmatch(name):
        raise Refused("a user name has up to 64 letters a-z, digits and ._@-, and starts with a letter or digit")
    _good(password, name)
    try:
        with proxy.atomic():
            user: User = User.create(name=name, role=role, password=hashed(password), created=time.time())
            audit("add user", name, answer=f"role {role.title}")
    except IntegrityError:
        raise Refused(f"there is a user {name} already") from None
    return user


def set_password(user: User, password: str) -> None:
    """A new password; ends all sessions of the user. Refused when it is weak."""
    _good(password, user.name)
    _change(user, "change password", password=hashed(password))


def set_role(user: User, role: Role) -> None:
    """Another role; ends all sessions of the user."""
    _change(user, "change role", f"from {user.role.title} to {role.title}", role=role)


def set_disabled(user: User, disabled: bool) -> None:
    """A disabled user can neither sign in nor use tokens."""
    _change(user, "disable user" if disabled else "enable user", disabled=disabled)


def _good(password: str, name: str) -> None:
    if problem := weakness(password, name):
        raise Refused(problem)


def _change(user: User, action: str, answer: str = "", **values: object) -> None:
    with proxy.atomic():
        User.update(**values).where(User.id == user.id).execute()
        Session.delete().where(Session.user == user).execute()
        audit(action, user.name, answer=answer)


def check_password(name: str, password: str, address: str) -> User | None:
    """The user with this name and password, or None; Problem 429 after too many wrong ones. Each try is audited."""
    name = name.strip().lower()[:64]
    throttle.claim(name, address)
    user = find(name)
    good = matches(password, user.password if user else None) and user is not None and not user.disabled
    if good:
        throttle.forgive(name, address)
    # a name that is not known may be a password in the wrong field
    tried = name if user else "(unknown name)"
    audit("sign in", tried, f"from {address}", "accepted" if good else "refused", user=name if good else "nobody")
    return user if good else None


def start_session(user: User, hours: float) -> str:
    """Sign a browser in; the identifier for its cookie."""
    identifier, now = token_urlsafe(32), time.time()
    Session.delete().where(Session.expires < now).execute()
    Session.create(sha256=digest(identifier), user=user, expires=now + hours * 3600)
    return identifier


def of_session(identifier: str) -> User | None:
    """The user whose browser this is, while the session lasts."""
    row: Session | None = Session.select(Session, User).join(User).where(Session.sha256 == digest(identifier)).first()
    return row.user if row and row.expires > time.time() and not row.user.disabled else None


def end_session(identifier: str) -> None:
    Session.delete().where(Session.sha256 == digest(identifier)).execute()


def change_own_password(user: User, old: str, new: str, address: str) -> None:
    """For the user's own page: Problem 403 when the old password is wrong, Refused when the new one is weak."""
    _good(new, user.name)
    if check_password(user.name, old, address) is None:
        raise Problem(403, "the present password is wrong")
    set_password(user, new)
