"""Accounts: names, passwords, roles. Local ones are changed here, those of a directory by the directory."""

from __future__ import annotations

import re
import time
from collections.abc import Container

from peewee import IntegrityError

from app.core.database import proxy
from app.security import throttle, tokens
from app.security.audit_log import audit
from app.security.errors import AccountError, NoNameError, NoRoleError, RetryLaterError, WrongPasswordError
from app.security.models import LOCAL, Session, Token, User
from app.security.passwords import hash_password, verify, weakness
from app.security.repeated import audit_often
from app.security.roles import Role, role_text

NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


def user_by_name(name: str) -> User | None:
    """The user of this name, in any case."""
    user: User | None = User.get_or_none(User.name == name.strip().lower())
    return user


def has_local_administrator() -> bool:
    """Whether somebody can sign in as administrator without a provider or proxy."""
    return bool(User.select().where((User.origin == LOCAL) & (User.role == Role.ADMIN) & ~User.disabled).exists())


def add(name: str, role: Role, password: str, subsystems: str = "") -> User:
    """Create an account; subsystems: to which an expert is limited, separated by commas.

    Raises:
        AccountError: the name is taken or not allowed, or the password is weak.
    """
    name = _normalized_name(name)
    _check_strength(password, name)
    try:
        with proxy.atomic():
            user: User = User.create(name=name, role=role, subsystems=subsystems, password=hash_password(password), created=time.time())
            audit("add user", name, answer=f"role {role_text(role, subsystems)}")
    except IntegrityError:
        raise AccountError(f"The user {name} exists already") from None
    return user


def from_directory(origin: str, subject: str, name: str, role: Role, subsystems: str = "") -> User:
    """The account of a user whom a directory has identified, created at the first time, later updated from the directory.

    The subject identifies the account. The name is only used to create an account, which keeps it, and to find one that was
    handed over. If nothing has changed, this reads one row and writes none.

    Args:
        origin: Which directory: "sign-on" or "proxy".
        subject: Identifier of the user in the directory, which no other user ever has.
        name: Name of a new account.
        role: The role that the directory grants; PUBLIC if it grants none. Another role than before ends all sessions of the user, and
            applies to the user's tokens from now on, also to an account that is refused.
        subsystems: To which an expert is limited, separated by commas.

    Raises:
        NoRoleError: the directory grants no role; the account, if there is one, has none any more.
        AccountError: the account is disabled, or a new one cannot have this name, e.g. since it belongs to another account.
    """
    user = _find_by_subject(origin, subject)
    if user is None and role != Role.PUBLIC:
        user = _add_directory_user(origin, subject, name, role, subsystems)
    if user and (user.role, user.subsystems) != (role, subsystems):
        _change_role(user, role, subsystems, by=origin)
        user.role, user.subsystems = role, subsystems
    if user and user.disabled:
        raise AccountError(f"The account {user.name} is disabled here; the administrators can enable it: dqmhub user enable {user.name}")
    if user is None or role == Role.PUBLIC:
        raise NoRoleError(f"{user.name if user else name[:64]} has no role here")
    return user


def _find_by_subject(origin: str, subject: str) -> User | None:
    user: User | None = User.get_or_none((User.origin == origin) & (User.subject == subject))
    return user


def _add_directory_user(origin: str, subject: str, name: str, role: Role, subsystems: str) -> User:
    if not name:
        raise NoNameError(f"The {origin} has no valid user name for {subject}: tell the administrators")
    name = _normalized_name(name)
    values = {"name": name, "role": role, "subsystems": subsystems, "password": "", "created": time.time()}
    try:
        with proxy.atomic():
            user: User = User.create(origin=origin, subject=subject, **values)
            audit("add user", name, answer=f"role {role_text(role, subsystems)}, from {origin}", user=name)
        return user
    except IntegrityError:
        if user_now := _find_by_subject(origin, subject) or _claim_handed_over(origin, subject, name):  # another request has just made it
            return user_now
    raise AccountError(f"The name {name} belongs to another account here, which is not taken over: ask the administrators")


def hand_over(user: User, origin: str) -> None:
    """Hand an account over to a directory: to its next user of this name. Sessions, password and tokens of the account end.

    Private layouts and searches stay. For a user who had a local account, or who has another subject in the directory now.
    """
    with proxy.atomic():
        for token in tokens.tokens_of(user):
            tokens.revoke(token)
        _change(user, "hand over user", f"from {user.origin} to {origin}", origin=origin, subject=None, password="")


def _claim_handed_over(origin: str, subject: str, name: str) -> User | None:
    """The account of this name, if it was handed over and nobody has signed in with it since."""
    handed_over = (User.name == name) & (User.origin == origin) & User.subject.is_null()
    with proxy.atomic():
        if not User.update(subject=subject).where(handed_over).execute():
            return None
        audit("take over user", name, answer=f"from {origin}", user=name)
    return _find_by_subject(origin, subject)


def _normalized_name(name: str) -> str:
    name = name.strip().lower()
    if not NAME.fullmatch(name):
        raise AccountError("A user name has up to 64 characters a-z, 0-9 and ._@-, and starts with a letter or digit")
    return name


def set_password(user: User, password: str, keep: Container[int] = ()) -> list[Token]:
    """Set a new password, and end all sessions and tokens of the user; returns the tokens that it revoked.

    Somebody who knew the old password may have made them, and keeps access with each token that stays valid.

    Args:
        keep: Numbers of tokens that stay valid.

    Raises:
        AccountError: the password is weak, or the user has none here.
    """
    _check_local(user, "password")
    _check_strength(password, user.name)
    hashed = hash_password(password)
    with proxy.atomic():
        revoked = [token for token in tokens.tokens_of(user) if token.id not in keep]
        _change(user, "change password", password=hashed)
        for token in revoked:
            tokens.revoke(token)
    user.password = hashed
    return revoked


def set_role(user: User, role: Role, subsystems: str = "") -> None:
    """Set another role, of an expert for these subsystems alone, and end all sessions of the user.

    Raises:
        AccountError: a directory decides on the role.
    """
    _check_local(user, "role")
    _change_role(user, role, subsystems)


def _change_role(user: User, role: Role, subsystems: str, by: str = "") -> None:
    answer = f"from {role_text(user.role, user.subsystems)} to {role_text(role, subsystems)}"
    _change(user, "change role", answer, by, role=role, subsystems=subsystems)


def set_disabled(user: User, disabled: bool) -> None:
    """Disable or enable an account. A disabled user can neither sign in nor use tokens."""
    _change(user, "disable user" if disabled else "enable user", disabled=disabled)


def _check_local(user: User, what: str) -> None:
    if user.origin != LOCAL:
        raise AccountError(f"The {what} of {user.name} comes from {user.origin}: change it there")


def _check_strength(password: str, name: str) -> None:
    if problem := weakness(password, name):
        raise AccountError(problem)


def _change(user: User, action: str, answer: str = "", by: str = "", **values: object) -> None:
    with proxy.atomic():
        User.update(**values).where(User.id == user.id).execute()
        Session.delete().where(Session.user == user).execute()
        audit(action, user.name, answer=answer, user=by)


def check_password(name: str, password: str, address: str) -> User | None:
    """The enabled user with this name and password, or None. Each attempt is audited.

    Raises:
        TooManyAttemptsError: there were too many wrong passwords for the name or from the address.
        SignInBusyError: too many passwords are being checked at the same time.
    """
    name = name.strip().lower()[:64]
    user = user_by_name(name)
    target = name if user else "(unknown name)"  # an unknown name may be a password in the wrong field
    try:
        throttle.claim(name, address)
        is_right = verify(password, user.password if user else None) and user is not None and not user.disabled
    except RetryLaterError as error:
        audit_often("sign in", target, address, f"not checked: {error}", sender=throttle.network_of(address), user="nobody")
        raise
    if is_right:
        throttle.forgive(name, address)
    audit("sign in", target, f"from {address}", "accepted" if is_right else "refused", user=name if is_right else "nobody")
    return user if is_right else None


def change_own_password(user: User, old: str, new: str, address: str, keep: Container[int] = ()) -> list[Token]:
    """Set a new password after checking the current one; returns the tokens that were revoked, all but those to keep.

    Raises:
        AccountError: the new password is weak.
        WrongPasswordError: the current password is wrong.
        RetryLaterError: it cannot be checked now.
    """
    _check_strength(new, user.name)
    if check_password(user.name, old, address) is None:
        raise WrongPasswordError("The current password is wrong")
    return set_password(user, new, keep)
