"""Who asks: the user of a token or of a session, or somebody without an account."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request, session

from app.security import accounts, tokens
from app.security.models import User
from app.security.origin import is_bearer
from app.security.proxies import CLIENT, LOOPBACK, inside
from app.security.roles import Role
from app.security.settings import SecuritySettings
from app.web import request_settings

SESSION_KEY = "id"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks. name: of the account, "" without one."""

    name: str
    role: Role


NOBODY = Caller("", Role.PUBLIC)
READER = Caller("", Role.VIEWER)


def current_user() -> Caller:
    """Who asks, with the role that counts for this request; Problem 401 for a token that is no good."""
    known = request.environ
    if "dqmhub.caller" not in known:
        known["dqmhub.caller"] = NOBODY  # for the error page, when the look-up itself fails
        known["dqmhub.caller"] = _identify()
    caller: Caller = known["dqmhub.caller"]
    return caller


def trusted(networks: tuple[str, ...]) -> bool:
    """Whether the client is in one of these networks; never when its address is not known for sure."""
    return inside(request.environ[CLIENT], networks)


def _identify() -> Caller:
    if is_bearer():
        token = tokens.find(request.headers["Authorization"][7:].strip())
        return Caller(token.user.name, min(token.role, token.user.role))
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies and (user := session_user()):
        return Caller(user.name, user.role)
    return READER if _anybody_reads() else NOBODY


def session_user() -> User | None:
    """The account that this browser is signed in to."""
    identifier = session.get(SESSION_KEY)
    return accounts.of_session(identifier) if isinstance(identifier, str) else None


def _anybody_reads() -> bool:
    settings = request_settings()
    return settings.of(SecuritySettings).anonymous_read == "everyone" or (
        settings.of(SecuritySettings).anonymous_read == "loopback" and trusted(LOOPBACK)
    )
